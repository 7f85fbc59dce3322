//! Where the flow of guide p.30 can end, and the guide's remedy for each end.

use ngnlab_reports::Text;

/// What was the matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    WrongUrl,
    WrongDns,
    DnsUnreachable,
    NoAddress,
    WrongDelivery,
    TerminalWithoutIpv6,
    NoIpv6FromLine,
    NoPrefixDelegated,
    V6Option,
    IneligibleLine,
    NotRegistered,
    ConsentPending,
    ConsentRefused,
    NoAnswerInTime,
    SiteFault,
    SiteBusy,
    Certificate,
    ConnectionLost,
    NotAuthenticated,
    ServiceSide,
}

/// One end of the flow.
pub(super) struct Row {
    pub(super) cause: Cause,
    pub(super) id: &'static str,
    pub(super) step: u8,
    pub(super) finding: Text,
    pub(super) remedy: Text,
}

pub(super) const ROWS: &[Row] = &[
    Row {
        cause: Cause::WrongUrl,
        id: "wrong-url",
        step: 1,
        finding: Text::new(
            "回線認証サイトとは異なるURLにアクセスしています。",
            "Another address than that of the line-authentication site was opened.",
        ),
        remedy: Text::new(
            "URLがhttps://www.lineauth.mnwであることを確認し、開き直してください（ガイドp.16）。",
            "Check that the address is https://www.lineauth.mnw and open it again (guide p.16).",
        ),
    },
    Row {
        cause: Cause::WrongDns,
        id: "wrong-dns",
        step: 3,
        finding: Text::new(
            "オンライン資格確認の名前の問い合わせ先が、その地域のオンライン資格確認用DNSサーバではありません。",
            "ONS names are asked at servers other than the area's ONS DNS servers.",
        ),
        remedy: Text::new(
            "ルータのドメインごとのDNS設定に、その地域のDNSサーバを設定してください（ガイドp.7）。",
            "Enter the area's DNS servers into the router's per-domain table (guide p.7).",
        ),
    },
    Row {
        cause: Cause::DnsUnreachable,
        id: "dns-unreachable",
        step: 6,
        finding: Text::new(
            "DNSサーバの設定は正しいものの、オンライン資格確認の名前を解決できません。",
            "The DNS servers are the right ones, but an ONS name does not resolve.",
        ),
        remedy: Text::new(
            "ルータのDNS機能とフィルタを確認してください。上位にルータがあるときは、上位ルータではなくp.7のDNSサーバを直接指定してください（ガイドp.30）。",
            "Check the router's DNS proxy and filters; below another router, enter the servers of p.7 instead of that router (guide p.30).",
        ),
    },
    Row {
        cause: Cause::NoAddress,
        id: "no-ipv6-address",
        step: 4,
        finding: Text::new(
            "端末にIPv6アドレスが割り当てられていません。",
            "The terminal has no IPv6 address.",
        ),
        remedy: Text::new(
            "端末のIPv6設定（ガイドp.8）、フレッツ・v6オプションの契約（p.4）、ルータの再配布の設定（p.6）を順に確認してください。",
            "Check IPv6 on the terminal (guide p.8), the v6 option (p.4) and the router's redistribution (p.6), in this order.",
        ),
    },
    Row {
        cause: Cause::WrongDelivery,
        id: "wrong-delivery",
        step: 4,
        finding: Text::new(
            "端末にIPv6アドレスがありません。回線の配布方式とルータの設定（RA／DHCPv6-PD）が合っていません。",
            "The terminal has no IPv6 address: the line delivers its prefix in another way than the router expects.",
        ),
        remedy: Text::new(
            "ルータの再配布の方式を回線に合わせてください。ひかり電話契約のある回線はDHCPv6-PD、ない回線はRAです（ガイドp.6、FAQ 1）。",
            "Set the router's redistribution to what the line does: DHCPv6-PD with ひかり電話, RA without (guide p.6, FAQ 1).",
        ),
    },
    Row {
        cause: Cause::TerminalWithoutIpv6,
        id: "no-ipv6-on-terminal",
        step: 4,
        finding: Text::new(
            "ルータはプレフィックスを再配布していますが、端末がIPv6の通信をまったくしていません。",
            "The router advertises a prefix, but the terminal does not speak IPv6 at all.",
        ),
        remedy: Text::new(
            "端末のネットワークアダプターで「インターネット プロトコル バージョン 6（TCP/IPv6）」を有効にしてください（ガイドp.8）。",
            "Turn on IPv6 at the terminal's network adapter (guide p.8).",
        ),
    },
    Row {
        cause: Cause::NoIpv6FromLine,
        id: "no-ipv6-from-line",
        step: 4,
        finding: Text::new(
            "回線側からIPv6のパケットがまったく届いていません。",
            "Not one IPv6 packet comes from the line.",
        ),
        remedy: Text::new(
            "ONUとルータの間の機器（UTM、主装置など）がIPv6に対応していること、配線が正しいことを確認してください（ガイドp.5）。",
            "Check that every device between ONU and router (UTM, key telephone unit) passes IPv6, and check the wiring (guide p.5).",
        ),
    },
    Row {
        cause: Cause::NoPrefixDelegated,
        id: "no-prefix-delegated",
        step: 4,
        finding: Text::new(
            "ルータはDHCPv6-PDでプレフィックスを要求していますが、委任されません。",
            "The router asks for a prefix by DHCPv6-PD, and none is delegated.",
        ),
        remedy: Text::new(
            "上位のひかり電話ルータを再起動し、配下の機器が多すぎないか、DUIDがDUID-LLかを確認してください。続くときはお客さまIDを添えて問い合わせてください（ガイドp.6、p.30）。",
            "Restart the ひかり電話ルータ upstream, look whether too many routers are below it, and whether the DUID is a DUID-LL; if it goes on, report the customer ID (guide p.6, p.30).",
        ),
    },
    Row {
        cause: Cause::V6Option,
        id: "v6-option",
        step: 4,
        finding: Text::new(
            "配信用のホストへの通信が回線側で拒否されています。フレッツ・v6オプションが契約されていません。",
            "The line refuses traffic to the delivery hosts: フレッツ・v6オプション is not part of the contract.",
        ),
        remedy: Text::new(
            "フレッツ・v6オプションを申し込んでください。お客さまIDが必要です（ガイドp.4、FAQ 6、FAQ 7）。",
            "Order フレッツ・v6オプション; the customer ID is needed (guide p.4, FAQ 6, FAQ 7).",
        ),
    },
    Row {
        cause: Cause::IneligibleLine,
        id: "ineligible-line",
        step: 5,
        finding: Text::new(
            "オンライン資格確認を利用できない回線です（P11019）。",
            "The line's service may not use ONS (P11019).",
        ),
        remedy: Text::new(
            "対象の回線を用意し、新しいお客さまIDで申請し直してからアクセスしてください（ガイドp.4、FAQ 9）。",
            "Get an eligible line, apply again with its customer ID, and try again (guide p.4, FAQ 9).",
        ),
    },
    Row {
        cause: Cause::NotRegistered,
        id: "not-registered",
        step: 6,
        finding: Text::new(
            "お客さまIDが登録されていないか、申請した回線と異なる回線からのアクセスです。",
            "The customer ID is not registered, or belongs to another line.",
        ),
        remedy: Text::new(
            "お客さまID、端末のIPv6アドレス、アクセスした時刻を添えて問い合わせてください（ガイドFAQ 12）。",
            "Report customer ID, IPv6 address and time of access (guide FAQ 12).",
        ),
    },
    Row {
        cause: Cause::ConsentPending,
        id: "consent-pending",
        step: 6,
        finding: Text::new(
            "通知意思確認画面で選択されていません。",
            "Nothing was chosen on the consent screen.",
        ),
        remedy: Text::new(
            "回線認証サイトを開き直し、「希望する」を選択してください（ガイドp.16）。",
            "Open the site again and choose 希望する (guide p.16).",
        ),
    },
    Row {
        cause: Cause::ConsentRefused,
        id: "consent-refused",
        step: 6,
        finding: Text::new(
            "通知意思確認画面で「希望しない」が選択されました。",
            "希望しない was chosen on the consent screen.",
        ),
        remedy: Text::new(
            "回線認証サイトを開き直し、「希望する」を選択してください（ガイドFAQ 10）。",
            "Open the site anew and choose 希望する (guide FAQ 10).",
        ),
    },
    Row {
        cause: Cause::NoAnswerInTime,
        id: "no-answer-in-time",
        step: 6,
        finding: Text::new(
            "回線認証の処理が25秒以内に終わりませんでした（P32031）。",
            "Line authentication was not done within 25 s (P32031).",
        ),
        remedy: Text::new(
            "しばらく待って再度試し、続くときはお客さまIDとIPv6アドレスを添えて問い合わせてください（ガイドFAQ 11）。",
            "Wait and try again; if it goes on, report customer ID and IPv6 address (guide FAQ 11).",
        ),
    },
    Row {
        cause: Cause::SiteFault,
        id: "site-fault",
        step: 6,
        finding: Text::new(
            "回線認証サイトでシステムエラーが発生しています。",
            "The line-authentication site has a system error.",
        ),
        remedy: Text::new(
            "サポートデスクに問い合わせてください（ガイドFAQ 13）。",
            "Contact the support desk (guide FAQ 13).",
        ),
    },
    Row {
        cause: Cause::SiteBusy,
        id: "site-busy",
        step: 6,
        finding: Text::new(
            "回線認証サイトが混み合っています。",
            "The line-authentication site is busy.",
        ),
        remedy: Text::new(
            "時間を置いて再度試してください（ガイドp.17）。",
            "Try again later (guide p.17).",
        ),
    },
    Row {
        cause: Cause::Certificate,
        id: "certificate",
        step: 6,
        finding: Text::new(
            "端末が回線認証サイトの証明書を信頼していません。",
            "The terminal does not trust the site's certificate.",
        ),
        remedy: Text::new(
            "先に証明書を端末へインストールするか、警告画面の「詳細設定」から進んでください（ガイドp.16、FAQ 8）。",
            "Install the certificate first, or go on through 詳細設定 on the warning (guide p.16, FAQ 8).",
        ),
    },
    Row {
        cause: Cause::ConnectionLost,
        id: "connection-lost",
        step: 6,
        finding: Text::new(
            "名前は解決できますが、サイトとの接続が確立しないか、途中で切れています。",
            "The name resolves, but the connection to the site fails or breaks off.",
        ),
        remedy: Text::new(
            "ルータとUTMのフィルタ（TCP 443番）を確認し、数分後に切れるときは再配布をDHCPv6-PDに変更してください（ガイドFAQ 1、FAQ 3）。",
            "Check filters for TCP port 443; if it breaks after minutes, change to DHCPv6-PD (guide FAQ 1, FAQ 3).",
        ),
    },
    Row {
        cause: Cause::NotAuthenticated,
        id: "not-authenticated",
        step: 6,
        finding: Text::new(
            "この回線では回線認証が済んでいません。",
            "The line is not authenticated.",
        ),
        remedy: Text::new(
            "回線認証サイトを開き、「希望する」を選択してください（ガイドp.16、FAQ 17）。",
            "Open the line-authentication site and choose 希望する (guide p.16, FAQ 17).",
        ),
    },
    Row {
        cause: Cause::ServiceSide,
        id: "service-side",
        step: 6,
        finding: Text::new(
            "回線側までは正常ですが、サービス側から応答がありません。",
            "All is well up to the line, but the service does not answer.",
        ),
        remedy: Text::new(
            "お客さまIDと端末のIPv6アドレスを添えて、サポートデスクに問い合わせてください（ガイドFAQ 17）。",
            "Contact the support desk with customer ID and IPv6 address (guide FAQ 17).",
        ),
    },
];
