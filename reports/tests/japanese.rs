//! A report in Japanese: every word of ours, within the same columns, with no name torn.

use ngnlab_reports::formats::{Look, json, junit, markdown, text};
use ngnlab_reports::scene::NoScenes;
use ngnlab_reports::words::Lang;
use unicode_width::UnicodeWidthStr as _;

mod example;

#[test]
fn the_text_report_speaks_japanese_within_80_columns() {
    let page = text::render(&example::document(), JAPANESE);
    let widest = page.lines().filter(|line| line.width() > 80);
    assert_eq!(widest.collect::<Vec<_>>(), Vec::<&str>::new());
    insta::assert_snapshot!(page);
}

#[test]
fn no_name_is_torn_where_japanese_is_wrapped() {
    let page = text::render(&example::document(), JAPANESE);
    let names = [
        "line-auth/succeeds-on-a-pd-line",
        "home-gateway/ra-for-half-an-hour",
    ];
    for name in names {
        let whole = page.matches(name).count();
        let joined: String = page.lines().map(str::trim).collect();
        assert!(
            whole > 0 && whole == joined.matches(name).count(),
            "{name}\n{page}"
        );
    }
}

#[test]
fn markdown_and_junit_speak_japanese_too_and_json_never() {
    let document = example::document();
    let page = markdown::render(&document, JAPANESE);
    assert!(page.contains("不適合") && page.contains("期待"), "{page}");
    let page = junit::render(&document, JAPANESE);
    assert!(
        page.contains("対処") && page.contains("MUSTの不合格1項目"),
        "{page}"
    );
    let data = json::render(&document, JAPANESE);
    assert_eq!(data, json::render(&document, Look::PLAIN));
}

const JAPANESE: Look<'static> = Look {
    colour: false,
    lang: Lang::Ja,
    scenes: &NoScenes,
};
