//! The same device asked by dnsperf and by the tester in turn, so that whoever knows the one can
//! trust the other.

use ngnlab_reports::benchmark::Limit;
use ngnlab_reports::benchmark::statistics::{Change, Interval, change, interval};
use serde::Serialize;

use super::stand::{Ended, Stand};
use super::{Audience, Candidate, Plan};
use crate::error::Error;

/// What both found, pair by pair.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Agreement {
    /// The device.
    pub device: String,
    /// The rate at which delays were measured, a second.
    pub calm: f64,
    /// What was measured in turn.
    pub pairs: Vec<Pair>,
    /// How often the rate of the tester was a lower bound, and why.
    pub bounds: Vec<String>,
}

/// One turn of each.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Pair {
    /// What the tester found.
    pub tester: Figures,
    /// What dnsperf found.
    pub dnsperf: Figures,
}

/// What one of both found.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Figures {
    /// The highest rate, a second: at which none is missing, or of dnsperf with a hundred questions
    /// under way.
    pub rate: f64,
    /// The mean delay at the calm rate, in microseconds.
    pub mean: f64,
}

/// Two rows of figures side by side.
#[derive(Clone, Copy, Debug)]
pub struct Compared {
    /// The means of the tester and of dnsperf.
    pub means: [f64; 2],
    /// Where the true ones are in 95 of 100 cases.
    pub intervals: [Option<Interval>; 2],
    /// How the tester's differs from dnsperf's.
    pub change: Option<Change>,
}

impl Agreement {
    /// Holds the rates against each other.
    pub fn rates(&self) -> Compared {
        self.compared(|figures| figures.rate)
    }

    /// Holds the mean delays against each other.
    pub fn delays(&self) -> Compared {
        self.compared(|figures| figures.mean)
    }

    fn compared(&self, pick: fn(Figures) -> f64) -> Compared {
        let tester: Vec<f64> = self.pairs.iter().map(|pair| pick(pair.tester)).collect();
        let dnsperf: Vec<f64> = self.pairs.iter().map(|pair| pick(pair.dnsperf)).collect();
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
        Compared {
            means: [mean(&tester), mean(&dnsperf)],
            intervals: [interval(&tester), interval(&dnsperf)],
            change: change(&dnsperf, &tester),
        }
    }
}

impl Compared {
    /// Returns whether the intervals overlap; without two of them nothing is known.
    pub fn overlap(&self) -> Option<bool> {
        let [one, other] = self.intervals;
        one.zip(other)
            .map(|(one, other)| one.low <= other.high && other.low <= one.high)
    }
}

/// Has both ask the device in turn, as often as the plan repeats; the inner error is the device's.
pub fn measure(
    plan: &Plan,
    candidate: &Candidate,
    audience: &mut Audience<'_>,
) -> Result<Result<Agreement, String>, Error> {
    let mut stand = Stand::open(plan, candidate, audience)?;
    let mut one = stand.first(plan, candidate, audience)?;
    if let Some(failure) = one.failure {
        return Ok(Err(failure));
    }
    one.begin(&plan.workloads[0]);
    let mut agreement = Agreement {
        device: candidate.name.clone(),
        calm: 0.0,
        pairs: Vec::new(),
        bounds: Vec::new(),
    };
    for _ in 0..plan.method.repetitions {
        if let Ended::DeviceFailed(message) = stand.repetition(plan, &mut one, 0, audience)? {
            return Ok(Err(message));
        }
        let Some(found) = one.series[0].repetitions.last() else {
            break;
        };
        let rate = found.rate;
        if let Limit::Generator(why) | Limit::Answerer(why) | Limit::Machine(why) = &found.limit {
            agreement.bounds.push(why.clone());
        }
        if agreement.pairs.is_empty() {
            agreement.calm = (rate / 2.0).max(1.0).round();
        }
        let calm = agreement.calm;
        let busy = stand.dnsperf(plan, None, audience)?;
        let tester = stand.at_rate(plan, calm, audience)?;
        let dnsperf = stand.dnsperf(plan, Some(calm), audience)?;
        let (busy, tester, dnsperf) = match (busy, tester, dnsperf) {
            (Ok(busy), Ok(tester), Ok(dnsperf)) => (busy, tester, dnsperf),
            (Err(message), ..) | (_, Err(message), _) | (.., Err(message)) => {
                return Ok(Err(message));
            }
        };
        let pair = Pair {
            tester: Figures {
                rate,
                mean: tester.delay.mean,
            },
            dnsperf: Figures {
                rate: busy.rate,
                mean: dnsperf.mean,
            },
        };
        (audience.tell)(format!(
            "pair {}: {rate:.0} and {:.0} questions a second, {:.0} and {:.0} µs",
            agreement.pairs.len() + 1,
            busy.rate,
            tester.delay.mean,
            dnsperf.mean
        ));
        agreement.pairs.push(pair);
    }
    Ok(Ok(agreement))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_agree_where_their_intervals_overlap() {
        let agreement = |of_dnsperf: f64| Agreement {
            device: String::new(),
            calm: 1.0,
            pairs: [1000.0, 1010.0, 990.0]
                .map(|rate| Pair {
                    tester: Figures { rate, mean: 100.0 },
                    dnsperf: Figures {
                        rate: rate * of_dnsperf,
                        mean: 100.0,
                    },
                })
                .into(),
            bounds: Vec::new(),
        };
        assert_eq!(agreement(1.005).rates().overlap(), Some(true));
        assert_eq!(agreement(1.2).rates().overlap(), Some(false));
        let change = agreement(1.25).rates().change.unwrap();
        assert!((change.share + 0.2).abs() < 1e-9, "{change:?}");
        let mut single = agreement(1.0);
        single.pairs.truncate(1);
        assert_eq!(single.delays().overlap(), None);
    }
}
