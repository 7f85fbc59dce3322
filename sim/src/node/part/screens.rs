//! The screens of the line-authentication site and the ONS portal: texts, pages, recognition.
//!
//! The texts M1 to M9 are those of the guide, letter for letter (ngn-facts §5.8). What surrounds
//! them, and the portal's own pages, are inferred: no picture of the real ones says more.

use crate::trace::Screen;

mod club;

/// What one screen says.
#[derive(Clone, Copy, Debug)]
pub struct Text {
    /// Which screen.
    pub screen: Screen,
    /// Its heading, or its only sentence.
    pub heading: &'static str,
    /// The sentences below, one per line.
    pub body: &'static [&'static str],
    /// What has happened when it comes, in Japanese.
    pub when_ja: &'static str,
    /// The same in English.
    pub when_en: &'static str,
    /// Where it stands.
    pub source: &'static str,
}

impl Text {
    /// Returns the code that it shows, if it shows one.
    pub fn code(&self) -> Option<&'static str> {
        let mut codes = self.body.iter().filter_map(|line| line.strip_prefix(CODE));
        codes.next().map(str::trim)
    }
}

/// What stands before a code.
const CODE: &str = "エラーコード：";

/// What the browser says in place of any screen where it does not trust the certificate of the
/// site, what to press there, and what then (M10; guide p.16, Q8).
pub const WARNING: [&str; 3] = [
    "接続がプライベートではありません",
    "詳細設定",
    "www.lineauth.mnwに進む",
];

/// The button that consents (guide p.16).
pub const ACCEPT: &str = "希望する";
/// The button that refuses (guide p.16).
pub const REFUSE: &str = "希望しない";

/// Returns every screen's text, those of the members club included.
pub fn all() -> impl Iterator<Item = &'static Text> {
    TEXTS.iter().chain(club::TEXTS)
}

/// The texts of the line-authentication site and of the ONS portal.
pub const TEXTS: &[Text] = &[
    Text {
        screen: Screen::Consent,
        heading: "通知意思確認画面",
        body: &[
            "ご利用の回線の情報をサービス提供者へ通知します。",
            "通知を希望する場合は「希望する」を、希望しない場合は「希望しない」を選択してください。",
        ],
        when_ja: "まだ認証されていない回線から回線認証サイトを開いた。",
        when_en: "The site was opened from a line that is not authenticated yet.",
        source: "guide p.16, Q10 (heading and buttons; the sentences are inferred)",
    },
    Text {
        screen: Screen::M1,
        heading: "回線認証に成功しました。",
        body: &[],
        when_ja: "「希望する」を選択し、登録されたお客さまIDと回線が一致した。",
        when_en: "希望する was chosen, the customer ID is registered, and the line is its line.",
        source: "guide p.17 ④",
    },
    Text {
        screen: Screen::M1b,
        heading: "回線認証が成功しました。",
        body: &[],
        when_ja: "M1と同じ場面の、再認証のFAQでの文言。",
        when_en: "As M1, in the words of the FAQ on authenticating again.",
        source: "guide Q17",
    },
    Text {
        screen: Screen::M2,
        heading: "回線認証済みです。",
        body: &[],
        when_ja: "回線認証が済んでいる回線から再度アクセスした（別の端末、同じ回線を使う別の機関など）。",
        when_en: "The site was opened again from an authenticated line, as by another terminal or institution on it.",
        source: "guide Q16",
    },
    Text {
        screen: Screen::M2b,
        heading: "認証済みです。",
        body: &[],
        when_ja: "M2と同じ場面の、短い文言。",
        when_en: "As M2, in shorter words.",
        source: "guide Q17",
    },
    Text {
        screen: Screen::M3,
        heading: "回線認証に失敗しました。\
                  認証を行うには通知意思確認画面にて「希望する」を選択してください",
        body: &[],
        when_ja: "通知意思確認画面で「希望しない」を選択した。",
        when_en: "希望しない was chosen on the consent screen.",
        source: "guide Q10",
    },
    Text {
        screen: Screen::M4,
        heading: "回線認証ポータルサイトからアクセスしてください。",
        body: &[],
        when_ja: "「希望しない」を選択した後に、ブラウザの「戻る」ボタンを押した。",
        when_en: "The browser's back button was pressed after 希望しない.",
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
        when_ja: "対象外の回線（Bフレッツ ビジネスタイプ、ベーシックタイプなど）からアクセスした。",
        when_en: "The site was opened from a line that is not eligible, as Bフレッツ ビジネスタイプ or ベーシックタイプ.",
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
        when_ja: "「希望する」を選択してから25秒たっても処理が終わらなかった。",
        when_en: "Processing had not ended 25 s after 希望する.",
        source: "guide Q11",
    },
    Text {
        screen: Screen::M7,
        heading: "回線認証に失敗しました。",
        body: &[],
        when_ja: "お客さまIDが登録されていないか、申請した回線とは別の回線からアクセスした。",
        when_en: "The customer ID is not registered, or the access came from another line than the one applied for.",
        source: "guide p.17, Q12",
    },
    Text {
        screen: Screen::M8,
        heading: "システムエラーが発生しました。",
        body: &[],
        when_ja: "回線認証サイトに障害がある。",
        when_en: "The line-authentication site has a fault.",
        source: "guide Q13",
    },
    Text {
        screen: Screen::M9,
        heading: "時間を置いて再度試してください",
        body: &[],
        when_ja: "回線認証に失敗した場合の一般的な例。",
        when_en: "An example of what a failure looks like.",
        source: "guide p.17",
    },
    Text {
        screen: Screen::Login,
        heading: "オンライン資格確認等システム ログイン",
        body: &["ユーザーＩＤとパスワードを入力してください。"],
        when_ja: "回線認証が済んだ回線からポータルを開いた。",
        when_en: "The portal was opened from an authenticated line.",
        source: "inferred; the guide shows no portal screen",
    },
    Text {
        screen: Screen::NotAuthenticated,
        heading: "回線認証が行われていません。",
        body: &[
            "この回線からは、オンライン資格確認等システムをご利用いただけません。",
            "回線認証を行ってから、再度アクセスしてください。",
        ],
        when_ja: "回線認証が済んでいない回線からポータルを開いた。",
        when_en: "The portal was opened from a line that is not authenticated.",
        source: "inferred from ngn-facts §5.9: the web service is what is gated",
    },
];

/// Returns the page of a screen; `form` is put below its text.
pub fn page(screen: Screen, form: &str) -> String {
    let text = text(screen);
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

/// Returns what a screen says.
pub(crate) fn text(screen: Screen) -> &'static Text {
    let found = all().find(|text| text.screen == screen);
    found.expect("every screen has its text")
}

/// Returns a whole page.
pub(crate) fn document(title: &str, main: &str) -> String {
    document_with("", title, main)
}

/// Returns a whole page with more in its head.
pub(crate) fn document_with(head: &str, title: &str, main: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"ja\">\n<head>\n<meta charset=\"UTF-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         {head}<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n\
         <body>\n<main>\n{main}</main>\n</body>\n</html>\n"
    )
}

/// Returns the screen that a page shows.
///
/// Some texts contain others (M3 begins with M7 and names the consent screen), so the longest
/// one that is found counts. Pages of the members club name each other, so there the heading does.
pub fn recognise(page: &str) -> Option<Screen> {
    let headed = |text: &&Text| page.contains(&format!("<h1>{}</h1>", text.heading));
    if let Some(text) = club::TEXTS.iter().find(headed) {
        return Some(text.screen);
    }
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
        for text in all() {
            assert_eq!(recognise(&page(text.screen, "")), Some(text.screen));
        }
        assert_eq!(recognise(&plain_page("ページが見つかりません。")), None);
    }

    #[test]
    fn error_codes_stand_as_in_the_guide() {
        let codes: Vec<_> = TEXTS.iter().filter_map(Text::code).collect();
        assert_eq!(codes, ["P11019", "P32031"]);
        assert!(page(Screen::M5, "").contains("エラーコード：P11019"));
        assert!(page(Screen::M6, "").contains("エラーコード： P32031"));
    }
}
