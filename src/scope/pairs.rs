//! A sketch of a text that rules out most words at a glance.

/// Which pairs of neighbouring characters a text has, whatever their case: a pair sets one of 128 bits. A text
/// that holds a word has every bit of the word; the other way round need not be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct LetterPairs(u128);

impl LetterPairs {
    pub fn of(text: &str) -> Self {
        let bit = |pair: &[u8]| match pair {
            [one, other] => {
                let (one, other) = (one.to_ascii_lowercase(), other.to_ascii_lowercase());
                1_u128 << (one.wrapping_mul(31).wrapping_add(other) & 127)
            }
            _ => 0,
        };
        Self(text.as_bytes().windows(2).fold(0, |bits, pair| bits | bit(pair)))
    }

    /// The pairs of both.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether a text with these pairs can hold a word with those.
    pub const fn may_hold(self, word: Self) -> bool {
        self.0 & word.0 == word.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// It never rules out what is there.
        #[test]
        fn a_part_is_never_ruled_out(before in "[ -~]{0,9}", word in "\\PC{0,9}", after in "[ -~]{0,9}") {
            let text = LetterPairs::of(&format!("{before}{}{after}", word.to_ascii_uppercase()));
            prop_assert!(text.may_hold(LetterPairs::of(&word)));
        }
    }

    #[test]
    fn most_of_what_is_not_there_is_ruled_out() {
        let text = LetterPairs::of("GET /users/{userId}/meetings");
        assert!(text.may_hold(LetterPairs::of("userid")));
        assert!(!text.may_hold(LetterPairs::of("recording")));
    }
}
