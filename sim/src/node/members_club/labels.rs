//! The words on the club's pages that the members-club article quotes, letter for letter, each with
//! the page that shows it and since and until when (ngn-facts §4.5).

use crate::line::members_club::Era;
use crate::trace::Screen;

/// Words on a page.
#[derive(Clone, Copy, Debug)]
pub struct Label {
    /// The words.
    pub text: &'static str,
    /// The page.
    pub on: Screen,
    /// The eras in which it is there.
    pub eras: &'static [Era],
}

const fn label(text: &'static str, on: Screen, eras: &'static [Era]) -> Label {
    Label { text, on, eras }
}

const ALWAYS: &[Era] = &[Era::V4Page, Era::Keys, Era::LineAlone];
const UNTIL_2018: &[Era] = &[Era::V4Page, Era::Keys];
const WITH_KEYS: &[Era] = &[Era::Keys];

pub(super) const MEMBER_ID: &str = "会員 ID";
pub(super) const PASSWORD: &str = "パスワード";
pub(super) const PROFILE: &str = "会員情報の変更";
pub(super) const SERVICES: &str = "ご利用中のサービス(ご契約・ご利用情報)";
pub(super) const BEGIN_CHECK: &str = "契約回線確認を行う";
pub(super) const FROM_THE_LINE: &str = "ご契約回線からご利用する場合";
pub(super) const FROM_ELSEWHERE: &str =
    "ご契約回線以外からご利用の場合、契約回線確認が成功しない場合";
pub(super) const ASK_FOR_KEY: &str = "認証キーの発行・登録を行う";
pub(super) const SUPPORT: &str = "契約回線確認 環境設定サポートページ";
pub(super) const FLETS_NEXT: &str = "フレッツ光ネクストをご利用の場合";
pub(super) const V4_PAGE: &str = "【V4】 契約回線確認ページ";
pub(super) const CONFIRM: &str = "確認する";
pub(super) const YES: &str = "はい";
pub(super) const NEXT: &str = "次へ";
pub(super) const REGISTER_KEY: &str = "認証キー登録";
pub(super) const KEY: &str = "認証キー";
pub(super) const TERMINALS_ARE: &str = "登録端末名の変更・登録端末一覧は";
pub(super) const HERE: &str = "こちら";
pub(super) const EDIT_TERMINALS: &str = "認証キー登録端末の編集・削除";
pub(super) const STORAGE: &str = "あずけ~る認証情報の変更・削除";

/// Every label that is quoted.
#[rustfmt::skip]
pub const LABELS: &[Label] = &[
    label(MEMBER_ID, Screen::ClubLogin, ALWAYS),
    label(PASSWORD, Screen::ClubLogin, ALWAYS),
    label(PROFILE, Screen::ClubTop, ALWAYS),
    label(SERVICES, Screen::ClubTop, ALWAYS),
    label("ご契約・ご利用情報", Screen::ClubContract, ALWAYS),
    label("契約回線の確認", Screen::ClubCheck, ALWAYS),
    label(BEGIN_CHECK, Screen::ClubCheck, ALWAYS),
    label(FROM_THE_LINE, Screen::ClubCheck, ALWAYS),
    label(FROM_ELSEWHERE, Screen::ClubCheck, WITH_KEYS),
    label(ASK_FOR_KEY, Screen::ClubCheck, WITH_KEYS),
    label("「契約回線確認画面」へアクセスしています", Screen::ClubAccessing, ALWAYS),
    label("会員 ID が登録されている「フレッツ光」契約回線の確認ができませんでした",
        Screen::ClubNotConfirmed, ALWAYS),
    label(SUPPORT, Screen::ClubNotConfirmed, ALWAYS),
    label("契約回線確認 エラー時の対処方法について", Screen::ClubSupport, ALWAYS),
    label(FLETS_NEXT, Screen::ClubSupport, ALWAYS),
    label(V4_PAGE, Screen::ClubSupport, UNTIL_2018),
    label(MEMBER_ID, Screen::ClubV4Check, UNTIL_2018),
    label(PASSWORD, Screen::ClubV4Check, UNTIL_2018),
    label(CONFIRM, Screen::ClubV4Check, UNTIL_2018),
    label("認証キー送付先メールアドレス", Screen::ClubKeyAsk, WITH_KEYS),
    label(YES, Screen::ClubKeyAsk, WITH_KEYS),
    label(NEXT, Screen::ClubKeyAddress, WITH_KEYS),
    label("認証キーを記載したメールの送付先", Screen::ClubKeyDestination, WITH_KEYS),
    label(YES, Screen::ClubKeyDestination, WITH_KEYS),
    label(REGISTER_KEY, Screen::ClubMailbox, WITH_KEYS),
    label(KEY, Screen::ClubKeyEntry, WITH_KEYS),
    label(YES, Screen::ClubKeyEntry, WITH_KEYS),
    label(YES, Screen::ClubKeyReview, WITH_KEYS),
    label("登録端末名の変更・登録端末一覧はこちら", Screen::ClubKeyDone, WITH_KEYS),
    label("会員情報の変更", Screen::ClubProfile, ALWAYS),
    label(EDIT_TERMINALS, Screen::ClubProfile, WITH_KEYS),
    label(STORAGE, Screen::ClubProfile, ALWAYS),
];
