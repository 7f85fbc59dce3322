//! The ends at one of the five questions of guide p.30.

use ngnlab_reports::Text;

use super::{Cause, Row};
use crate::diagnosis::place::{When, remedy};

pub(super) const ROWS: &[Row] = &[
    Row {
        cause: Cause::WrongUrl,
        id: "wrong-url",
        step: 1,
        finding: Text::new(
            "回線認証サイトとは異なるURLにアクセスしています。",
            "Another address than that of the line-authentication site was opened.",
        ),
        remedies: &[remedy(
            When::Always,
            "URLがhttps://www.lineauth.mnwであることを確認し、開き直してください（ガイドp.16）。",
            "Check that the address is https://www.lineauth.mnw and open it again (guide p.16).",
        )],
    },
    Row {
        cause: Cause::WrongDns,
        id: "wrong-dns",
        step: 3,
        finding: Text::new(
            "オンライン資格確認の名前の問い合わせ先が、その地域のオンライン資格確認用DNSサーバではありません。",
            "ONS names are asked at servers other than the area's ONS DNS servers.",
        ),
        remedies: &[
            remedy(
                When::Bridge,
                "IPv6ブリッジにはドメインごとのDNS設定がなく、端末には回線のDNSサーバが通知されます。端末にその地域のオンライン資格確認用DNSサーバを指定してください（ガイドp.12）。",
                "A bridge has no per-domain table, and the line names its own DNS servers: enter the area's ONS DNS servers at the terminal (guide p.12).",
            ),
            remedy(
                When::TerminalAsksItself,
                "端末がルータを経由せずに問い合わせています。端末のDNSサーバを自動取得にし、ルータが自身のアドレスをDNSサーバとして通知していることを確認してください（ガイドp.8、p.14）。",
                "The terminal asks past the router: have it learn its DNS servers by itself, and look that the router names its own address as DNS server (guide p.8, p.14).",
            ),
            remedy(
                When::HomeGateway,
                "ルータのドメインごとのDNS設定に、上位のひかり電話ルータではなく、その地域のDNSサーバを指定してください（ガイドp.5、p.7、p.30）。",
                "Enter the area's DNS servers into the router's per-domain table, and not the ひかり電話ルータ above it (guide p.5, p.7, p.30).",
            ),
            remedy(
                When::RentalRouter,
                "ルータのドメインごとのDNS設定に、上位のレンタルルータではなく、その地域のDNSサーバを指定してください（ガイドp.5、p.7、p.30）。",
                "Enter the area's DNS servers into the router's per-domain table, and not the rental router above it (guide p.5, p.7, p.30).",
            ),
            remedy(
                When::Always,
                "ルータのドメインごとのDNS設定に、その地域のDNSサーバを設定してください（ガイドp.7）。",
                "Enter the area's DNS servers into the router's per-domain table (guide p.7).",
            ),
        ],
    },
    Row {
        cause: Cause::NoDnsOnTerminal,
        id: "no-dns-on-terminal",
        step: 3,
        finding: Text::new(
            "端末にDNSサーバが通知されていません。",
            "The terminal was told of no DNS server.",
        ),
        remedies: &[
            remedy(
                When::Bridge,
                "IPv6ブリッジが端末のDHCPv6のメッセージと回線の応答を通すことを確認するか、端末にその地域のオンライン資格確認用DNSサーバを指定してください（ガイドp.12）。",
                "Check that the bridge lets the terminal's DHCPv6 messages and the line's answers pass, or enter the area's ONS DNS servers at the terminal (guide p.12).",
            ),
            remedy(
                When::Always,
                "ルータがRAまたはDHCPv6で自身をDNSサーバとして通知し、端末がDNSサーバを自動取得する設定であることを確認してください（ガイドp.8、p.14）。",
                "Check that the router names itself as DNS server by RA or DHCPv6, and that the terminal learns its DNS servers by itself (guide p.8, p.14).",
            ),
        ],
    },
    Row {
        cause: Cause::TerminalWithoutIpv6,
        id: "no-ipv6-on-terminal",
        step: 4,
        finding: Text::new(
            "ルータはプレフィックスを再配布していますが、端末がIPv6の通信をまったくしていません。",
            "The router advertises a prefix, but the terminal does not speak IPv6 at all.",
        ),
        remedies: &[remedy(
            When::Always,
            "端末のネットワークアダプターで「インターネット プロトコル バージョン 6（TCP/IPv6）」を有効にしてください（ガイドp.8）。",
            "Turn on IPv6 at the terminal's network adapter (guide p.8).",
        )],
    },
    Row {
        cause: Cause::NotRedistributed,
        id: "not-redistributed",
        step: 4,
        finding: Text::new(
            "回線からルータまでプレフィックスは届いていますが、端末が使える形で再配布されていません。",
            "The line's prefix reaches the router, but it is not handed on in a form that terminals can use.",
        ),
        remedies: &[
            remedy(
                When::Bridge,
                "IPv6ブリッジが、マルチキャスト宛てのものを含むすべてのIPv6フレームを変更せずに両方向へ通すことを確認し、ファームウェアを更新してください。",
                "Check that the bridge lets every IPv6 frame pass both ways unchanged, those for groups included, and update its firmware.",
            ),
            remedy(
                When::Always,
                "ルータの再配布の設定（LAN側のRAの送信、64ビットのプレフィックス、自動設定の許可）を確認してください（ガイドp.6）。",
                "Check the router's redistribution: that it advertises on the LAN, a prefix of 64 bits, with autonomous configuration allowed (guide p.6).",
            ),
        ],
    },
    Row {
        cause: Cause::WrongDelivery,
        id: "wrong-delivery",
        step: 4,
        finding: Text::new(
            "端末にIPv6アドレスがありません。回線の配布方式とルータの設定（RA／DHCPv6-PD）が合っていません。",
            "The terminal has no IPv6 address: the line delivers its prefix in another way than the router expects.",
        ),
        remedies: &[
            remedy(
                When::Bridge,
                "この回線はDHCPv6-PDでプレフィックスを配布するため、IPv6ブリッジの配下の端末には届きません。IPv6ブリッジをやめ、ルータをDHCPv6-PDに設定してください（ガイドp.6、FAQ 1）。",
                "This line delegates its prefix, which terminals behind a bridge do not get: use the device as a router instead, and set it to DHCPv6-PD (guide p.6, FAQ 1).",
            ),
            remedy(
                When::SetToRa,
                "ルータの再配布の方式をDHCPv6-PDに変更してください（ガイドp.6、FAQ 1）。",
                "Change the router's redistribution to DHCPv6-PD, which the line uses (guide p.6, FAQ 1).",
            ),
            remedy(
                When::RentalRouter,
                "ルータの再配布の方式をRAに変更してください。上位のレンタルルータはRAだけを配ります（ガイドp.6）。",
                "Change the router's redistribution to RA, which is all that the rental router above it hands on (guide p.6).",
            ),
            remedy(
                When::SetToPd,
                "ルータの再配布の方式をRAに変更してください。ひかり電話契約のない回線の配布方式はRAです（ガイドp.6）。",
                "Change the router's redistribution to RA, which a line without ひかり電話 uses (guide p.6).",
            ),
        ],
    },
    Row {
        cause: Cause::NoIpv6FromLine,
        id: "no-ipv6-from-line",
        step: 4,
        finding: Text::new(
            "回線側からIPv6のパケットがまったく届いていません。",
            "Not one IPv6 packet comes from the line.",
        ),
        remedies: &[remedy(
            When::Always,
            "回線とルータの間の機器（UTM、主装置など）がある場合はIPv6に対応していることを、また配線が正しいことを確認してください（ガイドp.5）。",
            "Check the wiring, and that every device between line and router, such as a UTM or a key telephone unit, passes IPv6 (guide p.5).",
        )],
    },
    Row {
        cause: Cause::NoPrefixFromLine,
        id: "no-prefix-from-line",
        step: 4,
        finding: Text::new(
            "回線から現在、プレフィックスが割り当てられていません。",
            "The line gives no prefix at present.",
        ),
        remedies: &[remedy(
            When::Always,
            "しばらく待ってルータを再起動し、続くときはお客さまIDを添えて問い合わせてください（ガイドp.30）。",
            "Wait, restart the router, and if it goes on, report the customer ID (guide p.30).",
        )],
    },
    Row {
        cause: Cause::AdvertNotTaken,
        id: "advertisement-not-taken",
        step: 4,
        finding: Text::new(
            "回線のRAはルータのWAN側まで届いていますが、ルータが受け取っていません。",
            "The line's Router Advertisements reach the router's WAN side, and the router does not take them.",
        ),
        remedies: &[remedy(
            When::Always,
            "WAN側でRAを受け取る設定であることと、WAN側のフィルタがICMPv6を許可していることを確認し、ファームウェアを更新してください（ガイドp.6）。",
            "Check that the router takes Router Advertisements on its WAN side, and that the filter there lets ICMPv6 pass, and update its firmware (guide p.6).",
        )],
    },
    Row {
        cause: Cause::NoRequest,
        id: "no-prefix-request",
        step: 4,
        finding: Text::new(
            "ルータはDHCPv6-PDに設定されていますが、プレフィックスを要求していないか、途中で要求をやめています。",
            "The router is set to DHCPv6-PD, but does not ask for a prefix, or has stopped asking.",
        ),
        remedies: &[remedy(
            When::Always,
            "WAN側のDHCPv6クライアントが動作し、プレフィックス（IA_PD）を要求する設定であることを確認し、ルータを再起動してください。続くときはルータのメーカーに問い合わせてください（ガイドp.6）。",
            "Check that the DHCPv6 client on the WAN side is running and set to ask for a prefix (IA_PD), and restart the router; if it goes on, ask its maker (guide p.6).",
        )],
    },
    Row {
        cause: Cause::WrongDuid,
        id: "wrong-duid",
        step: 4,
        finding: Text::new(
            "ルータはDHCPv6-PDでプレフィックスを要求していますが、DUIDがDUID-LLではないため、応答がありません。",
            "The router asks for a prefix by DHCPv6-PD under a DUID that is not a DUID-LL, and gets no answer.",
        ),
        remedies: &[remedy(
            When::Always,
            "ルータのDUIDの種別をDUID-LLに設定してください。設定できないときはルータのメーカーに問い合わせてください。",
            "Set the router's DUID to the type DUID-LL; where that cannot be set, ask its maker.",
        )],
    },
    Row {
        cause: Cause::InvalidRequest,
        id: "invalid-request",
        step: 4,
        finding: Text::new(
            "ルータのDHCPv6の要求に必須のオプションがないため、プレフィックスが委任されません。",
            "The router's DHCPv6 messages lack an option that they must have, so that no prefix is delegated.",
        ),
        remedies: &[remedy(
            When::Always,
            "ルータのファームウェアを更新し、続くときはルータのメーカーに問い合わせてください。",
            "Update the router's firmware; if it goes on, ask its maker.",
        )],
    },
    Row {
        cause: Cause::OfferNotTaken,
        id: "offer-not-taken",
        step: 4,
        finding: Text::new(
            "委任されるプレフィックスはルータのWAN側まで届いていますが、ルータが受け取っていません。",
            "The prefix that is delegated reaches the router's WAN side, and the router does not take it.",
        ),
        remedies: &[
            remedy(
                When::HomeGateway,
                "WAN側のフィルタでUDP 546番宛てを送信元ポートによらず許可し、/60のプレフィックスを受け取れる設定であることを確認してください。",
                "Let UDP to port 546 in on the WAN side whatever its source port, and check that the router takes a prefix of 60 bits.",
            ),
            remedy(
                When::Always,
                "WAN側のフィルタでUDP 546番宛てを許可し、アドレスの割り当てがなくてもプレフィックスを受け取れる設定であることを確認してください。",
                "Let UDP to port 546 in on the WAN side, and check that the router takes a prefix without an address.",
            ),
        ],
    },
    Row {
        cause: Cause::NoPrefixDelegated,
        id: "no-prefix-delegated",
        step: 4,
        finding: Text::new(
            "ルータはDHCPv6-PDでプレフィックスを要求していますが、委任されません。",
            "The router asks for a prefix by DHCPv6-PD, and none is delegated.",
        ),
        remedies: &[
            remedy(
                When::HomeGateway,
                "上位のひかり電話ルータを再起動し、配下の機器が多すぎないことを確認してください。続くときはお客さまIDを添えて問い合わせてください（ガイドp.6、p.30）。",
                "Restart the ひかり電話ルータ upstream, and look whether too many routers are below it; if it goes on, report the customer ID (guide p.6, p.30).",
            ),
            remedy(
                When::Always,
                "しばらく待ってルータを再起動し、続くときはお客さまIDを添えて問い合わせてください（ガイドp.6、p.30）。",
                "Wait, restart the router, and if it goes on, report the customer ID (guide p.6, p.30).",
            ),
        ],
    },
    Row {
        cause: Cause::LeaseRanOut,
        id: "lease-ran-out",
        step: 4,
        finding: Text::new(
            "委任されたプレフィックスの有効期間が切れ、ルータが更新できていません。",
            "The delegated prefix has run out, and the router has not renewed it.",
        ),
        remedies: &[remedy(
            When::Always,
            "ルータを再起動してください。再び切れるときはファームウェアを更新し、ルータのメーカーに問い合わせてください。",
            "Restart the router; if it runs out again, update the firmware and ask the maker.",
        )],
    },
    Row {
        cause: Cause::NoAddress,
        id: "no-ipv6-address",
        step: 4,
        finding: Text::new(
            "端末にIPv6アドレスが割り当てられていません。",
            "The terminal has no IPv6 address.",
        ),
        remedies: &[remedy(
            When::Always,
            "端末のIPv6設定（ガイドp.8）、フレッツ・v6オプションの契約（p.4）、ルータの再配布の設定と配線（p.5、p.6）を順に確認してください。",
            "Check IPv6 on the terminal (guide p.8), the v6 option (p.4), the router's redistribution and the wiring (p.5, p.6), in this order.",
        )],
    },
    Row {
        cause: Cause::V6Option,
        id: "v6-option",
        step: 4,
        finding: Text::new(
            "配信用のホストへの通信が回線側で拒否されています。フレッツ・v6オプションが契約されていません。",
            "The line refuses traffic to the delivery hosts: フレッツ・v6オプション is not part of the contract.",
        ),
        remedies: &[remedy(
            When::Always,
            "フレッツ・v6オプションを申し込んでください。お客さまIDが必要です（ガイドp.4、FAQ 6、FAQ 7）。",
            "Order フレッツ・v6オプション; the customer ID is needed (guide p.4, FAQ 6, FAQ 7).",
        )],
    },
    Row {
        cause: Cause::IneligibleLine,
        id: "ineligible-line",
        step: 5,
        finding: Text::new(
            "オンライン資格確認を利用できない回線です（P11019）。",
            "The line's service may not use ONS (P11019).",
        ),
        remedies: &[remedy(
            When::Always,
            "対象の回線を用意し、新しいお客さまIDで申請し直してからアクセスしてください（ガイドp.4、FAQ 9）。",
            "Get an eligible line, apply again with its customer ID, and try again (guide p.4, FAQ 9).",
        )],
    },
];
