use std::path::Path;

use crate::diagnosis;
use crate::scenario::Scenario;

#[test]
fn a_step_that_can_do_nothing_is_told_with_its_place() {
    for (line, step, place, why, help) in [
        (
            "next-pd",
            "reconfigure = {}",
            "9:",
            "no client has a key",
            "reconfigures",
        ),
        (
            "next-ra",
            "reconfigure = {}",
            "9:",
            "delegates nothing",
            "next-pd",
        ),
        (
            "hgw-pd",
            "reconfigure = {}",
            "9:",
            "only DHCPv6 client",
            "reboot-home-gateway",
        ),
        (
            "next-pd",
            "renumber = { how = \"none-instead\" }",
            "9:23",
            "only an RA line",
            "next-ra",
        ),
        (
            "next-pd",
            "add-hikari-denwa = {}",
            "9:",
            "delegates already",
            "next-ra",
        ),
        (
            "next-pd",
            "reboot-home-gateway = {}",
            "9:",
            "has no ひかり電話ルータ",
            "hgw-pd",
        ),
        (
            "next-pd",
            "revoke-authentication = {}",
            "9:",
            "no step authenticates",
            "authenticate",
        ),
        (
            "next-pd\", applied-id = \"none",
            "revoke-authentication = {}",
            "9:",
            "never",
            "applied",
        ),
        (
            "next-pd",
            "install-certificate = {}",
            "9:",
            "from the start",
            "trusts-ons-root",
        ),
        (
            "next-pd",
            "consent = { choice = \"accept\" }",
            "9:",
            "no step opens",
            "lineauth",
        ),
        (
            "next-pd",
            "back = {}",
            "9:",
            "no step opens a page",
            "open a page",
        ),
        (
            "next-pd",
            "close-browser = {}",
            "9:",
            "no step opens a page",
            "open a page",
        ),
        (
            "next-pd",
            "loss = { cable = \"wan\", percent = 0 }",
            "9:",
            "to none",
            "1 to 100",
        ),
        (
            "next-pd",
            "delay = { cable = \"wan\", by = \"0s\" }",
            "9:",
            "delays nothing",
            "150ms",
        ),
        (
            "next-pd",
            "silence = { node = \"portal\", lasting = \"0s\" }",
            "9:",
            "over",
            "10s",
        ),
        (
            "next-pd",
            "inject-lan = { frame = \"forged-reply\" }",
            "9:27",
            "by the wan",
            "inject-wan",
        ),
        (
            "next-pd",
            "inject-wan = { frame = \"foreign-source\" }",
            "9:27",
            "lan only",
            "inject-lan",
        ),
        (
            "next-pd",
            "inject-wan = { frame = \"short-prefix-lifetimes\" }",
            "9:",
            "no prefix",
            "ra",
        ),
        (
            "next-ra",
            "inject-wan = { frame = \"unassigned-subnet\" }",
            "9:",
            "no prefix",
            "pd",
        ),
        (
            "next-pd",
            "send-out = { packet = \"ipsec\" }",
            "9:26",
            "from the line",
            "send-in",
        ),
        (
            "next-pd",
            "send-in = { packet = \"absent-host\" }",
            "9:25",
            "a terminal",
            "send-out",
        ),
        (
            "next-ra",
            "send-in = { packet = \"inside-source\" }",
            "9:25",
            "no prefix",
            "next-pd",
        ),
        (
            "next-pd\", upstream = \"ipv6-incapable",
            "renumber = {}",
            "9:",
            "lets nothing of that pass",
            "upstream",
        ),
        (
            "next-pd\", quirks = { dns = [\"preferred-dead\"] }, isp = \"none",
            "silence = { node = \"ons-dns-1\" }",
            "9:23",
            "dead from the start",
            "alternate",
        ),
        (
            "next-pd\", quirks = { line-auth = [\"slow\"] }, isp = \"none",
            "line-auth = { mood = \"slow\" }",
            "9:25",
            "from the start",
            "quirks",
        ),
        (
            "next-pd",
            "open = { url = \"https://www.linauth.mnw/\" }",
            "9:19",
            "nobody serves `www.linauth.mnw` on this line in the east",
            "did you mean `www.lineauth.mnw`? or, if it is wrong on purpose",
        ),
        (
            "next-pd",
            "download = { url = \"http://www.example.jp/\" }",
            "9:23",
            "nobody serves `www.example.jp`",
            "wrong-url",
        ),
        (
            "next-pd",
            "resolve = { name = \"www.lineuath.mnw\" }",
            "9:23",
            "nobody knows `www.lineuath.mnw`",
            "did you mean `www.lineauth.mnw`?",
        ),
    ] {
        let told = parse(line, step).unwrap_err();
        let mistake = &told.list()[0];
        let said = told.to_string();
        let advice = mistake.help.clone().unwrap_or_default();
        assert!(
            said.contains(&format!("test.toml:{place}")),
            "{step}: {said}"
        );
        assert!(said.contains(why), "{step}: {said}");
        assert!(advice.contains(help), "{step}: {advice}");
    }
}

#[test]
fn a_step_that_does_something_is_none_of_them() {
    for (line, step) in [
        (
            "next-pd\", quirks = { dhcpv6 = [\"reconfigures\"] }, isp = \"none",
            "reconfigure = {}",
        ),
        ("next-ra", "renumber = { how = \"none-instead\" }"),
        ("next-ra", "add-hikari-denwa = {}"),
        ("hgw-ra", "reboot-home-gateway = {}"),
        (
            "next-pd",
            "authenticate = {}\n[[step]]\nat = \"30s\"\ndo.revoke-authentication = {}",
        ),
        ("next-pd", "open = { url = \"https://WWW.lineauth.mnw\" }"),
        (
            "next-pd",
            "download = { url = \"http://pweb.base.oqs-pdl.org/update\" }",
        ),
        // Names that do not exist are there to be asked for.
        (
            "next-pd",
            "resolve = { name = \"no-such-host.lineauth.mnw\" }",
        ),
        ("next-pd", "resolve = { name = \"www.example.com\" }"),
        (
            "next-pd",
            "ask = { names = [\"a.lineauth.mnw\", \".\", \"WWW.LineAuth.mnw.\"] }",
        ),
    ] {
        assert!(parse(line, step).is_ok(), "{line}: {step}");
    }
}

#[test]
fn a_page_that_is_wrong_on_purpose_is_what_the_scenario_expects() {
    let step = "open = { url = \"https://lineauth.mnw\" }";
    assert!(parse("next-pd", step).is_err());
    let text = text("next-pd", step);
    let meant = text.replace("until", "expect = { diagnosis = \"wrong-url\" }\nuntil");
    assert!(read(&meant).is_ok());
    assert!(diagnosis::ids().any(|id| id == super::served::WRONG_URL));
}

#[test]
fn a_line_of_any_delivery_lets_every_step_do_something_with_either() {
    let any = "next-pd\", delivery = \"any";
    let step = "send-out = { packet = \"unassigned-subnet\" }";
    assert!(parse("next-pd", step).is_ok());
    let told = parse(any, step).unwrap_err();
    let said = told.to_string();
    assert!(
        said.contains("9:26: with the other delivery, the device has no prefix"),
        "{said}"
    );
    let advice = told.list()[0].help.clone().unwrap_or_default();
    assert!(advice.contains("take `delivery = \"any\"` out"), "{advice}");
    assert!(parse(any, "resolve = { name = \"www.lineauth.mnw\" }").is_ok());
}

#[test]
fn a_name_that_is_meant_not_to_exist_says_so() {
    for step in [
        "resolve = { name = \"www.lineuath.mnw\", exists = false }",
        "ask = { names = [\"www.lineuath.mnw\"], exists = false }",
    ] {
        assert!(parse("next-pd", step).is_ok(), "{step}");
        let known = step.replace("lineuath", "lineauth");
        let said = parse("next-pd", &known).unwrap_err().to_string();
        let why = "`www.lineauth.mnw` is known on this line, against `exists = false`";
        assert!(said.contains(why), "{said}");
    }
}

#[test]
fn a_name_that_nobody_has_is_a_doubt_where_no_step_says_that_it_is_meant() {
    let doubts = |step: &str| {
        let text = text("next-pd", step);
        read(&text).unwrap().doubts(&text)
    };
    let step = "resolve = { name = \"portal.lineauth.mnw\" }";
    let told = doubts(step);
    assert_eq!(
        told[0].message,
        "nobody knows `portal.lineauth.mnw` on this line"
    );
    let start = told[0].span.start;
    assert!(text("next-pd", step)[start..].starts_with("\"portal."));
    for step in [
        "resolve = { name = \"portal.lineauth.mnw\", exists = false }",
        "resolve = { name = \"WWW.lineauth.mnw.\" }",
        "resolve = { name = \"www.example.com\", server = \"internet\" }",
        "resolve = { name = \"1.0.0.10.in-addr.arpa\", kind = \"TYPE12\" }",
        "ask = { names = [\"portal.lineauth.mnw\"] }",
    ] {
        assert!(doubts(step).is_empty(), "{step}");
    }
}

fn parse(line: &str, step: &str) -> Result<Scenario, Box<crate::mistake::Mistakes>> {
    read(&text(line, step))
}

fn read(text: &str) -> Result<Scenario, Box<crate::mistake::Mistakes>> {
    Scenario::parse("dns/test", Path::new("scenarios/dns/test.toml"), text)
}

fn text(line: &str, step: &str) -> String {
    format!(
        "about = {{ en = \"A test.\", ja = \"試験。\" }}\nsource = \"guide p.7\"\n\
         line = {{ preset = \"{line}\" }}\nterminals = [\"pc\"]\nuntil = \"60s\"\n\n\
         [[step]]\nat = \"20s\"\ndo.{step}\n"
    )
}

#[test]
fn a_cable_that_is_out_is_not_pulled_again() {
    let file = |second: &str| {
        format!(
            "about.en = \"x.\"\nabout.ja = \"あ。\"\nsource = \"guide p.5\"\n\
             line = {{ preset = \"next-pd\" }}\nuntil = \"300s\"\n\
             [[step]]\nat = \"60s\"\ndo.link-down = {{ cable = \"lan\", lasting = \"40s\" }}\n\
             [[step]]\n{second}\n"
        )
    };
    let read = |second: &str| Scenario::parse("a/b", Path::new("b.toml"), &file(second));
    let again = "at = \"99s\"\ndo.link-down = { cable = \"lan\", lasting = \"40s\" }";
    let told = format!("{:?}", read(again).unwrap_err());
    assert!(told.contains("out already"), "{told}");
    for fine in [
        "at = \"100s\"\ndo.link-down = { cable = \"lan\", lasting = \"40s\" }",
        "at = \"99s\"\ndo.link-down = { cable = \"wan\", lasting = \"40s\" }",
    ] {
        assert!(read(fine).is_ok(), "{fine}");
    }
}
