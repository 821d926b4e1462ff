//! Exact comparison: the same only if the bytes are, and every mistake found and named.
#![expect(clippy::panic, reason = "a test that cannot go on has failed")]

use proptest::prelude::*;
use rstest::rstest;
use std::fmt::Write;
use unicode_width::UnicodeWidthStr;
use zoom_setup::exact::secret::hints;
use zoom_setup::exact::{Comparison, Difference, Name, Signs, compare, picture, same};
use zoom_setup::secret::Secret;

const DEX: &str = "https://dev12345.service-now.com/oauth_redirect.do";
const CELIGO: &str = "https://eu.integrator.io/connection/oauth2callback";
const LOOPBACK: &str = "http://127.0.0.1:47823/callback";
const ID: &str = "aB3dEfGhIjKlMnOpQrStUv";
const UNICODE: Signs = Signs { hidden: '□', ellipsis: "…" };
const ASCII: Signs = Signs { hidden: '?', ellipsis: "..." };

fn difference(expected: &str, given: &str) -> Difference {
    match compare(expected, given) {
        Comparison::Different(difference) => difference,
        Comparison::Same { .. } => panic!("{given:?} is the same as {expected:?}"),
    }
}

fn names(expected: &str, given: &str) -> Vec<Name> {
    difference(expected, given).named.iter().map(|named| named.name).collect()
}

/// A mistake somebody makes, and its name.
const MISTAKES: &[(&str, &str, Name)] = &[
    (DEX, "", Name::Empty),
    (DEX, "hunter2 and other words", Name::Unrelated),
    (DEX, "https://Dev12345.service-now.com/oauth_redirect.do", Name::LetterCase),
    (DEX, "https://dev12345.service-now.com/OAuth_redirect.do", Name::LetterCase),
    (DEX, "HTTPS://dev12345.service-now.com/oauth_redirect.do", Name::LetterCase),
    (DEX, "https://dev12345.service-now.com/oauth_redirect.do/", Name::SlashTooMany),
    ("https://dev12345.service-now.com/", "https://dev12345.service-now.com", Name::SlashMissing),
    (DEX, "https://dev12345.service-now.com//oauth_redirect.do", Name::SlashDoubled),
    (DEX, "http://dev12345.service-now.com/oauth_redirect.do", Name::SchemeHttp),
    (LOOPBACK, "https://127.0.0.1:47823/callback", Name::SchemeHttps),
    (DEX, "dev12345.service-now.com/oauth_redirect.do", Name::SchemeMissing),
    (DEX, "https://https://dev12345.service-now.com/oauth_redirect.do", Name::SchemeTwice),
    (DEX, "https:/dev12345.service-now.com/oauth_redirect.do", Name::SchemeBroken),
    (DEX, "https//dev12345.service-now.com/oauth_redirect.do", Name::SchemeBroken),
    (DEX, "https:///dev12345.service-now.com/oauth_redirect.do", Name::SchemeBroken),
    (DEX, "htps://dev12345.service-now.com/oauth_redirect.do", Name::SchemeOther),
    (DEX, " https://dev12345.service-now.com/oauth_redirect.do", Name::SpaceBefore),
    (DEX, "https://dev12345.service-now.com/oauth_redirect.do ", Name::SpaceAfter),
    (DEX, "https://dev12345.service-now.com/oauth _redirect.do", Name::SpaceInside),
    (DEX, "https://dev12345.service-now.com/oauth_redirect.do\t", Name::Tab),
    (DEX, "https://dev12345.service-now.com/oauth_\nredirect.do", Name::LineBreak),
    (DEX, "https://dev12345.service-now.com/oauth_redirect.do\n\n", Name::LineBreak),
    (DEX, "https://dev12345.service-now.com/oauth_redirect.do\u{a0}", Name::NoBreakSpace),
    (DEX, "https://dev12345\u{2024}service-now.com/oauth_redirect.do", Name::OneDotLeader),
    (DEX, "https://dev12345\u{ff0e}service-now.com/oauth_redirect.do", Name::Punctuation),
    (DEX, "https://dev12345.service\u{2011}now.com/oauth_redirect.do", Name::Dash),
    (DEX, "https://dev12345.service-now.com/\u{200b}oauth_redirect.do", Name::ZeroWidth),
    (DEX, "\u{feff}https://dev12345.service-now.com/oauth_redirect.do", Name::ZeroWidth),
    (DEX, "https://dev\u{2060}12345.service-now.com/oauth_redirect.do", Name::ZeroWidth),
    (DEX, "https://dev12345.service-now.com/oauth_redirect.do\u{200e}", Name::Direction),
    (DEX, "https://dev12345.service-now.com/oauth_redirect.do\u{7}", Name::Control),
    (DEX, "https://d\u{435}v12345.service-now.com/oauth_redirect.do", Name::LookAlike),
    (DEX, "https://dév12345.service-now.com/oauth_redirect.do", Name::Foreign),
    (DEX, "\u{201c}https://dev12345.service-now.com/oauth_redirect.do\u{201d}", Name::CurlyQuote),
    (DEX, "\"https://dev12345.service-now.com/oauth_redirect.do\"", Name::Quoted),
    (DEX, "<https://dev12345.service-now.com/oauth_redirect.do>", Name::Quoted),
    (DEX, "https://*.service-now.com/oauth_redirect.do", Name::Wildcard),
    (DEX, "https://dev12345.service-now.com/*", Name::Wildcard),
    (DEX, "https%3A%2F%2Fdev12345.service-now.com%2Foauth_redirect.do", Name::PercentEncoded),
    (DEX, "https://dev12345.com/oauth_redirect.do", Name::DomainMissing),
    (DEX, "https://dev12345/oauth_redirect.do", Name::DomainMissing),
    (DEX, "https://dev12345.servicenow.com/oauth_redirect.do", Name::DomainMissing),
    (DEX, "https://dev12345.service-now.com.service-now.com/oauth_redirect.do", Name::DomainTwice),
    (DEX, "https://dev12345dev12345.service-now.com/oauth_redirect.do", Name::InstanceTwice),
    (DEX, "https://dev12345.dev12345.service-now.com/oauth_redirect.do", Name::InstanceTwice),
    (LOOPBACK, "http://localhost:47823/callback", Name::Localhost),
    (LOOPBACK, "http://0.0.0.0:47823/callback", Name::OtherLoopback),
    (LOOPBACK, "http://127.0.0.1:8080/callback", Name::OtherPort),
    (LOOPBACK, "http://127.0.0.1/callback", Name::PortMissing),
    (DEX, "https://dev12345.service-now.com:443/oauth_redirect.do", Name::PortAdded),
    (DEX, "https://test9.service-now.com/oauth_redirect.do", Name::OtherInstance),
    (CELIGO, "https://integrator.io/connection/oauth2callback", Name::OtherRegion),
    (CELIGO, "https://eu.example.com/connection/oauth2callback", Name::OtherHost),
    (DEX, "https://www.dev12345.service-now.com/oauth_redirect.do", Name::Www),
    (DEX, "https://admin@dev12345.service-now.com/oauth_redirect.do", Name::UserInformation),
    (DEX, "https://dev12345.service-now.com/oauth_redirects.do", Name::PathDifferent),
    (CELIGO, "https://eu.integrator.io/oauth/callback", Name::PathDifferent),
    (LOOPBACK, "http://127.0.0.1:47823/", Name::PathMissing),
    (DEX, "https://dev12345.service-now.com/oauth_redirect.do?code=1", Name::QueryAdded),
    (DEX, "https://dev12345.service-now.com/oauth_redirect.do#top", Name::FragmentAdded),
    (DEX, "https://dev12345.service-now.com/oauth_red", Name::CutShort),
    (DEX, "ps://dev12345.service-now.com/oauth_redirect.do", Name::BeginningMissing),
    (DEX, "https://dev12345.service-now.com/oauth_redirect.do,", Name::TextAfter),
    (
        DEX,
        "https://dev12345.service-now.com/oauth_redirect.dohttps://dev12345.service-now.com/oauth_redirect.do",
        Name::Twice,
    ),
    (DEX, "https://dev12345.service-now.com/oauth_redirect.do https://integrator.io/x", Name::TwoAddresses),
    (ID, "AB3dEfGhIjKlMnOpQrStUv", Name::LetterCase),
    (ID, "Client ID: aB3dEfGhIjKlMnOpQrStUv", Name::TextBefore),
    (ID, "aB3dEfGhIjKlMnOpQrStUx", Name::Characters),
];

#[test]
fn every_mistake_has_its_name() {
    for (expected, given, name) in MISTAKES {
        let found = names(expected, given);
        assert!(found.contains(name), "{given:?}: {found:?}, not {name:?}");
    }
}

/// The words for each, as a person reads them.
#[test]
fn the_words_for_every_mistake() {
    let mut table = String::new();
    for (expected, given, _) in MISTAKES {
        let difference = difference(expected, given);
        let shown = picture(expected, given, 64, UNICODE);
        let caret = " ".repeat(shown.caret);
        let _ = writeln!(table, "{}\n{}\n{caret}^ column {}", shown.expected, shown.given, difference.column);
        for named in &difference.named {
            let _ = writeln!(table, "{:?}: {}. {}", named.name, named.says, named.name.advice());
        }
        table.push('\n');
    }
    insta::assert_snapshot!(table);
}

#[rstest]
#[case::as_it_is(DEX, DEX, false)]
#[case::unix("abc", "abc\n", true)]
#[case::windows("abc", "abc\r\n", true)]
#[case::old_mac("abc", "abc\r", true)]
#[case::kept_where_it_belongs("abc\n", "abc\n", false)]
#[case::nothing("", "", false)]
fn one_line_end_is_left_out_and_told(#[case] expected: &str, #[case] given: &str, #[case] line_end: bool) {
    assert_eq!(compare(expected, given), Comparison::Same { line_end });
}

#[test]
fn several_differences_are_all_named_in_their_order() {
    let given = " http://Dev12345.com/oauth_redirect.do/";
    assert_eq!(
        names(DEX, given),
        [Name::SpaceBefore, Name::SchemeHttp, Name::LetterCase, Name::DomainMissing, Name::SlashTooMany]
    );
    assert_eq!(difference(DEX, given).column, 1);
}

#[test]
fn swapping_the_two_swaps_too_many_and_missing() {
    let pairs = [
        (format!("{DEX}/"), Name::SlashTooMany, Name::SlashMissing),
        (format!("{DEX}x"), Name::TextAfter, Name::CutShort),
        (DEX.replace("service-now.com", "service-now.com:8443"), Name::PortAdded, Name::PortMissing),
        (DEX.replace("https", "http"), Name::SchemeHttp, Name::SchemeHttps),
    ];
    for (other, one_way, other_way) in pairs {
        assert_eq!(names(DEX, &other), [one_way], "{other}");
        assert_eq!(names(&other, DEX), [other_way], "{other}");
    }
}

#[test]
fn a_secret_is_not_among_the_words() {
    let (secret, other) = ("Xq7hiddenZ9secret4YvalueW2neverP", "Kk3elsewhere5Nother6MsecretL1tok");
    let cases = [
        (other.to_owned(), "another value"),
        (secret.to_lowercase(), "capital and small letters"),
        (format!("{secret}\u{200b}"), "U+200B"),
        (format!(" {secret}"), "Column 1 holds a space"),
        (format!("\"{secret}\""), "quotes"),
        (secret[..20].to_owned(), "Its end is missing"),
        (secret[3..].to_owned(), "Its beginning is missing"),
        (format!("{secret}{secret}"), "pasted twice"),
        (format!("secret: {secret}"), "more around it"),
        ("SecretTokenValue".to_owned(), "It is the Secret Token"),
        ("  \n".to_owned(), "Nothing was pasted"),
    ];
    let token = Secret::new("SecretTokenValue");
    for (given, words) in cases {
        let given = Secret::new(given);
        assert_eq!(same(secret, given.expose()), None);
        let said = hints(&Secret::new(secret), &given, &[("the Secret Token", &token)]).join(" ");
        assert!(said.contains(words), "{said}");
        for value in [secret, other, "Xq7", "Kk3", "SecretTokenValue"] {
            assert!(!said.contains(value), "{said}");
        }
    }
    assert_eq!(same(secret, &format!("{secret}\n")), Some(true));
}

fn redirects() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z][a-z0-9]{2,12}".prop_map(|name| format!("https://{name}.service-now.com/oauth_redirect.do")),
        proptest::sample::select(vec!["", "eu.", "au.", "ca."])
            .prop_map(|region| format!("https://{region}integrator.io/connection/oauth2callback")),
        (1024_u16..).prop_map(|port| format!("http://127.0.0.1:{port}/callback")),
    ]
}

fn insertions() -> impl Strategy<Value = char> {
    prop_oneof![
        proptest::char::range(' ', '~'),
        proptest::sample::select(vec![
            '\u{2024}', '\u{a0}', '\u{200b}', '\u{feff}', '\u{201c}', '\u{435}', '\t', '\n', '東', 'é',
            '\u{301}',
        ]),
        any::<char>(),
    ]
}

/// Text that comes near to an address, and any other.
fn texts() -> impl Strategy<Value = String> {
    let part = proptest::sample::select(vec![
        "https://",
        "http://",
        "https:",
        "//",
        "/",
        "dev1",
        "Dev1",
        ".service-now.com",
        ".com",
        "integrator.io",
        "eu.",
        "127.0.0.1",
        "localhost",
        ":",
        "47823",
        "@",
        "?",
        "#",
        "%2F",
        "%",
        "*",
        " ",
        "\t",
        "\n",
        "\"",
        "\u{2024}",
        "\u{200b}",
        "\u{201c}",
        "е",
        "東京",
        "👨\u{200d}👩",
        "👍🏽",
        "لا",
        "e\u{301}",
        "/oauth_redirect.do",
        "[::1]",
        "İ",
    ]);
    prop_oneof![
        3 => proptest::collection::vec(part, 0..9).prop_map(|parts| parts.concat()),
        1 => any::<String>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..Default::default() })]

    #[test]
    fn the_same_only_if_the_bytes_are(expected in texts(), given in texts()) {
        let same = expected == given
            || ["\n", "\r\n", "\r"].iter().any(|end| given == format!("{expected}{end}"));
        prop_assert_eq!(matches!(compare(&expected, &given), Comparison::Same { .. }), same);
        let exact = matches!(compare(&expected, &expected), Comparison::Same { line_end: false });
        prop_assert!(exact);
    }

    #[test]
    fn the_place_is_the_first_difference(expected in texts(), given in texts()) {
        if let Comparison::Different(difference) = compare(&expected, &given) {
            // One line end behind a pasted text is not looked at.
            let end = given.strip_suffix("\r\n").or_else(|| given.strip_suffix(['\n', '\r']));
            let given = end.unwrap_or(&given).to_owned();
            prop_assert!(!difference.named.is_empty());
            prop_assert_eq!(expected.get(..difference.byte), given.get(..difference.byte));
            prop_assert!(expected.get(..difference.byte).is_some());
            let next = |text: &str| text[difference.byte..].chars().next();
            prop_assert!(next(&expected).is_none() || next(&expected) != next(&given));
            prop_assert_eq!(difference.column, expected[..difference.byte].chars().count() + 1);
            for named in &difference.named {
                prop_assert!((1..=given.chars().count() + 1).contains(&named.column), "{:?}", named);
                prop_assert!(!named.says.is_empty() && !named.says.chars().any(char::is_control), "{:?}", named);
            }
            prop_assert!(difference.named.is_sorted_by_key(|named| named.column));
        }
    }

    /// One character too many, too few or another one: found, and called something.
    #[test]
    fn any_single_mutation_is_found_and_named(redirect in redirects(), at in any::<proptest::sample::Index>(),
        character in insertions(), what in 0..3)
    {
        let mut mutated: Vec<char> = redirect.chars().collect();
        let place = at.index(mutated.len());
        match what {
            0 => mutated.insert(place, character),
            1 => mutated[place] = character,
            _ => { mutated.remove(place); }
        }
        let mutated: String = mutated.into_iter().collect();
        prop_assume!(mutated != redirect);
        let found = difference(&redirect, &mutated);
        prop_assert!(found.column <= place + 1 || redirect.chars().nth(place) == redirect.chars().nth(place + 1)
            || mutated.chars().nth(place) == redirect.chars().nth(place), "{} in {}", found.column, mutated);
        prop_assert!(found.named.iter().all(|named| named.name != Name::Unrelated), "{:?}: {:?}", mutated, found);
    }

    #[test]
    fn a_slash_at_the_end_is_too_many_or_missing(redirect in redirects()) {
        let slashed = format!("{redirect}/");
        prop_assert_eq!(names(&redirect, &slashed), [Name::SlashTooMany]);
        prop_assert_eq!(names(&slashed, &redirect), [Name::SlashMissing]);
    }

    #[test]
    fn the_caret_points_at_the_character(expected in texts(), given in texts(), width in 10_usize..=200, ascii: bool) {
        let Comparison::Different(difference) = compare(&expected, &given) else { return Ok(()) };
        let signs = if ascii { ASCII } else { UNICODE };
        let shown = picture(&expected, &given, width, signs);
        prop_assert!(shown.expected.width() <= width && shown.given.width() <= width, "{:?}", shown);
        let longer = shown.expected.width().max(shown.given.width());
        prop_assert!(shown.caret < longer.max(1), "{:?}", shown);
        for (text, line) in [(expected.as_str(), &shown.expected), (given.as_str(), &shown.given)] {
            // What is drawn at the caret stands for the character that differs, or nothing is left to draw.
            let at: Option<char> = text.chars().nth(difference.column - 1);
            let mut column = 0;
            let mut drawn = None;
            for character in line.chars() {
                if column == shown.caret {
                    drawn = Some(character);
                }
                column += unicode_width::UnicodeWidthChar::width(character).unwrap_or(0);
            }
            let line_end = given.chars().count() == difference.column && text == given.as_str();
            match (at, drawn) {
                (Some(character), Some(drawn)) => prop_assert!(drawn == character || drawn == signs.hidden, "{:?}", shown),
                (Some(character), None) => prop_assert!(line_end && matches!(character, '\n' | '\r'), "{:?}", shown),
                (None, drawn) => prop_assert_eq!(drawn, None, "{:?}", shown),
            }
        }
    }

    #[test]
    fn hints_never_hold_a_piece_of_a_secret(secret in "[A-Za-z0-9]{16,40}", other in "[A-Za-z0-9]{16,40}", before in texts()) {
        for given in [other.clone(), format!("{before}{secret}"), format!("{other}{before}"), secret[..10].to_owned()] {
            let said = hints(&Secret::new(secret.clone()), &Secret::new(given), &[]);
            prop_assert!(!said.is_empty());
            for line in said {
                prop_assert!(!line.contains(&secret[..8]) && !line.contains(&other[..8]), "{:?}", line);
            }
        }
    }
}
