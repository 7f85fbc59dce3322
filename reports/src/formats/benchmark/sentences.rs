//! What every format says of a benchmark in words, in the language of the reader.

use super::figures::{bits, count, number, percent, rate, time};
use crate::benchmark::found::{Bound, Found};
use crate::benchmark::statistics::Summary;
use crate::benchmark::{
    Asked, AtShare, Counts, Domains, Effort, Family, Measured, Method, Overload, SelfTest, Series,
    Transport, Trial, Upstream, Workload,
};
use crate::words::Lang;

/// What says each thing of a benchmark in a language.
#[derive(Clone, Copy)]
pub(super) struct Sentences(pub(super) Lang);

impl Sentences {
    /// Says a sentence of ours.
    pub(super) fn say(self, english: &str) -> String {
        self.0.say(english).into_owned()
    }

    /// Says what was asked, and how.
    pub(super) fn workload(self, workload: &Workload) -> String {
        let transport = match workload.transport {
            Transport::Udp => "UDP",
            Transport::Tcp => "TCP",
            Transport::TcpKeptOpen => "TCP kept open",
        };
        let asked = match workload.asked {
            Asked::Aaaa => "AAAA",
            Asked::A => "A",
            Asked::Txt700 => "TXT of > 512 bytes",
            Asked::Txt1300 => "TXT of > 1232 bytes",
        };
        let domains = match workload.domains {
            Domains::Ons => "ONS",
            Domains::Ngn => "NGN",
            Domains::Mixed => "mixed",
        };
        let cached = format!("{} % cached", workload.cached_percent);
        let parts = [transport, asked, domains, &cached].map(|part| self.say(part));
        self.list(&parts, self.comma())
    }

    /// Says over what questions came to the device.
    pub(super) fn family(self, method: &Method) -> String {
        self.say(match method.family {
            Family::Ipv6 => "IPv6, to the server that terminals learn by RA or DHCPv6",
            Family::Ipv4 => "IPv4, to the server that terminals learn by DHCPv4",
        })
    }

    /// Says what was measured.
    pub(super) fn title(self, method: &Method) -> &'static str {
        match method.family {
            Family::Ipv6 => "DNS forwarding, asked over IPv6",
            Family::Ipv4 => "DNS forwarding, asked over IPv4",
        }
    }

    /// Says that the figures are those of RFC 8219 §9.2, or in what they are not.
    pub(super) fn method(self, method: &Method) -> String {
        if method.conforms() {
            return self.say("as RFC 8219 §9.2 has it");
        }
        let seconds = number(method.trial_seconds);
        let repetitions = count(method.repetitions as u64);
        let timeout = count(method.timeout_ms);
        let mut short = Vec::new();
        if method.trial_seconds < 60.0 {
            short.push(format!("trials of {seconds} s, where 60 s are the least"));
        }
        if method.repetitions < 20 {
            short.push(format!(
                "{repetitions} repetitions, where 20 are the fewest"
            ));
        }
        if method.timeout_ms > 1000 {
            short.push(format!(
                "a time limit of {timeout} ms, where 1000 ms are the most"
            ));
        }
        if method.answers_after_ms > 0 {
            let after = count(method.answers_after_ms);
            short.push(format!("answers of the network after {after} ms"));
        }
        let short: Vec<String> = short.iter().map(|one| self.say(one)).collect();
        self.explained(
            "not as RFC 8219 §9.2 has it",
            &self.list(&short, self.0.semicolon()),
        )
    }

    /// Says how rates were searched for.
    pub(super) fn search(self, method: &Method) -> String {
        let seconds = number(method.trial_seconds);
        let repetitions = count(method.repetitions as u64);
        let (timeout, resolution) = (count(method.timeout_ms), percent(method.resolution));
        let mut parts = vec![
            "the highest rate at which every question is answered rightly and in time".to_owned(),
            format!("trials of {seconds} s"),
            format!("{repetitions} repetitions"),
            format!("a time limit of {timeout} ms"),
            format!("found to within {resolution}"),
        ];
        if method.answers_after_ms > 0 {
            let after = count(method.answers_after_ms);
            parts.push(format!("answers of the network after {after} ms"));
        }
        let parts: Vec<String> = parts.iter().map(|part| self.say(part)).collect();
        self.list(&parts, self.0.semicolon())
    }

    /// Writes a rate, marked where it is a lower bound.
    pub(super) fn rate(self, found: &Found) -> String {
        format!("{}{}", self.mark(found), rate(found.rate.median))
    }

    /// Returns what stands before each figure that is a lower bound.
    pub(super) fn mark(self, found: &Found) -> &'static str {
        match found.bound {
            Some(_) => "≥ ",
            None => "",
        }
    }

    /// Says whose limit a rate is, in a word or two, and what it does to more than that.
    pub(super) fn whose(self, found: &Found, series: &Series) -> String {
        self.say(match &found.bound {
            None => deed(series),
            Some(Bound::Generator(..)) => "lower bound: asking",
            Some(Bound::Answerer(..)) => "lower bound: answering",
            Some(Bound::Machine(..)) => "lower bound: machine",
            Some(Bound::SelfTest(_)) => "lower bound: self-test",
        })
    }

    /// Says why a rate is a lower bound.
    pub(super) fn bound(self, bound: &Bound, found: &Summary, method: &Method) -> String {
        let (count, why, what) = match bound {
            Bound::Generator(count, why) => (
                *count,
                why,
                "the side of the tester that asks reached its limit",
            ),
            Bound::Answerer(count, why) => (
                *count,
                why,
                "the side of the tester that answers reached its limit",
            ),
            Bound::Machine(count, why) => (*count, why, "the machine was busy otherwise"),
            Bound::SelfTest(alone) => {
                let (alone, factor) = (rate(*alone), number(method.self_test_factor));
                return self.say(&format!(
                    "without the device the tester came to {alone}, and {factor} times the rate \
                     is asked for"
                ));
            }
        };
        let what = match count == found.count {
            true => self.say(what),
            false => {
                let of = found.count;
                self.say(&format!("{what} in {count} of {of} repetitions"))
            }
        };
        match why.is_empty() {
            true => what,
            false => format!("{what}{}{}", self.0.colon(), self.0.say(why)),
        }
    }

    /// Writes a rate with its percentiles (RFC 8219 §9.2).
    pub(super) fn median(self, found: &Found) -> String {
        let (rate, range) = (self.rate(found), self.range(&found.rate));
        self.list(&[rate, format!("p1–p99 {range}")], self.comma())
    }

    /// Writes the first and the last percentile.
    pub(super) fn range(self, rate: &Summary) -> String {
        format!("{}–{}", number(rate.p1), number(rate.p99))
    }

    /// Writes the mean, marked where it is a lower bound, with how far off it may be.
    pub(super) fn mean(self, found: &Found) -> String {
        let mean = format!("{}{}", self.mark(found), rate(found.rate.mean));
        match found.interval() {
            Some(interval) => {
                let (low, high) = (number(interval.low), number(interval.high));
                let repetitions = found.rate.count;
                self.say(&format!(
                    "{mean}, with 95 % certainty {low} to {high} (bootstrap over {repetitions} repetitions)"
                ))
            }
            None => self.say(&format!(
                "{mean}, of a single repetition, which has no interval"
            )),
        }
    }

    /// Says where what was missing in the trials that did not pass was lost.
    pub(super) fn missing(self, series: &Series) -> Option<String> {
        let (counts, least, greatest) = series.not_passed()?;
        let (least, greatest) = (number(least), number(greatest));
        let at = match least == greatest {
            true => format!("at {least} q/s"),
            false => format!("at {least} to {greatest} q/s"),
        };
        Some(format!(
            "{}{}{}",
            self.say(&at),
            self.0.colon(),
            self.lost(&counts)
        ))
    }

    /// Says how many questions of how many were not answered rightly and in time, and why.
    pub(super) fn lost(self, counts: &Counts) -> String {
        let offered = counts.offered();
        let all = count(offered);
        let wrong = offered - counts.right();
        if wrong == 0 {
            return self.say(&format!(
                "each of {all} questions answered rightly and in time"
            ));
        }
        let (amount, share) = (count(wrong), percent(wrong as f64 / offered as f64));
        let total = self.say(&format!(
            "{amount} of {all} questions ({share}) not answered rightly in time"
        ));
        let parts = [
            (counts.lost_before, "lost before the device"),
            (
                counts.lost_unasked,
                "lost in the device before it asked upstream",
            ),
            (
                counts.lost_answered,
                "lost in the device after the answer from upstream",
            ),
            (
                counts.lost_upstream,
                "lost on the way from upstream to the device",
            ),
            (counts.lost_behind, "lost behind the device"),
            (counts.unconnected, "without a connection"),
            (counts.refused, "refused a connection"),
            (counts.reset, "with their connection reset"),
            (counts.closed, "with their connection closed"),
            (counts.late, "late"),
            (counts.wrong, "wrong"),
        ];
        let parts = parts.iter().filter(|(amount, _)| *amount > 0);
        let parts = parts.map(|(amount, what)| self.say(&format!("{} {what}", count(*amount))));
        let parts: Vec<String> = parts.collect();
        format!(
            "{total}{}{}",
            self.0.colon(),
            self.list(&parts, self.comma())
        )
    }

    /// Says what else is odd about the answers and about what the device asked, if anything is.
    pub(super) fn oddities(self, counts: &Counts) -> Option<String> {
        let parts = [
            (counts.wrong_rcode, "wrong: an error for a record"),
            (
                counts.wrong_record,
                "wrong: another record, none or too many",
            ),
            (counts.wrong_question, "wrong: another name or type"),
            (counts.wrong_truncated, "wrong: cut off though it fits"),
            (counts.wrong_sender, "wrong: from another address or port"),
            (
                counts.unreadable,
                "wrong: unreadable or with an id of no question",
            ),
            (counts.duplicates, "answered twice"),
            (counts.retries, "asked upstream again"),
            (counts.unasked, "asked upstream though nobody had asked"),
            (counts.misdirected, "asked at a server of other domains"),
        ];
        let parts = parts.iter().filter(|(amount, _)| *amount > 0);
        let parts: Vec<String> = parts
            .map(|(amount, what)| format!("{} {}", self.say(what), count(*amount)))
            .collect();
        (!parts.is_empty()).then(|| self.list(&parts, self.0.semicolon()))
    }

    /// Says which trial at a fixed share of the rate it is.
    pub(super) fn share(self, at: &AtShare) -> String {
        format!("{} %{}{}", at.percent, self.comma(), rate(at.trial.offered))
    }

    /// Says how much else went through the device.
    pub(super) fn beside(self, rate: f64) -> String {
        let rate = bits(rate);
        self.say(&format!("beside {rate} of other traffic"))
    }

    /// Says what more questions than it can answer did to the device.
    pub(super) fn overload(self, overload: &Overload) -> String {
        let offered = rate(overload.trial.offered);
        let seconds = number(overload.trial.seconds);
        let after = match overload.recovered_ms {
            Some(recovered) => {
                let recovered = time(recovered * 1e3);
                format!("as fast as before {recovered} after it")
            }
            None => {
                let watched = time(overload.watched_ms * 1e3);
                format!("not as fast as before within {watched} after it")
            }
        };
        let parts = [
            self.say(&format!("{offered} for {seconds} s")),
            self.lost(&overload.trial.counts),
            self.say(&after),
        ];
        self.list(&parts, self.0.semicolon())
    }

    /// Says how well what the device asks upstream can be guessed.
    pub(super) fn upstream(self, upstream: &Upstream) -> Option<String> {
        let [questions, ports, ids] = [upstream.questions, upstream.ports, upstream.ids].map(count);
        (upstream.questions > 0).then(|| {
            self.say(&format!(
                "{questions} questions from {ports} ports with {ids} ids"
            ))
        })
    }

    /// Says over how many connections was asked.
    pub(super) fn connections(self, counts: &Counts) -> Option<String> {
        let [connections, questions] = [counts.connections, counts.offered()].map(count);
        (counts.connections > 0).then(|| {
            self.say(&format!(
                "{connections} connections for {questions} questions"
            ))
        })
    }

    /// Says what tester and machine did at the rate that was found.
    pub(super) fn effort(self, effort: &Effort) -> String {
        let lateness = [effort.lateness_p99, effort.lateness_max].map(time);
        let [late, latest] = lateness;
        let sent = rate(effort.sent_rate);
        let [asking, answering, waited, stolen] = [
            effort.generator_cpu,
            effort.answerer_cpu,
            effort.tester_waited,
            effort.stolen,
        ]
        .map(percent);
        let mut parts = vec![
            format!("sent {sent}"),
            format!("sent late by {late} at p99, by {latest} at most"),
            format!("asking side at {asking} of a processor"),
            format!("answering side at {answering} of a processor"),
            format!("both waited {waited} of the time"),
        ];
        if let Some(device) = effort.device_cpu {
            let device = percent(device);
            parts.push(format!("device at {device} of a processor"));
        }
        if let Some(waited) = effort.device_waited {
            let waited = percent(waited);
            parts.push(format!(
                "others kept the device waiting {waited} of the time"
            ));
        }
        parts.push(format!("{stolen} of the time went to other machines"));
        parts.push(match effort.pinned {
            true => "tester and device on processors of their own".to_owned(),
            false => "tester and device share processors".to_owned(),
        });
        let parts: Vec<String> = parts.iter().map(|part| self.say(part)).collect();
        self.list(&parts, self.0.semicolon())
    }

    /// Says what the tester does without the device.
    pub(super) fn self_test(self, self_test: &SelfTest) -> String {
        let alone = rate(self_test.rate);
        let through = &self_test.through;
        match through.is_empty() {
            true => alone,
            false => {
                let through = self.explained("in place of the device", &self.0.say(through));
                self.list(&[alone, through], self.comma())
            }
        }
    }

    /// Says how long the device takes from having power to the first right answer.
    pub(super) fn cold_start(self, device: &Measured) -> Option<String> {
        let mut sorted = device.cold_start_ms.clone();
        sorted.sort_by(f64::total_cmp);
        let (least, most) = (time(sorted.first()? * 1e3), time(sorted.last()? * 1e3));
        let times = sorted.len();
        Some(match times {
            1 => self.say(&format!("{least} from power to the first right answer")),
            _ => self.say(&format!(
                "{least} to {most} from power to the first right answer ({times} starts)"
            )),
        })
    }

    /// Writes the percentiles of a trial's delays.
    pub(super) fn delays(self, trial: &Trial) -> [String; 5] {
        let delay = &trial.delay;
        [delay.p50, delay.p90, delay.p99, delay.p999, delay.max].map(time)
    }

    /// Names a trial by its rate.
    pub(super) fn of_trial(self, english: &str, trial: &Trial) -> String {
        let rate = rate(trial.offered);
        self.explained(english, &rate)
    }

    /// Says something with what explains it.
    pub(super) fn explained(self, english: &str, by: &str) -> String {
        format!("{}{}{by}", self.say(english), self.0.colon())
    }

    /// Returns what stands between parts of the same.
    pub(super) fn comma(self) -> &'static str {
        match self.0 {
            Lang::En => ", ",
            Lang::Ja => "、",
        }
    }

    fn list(self, parts: &[String], between: &str) -> String {
        parts.join(between)
    }
}

/// Says what the device does most to questions that are more than it can answer.
fn deed(series: &Series) -> &'static str {
    let Some((counts, ..)) = series.not_passed() else {
        return "device";
    };
    let outside = counts.lost_before + counts.lost_upstream + counts.lost_behind;
    let deeds = [
        (
            counts.lost_unasked + counts.lost_answered,
            "device: loses some",
        ),
        (
            counts.unconnected + counts.refused,
            "device: connects too few",
        ),
        (counts.reset + counts.closed, "device: ends connections"),
        (counts.late, "device: late"),
        (counts.wrong, "device: wrong"),
        (outside, "device: some lost outside"),
    ];
    // Of equals the last, so that nothing outside is passed over.
    let most = deeds.into_iter().max_by_key(|(count, _)| *count);
    match most {
        Some((1.., deed)) => deed,
        Some((0, _)) | None => "device",
    }
}
