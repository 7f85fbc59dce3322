//! A benchmark, shown in each format and read back.

use ngnlab_reports::benchmark::{Benchmark, FORMAT, is_benchmark, read};
use ngnlab_reports::formats::Look;
use ngnlab_reports::formats::benchmark::{FORMATS, find};
use ngnlab_reports::scene::NoScenes;
use ngnlab_reports::words::Lang;
use unicode_width::UnicodeWidthStr as _;

mod measured;

#[test]
fn the_text_says_each_rate_and_whose_it_is_within_80_columns() {
    let page = shown("text", &measured::benchmark(), Look::PLAIN);
    let widest = page.lines().filter(|line| line.width() > 80);
    assert_eq!(widest.collect::<Vec<_>>(), Vec::<&str>::new());
    insta::assert_snapshot!(page);
}

#[test]
fn the_text_speaks_japanese_within_80_columns() {
    let page = shown("text", &measured::benchmark(), JAPANESE);
    let widest = page.lines().filter(|line| line.width() > 80);
    assert_eq!(widest.collect::<Vec<_>>(), Vec::<&str>::new());
    insta::assert_snapshot!(page);
}

#[test]
fn what_is_written_as_json_is_read_back() {
    let benchmark = measured::benchmark();
    let text = shown("json", &benchmark, Look::PLAIN);
    assert!(is_benchmark(&text));
    // To the last digit but one, which is as exact as JSON is read.
    let again = read(&text).unwrap();
    for format in FORMATS.iter().filter(|format| format.name != "json") {
        let [before, after] = [&benchmark, &again].map(|one| (format.render)(one, Look::PLAIN));
        assert!(before == after, "{}", format.name);
    }
    assert_eq!(again.devices[0].device, "dnsmasq");
    let counts = |one: &Benchmark| {
        one.devices[0].series[0].repetitions[1]
            .failed
            .as_ref()
            .unwrap()
            .counts
    };
    assert_eq!(counts(&again), counts(&benchmark));
}

#[test]
fn what_is_no_benchmark_is_told_from_one_of_another_time_and_from_half_of_one() {
    let text = shown("json", &measured::benchmark(), Look::PLAIN);
    let other = text.replacen(&format!("\"format\": {FORMAT}"), "\"format\": 9", 1);
    let half = &text[..text.len() / 2];
    for (text, said) in [
        ("", "it is cut off at line 1"),
        ("device,rate\n", "expected value at line 1 column 1"),
        (
            "{\"format\": 2, \"devices\": []}",
            "it has no `method`: it is something else",
        ),
        (
            &other,
            "it was written by a newer ngnlab (benchmark format 9, where this one reads 1)",
        ),
        (half, "it is cut off at line "),
        (
            &text.replacen("\"cached-percent\": 0", "\"cached-percent\": 101", 1),
            "101 % of names",
        ),
        (
            &text.replacen("\"rate\": 400000.0", "\"rate\": -4.0", 1),
            "`rate` is -4, which cannot be",
        ),
        (
            &text.replacen("\"forwarded\": ", "\"forwarded\": 99999999999", 1),
            "add up to more",
        ),
        (
            &text.replacen("\"timeout-ms\": 1000,", "", 1),
            "missing field `timeout-ms`",
        ),
    ] {
        let error = read(text).unwrap_err();
        assert!(error.contains(said), "{error}\nand not\n{said}");
    }
    assert!(is_benchmark(half));
    assert!(!is_benchmark("{\"format\": 2, \"devices\": []}"));
}

fn shown(format: &str, benchmark: &Benchmark, look: Look<'_>) -> String {
    (find(format).unwrap().render)(benchmark, look)
}

const JAPANESE: Look<'static> = Look {
    colour: false,
    lang: Lang::Ja,
    scenes: &NoScenes,
};
