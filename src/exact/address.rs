//! Addresses compared part by part: scheme, host, port, path, and what should not follow.

use super::name::{Name, Named};
use super::surface::Text;
use strsim::normalized_levenshtein;

/// The domain under which ServiceNow runs instances.
const INSTANCES: &str = ".service-now.com";
/// Celigo's domain: a region is a label in front of it.
const REGIONS: &str = "integrator.io";
/// Other systems of which an address can be pasted by mistake.
const OTHERS: [(&str, &str); 4] =
    [("zoom.us", "Zoom"), ("zoom.com", "Zoom"), ("service-now.com", "ServiceNow"), (REGIONS, "Celigo")];

/// The beginnings of an address that are none, as they come from a slip.
const BROKEN_SCHEMES: [&str; 11] =
    ["https:/", "https:", "https//", "https/", "http:/", "http:", "http//", "://", ":/", "//", "/"];

/// Names the differences of two texts without spaces and disguises. The two are not the same.
pub(super) fn differences(expected: &str, mut given: Text, found: &mut Vec<Named>) {
    given = one_address(expected, given, found);
    let text = given.text();
    let end = given.column(given.len());
    let start = given.column(0);
    if text == expected {
        return;
    }
    if let Some(missing) = expected.strip_prefix(&text) {
        let named = match missing {
            "/" => Named::new(Name::SlashMissing, end, "The slash at the end is missing"),
            _ if missing.trim_start_matches('/') == path_of(expected) => {
                Named::new(Name::PathMissing, end, format!("The path /{} is missing", path_of(expected)))
            }
            _ => Named::new(Name::CutShort, end, format!("It is cut short: {missing} is missing")),
        };
        return found.push(named);
    }
    if let Some(rest) = text.strip_prefix(expected) {
        return found.push(behind(rest, given.column(expected.chars().count())));
    }
    let Some((scheme, rest)) = expected.split_once("://") else {
        return part("text", expected, &given, found);
    };
    if let Some(missing) = expected.strip_suffix(&text)
        && missing != format!("{scheme}://")
    {
        let says = format!("Its beginning is missing: {missing}");
        return found.push(Named::new(Name::BeginningMissing, start, says));
    }
    let given = without_scheme(scheme, given, found);
    let text = given.text();
    let (want, have) = (split(rest), split(&text));
    let at = |from: usize, to: usize| given.part(from, to);
    let host_at = have.user;
    if have.user > 0 {
        let says = "There is a user name, the part before @";
        found.push(Named::new(Name::UserInformation, given.column(0), says));
    }
    host(want.host, &at(host_at, host_at + have.host.chars().count()), have.path.is_empty(), found);
    let port_at = host_at + have.host.chars().count();
    port(want.port, have.port, given.column(port_at), found);
    let path_at = port_at + have.port.map_or(0, |port| port.chars().count() + 1);
    let path_end = path_at + have.path.chars().count();
    path(want.path, &at(path_at, path_end), found);
    let rest = given.part(path_end, given.len());
    if !rest.text().is_empty() && rest.text() != want.rest {
        found.push(behind(&rest.text(), rest.column(0)));
    } else if rest.text().is_empty() && !want.rest.is_empty() {
        let says = format!("It is cut short: {} is missing", want.rest);
        found.push(Named::new(Name::CutShort, rest.column(0), says));
    }
}

/// The path of an expected address without its first slash; empty if it has none.
fn path_of(address: &str) -> &str {
    let rest = address.split_once("://").map_or("", |(_, rest)| rest);
    rest.split_once('/').map_or("", |(_, path)| path)
}

/// What follows behind a text that is right.
fn behind(rest: &str, column: usize) -> Named {
    if rest.chars().all(|character| character == '/') {
        return Named::new(Name::SlashTooMany, column, "There is a slash too many at the end");
    }
    match rest.chars().next() {
        Some('?') => Named::new(Name::QueryAdded, column, "A query is added, from the ? on"),
        Some('#') => Named::new(Name::FragmentAdded, column, "A fragment is added, from the # on"),
        Some(_) | None => Named::new(Name::TextAfter, column, format!("Text follows: {}", brief(rest))),
    }
}

/// A repeated scheme is taken away, and of several addresses the first is kept.
fn one_address(expected: &str, mut given: Text, found: &mut Vec<Named>) -> Text {
    let whole = given.text();
    let twice = expected.chars().count();
    if whole.len() == 2 * expected.len() && whole.strip_prefix(expected) == Some(expected) {
        found.push(Named::new(Name::Twice, given.column(twice), "The same text stands there twice"));
        return given.part(0, twice);
    }
    if !expected.contains("://") {
        return given;
    }
    let mut named = false;
    loop {
        let text = given.text().to_ascii_lowercase();
        let Some(scheme) =
            ["https://", "http://", "https:/", "http:/", "https:", "http:"].iter().find(|scheme| {
                text.strip_prefix(**scheme).is_some_and(|rest| {
                    rest.starts_with("http:") || rest.starts_with("https:") || rest.starts_with("https//")
                })
            })
        else {
            break;
        };
        if !named {
            let says = format!("{scheme} stands there, and another scheme behind it");
            found.push(Named::new(Name::SchemeTwice, given.column(0), says));
            named = true;
        }
        given = given.part(scheme.len(), given.len());
    }
    let text = given.text().to_ascii_lowercase();
    let second = ["https://", "http://"].iter().filter_map(|scheme| {
        let at = text.get(1..)?.find(scheme)? + 1;
        // An address inside a query or a path is not a second one that was pasted.
        Some((text.get(..at)?.chars().count(), text.as_bytes().get(at.checked_sub(1)?).copied()))
    });
    if let Some((at, before)) = second.min()
        && text.contains("://")
        && before != Some(b'=')
    {
        found.push(Named::new(Name::TwoAddresses, given.column(at), "Two addresses stand there"));
        let mut end = at;
        while end > 0 && given.part(end - 1, end).text().contains([',', ';', '|', '&']) {
            end -= 1;
        }
        return given.part(0, end);
    }
    given
}

/// Takes the scheme away and names what is wrong with it.
fn without_scheme(scheme: &str, given: Text, found: &mut Vec<Named>) -> Text {
    let text = given.text();
    let lower = text.to_ascii_lowercase();
    let start = given.column(0);
    if let Some((front, _)) = lower.split_once("://")
        && !front.contains(['/', '.', '?', '#', '@'])
        && !front.is_empty()
    {
        let length = front.chars().count();
        if front == scheme {
            letter_case(scheme, &given.part(0, length), found);
        } else {
            let named = match (front, scheme) {
                ("http", "https") => {
                    Named::new(Name::SchemeHttp, start, "It begins with http://, not https://")
                }
                ("https", "http") => {
                    Named::new(Name::SchemeHttps, start, "It begins with https://, not http://")
                }
                _ => {
                    let says = format!("It begins with {}://, not {scheme}://", brief(front));
                    Named::new(Name::SchemeOther, start, says)
                }
            };
            found.push(named);
        }
        let rest = given.part(length + 3, given.len());
        let slashes = rest.text().chars().take_while(|character| *character == '/').count();
        if slashes > 0 {
            let says = format!("Too many slashes stand behind {front}:");
            found.push(Named::new(Name::SchemeBroken, rest.column(0), says));
        }
        return rest.part(slashes, rest.len());
    }
    if let Some(broken) = BROKEN_SCHEMES.iter().find(|broken| lower.starts_with(**broken)) {
        let says = format!("It begins with {broken} in place of {scheme}://");
        found.push(Named::new(Name::SchemeBroken, start, says));
        let rest = given.part(broken.len(), given.len());
        let slashes = rest.text().chars().take_while(|character| *character == '/').count();
        return rest.part(slashes, rest.len());
    }
    // Without its colon the scheme ends with the slashes, if they stand near the beginning.
    if let Some(at) = lower.find("//").filter(|at| *at <= scheme.len() + 1)
        && lower.is_char_boundary(at)
        && !lower[..at].contains('.')
    {
        let says = format!("It begins with {} in place of {scheme}://", brief(&lower[..at + 2]));
        found.push(Named::new(Name::SchemeBroken, start, says));
        return given.part(lower[..at].chars().count() + 2, given.len());
    }
    found.push(Named::new(Name::SchemeMissing, start, format!("{scheme}:// is missing at the beginning")));
    given
}

/// The parts of an address behind its scheme.
struct Parts<'a> {
    /// Characters of the user information with its @.
    user: usize,
    host: &'a str,
    port: Option<&'a str>,
    path: &'a str,
    /// Query and fragment.
    rest: &'a str,
}

fn split(text: &str) -> Parts<'_> {
    let end = text.find(['/', '?', '#', '\\']).unwrap_or(text.len());
    let (authority, tail) = text.split_at(end);
    let (user, place) = match authority.rfind('@') {
        Some(at) => (authority[..=at].chars().count(), &authority[at + 1..]),
        None => (0, authority),
    };
    let (host, port) = match place.rfind(':') {
        Some(at) if !place[at..].contains(']') => (&place[..at], Some(&place[at + 1..])),
        Some(_) | None => (place, None),
    };
    let (path, rest) = tail.split_at(tail.find(['?', '#']).unwrap_or(tail.len()));
    Parts { user, host, port, path, rest }
}

/// The first letter that differs in case only, and how many do.
fn letter_case(expected: &str, given: &Text, found: &mut Vec<Named>) {
    let text = given.text();
    let pairs: Vec<(usize, char, char)> = expected
        .chars()
        .zip(text.chars())
        .enumerate()
        .take_while(|(_, (want, have))| want.eq_ignore_ascii_case(have))
        .filter(|(_, (want, have))| want != have)
        .map(|(index, (want, have))| (index, want, have))
        .collect();
    if let Some((index, want, have)) = pairs.first().copied() {
        let column = given.column(index);
        let more = match pairs.len() {
            1 => String::new(),
            2 => ", and 1 more letter like it".to_owned(),
            count => format!(", and {} more letters like it", count - 1),
        };
        let kind = if have.is_ascii_uppercase() { "a capital" } else { "a small" };
        let says = format!("{kind} {have} stands where {want} belongs (column {column}){more}");
        let says = format!("{}{}", says[..1].to_uppercase(), &says[1..]);
        found.push(Named::new(Name::LetterCase, column, says));
    }
}

/// Whether all that differs in a part is named already: a letter that is not ASCII.
fn is_foreign(expected: &str, given: &str) -> bool {
    expected.is_ascii() && !given.is_ascii()
}

/// Notes letters of the other case. Where more than that differs: both texts in lower case, and how many characters
/// are alike before they part.
fn beyond_case(expected: &str, given: &Text, found: &mut Vec<Named>) -> Option<(String, String, usize)> {
    letter_case(expected, given, found);
    let (want, have) = (expected.to_ascii_lowercase(), given.text().to_ascii_lowercase());
    if want == have {
        return None;
    }
    let same = want.chars().zip(have.chars()).take_while(|(one, other)| one == other).count();
    Some((want, have, same))
}

fn host(expected: &str, given: &Text, cut: bool, found: &mut Vec<Named>) {
    let text = given.text();
    if text == expected || is_foreign(expected, &text) {
        return;
    }
    let Some((want, have, same)) = beyond_case(expected, given, found) else { return };
    let column = given.column(same);
    let start = given.column(0);
    let (name, column, says) = if want == "127.0.0.1" || want == "[::1]" {
        match have.as_str() {
            "localhost" => (Name::Localhost, start, "localhost stands in place of 127.0.0.1".to_owned()),
            "127.0.0.1" | "[::1]" | "0.0.0.0" | "::1" => {
                (Name::OtherLoopback, start, format!("{have} stands in place of {want}"))
            }
            _ => (Name::OtherHost, column, other(&want, &have)),
        }
    } else if have.strip_prefix("www.") == Some(&want) {
        (Name::Www, start, "www. stands in front of the host".to_owned())
    } else if let Some((name, says)) = repeated(&want, &have) {
        (name, column, says)
    } else if let Some(named) = instance(&want, &have) {
        (named.0, column, named.1)
    } else if is_under(&want, REGIONS) && is_under(&have, REGIONS) {
        (Name::OtherRegion, start, format!("It is the region {have}, not {want}"))
    } else if cut && !have.is_empty() && want.starts_with(&have) {
        (Name::CutShort, column, format!("It is cut short: {} is missing", &want[have.len()..]))
    } else {
        (Name::OtherHost, column, other(&want, &have))
    };
    found.push(Named::new(name, column, says));
}

fn other(want: &str, have: &str) -> String {
    if have.is_empty() {
        return "The host is missing".to_owned();
    }
    let system = OTHERS.iter().find(|(domain, _)| is_under(have, domain) && !is_under(want, domain));
    match system {
        Some((_, system)) => format!("It is an address of {system} ({}), not {want}", brief(have)),
        None => format!("The host is {}, not {want}", brief(have)),
    }
}

/// The domain, the instance or the whole host more than once.
fn repeated(want: &str, have: &str) -> Option<(Name, String)> {
    let label = want.split('.').next().unwrap_or_default();
    let domain = want.get(label.len()..).unwrap_or_default();
    let rest = have.strip_prefix(want);
    if !domain.is_empty() && rest.is_some_and(|rest| !rest.is_empty() && rest.replace(domain, "").is_empty())
    {
        return Some((Name::DomainTwice, format!("{domain} stands there twice")));
    }
    if rest.is_some_and(|rest| rest.trim_start_matches('.') == want) {
        return Some((Name::InstanceTwice, format!("{want} stands there twice")));
    }
    let stem = have.strip_suffix(domain).filter(|_| !domain.is_empty())?;
    let twice = stem.strip_prefix(label).map(|rest| rest.trim_start_matches(['.', '-']));
    (twice == Some(label)).then(|| (Name::InstanceTwice, format!("{label} stands there twice")))
}

/// A ServiceNow host that lacks its domain, or another instance.
fn instance(want: &str, have: &str) -> Option<(Name, String)> {
    let name = want.strip_suffix(INSTANCES)?;
    let missing = |what: &str| Some((Name::DomainMissing, format!("{what} is missing: the host is {want}")));
    match have.strip_prefix(name) {
        Some("" | ".com") => return missing(INSTANCES.trim_end_matches(".com")),
        Some(".service-now" | "service-now.com" | ".servicenow.com" | ".service_now.com") => {
            return missing("A piece of .service-now.com");
        }
        Some(_) | None => {}
    }
    let other = have.strip_suffix(INSTANCES).filter(|other| !other.is_empty())?;
    Some((Name::OtherInstance, format!("It is the instance {}, not {name}", brief(other))))
}

fn port(want: Option<&str>, have: Option<&str>, column: usize, found: &mut Vec<Named>) {
    let named = match (want, have) {
        (want, have) if want == have => return,
        (Some(want), Some(have)) => {
            let says = format!("The port is {}, not {want}", brief(have));
            Named::new(Name::OtherPort, column + 1, says)
        }
        (None, Some(have)) => {
            Named::new(Name::PortAdded, column, format!("A port is added (:{})", brief(have)))
        }
        (Some(want), None) => Named::new(Name::PortMissing, column, format!("The port :{want} is missing")),
        (None, None) => return,
    };
    found.push(named);
}

fn path(expected: &str, given: &Text, found: &mut Vec<Named>) {
    let text = given.text();
    if text == expected || is_foreign(expected, &text) {
        return;
    }
    if text.is_empty() || (text == "/" && expected.len() > 1) {
        let says = format!("The path {expected} is missing");
        return found.push(Named::new(Name::PathMissing, given.column(text.len()), says));
    }
    let single = text.replace("//", "/");
    if text.contains("//") && single.trim_end_matches('/') == expected.trim_end_matches('/') {
        let at = text.find("//").map_or(0, |at| text[..at].chars().count() + 1);
        if at < text.trim_end_matches('/').chars().count() {
            return found.push(Named::new(
                Name::SlashDoubled,
                given.column(at),
                "Two slashes stand in a row",
            ));
        }
    }
    part("path", expected, given, found);
}

/// A part without a structure of its own.
fn part(noun: &str, expected: &str, given: &Text, found: &mut Vec<Named>) {
    let text = given.text();
    let Some((want, have, same)) = beyond_case(expected, given, found) else { return };
    let column = given.column(same);
    let named = if let Some(rest) = have.strip_prefix(&want) {
        behind(rest, column)
    } else if let Some(missing) = want.strip_prefix(&have) {
        match missing {
            "/" => Named::new(Name::SlashMissing, column, "The slash at the end is missing"),
            _ => Named::new(Name::CutShort, column, format!("It is cut short: {missing} is missing")),
        }
    } else if let Some(before) = have.strip_suffix(&want) {
        Named::new(Name::TextBefore, given.column(0), format!("Text stands in front: {}", brief(before)))
    } else if let Some(missing) = want.strip_suffix(&have) {
        Named::new(Name::BeginningMissing, given.column(0), format!("Its beginning is missing: {missing}"))
    } else if noun == "path" {
        let alike = normalized_levenshtein(&want, &have) > 0.5;
        let says = if alike {
            format!("The path has a slip: {}, not {expected}", brief(&text))
        } else {
            format!("The path is {}, not {expected}", brief(&text))
        };
        Named::new(Name::PathDifferent, column, says)
    } else {
        let (of, by) = (expected.chars().nth(same), text.chars().nth(same));
        Named::new(Name::Characters, column, super::name::characters(of, by))
    };
    found.push(named);
}

fn is_under(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|front| front.is_empty() || front.ends_with('.'))
}

/// A piece of given text, short and safe enough for a sentence.
fn brief(text: &str) -> String {
    crate::secret::printable(text, 40)
}
