//! System calls that a device cannot make, since what they change is not of its namespaces: how
//! its pid 1, which ends it, gets its turn; sockets to the machine that hosts this one.

use std::collections::BTreeMap;
use std::env::consts::ARCH;
use std::io;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, apply_filter,
};

/// Closes them to this process and all that it starts.
pub(super) fn close() -> io::Result<()> {
    // On other processors there is one wall less.
    let Ok(processor) = TargetArch::try_from(ARCH) else {
        return Ok(());
    };
    let mut program = program(processor).map_err(io::Error::other)?;
    // A program for another kind of processor than ngnlab's own, such as one of 32 bits, runs
    // without: its calls have other numbers.
    if let Some(refusal) = program.get_mut(REFUSAL) {
        refusal.k = libc::SECCOMP_RET_ALLOW;
    }
    apply_filter(&program).map_err(io::Error::other)
}

fn program(processor: TargetArch) -> Result<BpfProgram, seccompiler::BackendError> {
    let of_pid_1 = [
        libc::SYS_prlimit64,
        libc::SYS_sched_setaffinity,
        libc::SYS_sched_setattr,
        libc::SYS_sched_setparam,
        libc::SYS_sched_setscheduler,
    ];
    let mut rules = BTreeMap::new();
    for call in of_pid_1 {
        rules.insert(call, vec![rule(&[(0, PID_1)])?]);
    }
    // Of a process, of a group of processes, of a user: pid 1 is the first and the only one of its
    // own, and all are the same user's.
    let priorities = [
        (libc::SYS_setpriority, [0, 1, 2]),
        (libc::SYS_ioprio_set, [1, 2, 3]),
    ];
    for (call, [process, group, user]) in priorities {
        let ways = [
            rule(&[(0, process), (1, PID_1)])?,
            rule(&[(0, group), (1, PID_1)])?,
            rule(&[(0, user)])?,
        ];
        rules.insert(call, ways.into());
    }
    rules.insert(libc::SYS_socket, vec![rule(&[(0, AF_VSOCK)])?]);
    let refused = SeccompAction::Errno(libc::EPERM as u32);
    SeccompFilter::new(rules, SeccompAction::Allow, refused, processor)?.try_into()
}

/// Makes a rule that holds where each of these arguments has this value.
fn rule(arguments: &[(u8, u64)]) -> Result<SeccompRule, seccompiler::BackendError> {
    let conditions = arguments.iter().map(|(number, value)| {
        SeccompCondition::new(*number, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, *value)
    });
    SeccompRule::new(conditions.collect::<Result<_, _>>()?)
}

const PID_1: u64 = 1;
const AF_VSOCK: u64 = 40;
/// Where a filter says what becomes of calls of another kind of processor: it loads the kind,
/// compares, and returns.
const REFUSAL: usize = 2;
