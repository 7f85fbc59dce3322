//! A benchmark, shown in each format and read back.

use ngnlab_reports::benchmark::{
    Asked, Benchmark, Counts, Delay, Domains, Effort, FORMAT, Family, Limit, Repetition, Transport,
    is_benchmark, read,
};
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
fn every_format_says_over_what_was_asked_and_what_does_not_say_was_asked_over_ipv6() {
    let mut benchmark = measured::benchmark();
    for (family, word, written) in [
        (Family::Ipv6, "IPv6", "\"family\": \"ipv6\""),
        (Family::Ipv4, "IPv4", "\"family\": \"ipv4\""),
    ] {
        benchmark.method.family = family;
        for look in [Look::PLAIN, JAPANESE] {
            for format in ["text", "markdown", "html"] {
                let shown = shown(format, &benchmark, look);
                assert!(shown.contains(word), "{format} does not say {word}");
            }
        }
        let json = shown("json", &benchmark, Look::PLAIN);
        assert!(json.contains(written), "{json}");
        assert_eq!(read(&json).unwrap().method.family, family);
        let silent = json.replacen(&format!("{written},"), "", 1);
        assert_eq!(read(&silent).unwrap().method.family, Family::Ipv6);
    }
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
    (find(format).expect("it is in the table").render)(benchmark, look)
}

const JAPANESE: Look<'static> = Look {
    colour: false,
    lang: Lang::Ja,
    scenes: &NoScenes,
};

#[test]
fn markdown_says_each_rate_and_why_one_is_a_bound() {
    insta::assert_snapshot!(shown("markdown", &measured::benchmark(), Look::PLAIN));
}

#[test]
fn each_format_marks_what_is_no_more_than_a_lower_bound() {
    let benchmark = measured::benchmark();
    for (format, places) in [("text", 3), ("markdown", 2), ("html", 4)] {
        let page = shown(format, &benchmark, Look::PLAIN);
        assert!(
            page.matches("≥ 180,000").count() + page.matches("≥ 179,640").count() >= places,
            "{format}"
        );
        let figure =
            |bare: &str| page.matches(bare).count() == page.matches(&format!("≥ {bare}")).count();
        assert!(
            figure("179,640"),
            "{format} shows the mean as if it was the device's"
        );
        assert!(page.contains("lower bound"), "{format}");
    }
}

#[test]
fn a_rate_whose_tester_has_no_room_is_a_lower_bound_whoever_measured_it() {
    let mut benchmark = measured::benchmark();
    benchmark.devices[0].self_test.rate = 45_000.0;
    let page = shown("text", &benchmark, Look::PLAIN);
    assert!(page.contains("≥ 41,200"), "{page}");
    let why = "without the device the tester came to 45,000 q/s, and 1.10 times";
    assert!(page.contains(why), "{page}");
}

#[test]
fn a_benchmark_of_20_long_trials_conforms_and_says_so() {
    let mut benchmark = measured::benchmark();
    benchmark.method.trial_seconds = 60.0;
    benchmark.method.repetitions = 20;
    for (format, look, said) in [
        ("text", Look::PLAIN, "as RFC 8219 §9.2 has it"),
        ("markdown", JAPANESE, "RFC 8219 §9.2に準拠"),
    ] {
        let page = shown(format, &benchmark, look);
        assert!(page.contains(said), "{page}");
        assert!(
            !page.contains("not as RFC") && !page.contains("非準拠"),
            "{page}"
        );
    }
}

#[test]
fn whatever_is_missing_each_format_shows_the_rest() {
    for (name, benchmark) in extremes() {
        let text = shown("json", &benchmark, Look::PLAIN);
        assert!(read(&text).is_ok(), "{name}: {:?}", read(&text));
        for look in [Look::PLAIN, JAPANESE] {
            for format in FORMATS {
                let page = (format.render)(&benchmark, look);
                for word in ["NaN", "inf ", "inf<", " -0 ", "\"inf\"", "=\"-"] {
                    assert!(!page.contains(word), "{name}: {word} in {}", format.name);
                }
            }
        }
        let page = shown("text", &benchmark, Look::PLAIN);
        let widest = page.lines().filter(|line| line.width() > 80);
        assert_eq!(widest.collect::<Vec<_>>(), Vec::<&str>::new(), "{name}");
    }
}

#[test]
fn hostile_names_are_shown_and_never_obeyed() {
    let words = "</svg><script>alert(1)</script>|`*[x](y)\u{202e}\u{1b}[31m\n{body}\"'&";
    let mut benchmark = measured::benchmark();
    for device in &mut benchmark.devices {
        device.device = words.to_owned();
        device.firmware = Some(words.to_owned());
        device.failure = Some(words.to_owned());
        device.self_test.through = words.to_owned();
        for repetition in device
            .series
            .iter_mut()
            .flat_map(|one| &mut one.repetitions)
        {
            repetition.limit = Limit::Machine(words.to_owned());
        }
    }
    benchmark.provenance.command = vec![words.to_owned()];
    for look in [Look::PLAIN, JAPANESE] {
        for format in FORMATS {
            let page = (format.render)(&benchmark, look);
            assert!(
                !page.contains('\u{202e}') && !page.contains('\u{1b}'),
                "{}",
                format.name
            );
        }
        let page = shown("html", &benchmark, look);
        assert!(
            !page.contains("<script>alert") && !page.contains("</svg><script"),
            "obeyed"
        );
        assert_eq!(page.matches("<script>").count(), 1);
        assert_eq!(
            page.matches("</svg>\n").count(),
            page.matches("</svg>").count()
        );
        let page = shown("markdown", &benchmark, look);
        let rows = page
            .lines()
            .filter(|line| line.starts_with("| ") && line.contains("UDP"));
        for row in rows {
            assert_eq!(row.replace("\\|", "").matches('|').count(), 6, "{row}");
        }
    }
}

#[test]
fn the_page_asks_nobody_for_anything_and_takes_no_text_for_markup() {
    let page = shown("html", &measured::benchmark(), Look::PLAIN);
    for word in [
        "http:",
        "https:",
        " src=",
        "@import",
        "url(",
        "fetch(",
        "innerHTML",
        "eval(",
    ] {
        assert!(!page.contains(word), "{word}");
    }
    assert!(page.contains("default-src 'none'"));
    for plot in ["Delay against", "Rate against", "Devices side"] {
        let plot = plot.to_lowercase();
        assert!(page.contains(&format!("<figcaption>{plot}")), "{plot}");
    }
    assert!(page.matches("<svg ").count() >= 20);
}

#[test]
fn the_japanese_half_of_the_page_is_japanese() {
    let mut benchmark = measured::benchmark();
    for repetition in &mut benchmark.devices[0].series[2].repetitions {
        repetition.limit = Limit::Answerer(String::new());
    }
    for device in &mut benchmark.devices {
        device.self_test.through = String::new();
    }
    for (format, start, end) in [
        ("html", "<div lang=\"ja\">", "<div lang=\"en\""),
        ("text", "", ""),
        ("markdown", "", ""),
    ] {
        let page = shown(format, &benchmark, JAPANESE);
        let from = page.find(start).unwrap();
        let to = if end.is_empty() {
            page.len()
        } else {
            page.find(end).unwrap()
        };
        let page = &page[from..to];
        // What stands in markup is no sentence, but for what is told to who cannot see.
        let between = page
            .split('<')
            .map(|piece| piece.rsplit('>').next().unwrap_or(piece));
        let labels = page.split("aria-label=\"").skip(1);
        let labels = labels.map(|piece| piece.split('"').next().unwrap_or(piece));
        let said = between
            .chain(labels)
            .flat_map(|piece| piece.split(['\n', '`']));
        let english = said.filter(|piece| {
            let mut words = piece.split(|c: char| !c.is_ascii_alphabetic());
            words.any(|word| ENGLISH.contains(&word))
        });
        assert_eq!(english.collect::<Vec<_>>(), Vec::<&str>::new(), "{format}");
    }
}

/// Benchmarks that lack about everything, or have too much of it.
fn extremes() -> Vec<(&'static str, Benchmark)> {
    let with = |change: &dyn Fn(&mut Benchmark)| {
        let mut benchmark = measured::benchmark();
        change(&mut benchmark);
        benchmark
    };
    let each = |change: fn(&mut Repetition)| {
        with(&|benchmark| {
            let series = benchmark.devices.iter_mut().flat_map(|one| &mut one.series);
            series.flat_map(|one| &mut one.repetitions).for_each(change);
        })
    };
    vec![
        ("no device", with(&|one| one.devices.clear())),
        ("no series", with(&|one| one.devices[0].series.clear())),
        ("one device", with(&|one| one.devices.truncate(1))),
        (
            "one repetition",
            with(&|one| one.devices[0].series[0].repetitions.truncate(1)),
        ),
        (
            "no repetition passed",
            each(|one| {
                one.rate = 0.0;
                one.passed = None;
            }),
        ),
        ("nothing failed", each(|one| one.failed = None)),
        (
            "the tester is limited",
            each(|one| one.limit = Limit::Generator(String::new())),
        ),
        (
            "no answer at all",
            each(|one| {
                for trial in [&mut one.passed, &mut one.failed].into_iter().flatten() {
                    trial.delay = Delay::default();
                    trial.counts = Counts::default();
                    trial.timeline.clear();
                    trial.effort = Effort::default();
                    trial.seconds = 0.0;
                }
            }),
        ),
        (
            "one slice and one step",
            each(|one| {
                for trial in [&mut one.passed, &mut one.failed].into_iter().flatten() {
                    trial.delay.histogram = vec![(0.0, 3)];
                    trial.timeline.truncate(1);
                    trial.timeline[0].slowest = 0.0;
                }
            }),
        ),
        (
            "all at once",
            each(|one| {
                for trial in [&mut one.passed, &mut one.failed].into_iter().flatten() {
                    trial.delay.histogram = (0..600).map(|at| (f64::from(at), 1 << 30)).collect();
                    let slice = trial.timeline[31];
                    trial.timeline = vec![slice; 600];
                    trial.delay.max = 1e10;
                }
                one.rate = 1e10;
            }),
        ),
        (
            "long words",
            with(&|one| {
                one.devices[0].device = "装置".repeat(60);
                for series in &mut one.devices[0].series {
                    series.workload.transport = Transport::TcpKeptOpen;
                    series.workload.asked = Asked::Txt1300;
                    series.workload.domains = Domains::Mixed;
                }
            }),
        ),
    ]
}

/// Words that no name or unit is.
const ENGLISH: &[&str] = &[
    "the",
    "of",
    "at",
    "in",
    "to",
    "and",
    "device",
    "devices",
    "delay",
    "rate",
    "trial",
    "lost",
    "missing",
    "median",
    "mean",
    "beside",
    "offered",
    "cached",
    "questions",
    "repetitions",
    "bound",
];
