//! What stands on the pages and under the questions of オンライン資格確認等システム 接続ガイド 1.2版,
//! as far as it concerns a router and who connects it; and what cites them.

use ngnlab_reports::Text;

/// A page, or a question of the FAQ.
#[derive(Debug)]
pub struct Passage {
    /// Where: `p.7`, `Q9`.
    pub place: &'static str,
    /// What stands there, or what the question is about.
    pub says: Text,
    /// What it has one do, where it says so.
    pub remedy: Option<Text>,
}

impl Passage {
    /// Returns the passage that a word names: `p.30`, `P30`, `ガイドp.30`, `30ページ`, `page 30`,
    /// `Q1`, `FAQ 1`, `問1`.
    pub fn find(word: &str) -> Option<&'static Self> {
        let place = place(word)?;
        PASSAGES.iter().find(|one| one.place == place)
    }

    /// Returns what is known of the guide, for a word that names a page or a question.
    pub fn others(word: &str) -> Option<String> {
        place(word)?;
        let places = PASSAGES.iter().map(|one| format!("`{}`", one.place));
        Some(places.collect::<Vec<_>>().join(", "))
    }

    /// Returns whether a source, such as `guide p.7, FAQ 1; RFC 8415`, names it.
    pub fn is_in(&self, source: &str) -> bool {
        let books = source.split(';').map(str::trim);
        let mut ours = books.filter_map(|book| book.strip_prefix("guide "));
        ours.any(|places| {
            let places = places.replace("FAQ ", "Q");
            let mut places = places.split([' ', ',', '(']);
            places.any(|place| place.split('-').next() == Some(self.place))
        })
    }
}

/// Returns the place that a word names, as [`Passage::place`] writes it, whether known or not.
fn place(word: &str) -> Option<String> {
    let word = word.to_lowercase().replace([' ', '　', '.'], "");
    let books = ["guide", "接続ガイド", "ガイド"];
    let book = books.iter().find_map(|book| word.strip_prefix(book));
    let word = book.unwrap_or(&word);
    let number = |names: &[&str]| {
        let after = names.iter().find_map(|name| word.strip_prefix(name));
        let number = after.and_then(|number| number.parse::<u8>().ok());
        number.filter(|number| *number > 0)
    };
    let page = word
        .strip_suffix("ページ")
        .and_then(|number| number.parse().ok());
    let page = page.or_else(|| number(&["page", "p"]));
    let question = number(&["faq", "question", "質問", "問い", "問", "q"]);
    page.map(|number| format!("p.{number}"))
        .or_else(|| question.map(|number| format!("Q{number}")))
}

const fn says(place: &'static str, ja: &'static str, en: &'static str) -> Passage {
    Passage {
        place,
        says: Text::new(ja, en),
        remedy: None,
    }
}

const fn asks(
    place: &'static str,
    (ja, en): (&'static str, &'static str),
    (remedy_ja, remedy_en): (&'static str, &'static str),
) -> Passage {
    Passage {
        place,
        says: Text::new(ja, en),
        remedy: Some(Text::new(remedy_ja, remedy_en)),
    }
}

/// Everything that is known of the guide (ngn-facts §5).
pub const PASSAGES: &[Passage] = &[
    asks(
        "p.4",
        (
            "対象の回線、お客さまID（CAFと数字10桁。東日本はCOPと数字8桁もある）、フレッツ・v6オプション。",
            "Eligible lines, the customer ID (CAF and 10 digits, in the east also COP and 8), and フレッツ・v6オプション.",
        ),
        (
            "対象の回線であることを確認し、お客さまIDを申請する。営業日の12時までの申請は翌営業日から有効。回線の変更や訂正には再申請が必要。",
            "Make sure that the line is eligible, and apply for its customer ID: by 12:00 on a business day for the next one. A change of line, or a correction, needs a new application.",
        ),
    ),
    asks(
        "p.5",
        (
            "配線。ONUとルータと端末を直列につなぎ、途中の機器（主装置、UTMなど）はすべてIPv6を通すこと。",
            "Wiring: ONU, router and terminal in series; every device on the path (key telephone unit, UTM) must pass IPv6.",
        ),
        (
            "ひかり電話ルータの配下では、下位のルータにオンライン資格確認用のDNSサーバを直接設定する。上位ルータをDNSサーバにしない。",
            "Below a ひかり電話ルータ, the lower router names the ONS DNS servers itself; never point it at the upper router.",
        ),
    ),
    asks(
        "p.6",
        (
            "ルータは、NGNのプレフィックスをRAまたはDHCPv6-PDなどで端末に再配布する。",
            "The router hands the NGN prefix on to terminals, by RA, DHCPv6-PD or the like.",
        ),
        (
            "再配布の方式を回線に合わせる。",
            "Set the router's redistribution to what the line does.",
        ),
    ),
    asks(
        "p.7",
        (
            "ドメインごとのDNSサーバ。オンライン資格確認の6つのドメインと、flets-east.jpまたはflets-west.jpで問い合わせ先が異なる。",
            "DNS servers by domain: those of the six ONS domains, and those of flets-east.jp or flets-west.jp.",
        ),
        (
            "ルータのドメインごとのDNS設定に、その地域のDNSサーバを設定する。",
            "Enter the area's DNS servers into the router's per-domain table.",
        ),
    ),
    asks(
        "p.8",
        (
            "端末のIPv6設定。アドレスもDNSサーバも自動取得とする（p.14まで）。",
            "IPv6 on the terminal: address and DNS server come by themselves (up to p.14).",
        ),
        (
            "端末のネットワークアダプターでIPv6を有効にする。",
            "Turn on IPv6 at the terminal's network adapter.",
        ),
    ),
    says(
        "p.12",
        "代替手段として、端末のネットワークアダプターにオンライン資格確認用のDNSサーバだけを設定できる。他の用途に影響することがある。",
        "As a fallback, the ONS DNS servers alone are entered at the terminal's network adapter; other uses may break.",
    ),
    says(
        "p.14",
        "端末のIPv6アドレス（手順6-⑫）とDNSサーバ（手順6-⑬）の確認。DNSサーバはルータのLAN側アドレスになる。",
        "Checking the terminal's IPv6 address (step 6-⑫) and DNS server (step 6-⑬), which is the router's address on the LAN.",
    ),
    says(
        "p.15",
        "nslookupによる6つの名前の確認（手順7-⑭）。ngnlabでは`do.resolve-guide-names`。",
        "Checking six names with nslookup (step 7-⑭); `do.resolve-guide-names` does so here.",
    ),
    asks(
        "p.16",
        (
            "回線認証。https://www.lineauth.mnw を開き、通知意思確認画面で「希望する」を選択する。プレフィックスが変わったときは再認証が必要。",
            "Line authentication: open https://www.lineauth.mnw and choose 希望する on the consent screen. After a change of prefix it is needed again.",
        ),
        (
            "先に証明書を端末にインストールしてから開く。",
            "Install the certificate on the terminal first.",
        ),
    ),
    says(
        "p.17",
        "回線認証の結果。成功（M1）と、失敗の例（M7、M9）。",
        "What line authentication came to: success (M1), and examples of failure (M7, M9).",
    ),
    says(
        "p.18",
        "ポータルへの接続。本番 https://hweb.oqs.onshikaku.org/web/ 、接続テスト https://hweb.oqs-st.onshikaku.org/web/ 。",
        "The portal: production https://hweb.oqs.onshikaku.org/web/, connection test https://hweb.oqs-st.onshikaku.org/web/.",
    ),
    says(
        "p.30",
        "接続できないときの確認の流れ。URL、名前解決、DNSサーバの設定、IPv6アドレス、対象の回線、問い合わせの順。行き着く先は`ngnlab list --diagnoses`に示す。",
        "The flow for what cannot connect: URL, name resolution, DNS servers, IPv6 address, eligible line, support desk. `ngnlab list --diagnoses` names where it ends.",
    ),
    asks(
        "Q1",
        (
            "ひかり電話のある回線で、接続できても数分後に切れる。",
            "A line with ひかり電話 works, then fails after minutes.",
        ),
        (
            "ルータの再配布の方式を確認する。RAからDHCPv6-PDへの変更が必要なことがある。",
            "Check the router's redistribution; RA may have to become DHCPv6-PD.",
        ),
    ),
    asks(
        "Q2",
        (
            "pingに応答がない。仕様であり、異常ではない。",
            "Ping is not answered, by design.",
        ),
        (
            "nslookupまたはWebブラウザで確認する。",
            "Test with nslookup or a browser.",
        ),
    ),
    asks(
        "Q3",
        (
            "接続できない。DNSの問題が最も多く、次に対象外の回線が考えられる。",
            "It does not connect: most likely a DNS error, then a line that is not eligible.",
        ),
        ("p.30の流れに沿って確認する。", "Follow the flow of p.30."),
    ),
    says(
        "Q4",
        "PPPoEのセッションは使わない（IPv6 IPoE）。",
        "No PPPoE session is used (IPv6 IPoE).",
    ),
    says(
        "Q5",
        "お客さまIDとは。CAFと数字10桁（東西共通）、またはCOPと数字8桁（東日本のみ）。英字は半角大文字。",
        "What the customer ID is: CAF and 10 digits in both areas, or COP and 8 digits in the east; its letters are half-width capitals.",
    ),
    asks(
        "Q6",
        (
            "フレッツ・v6オプションの契約の有無を確認したい。",
            "Whether フレッツ・v6オプション is part of the contract.",
        ),
        (
            "お客さまIDを用意して電話で確認する。電話での申し込みは2,000円（税抜）、回線の新規申し込みと同時またはサイトからの申し込みは無料。",
            "Ask by phone, with the customer ID. Ordering there costs 2000 yen without tax; with a new line, or by the site, it is free.",
        ),
    ),
    asks(
        "Q7",
        (
            "フレッツ・v6オプションを申し込みたい。",
            "How to order フレッツ・v6オプション.",
        ),
        (
            "電話またはサービス情報サイトから申し込む。お客さまIDとアクセスキーが必要。東日本 https://flets.com/v6option/flow.html 、西日本 https://flets-w.com/opt/v6option/ 。",
            "By phone or on the service information site, with customer ID and アクセスキー; east https://flets.com/v6option/flow.html, west https://flets-w.com/opt/v6option/.",
        ),
    ),
    asks(
        "Q8",
        (
            "証明書の警告が表示される（M10）。",
            "The browser warns of the certificate (M10).",
        ),
        ("「詳細設定」から進む。", "Go on through 詳細設定."),
    ),
    asks(
        "Q9",
        ("P11019が表示される（M5）。", "P11019 is shown (M5)."),
        (
            "対象の回線を用意し、お客さまIDを申請し直す。COPのIDはBフレッツの回線のこともあり、これは対象外である。",
            "Get an eligible line and apply again with its ID. An ID with COP may belong to a Bフレッツ line, which is not eligible.",
        ),
    ),
    asks(
        "Q10",
        (
            "「希望しない」を選択した（M3）、その後「戻る」ボタンを押した（M4）。",
            "希望しない was chosen (M3), or the back button pressed after it (M4).",
        ),
        (
            "回線認証サイトを開き直し、「希望する」を選択する。",
            "Open the site anew and choose 希望する.",
        ),
    ),
    asks(
        "Q11",
        (
            "25秒以内に処理が終わらず、P32031が表示される（M6）。",
            "P32031 is shown after 25 s (M6).",
        ),
        (
            "しばらく待って再度試し、続くときはお客さまIDとIPv6アドレスを添えて問い合わせる。",
            "Wait and try again; if it goes on, report customer ID and IPv6 address.",
        ),
    ),
    asks(
        "Q12",
        (
            "「回線認証に失敗しました。」と表示される（M7）。お客さまIDが登録されていないか、別の回線からのアクセス。",
            "M7 is shown: the customer ID is not registered, or this is another line.",
        ),
        (
            "お客さまID、IPv6アドレス、アクセスした時刻を添えて問い合わせる。",
            "Report customer ID, IPv6 address and time of access.",
        ),
    ),
    asks(
        "Q13",
        (
            "システムエラーが表示される（M8）。回線認証サイトの障害。",
            "A system error is shown (M8): the site has a fault.",
        ),
        ("問い合わせる。", "Contact the support desk."),
    ),
    says(
        "Q14",
        "回線認証は端末ごとではなく回線ごとに行う。1台で認証すれば、同じ回線のすべての端末で利用できる。",
        "One terminal authenticates for all terminals of the line.",
    ),
    asks(
        "Q15",
        (
            "移転や合併などでお客さまIDが変わった。",
            "The customer ID has changed, after a move or a merger.",
        ),
        (
            "お客さまIDを申請し直し、再度回線認証を行う。",
            "Apply again, then authenticate again.",
        ),
    ),
    says(
        "Q16",
        "1本の回線を2つの機関で使う場合、後からアクセスした機関には「回線認証済みです。」（M2）と表示される。",
        "Two institutions on one line: the second one sees M2.",
    ),
    asks(
        "Q17",
        (
            "利用できていたのに、突然接続できなくなった。",
            "It has worked, and suddenly does not.",
        ),
        (
            "回線認証サイトを開く。「認証済みです。」（M2b）ならサービス側の問題なので問い合わせる。通知意思確認画面なら再度認証する。",
            "Open the line-authentication site. M2b means a problem of the service: contact the desk. The consent screen means: authenticate again.",
        ),
    ),
    says(
        "Q18",
        "東日本のお客さまIDの調べ方（開通のご案内）と、東日本に属する都道府県。",
        "Where the customer ID stands in the east (開通のご案内), and which prefectures are the east.",
    ),
    says(
        "Q19",
        "西日本のお客さまIDの調べ方（お申込み内容のご案内）と、西日本に属する府県。Lで始まる回線IDではなく、CAFで始まるお客さまIDを使う。",
        "Where the customer ID stands in the west (お申込み内容のご案内), and which prefectures are the west; not the 回線ID with L, but the one with CAF.",
    ),
    says(
        "Q20",
        "問い合わせ先。ネットワークサポートデスク 0120-220-571、ポータルのチャットボット https://www.iryohokenjyoho-portalsite.jp/ 。",
        "Whom to ask: Network Support Desk 0120-220-571; the chatbot on https://www.iryohokenjyoho-portalsite.jp/.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passage_is_found_however_it_is_written() {
        let found = |word| Passage::find(word).map(|one| one.place);
        for word in [
            "p.30",
            "p30",
            "P.30",
            "guide p.30",
            "ガイドp.30",
            "30ページ",
        ] {
            assert_eq!(found(word), Some("p.30"), "{word}");
        }
        for word in ["Q1", "q1", "FAQ 1", "faq1", "問1"] {
            assert_eq!(found(word), Some("Q1"), "{word}");
        }
        assert_eq!(found("Q21"), None);
        assert_eq!(found("p"), None);
        let questions = PASSAGES.iter().filter(|one| one.place.starts_with('Q'));
        assert_eq!(questions.count(), 20);
    }

    #[test]
    fn a_source_cites_what_it_names() {
        let cites = |place, source| Passage::find(place).unwrap().is_in(source);
        assert!(cites("p.7", "guide p.7-b, p.12, p.30"));
        assert!(cites("p.12", "guide p.7-b, p.12, p.30"));
        assert!(cites("Q1", "guide FAQ 1; ngn-facts §3.4"));
        assert!(cites("p.5", "ngn-facts §3.5; guide p.5"));
        assert!(!cites("Q1", "guide Q11"));
        assert!(!cites("p.4", "ngn-facts §8; RFC 4861 p.4"));
    }
}
