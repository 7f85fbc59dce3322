use super::*;
use crate::line::members_club::Era::{Keys, LineAlone, V4Page};
use crate::node::members_club::labels::LABELS;

/// The labels as the members-club article quotes them from the screens, step by step, with the eras
/// in which they are there (ngn-facts §4.5; before 2015, until the end of July 2018, since).
#[rustfmt::skip]
const ARTICLE: &[(Screen, &str, &[Era])] = &[
    // 1: login with member ID and password, then the top page.
    (Screen::ClubLogin, "会員 ID", &[V4Page, Keys, LineAlone]),
    (Screen::ClubLogin, "パスワード", &[V4Page, Keys, LineAlone]),
    (Screen::ClubTop, "会員情報の変更", &[V4Page, Keys, LineAlone]),
    (Screen::ClubTop, "ご利用中のサービス(ご契約・ご利用情報)", &[V4Page, Keys, LineAlone]),
    (Screen::ClubContract, "ご契約・ご利用情報", &[V4Page, Keys, LineAlone]),
    // 2: the check.
    (Screen::ClubCheck, "契約回線の確認", &[V4Page, Keys, LineAlone]),
    (Screen::ClubCheck, "契約回線確認を行う", &[V4Page, Keys, LineAlone]),
    (Screen::ClubCheck, "ご契約回線からご利用する場合", &[V4Page, Keys, LineAlone]),
    (Screen::ClubCheck, "ご契約回線以外からご利用の場合、契約回線確認が成功しない場合", &[Keys]),
    (Screen::ClubCheck, "認証キーの発行・登録を行う", &[Keys]),
    // 3.
    (Screen::ClubAccessing, "「契約回線確認画面」へアクセスしています", &[V4Page, Keys, LineAlone]),
    // 5.
    (Screen::ClubNotConfirmed, "会員 ID が登録されている「フレッツ光」契約回線の確認ができませんでした",
        &[V4Page, Keys, LineAlone]),
    (Screen::ClubNotConfirmed, "契約回線確認 環境設定サポートページ", &[V4Page, Keys, LineAlone]),
    // 6.
    (Screen::ClubSupport, "契約回線確認 エラー時の対処方法について", &[V4Page, Keys, LineAlone]),
    (Screen::ClubSupport, "フレッツ光ネクストをご利用の場合", &[V4Page, Keys, LineAlone]),
    (Screen::ClubSupport, "【V4】 契約回線確認ページ", &[V4Page, Keys]),
    (Screen::ClubV4Check, "会員 ID", &[V4Page, Keys]),
    (Screen::ClubV4Check, "パスワード", &[V4Page, Keys]),
    (Screen::ClubV4Check, "確認する", &[V4Page, Keys]),
    // 7.
    (Screen::ClubKeyAsk, "認証キー送付先メールアドレス", &[Keys]),
    (Screen::ClubKeyAsk, "はい", &[Keys]),
    (Screen::ClubKeyAddress, "次へ", &[Keys]),
    (Screen::ClubKeyDestination, "認証キーを記載したメールの送付先", &[Keys]),
    (Screen::ClubKeyDestination, "はい", &[Keys]),
    // 8.
    (Screen::ClubMailbox, "認証キー登録", &[Keys]),
    (Screen::ClubKeyEntry, "認証キー", &[Keys]),
    (Screen::ClubKeyEntry, "はい", &[Keys]),
    (Screen::ClubKeyReview, "はい", &[Keys]),
    (Screen::ClubKeyDone, "登録端末名の変更・登録端末一覧はこちら", &[Keys]),
    // 9.
    (Screen::ClubProfile, "会員情報の変更", &[V4Page, Keys, LineAlone]),
    (Screen::ClubProfile, "認証キー登録端末の編集・削除", &[Keys]),
    (Screen::ClubProfile, "あずけ~る認証情報の変更・削除", &[V4Page, Keys, LineAlone]),
];

#[test]
fn the_labels_are_those_of_the_article_in_their_eras() {
    let ours: Vec<_> = LABELS
        .iter()
        .map(|label| (label.on, label.text, label.eras))
        .collect();
    assert_eq!(ours, ARTICLE);
}

#[test]
fn each_page_says_its_labels_in_their_eras_and_in_no_other() {
    for (screen, label, eras) in ARTICLE {
        for era in [V4Page, Keys, LineAlone] {
            // Pages of a way that is gone are not shown at all, which `members_club::tests` has.
            let text = shown(*screen, era).map(|page| said(&page.html));
            let says = text.is_some_and(|text| text.contains(label));
            assert_eq!(
                says,
                eras.contains(&era),
                "{label} on {screen:?} in {era:?}"
            );
        }
    }
}

#[test]
fn entries_are_greyed_until_the_line_is_confirmed() {
    for is_confirmed in [false, true] {
        let page = profile(Keys, is_confirmed).html;
        for label in [EDIT_TERMINALS, STORAGE] {
            let greyed = page.contains(&format!(" disabled>{label}</button>"));
            assert_eq!(greyed, !is_confirmed, "{label}");
        }
    }
}

#[test]
fn pages_are_html_that_needs_no_script_and_every_field_has_its_label() {
    for era in [V4Page, Keys, LineAlone] {
        for screen in SCREENS {
            let Some(page) = shown(screen, era) else {
                continue;
            };
            let html = &page.html;
            assert_eq!(screens::recognise(html), Some(screen));
            assert!(html.starts_with("<!DOCTYPE html>\n<html lang=\"ja\">"));
            assert!(!html.contains("<script"));
            for part in html.split("<input ").skip(1) {
                let tag = part.split('>').next().unwrap_or_default();
                let id = tag
                    .split(" id=\"")
                    .nth(1)
                    .and_then(|it| it.split('"').next());
                let id = id.or_else(|| tag.split("id=\"").nth(1)?.split('"').next());
                let is_hidden = tag.contains("type=\"hidden\"");
                let labelled = id.is_some_and(|id| html.contains(&format!("for=\"{id}\"")));
                assert!(is_hidden || labelled, "{screen:?}: {tag}");
            }
        }
    }
}

#[test]
fn what_somebody_typed_stays_text() {
    let key = "<b>\"&";
    let page = key_review(key).html;
    assert!(!page.contains(key) && page.contains("&lt;b&gt;&quot;&amp;"));
}

/// Returns a page in an era, unless it belongs to a way that is not there.
fn shown(screen: Screen, era: Era) -> Option<Page> {
    let member = Member::default();
    let mail = Mail {
        key: Member::key(1),
    };
    let registered = Registered::named(1, "端末1");
    Some(match screen {
        Screen::ClubLogin => login(false),
        Screen::ClubTop => top(&member),
        Screen::ClubContract => contract(&member),
        Screen::ClubCheck => check(era),
        Screen::ClubAccessing => accessing(),
        Screen::ClubNotConfirmed => not_confirmed(),
        Screen::ClubSupport => support(era),
        Screen::ClubProfile => profile(era, true),
        Screen::ClubV4Check if era.has_v4_page() => v4_check(false),
        Screen::ClubV4Elsewhere if era.has_v4_page() => v4_elsewhere(),
        Screen::ClubGone => gone(),
        _ if !era.has_keys() => return None,
        Screen::ClubKeyAsk => key_ask(&member),
        Screen::ClubKeyAddress => key_address(&member),
        Screen::ClubKeyDestination => key_destination(&member),
        Screen::ClubKeyMailed => key_mailed(&member),
        Screen::ClubMailbox => mailbox([&mail].into_iter()),
        Screen::ClubKeyEntry => key_entry(true),
        Screen::ClubKeyReview => key_review(&mail.key),
        Screen::ClubKeyDone => key_done(),
        Screen::ClubTerminalsFull => terminals_full(),
        Screen::ClubTerminals => terminals(&[registered]),
        _ => return None,
    })
}

/// Returns what a page says, without its tags.
fn said(html: &str) -> String {
    let parts = html.split('<').map(|part| part.split_once('>'));
    parts
        .map(|part| part.map_or("", |(_, text)| text))
        .collect()
}

const SCREENS: [Screen; 21] = [
    Screen::ClubLogin,
    Screen::ClubTop,
    Screen::ClubContract,
    Screen::ClubCheck,
    Screen::ClubAccessing,
    Screen::ClubNotConfirmed,
    Screen::ClubSupport,
    Screen::ClubV4Check,
    Screen::ClubV4Elsewhere,
    Screen::ClubGone,
    Screen::ClubKeyAsk,
    Screen::ClubKeyAddress,
    Screen::ClubKeyDestination,
    Screen::ClubKeyMailed,
    Screen::ClubMailbox,
    Screen::ClubKeyEntry,
    Screen::ClubKeyReview,
    Screen::ClubKeyDone,
    Screen::ClubTerminalsFull,
    Screen::ClubProfile,
    Screen::ClubTerminals,
];
