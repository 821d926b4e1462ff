//! The ServiceNow instance: from whatever was pasted to its host name in lower case.

use super::text::column_of;
use super::{Accepted, Refusal, warning};
use crate::characters::{describe, look_alike};

/// Domains under which ServiceNow runs instances; the second is the government cloud.
const DOMAINS: [&str; 2] = ["service-now.com", "servicenowservices.com"];

/// Hosts of other systems of these procedures.
const OTHER_SYSTEMS: [(&str, &str); 4] =
    [("zoom.us", "Zoom"), ("zoom.com", "Zoom"), ("zoomgov.com", "Zoom"), ("integrator.io", "Celigo")];

/// First labels that name pages about ServiceNow, not an instance.
const NOT_INSTANCES: [&str; 10] =
    ["www", "https", "http", "docs", "support", "developer", "signon", "store", "community", "learning"];

/// What stands in documents where the instance name goes.
const PLACEHOLDERS: [&str; 8] = [
    "instance-name",
    "instancename",
    "instance_name",
    "your-instance",
    "yourinstance",
    "your-instance-name",
    "yourinstancename",
    "my-instance",
];

const EXAMPLE: &str = "Enter the instance name (dev12345) or its address (https://dev12345.service-now.com).";

/// Normal form: a host name in lower case.
pub(super) fn check(text: &str) -> Result<Accepted, Refusal> {
    placeholder(text)?;
    if let Some(column) = column_of(text, char::is_whitespace) {
        return Err(Refusal::new("A space is inside the address", EXAMPLE)
            .at(column)
            .offer(text.split_whitespace().collect::<String>()));
    }
    if let Some(column) = column_of(text, |character| !character.is_ascii()) {
        return Err(not_ascii(text, column));
    }
    let text = text.to_ascii_lowercase();
    if let Some(inner) = text.strip_prefix(['"', '\'', '`', '(']) {
        let inner = inner.trim_end_matches(['"', '\'', '`', ')', ',', ';']);
        return Err(Refusal::new("The address stands in quotes or brackets", EXAMPLE).at(1).offer(inner));
    }
    let host = host(authority(&text)?)?;
    names_one_instance(&host)
}

fn placeholder(text: &str) -> Result<(), Refusal> {
    let lower = text.to_lowercase();
    let name_only =
        lower.trim_start_matches("https://").split(['.', '/']).next().unwrap_or_default().to_owned();
    let named = PLACEHOLDERS.contains(&name_only.as_str());
    match column_of(text, |character| matches!(character, '<' | '>' | '{' | '}' | '[' | ']')) {
        // An IPv6 address has brackets of its own.
        Some(column) if !lower.contains("[:") && !lower.contains(":]") && !lower.contains("::") => {
            Err(Refusal::new("The placeholder of the document is still there", EXAMPLE).at(column))
        }
        Some(_) | None if named => Err(Refusal::new("This is the placeholder of the document", EXAMPLE)),
        Some(_) | None => Ok(()),
    }
}

/// International names and mixed scripts. A full-width form stands for one ASCII character and is offered so; a
/// letter of another script is not, since nobody knows which of the two was meant.
fn not_ascii(text: &str, column: usize) -> Refusal {
    let character = text.chars().nth(column - 1).unwrap_or_default();
    let shown = format!("Column {column} holds {}", describe(character));
    let hint = "Host names of ServiceNow use a-z, 0-9 and hyphens; letters of other scripts can look the same. Type it.";
    let refusal = Refusal::new(shown, hint).at(column);
    let narrow = |wide: char| match u32::from(wide) {
        0xff01..=0xff5e => look_alike(wide),
        _ => wide.is_ascii().then_some(wide),
    };
    match text.chars().map(narrow).collect::<Option<String>>() {
        Some(ascii) => refusal.offer(ascii),
        None => refusal,
    }
}

/// Takes scheme, path, query and fragment away.
fn authority(text: &str) -> Result<&str, Refusal> {
    let rest = match text.split_once("://") {
        Some(("https", rest)) => {
            if rest.starts_with("https:") || rest.starts_with("http:") {
                return Err(Refusal::new("The address begins with https:// twice", EXAMPLE)
                    .at(9)
                    .offer(rest));
            }
            rest
        }
        Some(("http", rest)) => {
            let hint = "Zoom takes https:// redirect addresses only, and so does ServiceNow.";
            return Err(Refusal::new("The address begins with http://, not https://", hint)
                .at(1)
                .offer(rest));
        }
        Some((scheme, rest)) if !scheme.contains(['/', '.', '?']) => {
            let refusal = Refusal::new("The address does not begin with https://", EXAMPLE).at(1);
            let is_instance = DOMAINS.iter().any(|domain| rest.contains(domain));
            return Err(if is_instance { refusal.offer(rest) } else { refusal });
        }
        // A second address in a path or query changes nothing about the host in front.
        Some(_) | None => text,
    };
    for broken in ["https:/", "https:", "http:/", "http:", "https//", "//", "/"] {
        if let Some(rest) = rest.strip_prefix(broken) {
            return Err(Refusal::new("The beginning of the address is incomplete", EXAMPLE)
                .at(1)
                .offer(rest));
        }
    }
    Ok(rest.split(['/', '?', '#', '\\']).next().unwrap_or_default())
}

/// Takes user information, port and the trailing dot away, and checks what must hold for every host name.
fn host(authority: &str) -> Result<String, Refusal> {
    if authority.contains('@') {
        let hint = "Enter the instance, without a user name or an e-mail address.";
        return Err(Refusal::new("The address contains a user name (the part before @)", hint));
    }
    if authority.starts_with('[') || authority.matches(':').count() > 1 {
        return Err(number());
    }
    let name = match authority.split_once(':') {
        None | Some((_, "443" | "")) => authority.split(':').next().unwrap_or_default(),
        Some((name, port)) => {
            let hint =
                "ServiceNow answers on the usual port; a redirect address with a port would be another one.";
            let what = if port.bytes().all(|byte| byte.is_ascii_digit()) { "a port" } else { "a colon" };
            return Err(Refusal::new(format!("The address contains {what}"), hint).offer(name));
        }
    };
    let name = name.strip_suffix('.').unwrap_or(name);
    if name.is_empty() {
        return Err(Refusal::new("The address contains no host name", EXAMPLE));
    }
    if let Some(odd) = name.chars().find(|&odd| !(odd.is_ascii_alphanumeric() || odd == '-' || odd == '.')) {
        let hint = "Host names use a-z, 0-9, hyphens and dots only.";
        let refusal = Refusal::new(format!("A host name cannot contain {odd:?}"), hint);
        let dashed = name.replace('_', "-");
        return Err(if odd == '_' { refusal.offer(dashed) } else { refusal });
    }
    let labels: Vec<&str> = name.split('.').collect();
    if labels.iter().any(|label| label.is_empty()) {
        let kept: Vec<&str> = labels.into_iter().filter(|label| !label.is_empty()).collect();
        return Err(Refusal::new("The address contains a dot too many", EXAMPLE).offer(kept.join(".")));
    }
    if labels.iter().any(|label| label.starts_with('-') || label.ends_with('-')) {
        return Err(Refusal::new("A part of the host name begins or ends with a hyphen", EXAMPLE));
    }
    // RFC 1035 section 2.3.4.
    if labels.iter().any(|label| label.len() > 63) || name.len() > 253 {
        return Err(Refusal::new("The host name is too long", "A part of it has at most 63 characters."));
    }
    if let Some(label) = labels.iter().find(|label| label.starts_with("xn--")) {
        let hint = "xn-- is how a name with letters other than a-z is written. No instance is called so: type its name.";
        return Err(Refusal::new(format!("{label} stands for an international name"), hint));
    }
    let last = labels.last().copied().unwrap_or_default();
    if last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x") {
        return Err(number());
    }
    if last == "localhost" || last == "local" || last == "internal" {
        let hint = "Zoom sends the browser to this address, so it must be the instance's public one.";
        return Err(Refusal::new("This address names a computer, not a ServiceNow instance", hint));
    }
    Ok(name.to_owned())
}

fn number() -> Refusal {
    Refusal::new("This is a number or an IP address, not an instance", EXAMPLE)
}

/// Finds the instance in a well-formed host name.
fn names_one_instance(host: &str) -> Result<Accepted, Refusal> {
    for (domain, system) in OTHER_SYSTEMS {
        if is_under(host, domain) {
            return Err(Refusal::new(format!("This is an address of {system}, not of ServiceNow"), EXAMPLE));
        }
    }
    let Some((first, rest)) = host.split_once('.') else {
        if DOMAINS.iter().any(|domain| domain.split('.').next() == Some(host))
            || NOT_INSTANCES.contains(&host)
            || host == "servicenow"
        {
            return Err(Refusal::new("The instance name is missing", EXAMPLE));
        }
        let warnings = doubled(host, DOMAINS[0])?;
        return Ok((format!("{host}.{}", DOMAINS[0]), warnings));
    };
    if let Some(stem) =
        host.strip_suffix("servicenow.com").filter(|stem| stem.is_empty() || stem.ends_with('.'))
    {
        let refusal = Refusal::new(
            "The hyphen is missing: the domain is service-now.com",
            "Instances run under service-now.com.",
        );
        let is_page = stem.is_empty() || NOT_INSTANCES.contains(&first);
        return Err(if is_page { refusal } else { refusal.offer(format!("{stem}{}", DOMAINS[0])) });
    }
    if rest == "service-now" || rest == "servicenowservices" {
        return Err(
            Refusal::new("The end of the address, .com, is missing", EXAMPLE).offer(format!("{host}.com"))
        );
    }
    let under = DOMAINS.iter().find(|domain| is_under(host, domain));
    let inner =
        under.and_then(|domain| host.strip_suffix(domain)).map_or(host, |inner| inner.trim_end_matches('.'));
    if under.is_some() && inner.is_empty() {
        return Err(Refusal::new("The instance name is missing before the domain", EXAMPLE));
    }
    if under.is_some() && NOT_INSTANCES.contains(&inner) {
        return Err(Refusal::new(format!("{inner} is not the name of an instance"), EXAMPLE));
    }
    // One instance has one label in front of the domain. A second domain inside, or behind, is a paste accident.
    let twice = inner
        .split('.')
        .any(|label| matches!(label, "service-now" | "servicenow" | "servicenowservices" | "https" | "http"));
    if twice {
        let refusal = Refusal::new("The domain of ServiceNow is there twice, or in the wrong place", EXAMPLE);
        return Err(if under.is_some() && inner.contains('.') { refusal.offer(inner) } else { refusal });
    }
    if let Some(domain) = under {
        let mut warnings = doubled(inner, domain)?;
        let hint =
            "An instance has one name in front of its domain. Compare with the address bar of the instance.";
        warnings.extend(inner.contains('.').then(|| warning(format!("{inner} has a dot in it"), hint)));
        return Ok((host.to_owned(), warnings));
    }
    if let Some(meant) = meant(host) {
        let message = "This is not the domain of ServiceNow, and looks as if it should be";
        return Err(Refusal::new(message, "Instances run under service-now.com.").offer(meant));
    }
    let custom = warning(
        format!("{host} is not under service-now.com"),
        "If it is the instance's custom URL, Zoom may need both redirect addresses: with this host and with the \
         one under service-now.com. If not, enter the instance name only.",
    );
    Ok((host.to_owned(), vec![custom]))
}

/// Shortest name that is taken for two pastes in a row when it is the same text twice. Shorter ones are words as
/// well (couscous), so they get a warning only.
const DOUBLED: usize = 5;

/// Refuses a name that is the same name twice (`dev1dev1`, `dev1.dev1`), as two pastes in a row make it.
fn doubled(name: &str, domain: &str) -> Result<Vec<super::Finding>, Refusal> {
    let separators = ['.', '-'];
    let half = (1..name.len()).find_map(|at| {
        let (one, other) = name.split_at_checked(at)?;
        (other.trim_start_matches(separators) == one).then_some(one)
    });
    let Some(half) = half else { return Ok(Vec::new()) };
    let certain = half.len() >= DOUBLED
        || half.contains(|sign: char| !sign.is_ascii_alphabetic())
        || name.contains('.');
    let message = format!("{half} stands there twice in {name}");
    let hint = "It looks like two pastes in a row. Compare with the address bar of the instance.";
    if certain {
        return Err(Refusal::new(message, hint).offer(format!("{half}.{domain}")));
    }
    Ok(vec![warning(message, hint)])
}

/// The host that was meant by one that is a slip away from an instance's: a letter of the domain wrong, the dot
/// before it lost, or the domain left out behind the name of a developer instance, as a document prints it
/// (`https://dev12345.com/oauth_redirect.do`).
fn meant(host: &str) -> Option<String> {
    for domain in DOMAINS {
        if let Some(name) = host.strip_suffix(domain).filter(|name| !name.is_empty()) {
            return Some(format!("{name}.{domain}"));
        }
    }
    let (name, rest) = host.split_once('.')?;
    let developer = name
        .strip_prefix("dev")
        .is_some_and(|number| number.len() >= 4 && number.bytes().all(|byte| byte.is_ascii_digit()));
    if developer && !rest.contains('.') {
        return Some(format!("{name}.{}", DOMAINS[0]));
    }
    let near =
        DOMAINS.into_iter().find(|domain| (1..=2).contains(&strsim::damerau_levenshtein(rest, domain)))?;
    Some(format!("{name}.{near}"))
}

fn is_under(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|front| front.is_empty() || front.ends_with('.'))
}
