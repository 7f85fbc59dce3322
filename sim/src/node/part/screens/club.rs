//! The screens of the members club (フレッツ光メンバーズクラブ) in words.
//!
//! Headings that the members-club article quotes stand as it has them (ngn-facts §4.5); the others are
//! ours, and their rows say so.

use super::Text;
use crate::trace::Screen;

const fn row(
    screen: Screen,
    heading: &'static str,
    when_ja: &'static str,
    when_en: &'static str,
    source: &'static str,
) -> Text {
    Text {
        screen,
        heading,
        body: &[],
        when_ja,
        when_en,
        source,
    }
}

/// Where a heading stands that the article quotes.
const QUOTED: &str = "members-club article; ngn-facts §4.5";
/// Where one stands that it does not.
const OURS: &str = "inferred; the members-club article has the step, and not the words";

/// The texts of the club.
#[rustfmt::skip]
pub(super) const TEXTS: &[Text] = &[
    row(Screen::ClubLogin, "フレッツ光メンバーズクラブ ログイン",
        "ログインせずにメンバーズクラブを開いた。",
        "The members club was opened without being logged in.", OURS),
    row(Screen::ClubTop, "フレッツ光メンバーズクラブ",
        "会員IDとパスワードでログインした。",
        "A member has logged in.", OURS),
    row(Screen::ClubContract, "ご契約・ご利用情報",
        "契約回線の確認が済んだ状態で、ご契約・ご利用情報を開いた。",
        "The contract page was opened, and the contract line is confirmed.", QUOTED),
    row(Screen::ClubCheck, "契約回線の確認",
        "契約回線の確認が済んでいない状態で、ご契約・ご利用情報を開いた。",
        "The contract page was opened before the contract line was confirmed.", QUOTED),
    row(Screen::ClubAccessing, "「契約回線確認画面」へアクセスしています",
        "「契約回線確認を行う」を押した。",
        "契約回線確認を行う was pressed.", QUOTED),
    row(Screen::ClubNotConfirmed,
        "会員 ID が登録されている「フレッツ光」契約回線の確認ができませんでした",
        "会員の契約回線以外からのアクセスで、契約回線を確認できなかった。",
        "The access did not come from the member's own contract line.", QUOTED),
    row(Screen::ClubSupport, "契約回線確認 エラー時の対処方法について",
        "契約回線確認の環境設定サポートページを開いた。",
        "The support page was opened after a failed check.", QUOTED),
    row(Screen::ClubV4Check, "【V4】 契約回線確認ページ",
        "サービス情報サイト（NGN IPv4）のセッションから、V4の確認ページを開いた。",
        "The V4 page was opened over a session to the NGN's IPv4.", QUOTED),
    row(Screen::ClubV4Elsewhere, "サービス情報サイト(NGN IPv4)からアクセスしてください",
        "サービス情報サイト（NGN IPv4）のセッション以外から、V4の確認ページを開いた。",
        "The V4 page was opened from elsewhere than such a session.", OURS),
    row(Screen::ClubGone, "この確認方法は使えなくなりました",
        "2018年8月以降に、認証キーやV4の確認ページを使おうとした。",
        "A key or the V4 page was tried after the end of July 2018.", OURS),
    row(Screen::ClubKeyAsk, "認証キー送付先メールアドレス",
        "「認証キーの発行・登録を行う」を押した。",
        "認証キーの発行・登録を行う was pressed.", QUOTED),
    row(Screen::ClubKeyAddress, "メールアドレスの選択",
        "認証キーの送付先のメールアドレスを選択する。",
        "The mail address for the key is to be chosen.", OURS),
    row(Screen::ClubKeyDestination, "認証キーを記載したメールの送付先",
        "選択したメールアドレスを確認する。",
        "The address is to be confirmed.", QUOTED),
    row(Screen::ClubKeyMailed, "認証キーを送付しました",
        "認証キーを記載したメールが送付された。",
        "The key was mailed.", OURS),
    row(Screen::ClubMailbox, "受信トレイ",
        "会員がメールを開いた。",
        "The member opened the mailbox.", OURS),
    row(Screen::ClubKeyEntry, "認証キー登録",
        "メールのリンクから、認証キーを入力する画面を開いた。",
        "The link in the mail was opened, and the key is to be entered.", QUOTED),
    row(Screen::ClubKeyReview, "認証キーの確認",
        "入力した認証キーを確認する。",
        "The key that was entered is to be confirmed.", OURS),
    row(Screen::ClubKeyDone, "認証キーの登録が完了しました",
        "この端末が登録された。",
        "This terminal is registered.", OURS),
    row(Screen::ClubTerminalsFull, "登録できる端末は10台までです",
        "10台の端末が登録済みで、これ以上登録できない。",
        "Ten terminals are registered, and no more can be.", OURS),
    row(Screen::ClubProfile, "会員情報の変更",
        "メニューから会員情報の変更を開いた。",
        "The member's data were opened from the menu.", QUOTED),
    row(Screen::ClubTerminals, "登録端末一覧",
        "認証キーを登録した端末の一覧を開いた。",
        "The list of the terminals registered by keys was opened.", QUOTED),
];
