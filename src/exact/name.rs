//! The names of differences, and what to do about each.

use crate::characters::describe;
use crate::secret::printable;

/// Longest sentence about a difference, in characters.
const LONGEST: usize = 240;

/// What a difference is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Name {
    Empty,
    /// Nothing in common.
    Unrelated,
    /// A letter is a capital that should be small, or the reverse.
    LetterCase,
    SlashTooMany,
    SlashMissing,
    /// Two slashes where one belongs, inside the path.
    SlashDoubled,
    /// `http` for `https`.
    SchemeHttp,
    /// `https` for `http`: a loopback address has no certificate.
    SchemeHttps,
    SchemeMissing,
    /// `https://https://`.
    SchemeTwice,
    /// `https:/`, `https//`.
    SchemeBroken,
    /// Another one than http and https.
    SchemeOther,
    SpaceBefore,
    SpaceInside,
    SpaceAfter,
    Tab,
    LineBreak,
    NoBreakSpace,
    ZeroWidth,
    Direction,
    Control,
    OneDotLeader,
    /// Another sign that passes for a dot, colon or slash.
    Punctuation,
    Dash,
    /// A letter of another script that looks like the right one.
    LookAlike,
    /// A letter or sign that is not ASCII and looks like nothing expected.
    Foreign,
    CurlyQuote,
    /// In quotes or brackets.
    Quoted,
    Wildcard,
    PercentEncoded,
    /// `https://dev1.com/…`, as a document prints it.
    DomainMissing,
    /// `.service-now.com` twice.
    DomainTwice,
    /// `dev1dev1.service-now.com`, or the whole host twice.
    InstanceTwice,
    /// `localhost` for `127.0.0.1`.
    Localhost,
    /// Another address of the own computer: `[::1]`, `0.0.0.0`.
    OtherLoopback,
    OtherPort,
    PortAdded,
    PortMissing,
    OtherInstance,
    /// `integrator.io` for `eu.integrator.io`.
    OtherRegion,
    OtherHost,
    Www,
    UserInformation,
    PathDifferent,
    PathMissing,
    QueryAdded,
    FragmentAdded,
    CutShort,
    BeginningMissing,
    TextBefore,
    TextAfter,
    /// The same text twice, one behind the other.
    Twice,
    TwoAddresses,
    /// Nothing better fits: the two characters at the place.
    Characters,
}

/// A difference by name and place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    pub name: Name,
    /// 1-based column of the given text, in characters, where the difference begins.
    pub column: usize,
    /// What it is, as a sentence without its full stop. Holds parts of the given text.
    pub says: String,
}

impl Named {
    pub(super) fn new(name: Name, column: usize, says: impl Into<String>) -> Self {
        Self { name, column, says: printable(&says.into(), LONGEST) }
    }
}

impl Name {
    /// What to do, as a sentence.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Empty => "Paste the expected text into the field.",
            Self::Unrelated => "Copy from the field named here, whole, and paste again.",
            Self::LetterCase => "Zoom takes capitals and small letters for different: type it as expected.",
            Self::SlashTooMany => "Take the slash away.",
            Self::SlashMissing => "Add the slash at the end.",
            Self::SlashDoubled => "Leave one slash.",
            Self::SchemeHttp => "Begin with https://, with the s.",
            Self::SchemeHttps => "This address of your own computer begins with http://, without the s.",
            Self::SchemeMissing => "Write the address in full, from the scheme on.",
            Self::SchemeTwice => "Leave it once. Fields that show https:// already get the rest only.",
            Self::SchemeBroken | Self::SchemeOther => "Write the beginning as expected.",
            Self::SpaceBefore | Self::SpaceInside | Self::SpaceAfter => "Take the space away.",
            Self::Tab => "Take the tab away.",
            Self::LineBreak => "Join the lines: the address is one line without a break.",
            Self::NoBreakSpace | Self::ZeroWidth | Self::Direction | Self::Control | Self::OneDotLeader => {
                "Pages and documents put it in. It cannot be seen, so empty the field and paste the copied text."
            }
            Self::Punctuation | Self::Dash | Self::LookAlike | Self::Foreign => {
                "It only looks right, so empty the field and paste the copied text."
            }
            Self::CurlyQuote | Self::Quoted => "Leave the quotes or brackets out.",
            Self::Wildcard => "Zoom compares the whole address: write it in full, without a wildcard.",
            Self::PercentEncoded => {
                "Write the characters themselves: this is the form inside another address."
            }
            Self::DomainMissing => "Write the whole host, with .service-now.com.",
            Self::DomainTwice | Self::InstanceTwice => "Leave it once.",
            Self::Localhost => {
                "Write 127.0.0.1: Zoom is reported to refuse the name localhost since June 2026."
            }
            Self::OtherLoopback => "Write the address as expected.",
            Self::OtherPort | Self::PortAdded | Self::PortMissing => "Write the port as expected.",
            Self::OtherInstance => {
                "Test and production have different addresses. Is it the field, or the answer in this set-up?"
            }
            Self::OtherRegion => {
                "Each region has its own address. Is it the field, or the region chosen here?"
            }
            Self::OtherHost => "Write the host as expected.",
            Self::Www => "Leave www. out.",
            Self::UserInformation => "Leave out all up to the @.",
            Self::PathDifferent => "Write the path as expected.",
            Self::PathMissing => "Write the path too: an address without it is another one.",
            Self::QueryAdded => "Leave out all from the ? on. A redirect URL ends with its path.",
            Self::FragmentAdded => {
                "Leave out all from the # on. OAuth allows no fragment (RFC 6749 section 3.1.2)."
            }
            Self::CutShort => "Copy it whole: fields can be narrower than their text.",
            Self::BeginningMissing => "Copy it whole.",
            Self::TextBefore => "Leave out what stands in front.",
            Self::TextAfter => "Leave out what follows.",
            Self::Twice => "It was pasted twice: empty the field and paste once.",
            Self::TwoAddresses => "A field holds one address: empty it and paste the expected one.",
            Self::Characters => "Write it as expected.",
        }
    }
}

/// A character as it can be shown in a sentence.
pub(super) fn shown(character: char) -> String {
    match character {
        ' ' => "a space".to_owned(),
        ascii if ascii.is_ascii_graphic() => format!("{ascii}"),
        other => describe(other),
    }
}

/// What stands at a place, and what belongs there.
pub(super) fn characters(expected: Option<char>, given: Option<char>) -> String {
    match (expected, given) {
        (Some(expected), Some(given)) => {
            format!("There is {} where {} belongs", shown(given), shown(expected))
        }
        (None, Some(given)) => format!("There is {} too much", shown(given)),
        (Some(expected), None) => format!("{} is missing", shown(expected)),
        (None, None) => "The two differ".to_owned(),
    }
}
