//! Where a finding is seen: in the trace by its records, in the capture by its frames.

use crate::words::Lang;
use crate::{Case, Evidence, Judged};

impl Evidence {
    /// Returns it in one line, as `#8 (frame 6) 2.238 wan: …`.
    pub fn line(&self, lang: Lang) -> String {
        let (at, place, summary) = (&self.at, &self.place, lang.say(&self.summary));
        format!("{} {at} {place}: {summary}", self.number(lang))
    }

    /// Returns the number of its record, and that of its frame if it is one.
    pub fn number(&self, lang: Lang) -> String {
        match self.frame {
            Some(frame) => format!("#{} ({})", self.record, lang.say(&format!("frame {frame}"))),
            None => format!("#{}", self.record),
        }
    }
}

impl Case {
    /// Returns Wireshark's display filter for what a failed check of this case points at, if there
    /// is a capture.
    ///
    /// What is no frame has no number there; the frame after it names the check in its comment.
    pub fn filter(&self, id: &str, judged: &Judged) -> Option<String> {
        self.capture.as_ref()?;
        let frames = judged.evidence.iter().map(|evidence| evidence.frame);
        let frames: Option<Vec<u32>> = frames.collect();
        let mut frames = frames.unwrap_or_default();
        frames.sort_unstable();
        frames.dedup();
        Some(match frames.len() {
            1..=MOST_FRAMES => {
                let numbers: Vec<String> = frames.iter().map(u32::to_string).collect();
                format!("frame.number in {{{}}}", numbers.join(", "))
            }
            // The bracket after it tells it from those whose names go on, and from what passes.
            _ => format!("frame.comment contains \"{id} (\""),
        })
    }
}

/// In one filter, which somebody has to copy.
const MOST_FRAMES: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Outcome, Verdict};

    #[test]
    fn the_filter_names_frames_each_once_and_in_their_order() {
        let (case, judged) = case_with(&[Some(12), Some(7), Some(12)]);
        assert_eq!(
            case.filter("dns.id", &judged).unwrap(),
            "frame.number in {7, 12}"
        );
        let without_capture = Case {
            capture: None,
            ..case
        };
        assert_eq!(without_capture.filter("dns.id", &judged), None);
    }

    #[test]
    fn what_is_no_frame_or_too_many_is_found_by_its_comment() {
        let many: Vec<Option<u32>> = (1..100).map(Some).collect();
        for frames in [&[Some(7), None][..], &[], &many] {
            let (case, judged) = case_with(frames);
            assert_eq!(
                case.filter("dns.id", &judged).unwrap(),
                "frame.comment contains \"dns.id (\""
            );
        }
    }

    #[test]
    fn a_frame_is_told_with_both_numbers() {
        let (_, judged) = case_with(&[Some(7), None]);
        let lines: Vec<String> = judged
            .evidence
            .iter()
            .map(|one| one.line(Lang::En))
            .collect();
        assert_eq!(
            lines,
            ["#40 (frame 7) 1.000 wan: DNS", "#40 1.000 wan: DNS"]
        );
    }

    fn case_with(frames: &[Option<u32>]) -> (Case, Judged) {
        let evidence = frames.iter().map(|frame| Evidence {
            record: 40,
            frame: *frame,
            at: "1.000".to_owned(),
            place: "wan".to_owned(),
            summary: "DNS".to_owned(),
        });
        let judged = Judged {
            verdict: Verdict::Inconclusive(String::new()),
            known: None,
            excused: false,
            because: None,
            evidence: evidence.collect(),
        };
        let case = Case {
            scenario: String::new(),
            area: String::new(),
            about: None,
            delivery: None,
            outcome: Outcome::Judged,
            diagnosis: None,
            overcome: Vec::new(),
            expectations: Vec::new(),
            exercises: Vec::new(),
            verdicts: std::collections::BTreeMap::new(),
            trace: None,
            capture: Some("capture.pcapng".to_owned()),
        };
        (case, judged)
    }
}
