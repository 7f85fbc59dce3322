//! Who kept a rate from being higher: the device, or who measures it.

use ngnlab_reports::benchmark::{Counts, Limit, Method, SelfTest, Trial};

use super::search::Found;

/// Says what kept a rate from being higher; only what is shown to be the device's is called so.
pub(super) fn limit(found: &Found, self_test: &SelfTest, method: &Method) -> Limit {
    let Some(failed) = &found.failed else {
        let rate = self_test.rate;
        return Limit::Generator(format!(
            "without the device the tester itself answers {rate:.0} questions a second, and this is \
             as near to that as it may come"
        ));
    };
    let passed = found.passed.as_ref().map_or(0.0, |trial| trial.offered);
    let needed = passed * method.self_test_factor;
    if self_test.rate < needed {
        return Limit::Generator(format!(
            "the self-test reached {:.0} questions a second, and {needed:.0} are needed to speak \
             of this rate",
            self_test.rate
        ));
    }
    if is_certainly_the_devices(&failed.counts) {
        return Limit::Device;
    }
    let busiest = [found.passed.as_ref(), Some(failed)].into_iter().flatten();
    // After a trial that did not pass, answers are waited for that do not come.
    let busiest = busiest.map(|trial| trial.effort.device_cpu.unwrap_or(1.0));
    let wanted = busiest.fold(0.0, f64::max) > LEAST_WANTED;
    of_trial(failed, wanted, method).unwrap_or(Limit::Device)
}

/// Returns whether answers were wrong in a way to which nothing but the device leads, however busy
/// the machine is; an error code may come of that.
fn is_certainly_the_devices(counts: &Counts) -> bool {
    let wrong =
        counts.wrong_record + counts.wrong_question + counts.wrong_truncated + counts.wrong_sender;
    wrong > 0
}

/// Returns what of the tester or the machine may have made a trial fail; the device `wanted` much of
/// a processor, or nothing is known of that.
fn of_trial(trial: &Trial, wanted: bool, method: &Method) -> Option<Limit> {
    let effort = &trial.effort;
    let counts = &trial.counts;
    if effort.stolen > MOST_STOLEN {
        return Some(Limit::Machine(format!(
            "{:.0} % of the processors' time went to other machines on the same host",
            effort.stolen * 100.0
        )));
    }
    if let Some(waited) = effort.device_waited
        && waited > MOST_STARVED
    {
        return Some(Limit::Machine(format!(
            "others had the device's processors, and it waited for them during {:.0} % of the trial",
            waited * 100.0
        )));
    }
    if effort.others > MOST_OTHERS && wanted {
        return Some(Limit::Machine(format!(
            "other programs had {:.2} of its processors",
            effort.others
        )));
    }
    if effort.sent_rate < trial.offered * LEAST_SENT {
        return Some(Limit::Generator(format!(
            "it sent {:.0} questions a second where {:.0} were to be sent",
            effort.sent_rate, trial.offered
        )));
    }
    // RFC 8219 §9.2.1 has the tester keep within a quarter of the time limit.
    let most_late = method.timeout_ms as f64 * 1000.0 / 4.0;
    if effort.lateness_p99 > most_late {
        return Some(Limit::Generator(format!(
            "one question in a hundred was sent {:.0} ms late or later",
            effort.lateness_p99 / 1000.0
        )));
    }
    if counts.lost_behind > 0 {
        return Some(Limit::Generator(format!(
            "{} answers were lost in the queue that it reads from",
            counts.lost_behind
        )));
    }
    if counts.lost_upstream > 0 {
        return Some(Limit::Answerer(format!(
            "{} questions or answers were lost in its queues",
            counts.lost_upstream
        )));
    }
    let busy = |share: f64| share > MOST_BUSY;
    let together = effort.generator_cpu + effort.answerer_cpu;
    if effort.tester_processors == 1 && busy(together) {
        return Some(Limit::Machine(format!(
            "both sides of the tester share a processor, and had it busy during {:.0} % of the trial",
            together * 100.0
        )));
    }
    if busy(effort.generator_cpu) {
        return Some(Limit::Generator(busy_words(effort.generator_cpu)));
    }
    if busy(effort.answerer_cpu) {
        return Some(Limit::Answerer(busy_words(effort.answerer_cpu)));
    }
    if effort.tester_waited > MOST_WAITED {
        return Some(Limit::Machine(format!(
            "the tester waited for a processor during {:.0} % of the trial",
            effort.tester_waited * 100.0
        )));
    }
    None
}

fn busy_words(share: f64) -> String {
    format!(
        "its thread was busy during {:.0} % of the trial",
        share * 100.0
    )
}

/// As much as goes unnoticed on a machine of one's own (ours).
const MOST_STOLEN: f64 = 0.05;
const MOST_OTHERS: f64 = 0.2;
/// A device that leaves half of a processor idle, and did not wait for it, is not slowed by those who
/// use it (ours).
const LEAST_WANTED: f64 = 0.5;
/// What a device waits for is missing at its rate (ours).
const MOST_STARVED: f64 = 0.1;
const LEAST_SENT: f64 = 0.99;
/// Beyond it a thread has no room left for a burst (ours).
const MOST_BUSY: f64 = 0.9;
const MOST_WAITED: f64 = 0.2;

#[cfg(test)]
mod tests {
    use ngnlab_reports::benchmark::Family;

    use super::super::search::tests::trial;
    use super::*;

    #[test]
    fn a_loss_in_the_device_is_the_devices() {
        assert_eq!(
            limit(&found(|_| {}), &self_test(10_000.0), &METHOD),
            Limit::Device
        );
    }

    #[test]
    fn a_wrong_record_is_the_devices_on_a_busy_machine_too() {
        let of = |spoil: fn(&mut Counts)| {
            let busy = |one: &mut Trial| {
                one.effort.others = 0.9;
                spoil(&mut one.counts);
            };
            limit(&found(busy), &self_test(1e6), &METHOD)
        };
        assert_eq!(of(|counts| counts.wrong_record = 1), Limit::Device);
        assert_eq!(of(|counts| counts.wrong_sender = 1), Limit::Device);
        // Whoever has no time may say so.
        assert!(matches!(
            of(|counts| counts.wrong_rcode = 1),
            Limit::Machine(_)
        ));
    }

    #[test]
    fn who_uses_what_the_device_leaves_idle_does_not_slow_it() {
        let of = |share: f64| {
            let mut found = found(|one| one.effort.others = 0.9);
            for trial in [&mut found.passed, &mut found.failed].into_iter().flatten() {
                trial.effort.device_cpu = Some(share);
            }
            limit(&found, &self_test(1e6), &METHOD)
        };
        assert_eq!(of(0.3), Limit::Device);
        assert!(matches!(of(0.8), Limit::Machine(_)));
    }

    #[test]
    fn a_self_test_without_margin_makes_a_lower_bound() {
        let limit = limit(&found(|_| {}), &self_test(1050.0), &METHOD);
        assert!(matches!(limit, Limit::Generator(_)), "{limit:?}");
    }

    #[test]
    fn whoever_of_us_was_too_slow_is_named() {
        let of = |spoil: fn(&mut Trial)| limit(&found(spoil), &self_test(1e6), &METHOD);
        assert!(matches!(
            of(|one| one.effort.sent_rate = 900.0),
            Limit::Generator(_)
        ));
        assert!(matches!(
            of(|one| one.effort.lateness_p99 = 3e5),
            Limit::Generator(_)
        ));
        assert!(matches!(
            of(|one| one.counts.lost_behind = 1),
            Limit::Generator(_)
        ));
        assert!(matches!(
            of(|one| one.effort.generator_cpu = 0.95),
            Limit::Generator(_)
        ));
        assert!(matches!(
            of(|one| one.effort.answerer_cpu = 0.95),
            Limit::Answerer(_)
        ));
        assert!(matches!(
            of(|one| one.counts.lost_upstream = 1),
            Limit::Answerer(_)
        ));
        assert!(matches!(
            of(|one| one.effort.stolen = 0.2),
            Limit::Machine(_)
        ));
        assert!(matches!(
            of(|one| one.effort.others = 0.5),
            Limit::Machine(_)
        ));
        assert!(matches!(
            of(|one| one.effort.tester_waited = 0.5),
            Limit::Machine(_)
        ));
        let starved = of(|one| one.effort.device_waited = Some(0.3));
        assert!(matches!(starved, Limit::Machine(_)), "{starved:?}");
        assert_eq!(
            of(|one| one.effort.device_waited = Some(0.02)),
            Limit::Device
        );
        let shared = |one: &mut Trial| {
            one.effort.generator_cpu = 0.5;
            one.effort.answerer_cpu = 0.45;
            one.effort.tester_processors = 1;
        };
        assert!(matches!(of(shared), Limit::Machine(_)));
    }

    fn found(spoil: impl FnOnce(&mut Trial)) -> Found {
        let mut failed = trial(1010.0, false);
        spoil(&mut failed);
        Found {
            passed: Some(trial(1000.0, true)),
            failed: Some(failed),
            trials: 2,
        }
    }

    fn self_test(rate: f64) -> SelfTest {
        SelfTest {
            rate,
            through: String::new(),
            trial: trial(rate, true),
        }
    }

    const METHOD: Method = Method {
        trial_seconds: 1.0,
        repetitions: 1,
        timeout_ms: 1000,
        resolution: 0.02,
        self_test_factor: 1.1,
        answers_after_ms: 0,
        family: Family::Ipv6,
    };
}
