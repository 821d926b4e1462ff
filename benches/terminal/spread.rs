//! Times in words.

use std::fmt;
use std::time::Duration;

/// The spread of some times.
pub struct Spread {
    sorted: Vec<Duration>,
}

impl Spread {
    pub fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self { sorted: times }
    }

    /// The time that `percent` of all do not exceed.
    fn percentile(&self, percent: usize) -> Option<Duration> {
        let last = self.sorted.len().checked_sub(1)?;
        self.sorted.get((self.sorted.len() * percent / 100).min(last)).copied()
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.percentile(50), self.percentile(99), self.sorted.last()) {
            (Some(median), Some(high), Some(most)) => {
                write!(
                    formatter,
                    "p50 {} p99 {} max {}",
                    milliseconds(median),
                    milliseconds(high),
                    milliseconds(*most)
                )
            }
            (_, _, None) | (_, None, _) | (None, _, _) => formatter.write_str("nothing measured"),
        }
    }
}

/// `1.23 ms`.
pub fn milliseconds(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1000.0)
}
