use std::path::Path;

use super::*;

#[test]
fn everything_is_explained_in_both_languages_with_no_field_left_empty() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let found = select::scenarios(&folder, &[]).unwrap();
    let scenarios: Vec<Scenario> = found.into_iter().map(|found| found.scenario).collect();
    let explained = |id: &str| {
        let things = Thing::all(id, &scenarios);
        assert!(!things.is_empty(), "{id} is nothing");
        let explained = things.iter().map(|thing| thing.explained(&scenarios, None));
        explained.collect::<String>()
    };
    let says = |id: &str, labels: &[&str]| {
        let text = explained(id);
        assert!(!text.is_ascii(), "{id} has no Japanese:\n{text}");
        for label in labels {
            let mut lines = text.lines();
            let line = lines.find(|line| line.starts_with(label));
            let value = line.map(|line| line[label.len()..].trim());
            assert!(
                value.is_some_and(|value| !value.is_empty()),
                "{id}: {label}"
            );
        }
    };
    let shown = ["source", "profiles", "hint", "exercised in", "fails with"];
    for check in checks::all() {
        says(check.id, &shown);
    }
    for scenario in &scenarios {
        let shown = ["source", "line", "areas", "until", "steps", "expected"];
        says(
            &scenario.name,
            if scenario.steps.is_empty() {
                &shown[..4]
            } else {
                &shown
            },
        );
    }
    for profile in Profile::ALL {
        says(profile.name(), &["judged", "results", "run it", "MUST"]);
    }
    for id in diagnosis::ids() {
        says(id, &["remedy"]);
    }
    for defect in Defect::all() {
        says(defect.name(), &["noticed in", "fails"]);
    }
    for text in screens::TEXTS {
        says(text.screen.name(), &["says", "source", "what to do"]);
        says(text.heading, &["says", "source", "what to do"]);
    }
    says("m10", &["says", "source", "what to do", "seen in"]);
    for passage in PASSAGES {
        says(passage.place, &["source"]);
    }
    for quirk in QUIRK_WORDS {
        says(quirk.name, &["source", "written"]);
    }
    for step in STEP_WORDS {
        says(step.name, &["source", "written"]);
    }
}

#[test]
fn what_a_technician_holds_is_found_however_it_is_written() {
    let said = |id: &str| {
        let things = Thing::meant(id, &[]);
        let first = |thing: &Thing<'_>| {
            let text = thing.explained(&[], None);
            text.lines().next().unwrap_or_default().to_owned()
        };
        things.iter().map(first).collect::<Vec<_>>().join("; ")
    };
    for (word, expected) in [
        ("P11019", "m5 (a screen)"),
        ("p32031", "m6 (a screen)"),
        ("Ｐ３２０３１", "m6 (a screen)"),
        ("M5", "m5 (a screen)"),
        ("m1b", "m1b (a screen)"),
        ("M10", "m10 (the browser's warning)"),
        ("接続がプライベート", "m10 (the browser's warning)"),
        ("詳細設定", "m10 (the browser's warning)"),
        ("consent", "consent (a screen); consent (a step)"),
        ("通知意思確認画面", "consent (a screen)"),
        ("希望する", "consent (a screen)"),
        ("「希望しない」", "consent (a screen)"),
        ("回線情報通知処理を", "m5 (a screen)"),
        ("回線認証に失敗しました", "m7 (a screen)"),
        ("サービス提供者からの応答がありません。", "m6 (a screen)"),
        ("システムエラー", "m8 (a screen)"),
        ("画面 M5", "m5 (a screen)"),
        ("M5画面", "m5 (a screen)"),
        ("M 5", "m5 (a screen)"),
        ("screen m6", "m6 (a screen)"),
        ("エラーコード P11019", "m5 (a screen)"),
        ("エラーコード：P11019", "m5 (a screen)"),
        ("error code P32031", "m6 (a screen)"),
        ("P32031エラー", "m6 (a screen)"),
        ("Q1", "Q1 (a question of the guide's FAQ)"),
        ("FAQ 12", "Q12 (a question of the guide's FAQ)"),
        ("Ｑ．１７", "Q17 (a question of the guide's FAQ)"),
        ("質問12", "Q12 (a question of the guide's FAQ)"),
        ("30ページ", "p.30 (a page of the guide)"),
        ("接続ガイド30ページ", "p.30 (a page of the guide)"),
        ("guide page 30", "p.30 (a page of the guide)"),
        ("p30", "p.30 (a page of the guide)"),
        ("p.7", "p.7 (a page of the guide)"),
        ("reconfigures", "reconfigures (a quirk of dhcpv6)"),
        ("do.renumber", "renumber (a step)"),
        (
            "random-source-port",
            "random-source-port (a quirk of home-gateway); random-source-port (a quirk of dhcpv6)",
        ),
        ("no", ""),
        ("回線", ""),
    ] {
        assert_eq!(said(word), expected, "{word}");
    }
}

#[test]
fn the_pages_with_the_dns_servers_and_the_flow_name_them() {
    let page = Passage::find("p.7").unwrap();
    let told = held::passage(page, &[], None);
    for address in ["2404:1a8:f583:d00::53:1", "2001:a7ff:5f01:1::a"] {
        assert!(told.contains(address), "{told}");
    }
    let flow = held::passage(Passage::find("p.30").unwrap(), &[], None);
    assert!(diagnosis::ids().all(|id| flow.contains(id)), "{flow}");
}

#[test]
fn an_unknown_word_gets_the_nearest_of_any_kind() {
    for (word, nearest) in [
        ("P11091", "P11019"),
        ("recofigures", "reconfigures"),
        ("authentcate", "authenticate"),
        ("Q21", "`Q1`, `Q2`"),
        ("p.99", "`p.30`"),
        ("wrong-dsn", "wrong-dns"),
        ("通知意志確認画面", "通知意思確認画面"),
    ] {
        let Error::Usage { what, help } = unknown(word, &[]) else {
            panic!("{word} is wrong usage");
        };
        assert!(what.contains(word));
        let help = help.unwrap_or_default();
        assert!(help.contains(nearest), "{word}: {help}");
    }
    let Error::Usage { help, .. } = unknown("zzzzzzzzzzzzzz", &[]) else {
        panic!("it is wrong usage");
    };
    assert!(help.unwrap_or_default().contains("explain --help"));
}
