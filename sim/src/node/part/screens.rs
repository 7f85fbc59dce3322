//! The screens of the line-authentication site and the ONS portal: texts, pages, recognition.
//!
//! The texts M1 to M9 are those of the guide, letter for letter (ngn-facts §5.8). What surrounds
//! them, and the portal's own pages, are inferred: no picture of the real ones says more.

use crate::trace::Screen;

/// What one screen says.
#[derive(Clone, Copy, Debug)]
pub struct Text {
    /// Which screen.
    pub screen: Screen,
    /// Its heading, or its only sentence.
    pub heading: &'static str,
    /// The sentences below, one per line.
    pub body: &'static [&'static str],
    /// Where it stands.
    pub source: &'static str,
}

/// The button that consents (guide p.16).
pub const ACCEPT: &str = "希望する";
/// The button that refuses (guide p.16).
pub const REFUSE: &str = "希望しない";

/// Every screen's text.
pub const TEXTS: &[Text] = &[
    Text {
        screen: Screen::Consent,
        heading: "通知意思確認画面",
        body: &[
            "ご利用の回線の情報をサービス提供者へ通知します。",
            "通知を希望する場合は「希望する」を、希望しない場合は「希望しない」を選択してください。",
        ],
        source: "guide p.16, Q10 (heading and buttons; the sentences are inferred)",
    },
    Text {
        screen: Screen::M1,
        heading: "回線認証に成功しました。",
        body: &[],
        source: "guide p.17 ④",
    },
    Text {
        screen: Screen::M1b,
        heading: "回線認証が成功しました。",
        body: &[],
        source: "guide Q17",
    },
    Text {
        screen: Screen::M2,
        heading: "回線認証済みです。",
        body: &[],
        source: "guide Q16",
    },
    Text {
        screen: Screen::M2b,
        heading: "認証済みです。",
        body: &[],
        source: "guide Q17",
    },
    Text {
        screen: Screen::M3,
        heading: "回線認証に失敗しました。\
                  認証を行うには通知意思確認画面にて「希望する」を選択してください",
        body: &[],
        source: "guide Q10",
    },
    Text {
        screen: Screen::M4,
        heading: "回線認証ポータルサイトからアクセスしてください。",
        body: &[],
        source: "guide Q10",
    },
    Text {
        screen: Screen::M5,
        heading: "回線情報通知処理を中断しました",
        body: &[
            "回線情報通知を実施中にエラーが発生したため、処理を中断しました。",
            "お手元の操作機器（リモコン等）の「戻る」ボタンを押して、\
             この画面を閉じていただき、しばらくしてから再度お試しください。",
            "エラーコード：P11019",
        ],
        source: "guide Q9",
    },
    Text {
        screen: Screen::M6,
        heading: "サービス提供者からの応答がありません",
        body: &[
            "サービス提供者からの応答が一定時間なかったため、処理を中断しました。",
            "お手元の操作機器（リモコン等）の「戻る」ボタンを押して、\
             この画面を閉じていただき、しばらくしてから再度お試しください。",
            "エラーが回復しない場合は、下記のエラーコードをサービス提供者にお伝えください。",
            // With a blank after the colon, unlike M5.
            "エラーコード： P32031",
        ],
        source: "guide Q11",
    },
    Text {
        screen: Screen::M7,
        heading: "回線認証に失敗しました。",
        body: &[],
        source: "guide p.17, Q12",
    },
    Text {
        screen: Screen::M8,
        heading: "システムエラーが発生しました。",
        body: &[],
        source: "guide Q13",
    },
    Text {
        screen: Screen::M9,
        heading: "時間を置いて再度試してください",
        body: &[],
        source: "guide p.17",
    },
    Text {
        screen: Screen::Login,
        heading: "オンライン資格確認等システム ログイン",
        body: &["ユーザーＩＤとパスワードを入力してください。"],
        source: "inferred; the guide shows no portal screen",
    },
    Text {
        screen: Screen::NotAuthenticated,
        heading: "回線認証が行われていません。",
        body: &[
            "この回線からは、オンライン資格確認等システムをご利用いただけません。",
            "回線認証を行ってから、再度アクセスしてください。",
        ],
        source: "inferred from ngn-facts §5.9: the web service is what is gated",
    },
];

/// Returns the page of a screen; `form` is put below its text.
pub fn page(screen: Screen, form: &str) -> String {
    let text = TEXTS
        .iter()
        .find(|text| text.screen == screen)
        .expect("every screen has its text");
    let heading = text.heading;
    let body: String = text
        .body
        .iter()
        .map(|line| format!("<p>{line}</p>\n"))
        .collect();
    document(heading, &format!("<h1>{heading}</h1>\n{body}{form}"))
}

/// Returns a page that is no screen of its own, such as for an unknown path.
pub fn plain_page(heading: &str) -> String {
    document(heading, &format!("<h1>{heading}</h1>\n"))
}

fn document(title: &str, main: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"ja\">\n<head>\n<meta charset=\"UTF-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n\
         <body>\n<main>\n{main}</main>\n</body>\n</html>\n"
    )
}

/// Returns the screen that a page shows.
///
/// Some texts contain others (M3 begins with M7 and names the consent screen), so the longest
/// one that is found counts.
pub fn recognise(page: &str) -> Option<Screen> {
    TEXTS
        .iter()
        .filter(|text| page.contains(text.heading))
        .max_by_key(|text| text.heading.len())
        .map(|text| text.screen)
}

const STYLE: &str = "body{font-family:sans-serif;line-height:1.8;margin:0;background:#f4f6f8;\
color:#222}main{max-width:40em;margin:3em auto;padding:2em;background:#fff;\
border-top:4px solid #0068b7}h1{font-size:1.25em;margin-top:0}button{font:inherit;\
padding:.5em 2em;margin:.5em 1em .5em 0;cursor:pointer}label{display:block;margin:.5em 0}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_screen_is_recognised_by_its_page() {
        for text in TEXTS {
            assert_eq!(recognise(&page(text.screen, "")), Some(text.screen));
        }
        assert_eq!(recognise(&plain_page("ページが見つかりません。")), None);
    }

    #[test]
    fn error_codes_stand_as_in_the_guide() {
        assert!(page(Screen::M5, "").contains("エラーコード：P11019"));
        assert!(page(Screen::M6, "").contains("エラーコード： P32031"));
    }
}
