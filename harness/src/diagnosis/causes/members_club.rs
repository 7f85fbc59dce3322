//! The ends of the members club's flow, which the guide does not have: sessions, their ways, and what
//! confirms a contract line (members-club article; ngn-facts §4.5).

use ngnlab_reports::Text;

use super::{Cause, Row};
use crate::diagnosis::place::{When, remedy};

pub(super) const ROWS: &[Row] = &[
    Row {
        cause: Cause::NoSessionEntered,
        id: "no-service-site-session",
        step: 1,
        finding: Text::new(
            "ルータにサービス情報サイト（NGN IPv4）への接続先が設定されていません。",
            "No session to the service information site (NGN IPv4) is entered into the router.",
        ),
        remedies: &[remedy(
            When::Always,
            "ルータの接続先設定に、サービス情報サイトのPPPoEセッションをISPとは別に追加し、そのドメインを接続先経路（ドメインルーティング）に設定してください。",
            "Add a PPPoE session to the service information site beside the ISP's, and enter its domain for it (接続先経路, domain routing).",
        )],
    },
    Row {
        cause: Cause::SessionsUsedUp,
        id: "sessions-used-up",
        step: 1,
        finding: Text::new(
            "契約上のセッション数の上限に達しているため、サービス情報サイトへのセッションが拒否されています。",
            "The session to the service information site is refused: the contract's sessions are used up.",
        ),
        remedies: &[remedy(
            When::Always,
            "前のルータなどに残っているセッションを、その機器で手動で切断してください。同時に2つまで使え、有料で5つまで増やせます。",
            "Disconnect by hand what an old router or another device still holds; two at a time are usual, up to five for a fee.",
        )],
    },
    Row {
        cause: Cause::AccountRefused,
        id: "session-account-refused",
        step: 1,
        finding: Text::new(
            "サービス情報サイトへのセッションで、接続ユーザ名またはパスワードが拒否されています。",
            "Name or password of the session to the service information site is refused.",
        ),
        remedies: &[remedy(
            When::Always,
            "接続先設定のユーザ名（「@」の後ろを含む）とパスワードを確認してください。",
            "Check the name entered for the session, with what follows the @, and the password.",
        )],
    },
    Row {
        cause: Cause::SessionDown,
        id: "session-down",
        step: 1,
        finding: Text::new(
            "サービス情報サイトへのセッションが確立していません。",
            "The session to the service information site does not stand.",
        ),
        remedies: &[remedy(
            When::Always,
            "ルータの状態画面で接続先が「確立」になっているかを確認し、手動で切断してから接続し直してください。続くときはルータのログで、どこまで進んだか（探索、LCP、認証、IPCP）を確認してください。",
            "Look whether the router shows the session as 確立; disconnect it by hand and connect it again. If it goes on, see in the router's log how far it comes: discovery, LCP, authentication, IPCP.",
        )],
    },
    Row {
        cause: Cause::PastTheSession,
        id: "asks-past-the-router",
        step: 3,
        finding: Text::new(
            "端末が、サービス情報サイトの名前を知らないDNSサーバに直接問い合わせています。",
            "The terminal asks a DNS server that does not know the service information site.",
        ),
        remedies: &[remedy(
            When::Always,
            "端末のDNSサーバを、1.1.1.1などの公開リゾルバではなく、ルータにしてください。",
            "Set the router as the terminal's DNS server, instead of a public resolver such as 1.1.1.1.",
        )],
    },
    Row {
        cause: Cause::NoDomainRouting,
        id: "no-domain-routing",
        step: 3,
        finding: Text::new(
            "サービス情報サイトの名前や宛先が、そのセッションに送られていません。",
            "Names of the service information site, or packets to it, do not take its session.",
        ),
        remedies: &[remedy(
            When::Always,
            "ルータの接続先経路（ドメインルーティング）に、サービス情報サイトのドメインとそのセッションを設定してください。設定してあるときは、名前の問い合わせ先がそのセッションのDNSサーバになるようにファームウェアを直してください。",
            "Enter the site's domain with its session as domain routing (接続先経路). Where it is entered, let the firmware ask the session's DNS servers for it, and send by the session.",
        )],
    },
    Row {
        cause: Cause::NoIpv4OnTerminal,
        id: "no-ipv4-on-terminal",
        step: 4,
        finding: Text::new(
            "端末にIPv4アドレスが割り当てられていません。",
            "The terminal has no IPv4 address.",
        ),
        remedies: &[remedy(
            When::Always,
            "ルータのDHCPv4サーバが有効で、端末がIPv4アドレスを自動取得する設定であることを確認してください。",
            "Check that the router serves DHCPv4, and that the terminal gets its address by itself.",
        )],
    },
    Row {
        cause: Cause::AddressOfNoSession,
        id: "address-of-no-session",
        step: 5,
        finding: Text::new(
            "端末のIPv4アドレスが、サービス情報サイトのセッションに設定された送信元IPアドレスと異なります。",
            "The terminal's address is not the one that the service information site's session is bound to.",
        ),
        remedies: &[remedy(
            When::Always,
            "端末のIPv4アドレスを、そのセッションの送信元IPアドレスに手動で設定し、デフォルトゲートウェイと優先DNSサーバをルータにしてください。",
            "Set the terminal's address by hand to the one entered for the session, with the router as gateway and as preferred DNS server.",
        )],
    },
    Row {
        cause: Cause::AnotherSession,
        id: "leaves-by-another-session",
        step: 5,
        finding: Text::new(
            "端末の送信元IPアドレスが設定されたセッションではなく、別のセッションにパケットが送られています。",
            "Packets leave by another session than the one that the terminal's address is entered for.",
        ),
        remedies: &[remedy(
            When::Always,
            "接続先設定の送信元IPアドレスと一致する端末のパケットは、宛先にかかわらずそのセッションに送るように、設定とファームウェアを直してください。",
            "Send what comes from the address entered for a session by that session, whatever its destination: correct settings and firmware.",
        )],
    },
    Row {
        cause: Cause::LostBesideSession,
        id: "lost-in-router-over-ipv4",
        step: 5,
        finding: Text::new(
            "セッションは確立していますが、サービス情報サイトとの通信がルータで途絶えています。",
            "The session stands, and the exchange with the service information site stops in the router.",
        ),
        remedies: &[remedy(
            When::Always,
            "ルータのNAPT、MTU（1454）とMSSの調整、フィルタを確認してください。",
            "Look at the router's NAPT, its MTU of 1454 with the MSS made to fit, and its filter.",
        )],
    },
    Row {
        cause: Cause::SiteSilent,
        id: "service-site-silent",
        step: 5,
        finding: Text::new(
            "サービス情報サイトからの応答がありません。",
            "The service information site does not answer.",
        ),
        remedies: &[remedy(
            When::Always,
            "しばらく待って再度試してください。",
            "Wait and try again.",
        )],
    },
    Row {
        cause: Cause::AnotherLinesMember,
        id: "another-lines-member",
        step: 6,
        finding: Text::new(
            "会員IDが、この回線とは別の回線に登録されています。",
            "The member's ID is registered with another line than this one.",
        ),
        remedies: &[remedy(
            When::Always,
            "この回線で登録した会員IDでログインするか、会員IDを登録した回線から確認してください。",
            "Log in with the ID that is registered with this line, or confirm from the line of the ID.",
        )],
    },
    Row {
        cause: Cause::FromElsewhere,
        id: "not-from-the-contract-line",
        step: 6,
        finding: Text::new(
            "契約回線確認のリクエストが、契約回線のアドレスから届いていません。",
            "The check of the contract line does not come from an address of that line.",
        ),
        remedies: &[remedy(
            When::Always,
            "端末のネットワークアダプターで「インターネット プロトコル バージョン 6（TCP/IPv6）」を有効にし、端末が回線のプレフィックスのアドレスでhttps://flets-east.jp/に接続していることを確認してください。",
            "Turn on IPv6 at the terminal's network adapter, and see that it connects to https://flets-east.jp/ with an address of the line's prefix.",
        )],
    },
    Row {
        cause: Cause::V4FromElsewhere,
        id: "v4-page-from-elsewhere",
        step: 6,
        finding: Text::new(
            "【V4】契約回線確認ページを、サービス情報サイトのセッション以外から開いています。",
            "The 【V4】 page was opened by another way than the service information site's session.",
        ),
        remedies: &[remedy(
            When::Always,
            "サービス情報サイト（NGN IPv4）のセッションを確立し、そのドメインの宛先をそのセッションに送るように接続先経路を設定してください。",
            "Establish the session to the service information site (NGN IPv4), and have its domain take that session (接続先経路).",
        )],
    },
    Row {
        cause: Cause::WayIsGone,
        id: "way-is-gone",
        step: 6,
        finding: Text::new(
            "この確認方法は、この時点ではすでに終了しています。",
            "This way of confirming the line is no longer there at this date.",
        ),
        remedies: &[remedy(
            When::Always,
            "2018年8月以降は、会員本人の契約回線から確認してください。",
            "From August 2018 on, confirm from the member's own line.",
        )],
    },
    Row {
        cause: Cause::NoMoreTerminals,
        id: "no-more-terminals",
        step: 6,
        finding: Text::new(
            "認証キーの登録端末が上限の10台に達しています。",
            "Ten terminals are registered by authentication keys, and there can be no more.",
        ),
        remedies: &[remedy(
            When::Always,
            "契約回線から「認証キー登録端末の編集・削除」を開き、使っていない端末を削除してください。",
            "Open 認証キー登録端末の編集・削除 on the contract line, and delete terminals that are not used any more.",
        )],
    },
];
