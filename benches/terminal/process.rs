//! What Linux's `/proc` says of a process (proc(5)). Elsewhere: nothing.

use std::fmt;
use std::fs;
use std::time::Duration;

/// What a process has used so far.
pub struct Work {
    /// Times its threads gave the processor away and were woken again.
    pub switches: u64,
    pub cpu: Duration,
    pub threads: usize,
}

/// Adds up the threads of a process.
pub fn work(process: u32) -> Option<Work> {
    let mut work = Work { switches: 0, cpu: Duration::ZERO, threads: 0 };
    for thread in fs::read_dir(format!("/proc/{process}/task")).ok()? {
        let path = thread.ok()?.path();
        let status = fs::read_to_string(path.join("status")).ok()?;
        work.switches += number(&status, "voluntary_ctxt_switches:")?;
        // First field: nanoseconds on a processor. Finer than the clock ticks of `stat`.
        let schedule = fs::read_to_string(path.join("schedstat")).ok()?;
        work.cpu += Duration::from_nanos(schedule.split_whitespace().next()?.parse().ok()?);
        work.threads += 1;
    }
    Some(work)
}

/// Memory of a process, in KiB.
pub struct Memory {
    resident: u64,
    peak: u64,
    /// What is shared, shared out.
    proportional: Option<u64>,
    /// Its own, not from a file: heap and stacks.
    anonymous: u64,
}

impl fmt::Display for Memory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "resident {} (peak {}", mebibytes(self.resident), mebibytes(self.peak))?;
        if let Some(proportional) = self.proportional {
            write!(formatter, ", proportional {}", mebibytes(proportional))?;
        }
        write!(formatter, ", anonymous {})", mebibytes(self.anonymous))
    }
}

/// Memory of a process that lives.
pub fn memory(process: u32) -> Option<Memory> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let shared = fs::read_to_string(format!("/proc/{process}/smaps_rollup")).ok();
    Some(Memory {
        resident: number(&status, "VmRSS:")?,
        peak: number(&status, "VmHWM:")?,
        proportional: shared.and_then(|shared| number(&shared, "Pss:")),
        anonymous: number(&status, "RssAnon:")?,
    })
}

/// Highest memory so far, in KiB.
pub fn peak(process: u32) -> Option<u64> {
    number(&fs::read_to_string(format!("/proc/{process}/status")).ok()?, "VmHWM:")
}

/// `3.4 MiB`.
pub fn mebibytes(kibibytes: u64) -> String {
    let tenths = kibibytes * 10 / 1024;
    format!("{}.{} MiB", tenths / 10, tenths % 10)
}

/// The number after a name at the begin of a line.
fn number(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
}
