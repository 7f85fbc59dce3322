//! What each oddity of the network is, in a sentence of each language.

/// One oddity in words.
#[derive(Clone, Copy, Debug)]
pub struct QuirkWords {
    /// Whose it is: the key of scenario files below `quirks`.
    pub node: &'static str,
    /// Its name in scenario files.
    pub name: &'static str,
    /// What happens, in Japanese.
    pub ja: &'static str,
    /// What happens, in English.
    pub en: &'static str,
    /// Where it stands.
    pub source: &'static str,
}

const fn row(
    node: &'static str,
    name: &'static str,
    source: &'static str,
    ja: &'static str,
    en: &'static str,
) -> QuirkWords {
    QuirkWords {
        node,
        name,
        ja,
        en,
        source,
    }
}

/// Every oddity, in the order of [`super::Quirks`].
#[rustfmt::skip]
pub const QUIRK_WORDS: &[QuirkWords] = &[
    row("edge", "accepts-any-duid", "ngn-facts §8 row 1",
        "DUIDの種類にかかわらずSolicitに応答する。",
        "Solicits with any DUID are answered."),
    row("edge", "accepts-duid-llt", "ngn-facts §9 row 3",
        "DUID-LLTのSolicitにも応答する。",
        "Solicits with a DUID-LLT are answered, too."),
    row("edge", "drops-foreign-information-requests", "ngn-facts §8 row 2",
        "DUID-LL以外のInformation-requestに応答しない。",
        "Information-Requests with a DUID other than a DUID-LL are not answered."),
    row("edge", "answers-echo", "ngn-facts §8 row 14",
        "収容ルータのリンクローカルアドレスへのpingに応答する。",
        "Echo requests to the edge's link-local address are answered."),
    row("edge", "ignores-solicitations", "ngn-facts §9 row 1",
        "Router Solicitationに応答せず、定期的なRAだけを送る。",
        "Router Solicitations are not answered; unsolicited advertisements go on."),
    row("edge", "mtu-on-ra", "ngn-facts §9 row 11",
        "ひかり電話なしの回線のRAにもMTUオプションが付く。",
        "The RA of a line without ひかり電話 carries the MTU option, too."),
    row("edge", "advertises-and-delegates", "ngn-facts §1.3",
        "プレフィックスを委任する回線のRAにも、別の/64が含まれる。",
        "A PD line's RA carries a /64 of its own besides."),
    row("edge", "refuses-with-status", "ngn-facts §9 row 2",
        "RAの回線でIA_PDの要求に、無応答ではなくNoPrefixAvailを返す。",
        "IA_PD on an RA line is answered with NoPrefixAvail instead of silence."),
    row("edge", "ignores-address-requests", "ngn-facts §9 row 2",
        "IA_NAの要求にNoAddrsAvailを返さず、応答に含めない。",
        "IA_NA is left out of answers instead of refused with NoAddrsAvail."),
    row("edge", "held-by-another-router", "ngn-facts §9 row 7",
        "以前のルータへの委任が40秒間残っている。",
        "The router before this one still holds the delegation for 40 s."),
    row("edge", "long-lifetimes", "ngn-facts §9 row 5",
        "プレフィックスを委任する回線でも、有効期間が30日の組になる。",
        "Lifetimes are the 30-day set also on PD lines."),
    row("edge", "passes-marked", "ngn-facts §8 row 24",
        "TOS 0x88のパケットも破棄されずに通る。",
        "Packets with TOS 0x88 pass."),
    row("edge", "swallows-internet", "ngn-facts §8 row 23",
        "インターネット宛ての接続に、リセットが返らず応答がない。",
        "Connections to the internet vanish instead of being reset."),
    row("edge", "unknown-ra-option", "RFC 4861 §4.2",
        "RAに未知のオプションが付く。",
        "Router Advertisements carry an option for experiments, which hosts skip."),
    row("edge", "solicits-as-advertised", "RFC 4861 §6.3.4, §10; ngn-facts §1.1",
        "収容ルータ自身のNSの再送間隔が、1秒ではなく、RAで広告する10秒になる。",
        "The edge repeats its own solicitations after the ten seconds that it advertises instead of one."),
    row("home-gateway", "random-source-port", "ngn-facts §8 row 3",
        "DHCPv6の応答の送信元ポートが毎回変わる。",
        "DHCPv6 replies leave from an ephemeral port."),
    row("home-gateway", "no-free-slot", "ngn-facts §8 row 8",
        "配下のルータに割り当てる枠が残っていない。",
        "All slots for routers below are taken."),
    row("home-gateway", "hung-dhcpv6", "ngn-facts §8 row 6",
        "RAと近隣探索は動いているが、DHCPv6だけが応答しない。",
        "DHCPv6 is hung while RA and ND live."),
    row("home-gateway", "drops-foreign-duid", "ngn-facts §8 row 2",
        "DUID-LL以外のDHCPv6に応答しない。",
        "DHCPv6 from a DUID that is not LL is not answered."),
    row("home-gateway", "new-slot-per-request", "ngn-facts §3.1",
        "Requestのたびに新しい枠を使い、前の枠を解放しない。",
        "Each Request takes another slot, and the one before stays taken."),
    row("home-gateway", "one-slot-per-client", "ngn-facts §3.1",
        "1台のルータの複数のIA_PDに、同じ/60を割り当てる。Advertiseには1つだけ載る。",
        "Every IA_PD of a router gets the same /60, which the Advertise lists once."),
    row("home-gateway", "relay-ignores-unknown-names", "ngn-facts §8 row 16",
        "網のDNSサーバが知らない名前には、エラーを返さず応答しない。",
        "Names that the network's servers do not know get no answer instead of a name error."),
    row("home-gateway", "suppresses-aaaa", "ngn-facts §3.5",
        "AAAAの問い合わせに、レコードのない応答を返す。",
        "Questions for AAAA are answered without data."),
    row("home-gateway", "blocks-folding", "ngn-facts §3.5",
        "IPv6フィルタが「高度」に設定され、回線間の通信を通さない。",
        "The IPv6 filter stands on 高度: nothing passes between lines."),
    row("home-gateway", "another-router", "ngn-facts §8 row 27",
        "同じセグメントで別のルータもプレフィックスを要求する。",
        "Another router asks for a prefix on the same segment."),
    row("dhcpv6", "highest-preference", "RFC 8415 §18.2.1",
        "Advertiseの優先度が255である。",
        "Advertises come with preference 255."),
    row("dhcpv6", "second-server", "RFC 8415 §18.2.1",
        "2台目のサーバが、より高い優先度で同じプレフィックスを提示する。",
        "A second server offers the same prefix right after the first, with a higher preference."),
    row("dhcpv6", "unknown-options", "RFC 8415 §16",
        "応答とIA_PDに未知のオプションが付く。",
        "Messages and IA_PDs carry options that nobody knows."),
    row("dhcpv6", "sol-max-rt-60", "RFC 8415 §21.24",
        "応答に、許される最小値のSOL_MAX_RT 60秒が付く。",
        "Answers carry SOL_MAX_RT 60 s, the least that is allowed."),
    row("dhcpv6", "sol-max-rt-30", "RFC 8415 §21.24",
        "応答に、範囲外のSOL_MAX_RT 30秒が付く。",
        "Answers carry SOL_MAX_RT 30 s, which is out of range."),
    row("dhcpv6", "short-refresh-time", "RFC 8415 §21.23",
        "最小値より短い10秒ごとのInformation-requestを求める。",
        "Information-Requests are to be repeated after ten seconds, which is below the least."),
    row("dhcpv6", "ignores-requests", "RFC 8415 §18.2.2",
        "Requestに応答しない。",
        "Requests are never answered."),
    row("dhcpv6", "unspec-fail", "RFC 8415 §18.2.10",
        "最初の3回のRequestにUnspecFailを返す。",
        "The first three Requests fail with UnspecFail."),
    row("dhcpv6", "forgets-leases", "RFC 8415 §18.3.4",
        "更新の時点で委任の記録が失われており、NoBindingを返す。",
        "Every lease is forgotten by the time it is renewed, which is answered with NoBinding."),
    row("dhcpv6", "withdraws-search-list", "RFC 8415 §18.2.10",
        "RenewとRebindへの応答に検索リストが含まれない。",
        "Answers to Renew and Rebind lack the search list."),
    row("dhcpv6", "random-source-port", "ngn-facts §8 row 3",
        "応答の送信元ポートが毎回変わる。",
        "Replies leave from an ephemeral port."),
    row("dhcpv6", "refuses-unicast", "ngn-facts §8 row 4",
        "ユニキャストを許可しておきながら拒否し、その後の同じトランザクションIDを無視する。",
        "Clients are invited to use unicast, which is then refused; what comes with the same transaction id is ignored."),
    row("dhcpv6", "drops-zero-renewals", "ngn-facts §8 row 5",
        "有効期間が0のRenewとRebindを無視する。",
        "Renew and Rebind with lifetimes of zero are ignored."),
    row("dhcpv6", "drops-early-renewals", "ngn-facts §8 row 5",
        "T1より前のRenewを無視する。",
        "A Renew before T1 is ignored."),
    row("dhcpv6", "reconfigures", "ngn-facts §8 row 10",
        "クライアントに鍵を渡し、プレフィックスが変わるとReconfigureで知らせる。",
        "Clients get a key, and hear by Reconfigure when the line is renumbered."),
    row("dhcpv6", "answers-relayed", "RFC 8415 §19",
        "通常は無視するリレーエージェント経由のメッセージに応答する。",
        "What a relay agent passes on, which is normally ignored, is answered."),
    row("dhcpv6", "refuses-relayed", "RFC 8415 §19, §18.3.9",
        "通常は無視するリレーエージェント経由のメッセージに、割り当て不可のステータスを返す。",
        "What a relay agent passes on, which is normally ignored, is refused with a status."),
    row("dns", "no-tcp", "ngn-facts §8 row 15",
        "TCPの53番ポートが閉じている。",
        "TCP port 53 is closed."),
    row("dns", "truncates-at-512", "ngn-facts §8 row 15",
        "EDNSの指定にかかわらず、UDPの応答が512バイトを超えない。",
        "UDP answers never exceed 512 bytes, whatever EDNS says."),
    row("dns", "denies-ptr", "ngn-facts §8 row 26; guide p.15",
        "通常は応答しない逆引きに、名前が存在しないと応答する。",
        "Reverse look-ups, which normally get no answer, get a name error."),
    row("dns", "refuses-ptr", "ngn-facts §8 row 26",
        "通常は応答しない逆引きを拒否する。",
        "Reverse look-ups, which normally get no answer, are refused."),
    row("dns", "ignores-foreign-names", "ngn-facts §8 row 16",
        "担当外の名前には、エラーを返さず応答しない。",
        "Names of other servers get no answer instead of a name error."),
    row("dns", "no-private-addresses", "ngn-facts §8 row 17",
        "オンライン資格確認の名前にAレコードがない。",
        "The ONS names have no A records."),
    row("dns", "preferred-dead", "ngn-facts §8 row 18",
        "優先DNSサーバがいずれも停止している。",
        "The preferred server of each pair is dead."),
    row("dns", "stale-in-turn", "ngn-facts §4.4",
        "2001:a7ff:5f01::aが古いAレコードと新しいAレコードを交互に返す。",
        "2001:a7ff:5f01::a gives stale and fresh A records in turn."),
    row("line-auth", "slow", "ngn-facts §5.8; guide Q11",
        "処理に25秒より長くかかる（M6、P32031）。",
        "Processing takes longer than 25 s: M6, P32031."),
    row("line-auth", "hesitates", "guide Q11",
        "処理に15秒かかるが、25秒以内に終わる。",
        "Processing takes 15 s, which is within the 25 s, and then comes to its end."),
    row("line-auth", "fault", "ngn-facts §5.8; guide Q13",
        "サイトに障害がある（M8）。",
        "The site has a fault: M8."),
    row("line-auth", "busy", "ngn-facts §5.8; guide p.17",
        "サイトが混み合っている（M9）。",
        "The site is busy: M9."),
    row("line-auth", "faq-wording", "guide Q17",
        "M1とM2の代わりに、FAQ 17の文言（M1b、M2b）を表示する。",
        "The site says M1b and M2b, the words of guide Q17, instead of M1 and M2."),
];

#[cfg(test)]
mod tests {
    use strum::VariantNames as _;

    use super::*;
    use crate::line::{Dhcpv6Quirk, Quirks};
    use crate::line::{DnsQuirk, EdgeQuirk, HomeGatewayQuirk, LineAuthQuirk};

    #[test]
    fn every_quirk_has_its_words_and_its_file_knows_the_name() {
        let all: Vec<(&str, &str)> = [
            ("edge", EdgeQuirk::VARIANTS),
            ("home-gateway", HomeGatewayQuirk::VARIANTS),
            ("dhcpv6", Dhcpv6Quirk::VARIANTS),
            ("dns", DnsQuirk::VARIANTS),
            ("line-auth", LineAuthQuirk::VARIANTS),
        ]
        .into_iter()
        .flat_map(|(node, names)| names.iter().map(move |name| (node, *name)))
        .collect();
        let told: Vec<(&str, &str)> = QUIRK_WORDS.iter().map(|row| (row.node, row.name)).collect();
        assert_eq!(told, all);
        for row in QUIRK_WORDS {
            let file = serde_json::json!({ row.node: [row.name] });
            let read: Result<Quirks, _> = serde_json::from_value(file);
            assert!(read.is_ok(), "{}: {}", row.node, row.name);
            assert!(row.en.ends_with('.') && row.ja.ends_with('。'), "{row:?}");
        }
    }
}
