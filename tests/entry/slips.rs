//! Slips with a real host, letters of other scripts, and redirect URLs.

use super::{bad, entries, good};
use proptest::prelude::*;
use rstest::rstest;
use zoom_setup::entry::{Checked, check, redirect};
use zoom_setup::procedure::FieldName;

/// Every slip that can be made with a real host: it comes out right, or not at all.
fn slips() -> impl Strategy<Value = (String, String)> {
    let names = "(dev[0-9]{4,6}|[a-z]{4,9}(test|prod)?)";
    let slips = proptest::sample::select(vec![
        "https://https://{}.service-now.com/oauth_redirect.do",
        "https://https://{}.service-now.com/.service-now.com/oauth_redirect.do",
        "https//{}.service-now.com/",
        "https:/{}.service-now.com",
        "https:{}.service-now.com",
        "http://{}.service-now.com",
        "hhttps://{}.service-now.com",
        "{}.service-now.com.service-now.com",
        "https://{}.service-now.com.service-now.com/oauth_redirect.do",
        "{}.service-now.com{}.service-now.com",
        "https://{}.service-now.comhttps://{}.service-now.com",
        "{}https://{}.service-now.com",
        "{}.{}.service-now.com",
        "{}service-now.com",
        "{}.servicenow.com",
        "{}.service-now",
        "{}.service-now.co",
        "{}.service-now.con",
        "{}.service-now.comm",
        "{}.servce-now.com",
        "{}..service-now.com",
        "{}.service_now.com",
        "{}. service-now.com",
        "{}\u{2024}service-now.com",
        "{}.service\u{2011}now.com",
        "{}\u{200b}",
        "<{}>.service-now.com",
        "\"{}\"",
        "admin@{}.service-now.com",
        "{}.service-now.com:8443",
        "{}.service-now.com, {}.service-now.com",
    ]);
    (names, slips).prop_map(|(name, slip)| (name.clone(), slip.replace("{}", &name)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn no_slip_gets_through_with_a_wrong_host((name, raw) in slips()) {
        // A name that is itself a word twice is told apart by a warning only.
        let expected = format!("{name}.service-now.com");
        match check(FieldName::Instance, &raw, &[]) {
            Checked::Good { value, .. } | Checked::Bad { cleaned: Some(value), .. } => {
                prop_assert_eq!(value, expected, "{}", raw);
            }
            Checked::Bad { cleaned: None, finding } => prop_assert!(!finding.hint.is_empty()),
            Checked::Empty => prop_assert!(false, "{} is nothing", raw),
        }
    }

    #[test]
    fn any_form_of_an_instance_comes_to_its_host(name in "[a-z][a-z0-9]{3,12}", scheme in "(https://|HTTPS://|)",
        upper: bool, port in "(:443)?", path in "(/|/nav_to[.]do|/now/nav/ui/classic/params/target/x|/oauth_redirect[.]do)?",
        query in "(\\?[a-z]{1,5}=[a-z]{1,5})?", fragment in "(#[a-z]{1,5})?", around in "[ \n\t]{0,3}")
    {
        prop_assume!(!matches!(name.as_str(), "docs" | "http" | "https" | "support" | "developer" | "signon" | "store"
            | "community" | "learning" | "servicenow" | "instancename" | "yourinstance"));
        prop_assume!(!name.starts_with("servicenow"));
        let half = name.len() / 2;
        prop_assume!(name[..half] != name[name.len() - half..]);
        let host = format!("{name}.service-now.com");
        let shown = if upper { host.to_uppercase() } else { host.clone() };
        let raw = format!("{around}{scheme}{shown}{port}{path}{query}{fragment}{around}");
        prop_assert_eq!(check(FieldName::Instance, &raw, &[]), Checked::Good { value: host, warnings: Vec::new() });
    }

    #[test]
    fn a_region_comes_to_its_id_or_is_offered(region in proptest::sample::select(vec!["na", "eu", "au", "ca"]),
        scheme in "(https://)?", path in "(/|/signin|/connection/oauth2callback)?", upper: bool)
    {
        let host = if region == "na" { "integrator.io".to_owned() } else { format!("{region}.integrator.io") };
        let raw = format!("{scheme}{host}{path}");
        let raw = if upper { raw.to_uppercase() } else { raw };
        let offered = bad(FieldName::Region, &raw).1;
        prop_assert_eq!(offered.as_deref(), Some(region));
        prop_assert_eq!(good(FieldName::Region, region).0, region);
    }

    #[test]
    fn a_letter_of_another_script_is_named_with_its_column(name in "[a-z]{3,8}", at in any::<proptest::sample::Index>(),
        letter in proptest::sample::select(vec![('\u{430}', "Cyrillic"), ('\u{3bf}', "Greek"), ('\u{585}', "Armenian"),
            ('東', "Han"), ('か', "Hiragana"), ('é', "Latin"), ('\u{5d0}', "Hebrew")]))
    {
        let mut raw: Vec<char> = format!("{name}.service-now.com").chars().collect();
        let place = at.index(raw.len() + 1);
        raw.insert(place, letter.0);
        let raw: String = raw.into_iter().collect();
        let point = format!("U+{:04X}", u32::from(letter.0));
        let (finding, cleaned) = bad(FieldName::Instance, &raw);
        prop_assert!(finding.message.contains(&point) && finding.message.contains(letter.1), "{:?}", finding);
        prop_assert_eq!((finding.column, cleaned), (Some(place + 1), None));
        let address = format!("https://{raw}/oauth_redirect.do");
        let Err(refused) = redirect::check(&address) else { return Err(TestCaseError::fail(address)) };
        prop_assert!(refused.message.contains(&point) && refused.message.contains(letter.1), "{:?}", refused);
        prop_assert_eq!(refused.column, Some(place + 9));
    }

    #[test]
    fn a_redirect_is_https_or_a_loopback_literal_and_nothing_else(text in entries()) {
        if redirect::check(&text).is_ok() {
            let url = url::Url::parse(&text).map_err(|error| TestCaseError::fail(error.to_string()))?;
            prop_assert_eq!(url.as_str(), text.as_str());
            prop_assert!(url.fragment().is_none() && url.username().is_empty() && url.password().is_none());
            let host = url.host_str().unwrap_or_default();
            prop_assert!(url.scheme() == "https" || matches!(host, "127.0.0.1" | "[::1]"), "{}", text);
            prop_assert!(host != "localhost" && text.is_ascii(), "{}", text);
        }
    }
}

#[rstest]
#[case("https://dev12345.service-now.com/oauth_redirect.do")]
#[case("https://acme.servicenowservices.com/oauth_redirect.do")]
#[case("https://eu.integrator.io/connection/oauth2callback")]
#[case("http://127.0.0.1:47823/callback")]
#[case("http://[::1]:47823/callback")]
#[case("https://help.example.com:8443/a?b=c")]
fn a_redirect_that_zoom_can_take(#[case] text: &str) {
    assert_eq!(redirect::check(text), Ok(()));
}

#[rstest]
#[case::nothing("", "no redirect URL", None)]
#[case::relative("/oauth_redirect.do", "not absolute", None)]
#[case::no_scheme("dev1.service-now.com/oauth_redirect.do", "not absolute", None)]
#[case::http("http://dev1.service-now.com/oauth_redirect.do", "not https", None)]
#[case::custom_scheme("myapp://callback", "not https", None)]
#[case::twice("https://https://dev1.service-now.com/oauth_redirect.do", "twice", Some(9))]
#[case::localhost("http://localhost:47823/callback", "localhost", None)]
#[case::localhost_https("https://localhost/callback", "localhost", None)]
#[case::below_localhost("http://app.localhost/callback", "localhost", None)]
#[case::another_loopback("http://127.0.0.2/callback", "not https", None)]
#[case::any_address("http://0.0.0.0/callback", "not https", None)]
#[case::short_loopback("http://127.1/callback", "normal form", None)]
#[case::fragment("https://dev1.service-now.com/a#b", "fragment", Some(31))]
#[case::user("https://me@dev1.service-now.com/a", "user name", None)]
#[case::empty_user("https://@dev1.service-now.com/a", "user name", None)]
#[case::upper_host("https://Dev1.service-now.com/a", "normal form", None)]
#[case::upper_scheme("HTTPS://dev1.service-now.com/a", "normal form", None)]
#[case::default_port("https://dev1.service-now.com:443/a", "normal form", None)]
#[case::no_path("https://dev1.service-now.com", "normal form", None)]
#[case::dots("https://dev1.service-now.com/a/../b", "normal form", None)]
#[case::wildcard("https://*.service-now.com/a", "* is no character", Some(9))]
#[case::space("https://dev1.service-now.com/a ", "holds a space", Some(31))]
#[case::leader("https://dev1\u{2024}service-now.com/a", "U+2024 (ONE DOT LEADER", Some(13))]
#[case::zero_width("https://dev1.service-now.com/a\u{200b}", "U+200B (ZERO WIDTH SPACE)", Some(31))]
#[case::look_alike("https://d\u{435}v1.service-now.com/a", "Cyrillic letter that looks like e", Some(10))]
#[case::international("https://xn--dv1-bma.example.com/a", "international", None)]
#[case::no_host("https:///a", "slash too many", Some(9))]
fn a_redirect_that_is_refused(#[case] text: &str, #[case] says: &str, #[case] column: Option<usize>) {
    let Err(finding) = redirect::check(text) else { panic!("{text} is taken") };
    assert!(finding.message.contains(says), "{finding:?}");
    assert_eq!(finding.column, column, "{finding:?}");
    assert!(!finding.hint.is_empty());
}
