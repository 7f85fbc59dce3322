//! The paths of the club's pages, which are ours: the article has none.

/// The top page, or the login.
pub const TOP: &str = "/";
/// Where the login is sent to.
pub const LOGIN: &str = "/login";
/// ご契約・ご利用情報.
pub const CONTRACT: &str = "/contract";
/// 契約回線の確認.
pub const CHECK: &str = "/contract/check";
/// 「契約回線確認画面」へアクセスしています.
pub const ACCESS: &str = "/contract/access";
/// What came of the check.
pub const RESULT: &str = "/contract/result";
/// The support page.
pub const SUPPORT: &str = "/support";
/// 【V4】 契約回線確認ページ.
pub const V4: &str = "/v4";
/// 認証キー送付先メールアドレス; the others on keys are below it.
pub const KEY_ASK: &str = "/key";
/// The choice of the address.
pub const KEY_ADDRESS: &str = "/key/address";
/// 認証キーを記載したメールの送付先.
pub const KEY_DESTINATION: &str = "/key/destination";
/// The key was mailed.
pub const KEY_MAILED: &str = "/key/mailed";
/// Where the key is entered.
pub const KEY_ENTRY: &str = "/key/entry";
/// Where a key that was entered is confirmed.
pub const KEY_REVIEW: &str = "/key/review";
/// The terminal is registered.
pub const KEY_DONE: &str = "/key/done";
/// 会員情報の変更.
pub const PROFILE: &str = "/profile";
/// 認証キー登録端末の編集・削除.
pub const TERMINALS: &str = "/profile/terminals";
/// あずけ~る認証情報の変更・削除.
pub const STORAGE: &str = "/profile/storage";
/// The member's mailbox; a real one is elsewhere.
pub const MAILBOX: &str = "/mailbox";
