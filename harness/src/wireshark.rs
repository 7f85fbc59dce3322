//! A trace as Wireshark shows it: who is who, what happened between the frames, and on each frame
//! that decided a verdict which one, and why.
//!
//! All of it follows from the trace and its verdicts, so that a saved trace gives the same file.
//! What is no frame, a fact or a step, stands as a comment on the next frame: rows of its own would
//! have numbers of their own, which other readers of pcapng do not count.

use std::io::{self, Write};

use ngnlab_reports::{Case, Diagnosis, Verdict, escape};
use ngnlab_sim::time::Pace;
use ngnlab_sim::trace::pcapng::Remarks;
use ngnlab_sim::trace::{Header, Trace};

use crate::dissection::Dissection;

mod comments;
mod names;

/// Writes the capture of a trace that was judged.
pub fn write(trace: &Trace, case: &Case, to: impl Write) -> io::Result<()> {
    trace.write_pcapng(&remarks(trace, case), to)
}

fn remarks(trace: &Trace, case: &Case) -> Remarks {
    let mut remarks = Remarks {
        whole: about(&trace.header, case),
        application: TOOL.to_owned(),
        // The machine is not said: who judges a trace of long ago may sit at another one.
        hardware: match trace.header.pace {
            Pace::Virtual => "a line played by ngnlab, in virtual time",
            Pace::Realtime => "a line played by ngnlab, in real time",
        }
        .to_owned(),
        ..Remarks::default()
    };
    // Steps that nobody knows are told elsewhere: nothing was judged then.
    if let Ok(dissection) = Dissection::new(trace) {
        remarks.names = names::names(&dissection);
        remarks.frames = comments::comments(&dissection, &case.verdicts);
    }
    remarks
}

/// Says what the capture is, and how to find one's way in it.
fn about(header: &Header, case: &Case) -> String {
    let (scenario, area) = (&header.scenario, header.line.area.name());
    let mut lines = vec![
        format!("scenario   {scenario} ({area})"),
        format!("device     {}", header.device),
        format!("seed       {}, which follows from --seed", header.seed),
        format!("tool       {TOOL}"),
    ];
    lines.extend(case.diagnosis.iter().flat_map(diagnosis));
    let failed = case.verdicts.iter();
    let failed = failed.filter(|(_, judged)| matches!(judged.verdict, Verdict::Fail(_)));
    let failed: Vec<&str> = failed.map(|(id, _)| &id[..]).collect();
    if !failed.is_empty() {
        lines.push(format!("failed     {}", failed.join(", ")));
    }
    lines.extend(HOW_TO_READ.map(str::to_owned));
    if !header.tls_secrets.is_empty() {
        lines
            .push("The keys of its TLS connections are inside: HTTP is shown in clear.".to_owned());
    }
    let lines = lines.iter().map(|line| escape::line(line));
    lines.collect::<Vec<_>>().join("\n")
}

fn diagnosis(diagnosis: &Diagnosis) -> [String; 2] {
    let (id, place, finding) = (&diagnosis.id, diagnosis.place(), &diagnosis.finding);
    [
        format!("diagnosis  {id} ({place}): {}", finding.en),
        format!("           {}", finding.ja),
    ]
}

const TOOL: &str = concat!("ngnlab ", env!("CARGO_PKG_VERSION"));
const HOW_TO_READ: [&str; 2] = [
    "Comments: FAIL and REMARK name a check that this frame shows to fail, pass those that it shows \
     to hold; #8 is record 8 of the trace. What is no frame stands on the next one.",
    "Filters: frame.comment contains \"FAIL\", frame.comment contains \"step:\"",
];
