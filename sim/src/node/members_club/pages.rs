//! The club's pages as HTML: plain links and forms, which any browser can use without a script.
//!
//! Where the paths lead is ours; the words that the article quotes are those of `labels`.

use super::labels::{
    ASK_FOR_KEY, BEGIN_CHECK, CONFIRM, EDIT_TERMINALS, FLETS_NEXT, FROM_ELSEWHERE, FROM_THE_LINE,
    HERE, KEY, MEMBER_ID, NEXT, PASSWORD, PROFILE, REGISTER_KEY, SERVICES, STORAGE, SUPPORT,
    TERMINALS_ARE, V4_PAGE, YES,
};
use super::membership::{Mail, Registered};
use super::paths;
use crate::line::Area;
use crate::line::Member;
use crate::line::internet::service_host;
use crate::line::members_club::{ACCESSING_SECONDS, Era, HOST};
use crate::node::part::screens;
use crate::trace::Screen;

/// A page, and which screen it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) screen: Screen,
    pub(super) html: String,
}

impl Page {
    fn new(screen: Screen, main: &str) -> Self {
        Self::with_head(screen, "", main)
    }

    fn with_head(screen: Screen, head: &str, main: &str) -> Self {
        let heading = screens::text(screen).heading;
        let main = format!("<h1>{heading}</h1>\n{main}");
        Self {
            screen,
            html: screens::document_with(head, heading, &main),
        }
    }

    /// Makes a page of somebody who is logged in, with the menus.
    fn of_member(screen: Screen, main: &str) -> Self {
        Self::new(screen, &format!("{}{main}", menus()))
    }
}

pub(super) fn login(is_wrong: bool) -> Page {
    let wrong = match is_wrong {
        true => paragraph("会員 ID またはパスワードが違います。"),
        false => String::new(),
    };
    let form = credentials(paths::LOGIN, "ログイン");
    Page::new(Screen::ClubLogin, &format!("{wrong}{form}"))
}

pub(super) fn top(member: &Member) -> Page {
    let hello = paragraph(&format!("{} 様、ようこそ。", escaped(&member.id)));
    Page::of_member(Screen::ClubTop, &hello)
}

pub(super) fn contract(member: &Member) -> Page {
    let text = format!(
        "{}<dl>\n<dt>{MEMBER_ID}</dt><dd>{}</dd>\n<dt>ご契約回線</dt><dd>フレッツ光</dd>\n</dl>\n",
        paragraph("契約回線の確認ができています。"),
        escaped(&member.id),
    );
    Page::of_member(Screen::ClubContract, &text)
}

pub(super) fn check(era: Era) -> Page {
    let mut text = section(FROM_THE_LINE, &button(paths::CHECK, BEGIN_CHECK));
    if era.has_keys() {
        text += &section(FROM_ELSEWHERE, &link(paths::KEY_ASK, ASK_FOR_KEY));
    }
    Page::of_member(Screen::ClubCheck, &text)
}

/// The page that goes on by itself after a while.
pub(super) fn accessing() -> Page {
    let refresh = format!(
        "<meta http-equiv=\"refresh\" content=\"{ACCESSING_SECONDS};url={}\">\n",
        paths::RESULT
    );
    let text = paragraph("しばらくお待ちください。");
    Page::with_head(Screen::ClubAccessing, &refresh, &text)
}

pub(super) fn not_confirmed() -> Page {
    let text = paragraph(&link(paths::SUPPORT, SUPPORT));
    Page::of_member(Screen::ClubNotConfirmed, &text)
}

pub(super) fn support(era: Era) -> Page {
    let what = match era.has_v4_page() {
        true => {
            let page = format!("https://{}{}", service_host(Area::East), paths::V4);
            paragraph(&link(&page, V4_PAGE))
        }
        false => paragraph(
            "ご契約のフレッツ光の回線に接続し、IPv6を有効にしてからアクセスしてください。",
        ),
    };
    Page::new(Screen::ClubSupport, &section(FLETS_NEXT, &what))
}

pub(super) fn v4_check(is_wrong: bool) -> Page {
    let wrong = match is_wrong {
        true => paragraph("契約回線の確認ができませんでした。"),
        false => String::new(),
    };
    let form = credentials(paths::V4, CONFIRM);
    Page::new(Screen::ClubV4Check, &format!("{wrong}{form}"))
}

pub(super) fn v4_elsewhere() -> Page {
    Page::new(Screen::ClubV4Elsewhere, "")
}

pub(super) fn gone() -> Page {
    let text = paragraph("契約回線の確認は、ご契約のフレッツ光の回線からのみ行えます。");
    Page::new(Screen::ClubGone, &text)
}

pub(super) fn key_ask(member: &Member) -> Page {
    let text = format!(
        "{}{}",
        paragraph(&format!(
            "認証キーをメール（{}）で送付します。よろしいですか。",
            escaped(&member.mail)
        )),
        button(paths::KEY_ASK, YES)
    );
    Page::of_member(Screen::ClubKeyAsk, &text)
}

pub(super) fn key_address(member: &Member) -> Page {
    let address = escaped(&member.mail);
    let form = format!(
        "<form method=\"post\" action=\"{}\">\n<p><input type=\"radio\" id=\"address-1\" \
         name=\"address\" value=\"1\" checked> <label for=\"address-1\">{address}</label></p>\n\
         <button type=\"submit\">{NEXT}</button>\n</form>\n",
        paths::KEY_ADDRESS
    );
    Page::of_member(Screen::ClubKeyAddress, &form)
}

pub(super) fn key_destination(member: &Member) -> Page {
    let text = format!(
        "{}{}",
        paragraph(&escaped(&member.mail)),
        button(paths::KEY_DESTINATION, YES)
    );
    Page::of_member(Screen::ClubKeyDestination, &text)
}

pub(super) fn key_mailed(member: &Member) -> Page {
    let text = format!(
        "{} に認証キーを記載したメールを送付しました。メールのリンクから登録してください。",
        escaped(&member.mail)
    );
    Page::of_member(Screen::ClubKeyMailed, &paragraph(&text))
}

/// The member's mailbox, as a page: mail itself is left out.
pub(super) fn mailbox<'m>(mails: impl Iterator<Item = &'m Mail>) -> Page {
    let mails = mails.map(|mail| {
        let key = paragraph(&format!("{KEY}：{}", escaped(&mail.key)));
        let url = format!("https://{HOST}{}", paths::KEY_ENTRY);
        let way = paragraph(&link(&url, REGISTER_KEY));
        format!("<article>\n<h2>認証キーのお知らせ</h2>\n{key}{way}</article>\n")
    });
    let mails: String = mails.collect();
    let text = match mails.is_empty() {
        true => paragraph("メールはありません。"),
        false => mails,
    };
    Page::new(Screen::ClubMailbox, &text)
}

pub(super) fn key_entry(is_wrong: bool) -> Page {
    let wrong = match is_wrong {
        true => paragraph("認証キーが違います。"),
        false => String::new(),
    };
    let form = format!(
        "{wrong}<form method=\"post\" action=\"{}\">\n<p><label for=\"key\">{KEY}</label> \
         <input type=\"text\" id=\"key\" name=\"key\" autocomplete=\"off\" required></p>\n\
         <button type=\"submit\">{YES}</button>\n</form>\n",
        paths::KEY_ENTRY
    );
    Page::of_member(Screen::ClubKeyEntry, &form)
}

pub(super) fn key_review(key: &str) -> Page {
    let key = escaped(key);
    let form = format!(
        "{}<form method=\"post\" action=\"{}\">\n<input type=\"hidden\" name=\"key\" \
         value=\"{key}\">\n<button type=\"submit\">{YES}</button>\n</form>\n",
        paragraph(&format!("{KEY}：{key}")),
        paths::KEY_REVIEW
    );
    Page::of_member(Screen::ClubKeyReview, &form)
}

pub(super) fn key_done() -> Page {
    let text = format!("{TERMINALS_ARE}{}", link(paths::TERMINALS, HERE));
    Page::of_member(Screen::ClubKeyDone, &paragraph(&text))
}

pub(super) fn terminals_full() -> Page {
    let text = paragraph("使わなくなった端末を、登録端末一覧から削除してください。");
    Page::of_member(Screen::ClubTerminalsFull, &text)
}

/// The entries of which the article tells that they cannot be clicked before the line is confirmed.
pub(super) fn profile(era: Era, is_confirmed: bool) -> Page {
    let entry = |path: &str, label: &str| {
        let greyed = if is_confirmed { "" } else { " disabled" };
        format!(
            "<form method=\"get\" action=\"{path}\"><button type=\"submit\"{greyed}>{label}\
             </button></form>\n"
        )
    };
    let mut text = String::new();
    if era.has_keys() {
        text += &entry(paths::TERMINALS, EDIT_TERMINALS);
    }
    text += &entry(paths::STORAGE, STORAGE);
    Page::of_member(Screen::ClubProfile, &text)
}

pub(super) fn terminals(registered: &[Registered]) -> Page {
    if registered.is_empty() {
        let none = paragraph("登録された端末はありません。");
        return Page::of_member(Screen::ClubTerminals, &none);
    }
    let rows = registered.iter().enumerate().map(|(index, one)| {
        let checked = if index == 0 { " checked" } else { "" };
        let (id, name) = (one.number, escaped(&one.name));
        format!(
            "<p><input type=\"radio\" id=\"terminal-{id}\" name=\"terminal\" value=\"{id}\"\
             {checked}> <label for=\"terminal-{id}\">{name}</label></p>\n"
        )
    });
    let rows: String = rows.collect();
    let form = format!(
        "<form method=\"post\" action=\"{}\">\n<fieldset>\n<legend>登録端末</legend>\n{rows}\
         </fieldset>\n<p><label for=\"name\">新しい登録端末名</label> <input type=\"text\" \
         id=\"name\" name=\"name\" autocomplete=\"off\"></p>\n\
         <button type=\"submit\" name=\"do\" value=\"rename\">変更</button>\n\
         <button type=\"submit\" name=\"do\" value=\"delete\">削除</button>\n</form>\n",
        paths::TERMINALS
    );
    Page::of_member(Screen::ClubTerminals, &form)
}

fn menus() -> String {
    format!(
        "<nav aria-label=\"メニュー\">\n<ul>\n<li>{}</li>\n<li>{}</li>\n</ul>\n</nav>\n",
        link(paths::CONTRACT, SERVICES),
        link(paths::PROFILE, PROFILE)
    )
}

fn credentials(path: &str, label: &str) -> String {
    format!(
        "<form method=\"post\" action=\"{path}\">\n<p><label for=\"id\">{MEMBER_ID}</label> \
         <input type=\"text\" id=\"id\" name=\"id\" autocomplete=\"username\" required></p>\n\
         <p><label for=\"password\">{PASSWORD}</label> <input type=\"password\" id=\"password\" \
         name=\"password\" autocomplete=\"current-password\" required></p>\n\
         <button type=\"submit\">{label}</button>\n</form>\n"
    )
}

fn section(heading: &str, inside: &str) -> String {
    format!("<section>\n<h2>{heading}</h2>\n{inside}</section>\n")
}

fn paragraph(inside: &str) -> String {
    format!("<p>{inside}</p>\n")
}

fn link(to: &str, label: &str) -> String {
    format!("<a href=\"{to}\">{label}</a>")
}

fn button(path: &str, label: &str) -> String {
    format!(
        "<form method=\"post\" action=\"{path}\"><button type=\"submit\">{label}</button></form>\n"
    )
}

/// Writes what somebody else chose so that it stays text.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests;
