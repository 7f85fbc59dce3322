//! What each step does, in a sentence of each language, and how a file writes it.

/// One step in words.
#[derive(Clone, Copy, Debug)]
pub struct StepWords {
    /// Its name.
    pub name: &'static str,
    /// What it does, in Japanese.
    pub ja: &'static str,
    /// What it does, in English.
    pub en: &'static str,
    /// How a file writes it, as in `scenarios/README.md`.
    pub example: &'static str,
}

const fn row(
    name: &'static str,
    example: &'static str,
    ja: &'static str,
    en: &'static str,
) -> StepWords {
    StepWords {
        name,
        ja,
        en,
        example,
    }
}

/// Every step, in the order of [`super::Action`].
#[rustfmt::skip]
pub const STEP_WORDS: &[StepWords] = &[
    row("authenticate", "do.authenticate = {}",
        "回線認証サイトを開き、確認を求められたら「希望する」を選択する。",
        "Opens the line-authentication site and chooses 希望する if it asks."),
    row("open", r#"do.open = { url = "https://…" }"#,
        "Webページを開く。",
        "Opens a page."),
    row("consent", r#"do.consent = { choice = "accept" }"#,
        "開いている通知意思確認画面で「希望する」または「希望しない」を選択する。",
        "Chooses 希望する or 希望しない on the consent screen that is open."),
    row("log-in", "do.log-in = {}",
        "メンバーズクラブを開き、回線の会員としてログインする。",
        "Opens the members club and logs in as the line's member."),
    row("press", r#"do.press = { button = "契約回線確認を行う" }"#,
        "開いているページの欄に入力し、文言で指定したボタンやリンクを押す。",
        "Fills fields of the page that is open, and presses a button or a link by its words."),
    row("back", "do.back = {}",
        "ブラウザで前の画面に戻る。",
        "Goes back to the screen before."),
    row("install-certificate", "do.install-certificate = {}",
        "オンライン資格確認のルート証明書を端末にインストールする。",
        "Installs the root certificate of ONS on the terminal."),
    row("close-browser", "do.close-browser = {}",
        "処理の途中でもブラウザを閉じる。",
        "Closes the browser, whatever it is doing."),
    row("delete-cookies", "do.delete-cookies = {}",
        "ブラウザのCookieを削除する。",
        "Deletes the browser's cookies."),
    row("switch-ipv6-on", "do.switch-ipv6-on = {}",
        "端末のネットワークアダプターでIPv6を有効にする。",
        "Puts IPv6 on at the terminal's network interface."),
    row("open-portal", "do.open-portal = {}",
        "オンライン資格確認のポータルのログイン画面を開く。",
        "Opens the login page of the ONS portal."),
    row("download", r#"do.download = { url = "http://…" }"#,
        "HTTPでファイルをダウンロードする（CRL、配信用のホスト）。",
        "Has a file over plain HTTP: the CRL, or one of the delivery hosts."),
    row("ask-time", "do.ask-time = {}",
        "オンライン資格確認の時刻サーバに時刻を問い合わせる。",
        "Asks the ONS time servers for the time."),
    row("resolve", r#"do.resolve = { name = "…" }"#,
        "名前を1つ問い合わせる。",
        "Looks up one name."),
    row("resolve-guide-names", "do.resolve-guide-names = {}",
        "ガイドp.15の6つの名前について、AとAAAAを問い合わせる。",
        "Looks up the six names of guide p.15, A and AAAA."),
    row("ask", r#"do.ask = { names = ["…"] }"#,
        "形式を細かく指定したDNSの問い合わせを送る。",
        "Sends DNS questions of a precise shape."),
    row("ping", r#"do.ping = { to = "line-auth" }"#,
        "pingを送る。",
        "Sends an echo request."),
    row("send-udp", r#"do.send-udp = { to = "192.0.2.7", port = 7 }"#,
        "端末からUDPのデータグラムを送る。",
        "Sends a datagram."),
    row("send-to-peer", r#"do.send-to-peer = { from-port = 5000, peer = "heard-last" }"#,
        "エコーのホストに送ってきた相手の、外側のアドレスとポートにデータグラムを送る。",
        "Sends a datagram to where the echo host has heard somebody from."),
    row("hold-connection", r#"do.hold-connection = { idle = "25s" }"#,
        "ポータルへの接続を無通信のまま保ち、その後また使う。",
        "Keeps a connection to the portal silent, then uses it again."),
    row("run", r#"do.run = { command = ["dig", "…"] }"#,
        "LAN上の実際のコンピュータでコマンドを実行する。",
        "Runs a command on a real computer on the LAN."),
    row("browse", r#"do.browse = { url = "https://…", press = ["希望する"] }"#,
        "LAN上の実際のブラウザでページを開き、ボタンを押す。",
        "Opens a page in a real browser on the LAN, and presses buttons."),
    row("renumber", "do.renumber = {}",
        "回線のプレフィックスを変更する。",
        "Gives the line another prefix."),
    row("add-hikari-denwa", "do.add-hikari-denwa = {}",
        "RAの回線にひかり電話を追加する。以後は別のプレフィックスがDHCPv6-PDで委任される。",
        "Adds ひかり電話 to an RA line: another prefix, by PD."),
    row("restart-edge", r#"do.restart-edge = { outage = "20s" }"#,
        "収容ルータを再起動する。委任の記録は失われる。",
        "Restarts the edge router, which forgets its leases."),
    row("reconfigure", "do.reconfigure = {}",
        "収容ルータからDHCPv6クライアントにReconfigureを送る。quirk `reconfigures`が必要。",
        "Has the edge tell its DHCPv6 clients to renew; needs the quirk `reconfigures`."),
    row("power-cycle", "do.power-cycle = {}",
        "ルータの電源を切り、入れ直す。",
        "Takes the device's power away and gives it back."),
    row("reboot-home-gateway", "do.reboot-home-gateway = {}",
        "ひかり電話ルータを再起動する。",
        "Restarts the ひかり電話ルータ."),
    row("revoke-authentication", "do.revoke-authentication = {}",
        "回線の認証を取り消す。",
        "Takes the line's authentication away."),
    row("line-auth", r#"do.line-auth = { mood = "slow", lasting = "30s" }"#,
        "回線認証サイトの挙動を一時的に変える（遅延、障害、混雑など）。",
        "Gives the line-authentication site an oddity for a while."),
    row("silence", r#"do.silence = { node = "ons-dns-1", lasting = "10s" }"#,
        "サーバを一時的に無応答にする。",
        "Makes a server deaf for a while."),
    row("dns", r#"do.dns = { node = "ons-dns", mood = "servfail", lasting = "10s" }"#,
        "DNSサーバに一時的に異常な応答をさせる。",
        "Makes a DNS server misbehave for a while."),
    row("concentrator", r#"do.concentrator = { does = "send-padt" }"#,
        "PPPoEのコンセントレータに、切断、無応答、想定外のパケットの送信などをさせる。",
        "Has the PPPoE concentrator end sessions, fall silent, or say something odd."),
    row("by-hand", r#"do.by-hand = { does = "disconnect" }"#,
        "PPPoEで接続するルータの設定画面で、セッションの「接続」または「切断」を押す。",
        "Presses 接続 or 切断 on the settings page of a router that dials PPPoE."),
    row("stranger", r#"do.stranger = { sends = "syn" }"#,
        "インターネット上のホストが、機器のPPPoEセッションのアドレスにパケットを送る。",
        "Has somebody in the internet send something to the device's PPPoE session."),
    row("loss", r#"do.loss = { cable = "wan", percent = 10, lasting = "10s" }"#,
        "ケーブル上でフレームを失わせる。",
        "Makes a cable lose frames."),
    row("delay", r#"do.delay = { cable = "wan", by = "150ms", lasting = "10s" }"#,
        "ケーブル上のフレームを遅らせる。",
        "Makes a cable slow."),
    row("duplicate", r#"do.duplicate = { cable = "wan", percent = 50, lasting = "10s" }"#,
        "ケーブル上のフレームを二重に届ける。",
        "Makes a cable deliver frames twice."),
    row("reorder", r#"do.reorder = { cable = "wan", percent = 30, lasting = "10s" }"#,
        "ケーブル上のフレームの順序を入れ替える。",
        "Makes a cable deliver frames out of order."),
    row("link-down", r#"do.link-down = { cable = "wan", lasting = "10s" }"#,
        "ケーブルを抜き、しばらくして挿し直す。",
        "Pulls a cable, and puts it back."),
    row("claim-addresses", r#"do.claim-addresses = { cable = "wan", lasting = "10s" }"#,
        "ルータが使おうとするアドレスを、ケーブル上の別の機器が使用中だと主張する。",
        "Has somebody on a cable claim every address that the device is about to take."),
    row("inject-wan", r#"do.inject-wan = { frame = "…" }"#,
        "作成したフレームを回線側からルータに送る。",
        "Puts crafted frames on the device's WAN cable."),
    row("inject-lan", r#"do.inject-lan = { frame = "…" }"#,
        "作成したフレームをLAN側からルータに送る。",
        "Puts crafted frames on the device's LAN cable."),
    row("send-out", r#"do.send-out = { packet = "…" }"#,
        "作成したパケットを端末から回線へ送る。",
        "Sends crafted packets from a terminal towards the line."),
    row("send-in", r#"do.send-in = { packet = "…" }"#,
        "作成したパケットを回線から端末へ送る。",
        "Sends crafted packets from the line towards a terminal."),
];

#[cfg(test)]
mod tests {
    use strum::VariantNames as _;

    use super::*;
    use crate::scenario::step::Action;

    #[test]
    fn every_step_has_its_words_and_stands_in_the_readme() {
        let told: Vec<&str> = STEP_WORDS.iter().map(|row| row.name).collect();
        assert_eq!(told, Action::VARIANTS);
        let readme = include_str!("../../../../scenarios/README.md");
        for row in STEP_WORDS {
            assert!(row.example.starts_with(&format!("do.{} = ", row.name)));
            assert!(
                readme.contains(&format!("| `{}` |", row.example)),
                "{}",
                row.example
            );
        }
    }
}
