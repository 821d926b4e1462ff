//! The machine the program runs on: clock, randomness, browser, clipboard. Adapters behind [`crate::ports`].

mod browser;
mod clipboard;
mod place;

pub use browser::{BrowserEnvironment, SystemBrowser};
pub use clipboard::SystemClipboard;
pub use place::Machine;

use crate::ports::{Clock, Entropy};
use jiff::Timestamp;

/// The operating system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock behind ports::Clock")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// The operating system's random number generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn bytes(&self) -> Result<[u8; 32], String> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)
            .map_err(|error| format!("the operating system gives no random numbers: {error}"))?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entropy_differs_from_call_to_call() {
        assert_ne!(SystemEntropy.bytes().unwrap(), SystemEntropy.bytes().unwrap());
    }
}
