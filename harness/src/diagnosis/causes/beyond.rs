//! The ends after the five questions of guide p.30, where it has one ask the desk.

use ngnlab_reports::Text;

use super::{Cause, Row};
use crate::diagnosis::place::{When, remedy};

pub(super) const ROWS: &[Row] = &[
    Row {
        cause: Cause::RouterSilent,
        id: "router-silent-on-lan",
        step: 6,
        finding: Text::new(
            "端末からルータのLAN側に近隣要請が届いていますが、ルータが応答しないため、パケットを送れません。",
            "The terminal's Neighbor Solicitations reach the router's LAN side and are not answered, so that it can send nothing.",
        ),
        remedies: &[remedy(
            When::Always,
            "ルータのLAN側のフィルタでICMPv6の近隣探索を許可してください。",
            "Let ICMPv6 Neighbour Discovery pass in the router's filter on the LAN side.",
        )],
    },
    Row {
        cause: Cause::NoRouterOnTerminal,
        id: "no-router-on-terminal",
        step: 6,
        finding: Text::new(
            "端末にアドレスはありますが、ルータをデフォルトルータとして使えないため、パケットを送れません。",
            "The terminal has an address, but nobody as its default router, so that it can send nothing.",
        ),
        remedies: &[remedy(
            When::Always,
            "ルータのLAN側のRAのルータ有効期間が0でないことを確認し、ルータのファームウェアを更新してください。",
            "Check that the router lifetime in the router's advertisements on the LAN is not 0, and update its firmware.",
        )],
    },
    Row {
        cause: Cause::ProxyFails,
        id: "dns-proxy-fails",
        step: 6,
        finding: Text::new(
            "ルータのDNS機能が端末の問い合わせに正しく答えていません。",
            "The router's own DNS function does not answer the terminal as it should.",
        ),
        remedies: &[remedy(
            When::Always,
            "ルータのDNS機能が有効であること、問い合わせ先のDNSサーバが設定されていること、フィルタがUDP・TCP 53番を許可していることを確認し、再起動とファームウェアの更新を行ってください。直らないときは、端末にその地域のオンライン資格確認用DNSサーバを指定してください（ガイドp.12）。",
            "Check that the router's DNS function is on and has its servers, and that its filters let port 53 of UDP and TCP pass, restart it and update its firmware; if that does not help, enter the area's ONS DNS servers at the terminal (guide p.12).",
        )],
    },
    Row {
        cause: Cause::GaveLineUp,
        id: "line-given-up",
        step: 6,
        finding: Text::new(
            "ルータが回線への送信をやめているか、停止しています。",
            "The router has stopped sending to the line, or has stopped altogether.",
        ),
        remedies: &[remedy(
            When::Always,
            "ルータを再起動してください。ルータに回線の監視機能があるときは、pingやインターネット上のホストによる監視を無効にしてください。この網ではどちらも応答しません（ガイドFAQ 2）。",
            "Restart the router. Where it watches the line, turn off what watches by ping or by a host in the internet: neither answers on this network (guide FAQ 2).",
        )],
    },
    Row {
        cause: Cause::ServerFails,
        id: "dns-server-fails",
        step: 6,
        finding: Text::new(
            "正しいDNSサーバに問い合わせていますが、サーバがエラーを返しています。",
            "The right DNS servers are asked, and answer with an error.",
        ),
        remedies: &[remedy(
            When::Always,
            "しばらく待って再度試し、続くときはお客さまIDと端末のIPv6アドレスを添えて問い合わせてください（ガイドp.30）。",
            "Wait and try again; if it goes on, report customer ID and IPv6 address (guide p.30).",
        )],
    },
    Row {
        cause: Cause::DnsUnreachable,
        id: "dns-unreachable",
        step: 6,
        finding: Text::new(
            "DNSサーバの設定は正しいものの、DNSサーバから応答がありません。",
            "The DNS servers are the right ones, but do not answer.",
        ),
        remedies: &[
            remedy(
                When::HomeGateway,
                "上位のひかり電話ルータがUDP 53番とTCP 53番を通すことを確認してください。続くときはお客さまIDと端末のIPv6アドレスを添えて問い合わせてください（ガイドp.30）。",
                "Check that the ひかり電話ルータ upstream passes port 53 of UDP and TCP; if it goes on, report customer ID and IPv6 address (guide p.30).",
            ),
            remedy(
                When::Always,
                "しばらく待って再度試し、続くときはお客さまIDと端末のIPv6アドレスを添えて問い合わせてください（ガイドp.30）。",
                "Wait and try again; if it goes on, report customer ID and IPv6 address (guide p.30).",
            ),
        ],
    },
    Row {
        cause: Cause::LostInRouter,
        id: "lost-in-router",
        step: 6,
        finding: Text::new(
            "パケットがルータを通過していません。",
            "Packets do not get through the router.",
        ),
        remedies: &[
            remedy(
                When::Bridge,
                "IPv6ブリッジが、端末の台数やフレームの大きさを制限せず、すべてのIPv6フレームを両方向へ通すことを確認し、ファームウェアを更新してください。",
                "Check that the bridge lets every IPv6 frame pass both ways, of each terminal and of full size, and update its firmware.",
            ),
            remedy(
                When::Always,
                "ルータのIPv6の転送が有効であることと、フィルタ（TCP 443番、UDP・TCP 53番）、MTU、セッション数と保持時間の設定を確認し、ファームウェアを更新してください。",
                "Check that the router forwards IPv6, its filters (TCP 443, UDP and TCP 53), its MTU, and how many sessions it keeps for how long, and update its firmware.",
            ),
        ],
    },
    Row {
        cause: Cause::HopLimit,
        id: "hop-limit-too-low",
        step: 6,
        finding: Text::new(
            "端末のパケットのホップリミットが小さすぎ、ルータから先に進めません。",
            "The terminal's packets have too low a hop limit to get beyond the router.",
        ),
        remedies: &[remedy(
            When::Always,
            "ルータのLAN側のRAのホップリミットを64に設定し、端末側で固定しているときは解除してください。",
            "Set the hop limit in the router's advertisements on the LAN to 64, and undo one that is set on the terminal itself.",
        )],
    },
    Row {
        cause: Cause::WrongSource,
        id: "wrong-source",
        step: 6,
        finding: Text::new(
            "回線から割り当てられていないアドレスを送信元として、パケットが回線に送られています。",
            "Packets leave for the line from an address that the line did not assign.",
        ),
        remedies: &[remedy(
            When::Always,
            "ルータと端末を再起動してアドレスを取得し直してください。続くときはルータの再配布の設定を確認し、ファームウェアを更新してください（ガイドp.6、FAQ 17）。",
            "Restart router and terminal, so that they get new addresses; if it goes on, check the router's redistribution and update its firmware (guide p.6, FAQ 17).",
        )],
    },
    Row {
        cause: Cause::Marked,
        id: "marked-by-router",
        step: 6,
        finding: Text::new(
            "ルータがパケットに回線の受け付けない優先度（DSCP）を付けているため、回線で破棄されています。",
            "The router marks packets with a priority (DSCP) that the line does not accept, and the line drops them.",
        ),
        remedies: &[remedy(
            When::Always,
            "ルータのQoSの設定で、DSCPの書き換えを無効にしてください。",
            "Turn off the rewriting of DSCP in the router's QoS settings.",
        )],
    },
    Row {
        cause: Cause::Damaged,
        id: "damaged-by-router",
        step: 6,
        finding: Text::new(
            "ルータが転送時にパケットを書き換えているため、受け取った側で使えません。",
            "The router changes packets on their way, so that whoever receives them cannot use them.",
        ),
        remedies: &[remedy(
            When::Always,
            "ルータのハードウェアオフロードと、通信を検査するセキュリティ機能を無効にし、ファームウェアを更新してください。続くときはルータのメーカーに問い合わせてください。",
            "Turn off hardware offload and whatever inspects traffic in the router, and update its firmware; if it goes on, ask its maker.",
        )],
    },
    Row {
        cause: Cause::WrongRouter,
        id: "wrong-router",
        step: 6,
        finding: Text::new(
            "ルータが、回線のルータではない機器にパケットを送っています。",
            "The router sends packets to a device that is not the line's router.",
        ),
        remedies: &[remedy(
            When::Always,
            "WAN側にほかのルータが接続されていないことを確認し、ルータを再起動してください。続くときはファームウェアを更新してください（ガイドp.5）。",
            "Check that no other router is connected on the WAN side, and restart the router; if it goes on, update its firmware (guide p.5).",
        )],
    },
    Row {
        cause: Cause::LostUpstream,
        id: "lost-upstream",
        step: 6,
        finding: Text::new(
            "パケットはルータから出ていますが、上位の機器を通過していません。",
            "Packets leave the router, but do not get through the device above it.",
        ),
        remedies: &[
            remedy(
                When::HomeGateway,
                "ルータを再起動してプレフィックスを取得し直し、上位のひかり電話ルータのIPv6パケットフィルタの設定を確認してください（ガイドp.5、p.6）。",
                "Restart the router, so that it gets its prefix anew, and check the IPv6 packet filter of the ひかり電話ルータ upstream (guide p.5, p.6).",
            ),
            remedy(
                When::Always,
                "上位のレンタルルータのIPv6パケットフィルタの設定を確認してください（ガイドp.5）。",
                "Check the IPv6 packet filter of the rental router upstream (guide p.5).",
            ),
        ],
    },
    Row {
        cause: Cause::ConnectionLost,
        id: "connection-lost",
        step: 6,
        finding: Text::new(
            "回線側が近隣要請で端末またはルータを探していますが、ルータが正しく応答しないため、応答のパケットが届きません。",
            "The line looks for the terminal or the router by Neighbor Solicitation, and the router does not answer as it should, so that replies do not arrive.",
        ),
        remedies: &[
            remedy(
                When::Bridge,
                "IPv6ブリッジが近隣探索のフレームを両方向へ通し、端末に代わって応答しないことを確認してください（NDプロキシの設定を無効にしてください）。",
                "Check that the bridge lets Neighbour Discovery pass both ways, and does not answer for terminals: turn its ND proxy off.",
            ),
            remedy(
                When::SetToRaOnPd,
                "再配布の方式をRAからDHCPv6-PDに変更してください（ガイドFAQ 1）。",
                "Change the redistribution from RA to DHCPv6-PD (guide FAQ 1).",
            ),
            remedy(
                When::SetToRa,
                "ルータのNDプロキシの設定が有効で、端末に代わって回線側の近隣要請に応答することと、WAN側のフィルタがICMPv6の近隣探索を許可していることを確認してください。",
                "Check that the router's ND proxy is on, and answers the line's Neighbor Solicitations for the terminals, and that the filter on the WAN side lets ICMPv6 Neighbour Discovery pass.",
            ),
            remedy(
                When::SetToPdOnPd,
                "LAN側に再配布しているのが委任されたプレフィックスであることと、WAN側のフィルタがICMPv6の近隣探索を許可していることを確認してください（ガイドp.6）。",
                "Check that the prefix on the LAN is the one that was delegated, and that the filter on the WAN side lets ICMPv6 Neighbour Discovery pass (guide p.6).",
            ),
            remedy(
                When::Always,
                "再配布の方式をDHCPv6-PDからRAに変更してください（ガイドp.6）。",
                "Change the redistribution from DHCPv6-PD to RA (guide p.6).",
            ),
        ],
    },
    Row {
        cause: Cause::Certificate,
        id: "certificate",
        step: 6,
        finding: Text::new(
            "端末が回線認証サイトの証明書を信頼していません。",
            "The terminal does not trust the site's certificate.",
        ),
        remedies: &[remedy(
            When::Always,
            "先に証明書を端末へインストールするか、警告画面の「詳細設定」から進んでください（ガイドp.16、FAQ 8）。",
            "Install the certificate first, or go on through 詳細設定 on the warning (guide p.16, FAQ 8).",
        )],
    },
    Row {
        cause: Cause::NotRegistered,
        id: "not-registered",
        step: 6,
        finding: Text::new(
            "お客さまIDが登録されていないか、申請した回線と異なる回線からのアクセスです。",
            "The customer ID is not registered, or belongs to another line.",
        ),
        remedies: &[remedy(
            When::Always,
            "お客さまID、端末のIPv6アドレス、アクセスした時刻を添えて問い合わせてください（ガイドFAQ 12）。",
            "Report customer ID, IPv6 address and time of access (guide FAQ 12).",
        )],
    },
    Row {
        cause: Cause::ConsentPending,
        id: "consent-pending",
        step: 6,
        finding: Text::new(
            "通知意思確認画面で選択されていません。",
            "Nothing was chosen on the consent screen.",
        ),
        remedies: &[remedy(
            When::Always,
            "回線認証サイトを開き直し、「希望する」を選択してください（ガイドp.16）。",
            "Open the site again and choose 希望する (guide p.16).",
        )],
    },
    Row {
        cause: Cause::ConsentRefused,
        id: "consent-refused",
        step: 6,
        finding: Text::new(
            "通知意思確認画面で「希望しない」が選択されました。",
            "希望しない was chosen on the consent screen.",
        ),
        remedies: &[remedy(
            When::Always,
            "回線認証サイトを開き直し、「希望する」を選択してください（ガイドFAQ 10）。",
            "Open the site anew and choose 希望する (guide FAQ 10).",
        )],
    },
    Row {
        cause: Cause::NoAnswerInTime,
        id: "no-answer-in-time",
        step: 6,
        finding: Text::new(
            "回線認証の処理が25秒以内に終わりませんでした（P32031）。",
            "Line authentication was not done within 25 s (P32031).",
        ),
        remedies: &[remedy(
            When::Always,
            "しばらく待って再度試し、続くときはお客さまIDとIPv6アドレスを添えて問い合わせてください（ガイドFAQ 11）。",
            "Wait and try again; if it goes on, report customer ID and IPv6 address (guide FAQ 11).",
        )],
    },
    Row {
        cause: Cause::SiteFault,
        id: "site-fault",
        step: 6,
        finding: Text::new(
            "回線認証サイトでシステムエラーが発生しています。",
            "The line-authentication site has a system error.",
        ),
        remedies: &[remedy(
            When::Always,
            "サポートデスクに問い合わせてください（ガイドFAQ 13）。",
            "Contact the support desk (guide FAQ 13).",
        )],
    },
    Row {
        cause: Cause::SiteBusy,
        id: "site-busy",
        step: 6,
        finding: Text::new(
            "回線認証サイトが混み合っています。",
            "The line-authentication site is busy.",
        ),
        remedies: &[remedy(
            When::Always,
            "時間を置いて再度試してください（ガイドp.17）。",
            "Try again later (guide p.17).",
        )],
    },
    Row {
        cause: Cause::NotAuthenticated,
        id: "not-authenticated",
        step: 6,
        finding: Text::new(
            "この回線では回線認証が済んでいません。",
            "The line is not authenticated.",
        ),
        remedies: &[remedy(
            When::Always,
            "回線認証サイトを開き、「希望する」を選択してください（ガイドp.16、FAQ 17）。",
            "Open the line-authentication site and choose 希望する (guide p.16, FAQ 17).",
        )],
    },
    Row {
        cause: Cause::ServiceSide,
        id: "service-side",
        step: 6,
        finding: Text::new(
            "回線側までは正常ですが、サービス側から応答がありません。",
            "All is well up to the line, but the service does not answer.",
        ),
        remedies: &[remedy(
            When::Always,
            "お客さまIDと端末のIPv6アドレスを添えて、サポートデスクに問い合わせてください（ガイドFAQ 17）。",
            "Contact the support desk with customer ID and IPv6 address (guide FAQ 17).",
        )],
    },
];
