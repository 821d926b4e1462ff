//! The entry rules: what is taken, in which form, what is refused, and what is offered in its place.

#![expect(clippy::panic, reason = "a test fails by panicking")]

#[path = "entry/slips.rs"]
mod slips;

use proptest::prelude::*;
use rstest::rstest;
use zoom_setup::entry::{Checked, Finding, check};
use zoom_setup::procedure::FieldName;

const ID: &str = "Ab3dEf6hIj9lMn2pQr5tUv";
const SECRET: &str = "aB3dE6fG9hI2jK5lM8nO1pQ4rS7tU0vW";

fn good(field: FieldName, raw: &str) -> (String, Vec<Finding>) {
    match check(field, raw, &[]) {
        Checked::Good { value, warnings } => (value, warnings),
        other @ (Checked::Empty | Checked::Bad { .. }) => panic!("{raw:?}: {other:?}"),
    }
}

fn bad(field: FieldName, raw: &str) -> (Finding, Option<String>) {
    match check(field, raw, &[]) {
        Checked::Bad { finding, cleaned } => (finding, cleaned),
        other @ (Checked::Empty | Checked::Good { .. }) => panic!("{raw:?}: {other:?}"),
    }
}

#[rstest]
#[case::bare_name("dev12345", "dev12345.service-now.com")]
#[case::upper_case("DEV12345", "dev12345.service-now.com")]
#[case::host("dev12345.service-now.com", "dev12345.service-now.com")]
#[case::address("https://dev12345.service-now.com", "dev12345.service-now.com")]
#[case::slash("https://dev12345.service-now.com/", "dev12345.service-now.com")]
#[case::upper_address("HTTPS://Dev12345.Service-Now.COM/Nav_To.do", "dev12345.service-now.com")]
#[case::path("https://dev12345.service-now.com/now/nav/ui/classic?x=1#y", "dev12345.service-now.com")]
#[case::redirect("https://dev12345.service-now.com/oauth_redirect.do", "dev12345.service-now.com")]
#[case::path_without_scheme("dev12345.service-now.com/login.do", "dev12345.service-now.com")]
#[case::usual_port("https://dev12345.service-now.com:443/", "dev12345.service-now.com")]
#[case::trailing_dot("dev12345.service-now.com.", "dev12345.service-now.com")]
#[case::around(" \t dev12345\r\n", "dev12345.service-now.com")]
#[case::bracketed_paste("\u{1b}[200~dev12345\u{1b}[201~", "dev12345.service-now.com")]
#[case::paste_marks_without_escape("[200~dev12345[201~", "dev12345.service-now.com")]
#[case::wrapped("https://dev12345.service-\nnow.com/", "dev12345.service-now.com")]
#[case::hyphens("acme-test-1", "acme-test-1.service-now.com")]
#[case::government("https://acme.servicenowservices.com/nav_to.do", "acme.servicenowservices.com")]
fn an_instance_is_brought_to_its_host(#[case] raw: &str, #[case] host: &str) {
    assert_eq!(good(FieldName::Instance, raw), (host.to_owned(), Vec::new()));
}

#[rstest]
#[case::custom("https://support.example.com/x", "support.example.com", "not under service-now.com")]
#[case::documented_mistake("https://acme.com/oauth_redirect.do", "acme.com", "not under service-now.com")]
#[case::a_word_that_is_itself_twice("couscous", "couscous.service-now.com", "stands there twice")]
#[case::two_labels("a.b.service-now.com", "a.b.service-now.com", "has a dot")]
fn an_odd_instance_is_taken_with_a_warning(#[case] raw: &str, #[case] host: &str, #[case] warning: &str) {
    let (value, warnings) = good(FieldName::Instance, raw);
    assert_eq!((value.as_str(), warnings.len()), (host, 1));
    assert!(warnings[0].message.contains(warning), "{warnings:?}");
}

#[rstest]
#[case::hyphen("dev12345.servicenow.com", "hyphen", Some("dev12345.service-now.com"))]
#[case::hyphen_in_address("https://dev12345.servicenow.com/x", "hyphen", Some("dev12345.service-now.com"))]
#[case::vendor_page("https://www.servicenow.com/", "hyphen", None)]
#[case::twice_scheme("https://https://dev1.service-now.com/", "twice", Some("dev1.service-now.com"))]
#[case::documented_trap(
    "https://https://dev1.service-now.com/.service-now.com/oauth_redirect.do",
    "twice",
    Some("dev1.service-now.com")
)]
#[case::scheme_in_host("https://https.service-now.com/", "not the name", None)]
#[case::scheme_as_host("https://https/dev1.service-now.com", "missing", None)]
#[case::twice_domain("dev1.service-now.com.service-now.com", "twice", Some("dev1.service-now.com"))]
#[case::address_as_name(
    "https://https://dev1.service-now.com.service-now.com",
    "https:// twice",
    Some("dev1.service-now.com")
)]
#[case::documented_mistake(
    "https://dev12345.com/oauth_redirect.do",
    "domain of ServiceNow",
    Some("dev12345.service-now.com")
)]
#[case::name_twice("dev1dev1", "dev1 stands there twice", Some("dev1.service-now.com"))]
#[case::name_twice_in_host("dev1dev1.service-now.com", "twice", Some("dev1.service-now.com"))]
#[case::name_twice_with_a_dot("dev1.dev1.service-now.com", "twice", Some("dev1.service-now.com"))]
#[case::word_twice("examplecoexampleco", "twice", Some("exampleco.service-now.com"))]
#[case::host_twice("dev1.service-now.comdev1.service-now.com", "wrong place", None)]
#[case::address_twice("https://dev1.service-now.comhttps://dev1.service-now.com", "wrong place", None)]
#[case::no_dot("dev1service-now.com", "domain of ServiceNow", Some("dev1.service-now.com"))]
#[case::letter_lost("dev1.service-nw.com", "domain of ServiceNow", Some("dev1.service-now.com"))]
#[case::slashes_only("https//dev1.service-now.com", "incomplete", Some("dev1.service-now.com"))]
#[case::one_slash("https:/dev1.service-now.com", "incomplete", Some("dev1.service-now.com"))]
#[case::international("xn--dv1-bma.service-now.com", "international name", None)]
#[case::domain_inside("dev1.service-now.com.example.com", "wrong place", None)]
#[case::http("http://dev1.service-now.com", "http://, not https://", Some("dev1.service-now.com"))]
#[case::other_scheme(
    "ftp://dev1.service-now.com",
    "does not begin with https://",
    Some("dev1.service-now.com")
)]
#[case::half_scheme("https:/dev1.service-now.com", "incomplete", Some("dev1.service-now.com"))]
#[case::no_colon("https//dev1.service-now.com", "incomplete", Some("dev1.service-now.com"))]
#[case::leading_slashes("//dev1.service-now.com", "incomplete", Some("dev1.service-now.com"))]
#[case::port("https://dev1.service-now.com:8443/x", "a port", Some("dev1.service-now.com"))]
#[case::user("https://admin@dev1.service-now.com", "user name", None)]
#[case::disguised_host("https://dev1.service-now.com@example.com/", "user name", None)]
#[case::mail("admin@example.com", "user name", None)]
#[case::address_of_a_machine("192.168.1.10", "IP address", None)]
#[case::version_six("https://[::1]/", "IP address", None)]
#[case::hexadecimal("https://0x7f000001/", "IP address", None)]
#[case::digits("12345", "a number", None)]
// Row N04 of docs/callback-rows.md.
#[case::localhost("localhost", "names a computer", None)]
// Row N04 of docs/callback-rows.md.
#[case::localhost_port("http://localhost:8080", "http://, not", None)]
#[case::placeholder("<instance name>", "placeholder", None)]
#[case::placeholder_address("https://<instance-name>.service-now.com/oauth_redirect.do", "placeholder", None)]
#[case::placeholder_words("https://instance-name.service-now.com", "placeholder", None)]
#[case::space("dev 12345", "space", Some("dev12345.service-now.com"))]
#[case::space_in_host("https://dev1 .service-now.com", "space", Some("dev1.service-now.com"))]
#[case::no_name("service-now.com", "missing", None)]
#[case::dot_only(".service-now.com", "dot too many", None)]
#[case::two_dots("dev1..service-now.com", "dot too many", Some("dev1.service-now.com"))]
#[case::no_end("dev1.service-now", ".com, is missing", Some("dev1.service-now.com"))]
#[case::underscore("dev1.service_now.com", "cannot contain '_'", Some("dev1.service-now.com"))]
#[case::percent("dev1%2Eservice-now.com", "cannot contain '%'", None)]
#[case::quotes("\"dev1.service-now.com\",", "quotes", Some("dev1.service-now.com"))]
#[case::zoom("https://marketplace.zoom.us/", "address of Zoom", None)]
#[case::celigo("https://eu.integrator.io", "address of Celigo", None)]
#[case::hyphen_at_the_end("dev1-", "hyphen", None)]
#[case::only_scheme("https://", "no host name", None)]
#[case::file("file:///etc/hosts", "does not begin", None)]
fn an_unusable_instance_is_refused(#[case] raw: &str, #[case] says: &str, #[case] offered: Option<&str>) {
    let (finding, cleaned) = bad(FieldName::Instance, raw);
    assert!(finding.message.contains(says), "{finding:?}");
    assert_eq!(cleaned.as_deref(), offered, "{finding:?}");
}

#[rstest]
#[case::one_dot_leader("dev1\u{2024}service-now.com", 5, "U+2024", Some("dev1.service-now.com"))]
#[case::fullwidth_dot("dev1\u{ff0e}service-now.com", 5, "U+FF0E", Some("dev1.service-now.com"))]
#[case::ideographic_dot("dev1\u{3002}service-now.com", 5, "U+3002", Some("dev1.service-now.com"))]
#[case::no_break_space("dev1\u{a0}", 5, "U+00A0", Some("dev1.service-now.com"))]
#[case::zero_width("d\u{200b}ev1", 2, "U+200B", Some("dev1.service-now.com"))]
#[case::byte_order_mark("\u{feff}dev1", 1, "U+FEFF", Some("dev1.service-now.com"))]
#[case::direction("dev1\u{202e}", 5, "U+202E", Some("dev1.service-now.com"))]
#[case::curly_quotes("\u{201c}dev1\u{201d}", 1, "U+201C", Some("dev1.service-now.com"))]
#[case::soft_hyphen("https://dev1.service\u{ad}-now.com", 21, "U+00AD", Some("dev1.service-now.com"))]
#[case::special_hyphen("dev1.service\u{2011}now.com", 13, "U+2011", Some("dev1.service-now.com"))]
#[case::escape("dev1\u{7}", 5, "U+0007", Some("dev1.service-now.com"))]
#[case::column_counts_in_the_raw_entry("  dev1\u{200b}", 7, "U+200B", Some("dev1.service-now.com"))]
#[case::cyrillic("d\u{435}v1", 2, "U+0435 (е), a Cyrillic letter that looks like e", None)]
#[case::greek("dev1.service-n\u{3bf}w.com", 15, "a Greek letter that looks like o", None)]
#[case::idn("m\u{fc}ller.service-now.com", 2, "U+00FC (ü), a Latin letter", None)]
#[case::han("東京", 1, "a Han letter", None)]
#[case::fullwidth("\u{ff44}ev1", 1, "U+FF44", Some("dev1.service-now.com"))]
fn disguised_characters_are_named(
    #[case] raw: &str,
    #[case] column: usize,
    #[case] name: &str,
    #[case] offered: Option<&str>,
) {
    let (finding, cleaned) = bad(FieldName::Instance, raw);
    assert!(finding.message.contains(name), "{finding:?}");
    assert_eq!((finding.column, cleaned.as_deref()), (Some(column), offered), "{finding:?}");
}

#[rstest]
#[case::client_id(FieldName::ClientId, ID)]
#[case::client_id_signs(FieldName::ClientId, "_b3dEf6hIj9lMn2pQr5-Uv")]
#[case::account_id(FieldName::AccountId, ID)]
#[case::client_secret(FieldName::ClientSecret, SECRET)]
#[case::secret_token(FieldName::SecretToken, ID)]
#[case::connection(FieldName::ConnectionName, "acme production")]
#[case::wide_connection(FieldName::ConnectionName, "東京 本番")]
#[case::app(FieldName::AppName, "ServiceNow 連携 🎉")]
#[case::family(FieldName::AppName, "app 👨\u{200d}👩\u{200d}👧")]
#[case::persian(FieldName::DeveloperName, "می\u{200c}خواهم")]
#[case::email(FieldName::DeveloperEmail, "first.last+zoom@mail.example.com")]
#[case::region(FieldName::Region, "eu")]
#[case::management(FieldName::Management, "admin")]
#[case::client_type(FieldName::ClientType, "pkce")]
fn a_usual_value_is_taken_as_it_is(#[case] field: FieldName, #[case] raw: &str) {
    assert_eq!(good(field, raw), (raw.to_owned(), Vec::new()));
    assert_eq!(good(field, &format!("\u{1b}[200~ {raw}\r\n\u{1b}[201~")), (raw.to_owned(), Vec::new()));
}

#[rstest]
#[case::region(FieldName::Region, "EU", "eu")]
#[case::region_na(FieldName::Region, "Na", "na")]
#[case::management(FieldName::Management, "Admin", "admin")]
#[case::lines_in_a_name(FieldName::Company, "Example\r\nCompany", "Example Company")]
fn a_value_is_brought_to_its_form(#[case] field: FieldName, #[case] raw: &str, #[case] value: &str) {
    assert_eq!(good(field, raw), (value.to_owned(), Vec::new()));
}

#[rstest]
#[case::short_id(FieldName::ClientId, "abc123", "this one has 6")]
#[case::long_id(FieldName::AccountId, "a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6q7r8", "this one has 36")]
#[case::odd_character(FieldName::ClientId, "Ab3dEf6hIj9.Mn2pQr5tUv", "Column 12")]
#[case::secret_as_id(FieldName::ClientId, SECRET, "looks like a client secret")]
#[case::id_as_secret(FieldName::ClientSecret, ID, "looks like a client ID or a Secret Token")]
#[case::short_secret(FieldName::ClientSecret, "aB3dE6fG9hI2jK5lM8nO1pQ4rS7tU0v", "this one has 31")]
#[case::account_number(FieldName::AccountId, "1234567890", "account number")]
#[case::account_number_dashes(FieldName::AccountId, "123-456-7890", "account number")]
#[case::app_name(FieldName::AppName, "An application with a name of exactly fifty letters", "fewer than 50")]
#[case::curly_in_a_name(FieldName::Company, "O\u{2019}Example", "U+2019")]
fn an_odd_value_is_taken_with_a_warning(#[case] field: FieldName, #[case] raw: &str, #[case] says: &str) {
    let (value, warnings) = good(field, raw);
    assert_eq!((value.as_str(), warnings.len()), (raw, 1), "{warnings:?}");
    assert!(warnings[0].message.contains(says), "{warnings:?}");
}

#[rstest]
#[case::space(FieldName::ClientId, "Ab3dEf6hIj9 lMn2pQr5tUv", "space", Some(ID))]
#[case::hidden(
    FieldName::ClientSecret,
    "aB3dE6fG9hI2jK5l\u{200b}M8nO1pQ4rS7tU0vW",
    "Column 17",
    Some(SECRET)
)]
#[case::quoted(FieldName::ClientId, "\"Ab3dEf6hIj9lMn2pQr5tUv\",", "quotes", Some(ID))]
#[case::label(FieldName::ClientId, "Client ID: Ab3dEf6hIj9lMn2pQr5tUv", "label", Some(ID))]
#[case::assignment(
    FieldName::ClientSecret,
    "CLIENT_SECRET=\"aB3dE6fG9hI2jK5lM8nO1pQ4rS7tU0vW\"",
    "label",
    Some(SECRET)
)]
#[case::address(FieldName::ClientId, "https://marketplace.zoom.us/develop/apps/x", "address", None)]
#[case::json(FieldName::ClientSecret, "{\"client_secret\": \"x\"}", "JSON", None)]
#[case::header(FieldName::ClientSecret, "Bearer abc", "header", None)]
#[case::token(FieldName::ClientSecret, "eyJhbGciOi.eyJzdWIi.c2lnbmF0dXJl", "a token", None)]
#[case::masked(FieldName::ClientSecret, "••••••••", "masked", None)]
#[case::stars(FieldName::ClientSecret, "******", "masked", None)]
#[case::mail(FieldName::AccountId, "admin@example.com", "e-mail", None)]
#[case::wide(FieldName::ClientId, "Ab3dEf6hIj9lMn2pQr5tUé", "Column 22", None)]
#[case::region(FieldName::Region, "Europe", "not the id", Some("eu"))]
#[case::region_address(FieldName::Region, "https://eu\u{2024}integrator.io/signin", "U+2024", Some("eu"))]
#[case::region_unknown(FieldName::Region, "mars", "not the id", None)]
#[case::management(FieldName::Management, "Account-level app", "not a way", Some("admin"))]
#[case::client_type(FieldName::ClientType, "Public client OAuth", "not a kind", Some("pkce"))]
#[case::slash(FieldName::ConnectionName, "acme/prod", "slashes", Some("acme-prod"))]
#[case::backslash(FieldName::ConnectionName, "acme\\prod", "slashes", Some("acme-prod"))]
#[case::hidden_file(FieldName::ConnectionName, "..acme", "dot", Some("acme"))]
#[case::only_dots(FieldName::ConnectionName, "..", "dot", None)]
#[case::control(FieldName::ConnectionName, "acme\u{7}", "U+0007", Some("acme"))]
#[case::tab(FieldName::Company, "Example\tCompany", "a tab", Some("Example Company"))]
#[case::override_mark(FieldName::DeveloperName, "abc\u{202e}def", "U+202E", Some("abcdef"))]
#[case::mailto(FieldName::DeveloperEmail, "MAILTO:a@example.com?subject=x", "mailto", Some("a@example.com"))]
#[case::named_mail(FieldName::DeveloperEmail, "Ann <a@example.com>", "name stands", Some("a@example.com"))]
#[case::no_at(FieldName::DeveloperEmail, "example.com", "has 0", None)]
#[case::two_at(FieldName::DeveloperEmail, "a@b@example.com", "has 2", None)]
#[case::no_domain(FieldName::DeveloperEmail, "a@example", "not a domain", None)]
#[case::no_mailbox(FieldName::DeveloperEmail, "@example.com", "mailbox", None)]
#[case::comma(FieldName::DeveloperEmail, "a@example.com,", "punctuation", Some("a@example.com"))]
fn an_unusable_value_is_refused(
    #[case] field: FieldName,
    #[case] raw: &str,
    #[case] says: &str,
    #[case] offered: Option<&str>,
) {
    let (finding, cleaned) = bad(field, raw);
    assert!(finding.message.contains(says), "{finding:?}");
    assert_eq!(cleaned.as_deref(), offered, "{finding:?}");
}

#[test]
fn a_pair_is_taken_apart_for_the_field() {
    let pair = format!("{ID}:{SECRET}");
    for (field, half) in [(FieldName::ClientId, ID), (FieldName::ClientSecret, SECRET)] {
        let (finding, cleaned) = bad(field, &pair);
        assert!(finding.message.contains("pair"), "{finding:?}");
        assert_eq!(cleaned.as_deref(), Some(half));
    }
}

#[rstest]
#[case::id_as_secret(FieldName::ClientSecret, FieldName::ClientId, "client ID", "copy button")]
#[case::token_as_secret(
    FieldName::ClientSecret,
    FieldName::SecretToken,
    "Secret Token",
    "not used for OAuth"
)]
#[case::secret_as_token(FieldName::SecretToken, FieldName::ClientSecret, "client secret", "Secret Token")]
#[case::secret_as_id(FieldName::ClientId, FieldName::ClientSecret, "client secret", "copy button")]
#[case::account_as_id(FieldName::ClientId, FieldName::AccountId, "account ID", "copy button")]
fn the_same_value_in_two_fields_is_refused(
    #[case] field: FieldName,
    #[case] other: FieldName,
    #[case] says: &str,
    #[case] advises: &str,
) {
    let Checked::Bad { finding, cleaned: None } = check(field, SECRET, &[(field, SECRET), (other, SECRET)])
    else {
        panic!("taken")
    };
    assert!(finding.message.contains(says), "{finding:?}");
    assert!(finding.hint.contains(advises), "{finding:?}");
    assert!(matches!(check(field, SECRET, &[(field, SECRET), (other, ID)]), Checked::Good { .. }));
}

#[rstest]
#[case("")]
#[case(" \r\n\t ")]
#[case("\u{1b}[200~\u{1b}[201~")]
fn nothing_is_nothing_in_every_field(#[case] raw: &str) {
    for field in FieldName::ALL {
        assert_eq!(check(field, raw, &[]), Checked::Empty, "{field:?}");
    }
}

fn fields() -> impl Strategy<Value = FieldName> {
    proptest::sample::select(FieldName::ALL.to_vec())
}

/// Entries that come near to something right, besides any text.
fn entries() -> impl Strategy<Value = String> {
    let part = proptest::sample::select(vec![
        "https://",
        "http://",
        "dev1",
        "ACME",
        ".",
        "service-now",
        ".com",
        "servicenow.com",
        "/",
        ":",
        "443",
        "@",
        " ",
        "\u{2024}",
        "\u{200b}",
        "\u{a0}",
        "\u{201c}",
        "\"",
        "-",
        "_",
        "?",
        "#",
        "\\",
        "\n",
        "\t",
        "\u{1b}[200~",
        "[200~",
        "[201~",
        "\u{1b}",
        "localhost",
        "1",
        "127.0.0.1",
        "<",
        ">",
        "é",
        "東",
        "\u{ff0e}",
        "\u{200d}",
        "client_id=",
        "Bearer ",
        "{",
        "*",
        "eu",
        "integrator.io",
        "admin",
        "Ab3dEf6hIj9lMn2pQr5tUv",
        "oauth_redirect.do",
        "..",
        "%2e",
    ]);
    prop_oneof![
        3 => proptest::collection::vec(part, 0..9).prop_map(|parts| parts.concat()),
        1 => any::<String>(),
        1 => "[ -~]{0,80}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_good_value_is_a_fixed_point_and_an_offer_is_good(field in fields(), raw in entries()) {
        match check(field, &raw, &[]) {
            Checked::Empty => {}
            Checked::Good { value, warnings } => {
                prop_assert!(!value.is_empty() && !value.chars().any(char::is_control), "{:?}", value);
                prop_assert_eq!(check(field, &value, &[]), Checked::Good { value, warnings });
            }
            Checked::Bad { finding, cleaned } => {
                for line in [&finding.message, &finding.hint] {
                    prop_assert!(!line.is_empty() && !line.chars().any(char::is_control), "{:?}", line);
                }
                if let Some(column) = finding.column {
                    prop_assert!((1..=raw.chars().count()).contains(&column), "{:?}", finding);
                }
                if let Some(cleaned) = cleaned {
                    let again = check(field, &cleaned, &[]);
                    let is_kept = matches!(&again, Checked::Good { value, .. } if *value == cleaned);
                    prop_assert!(is_kept, "{:?} offered {:?}: {:?}", raw, cleaned, again);
                }
            }
        }
    }

    #[test]
    fn a_good_instance_is_a_host_name(raw in entries()) {
        if let Checked::Good { value, .. } = check(FieldName::Instance, &raw, &[]) {
            let allowed = |character: char| character.is_ascii_lowercase() || character.is_ascii_digit() || "-.".contains(character);
            prop_assert!(value.contains('.') && value.chars().all(allowed), "{:?}", value);
            prop_assert!(value.matches("service-now.com").count() <= 1, "{:?}", value);
            let redirect = format!("https://{value}/oauth_redirect.do");
            let parsed = url::Url::parse(&redirect).map_err(|error| TestCaseError::fail(error.to_string()))?;
            prop_assert_eq!(parsed.as_str(), redirect.as_str());
            prop_assert_eq!(parsed.host_str(), Some(value.as_str()));
        }
    }

    #[test]
    fn however_often_the_scheme_is_repeated_no_wrong_host_comes_out(
        name in "[a-z][a-z0-9]{0,10}",
        schemes in proptest::collection::vec(proptest::sample::select(vec!["https://", "http://", "HTTPS://", "https:/", "https:"]), 2..5),
        path in proptest::sample::select(vec!["", "/", "/.service-now.com/oauth_redirect.do", ".service-now.com", "/nav_to.do"]),
    ) {
        prop_assume!(!matches!(name.as_str(), "www" | "http" | "https" | "docs" | "support" | "developer" | "signon" | "store"
            | "community" | "learning" | "servicenow"));
        // The same text twice is a slip of its own.
        prop_assume!(name.split_at(name.len() / 2).0 != name.split_at(name.len() / 2).1);
        let raw = format!("{}{name}.service-now.com{path}", schemes.concat());
        let expected = format!("{name}.service-now.com");
        match check(FieldName::Instance, &raw, &[]) {
            Checked::Good { value, .. } => prop_assert_eq!(value, expected),
            Checked::Bad { cleaned: Some(cleaned), .. } => prop_assert_eq!(cleaned, expected),
            Checked::Bad { cleaned: None, .. } | Checked::Empty => {}
        }
    }

    #[test]
    fn no_message_repeats_a_secret(secret in "[A-Za-z0-9]{12,40}", before in "[ -~]{0,6}", after in "[ -~é\u{200b}]{0,6}") {
        for field in [FieldName::ClientSecret, FieldName::SecretToken] {
            let raw = format!("{before}{secret}{after}");
            let findings = match check(field, &raw, &[(FieldName::ClientId, &raw), (FieldName::AccountId, &secret)]) {
                Checked::Empty => Vec::new(),
                Checked::Good { warnings, .. } => warnings,
                Checked::Bad { finding, .. } => vec![finding],
            };
            for finding in findings {
                prop_assert!(!format!("{finding:?}").contains(&secret), "{:?}", finding);
            }
        }
    }
}
