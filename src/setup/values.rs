//! The values that templates use, from the answers of a set-up or a stored connection.

use crate::entry::redirect;
use crate::procedure::template::Values;
use crate::procedure::{FieldName, Name, Procedure, RedirectRule};
use std::collections::BTreeMap;
use url::Url;

/// Path of ServiceNow's redirect page, the same on every instance.
const SERVICENOW_REDIRECT_PATH: &str = "/oauth_redirect.do";

/// Answers read against their procedure. Secrets are never among them.
#[derive(Clone, Copy, Debug)]
pub struct AnswerValues<'a> {
    /// Non-secret answers in normal form: the instance is a host, the region an id of the redirect rule.
    pub answers: &'a BTreeMap<FieldName, String>,
    pub procedure: &'a Procedure,
}

impl AnswerValues<'_> {
    /// The receiver's redirect URL, byte for byte as it must stand in Zoom. `None` while the answer it
    /// depends on is not known or makes no URL that Zoom can take, and for Server-to-Server apps, which have none.
    pub fn redirect_url(&self) -> Option<String> {
        let url = match self.procedure.redirect.as_ref()? {
            RedirectRule::ServiceNowInstance => {
                Some(format!("{}{SERVICENOW_REDIRECT_PATH}", self.instance_origin()?))
            }
            RedirectRule::Regions(regions) => {
                let chosen = self.answer(FieldName::Region)?;
                regions.iter().find(|region| region.id == chosen).map(|region| region.url.clone())
            }
        };
        url.filter(|url| redirect::check(url).is_ok())
    }

    /// `https://` + host of the receiver: the origin of its redirect URL or, where there is none, of the
    /// instance.
    pub fn receiver_url(&self) -> Option<String> {
        match self.procedure.redirect {
            Some(_) => origin(&self.redirect_url()?),
            None => self.instance_origin(),
        }
    }

    /// A non-secret answer that is not empty.
    pub fn answer(&self, field: FieldName) -> Option<&str> {
        if field.is_secret() {
            return None;
        }
        self.answers.get(&field).map(String::as_str).filter(|value| !value.is_empty())
    }

    fn instance_origin(&self) -> Option<String> {
        let host = self.answer(FieldName::Instance)?;
        // The answer is a host in normal form. Anything else would put a path or a user into the redirect
        // URL, so it counts as not known.
        if host.contains(['/', '\\', '?', '#', '@']) {
            return None;
        }
        origin(&format!("https://{host}"))
    }
}

impl Values for AnswerValues<'_> {
    fn value(&self, name: Name) -> Option<String> {
        match name {
            Name::Field(field) => self.answer(field).map(str::to_owned),
            Name::RedirectUrl => self.redirect_url(),
            Name::ReceiverUrl => self.receiver_url(),
        }
    }
}

/// Scheme, host and, if it is not the default one, port of an https URL.
fn origin(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    (url.scheme() == "https" && url.has_host()).then(|| url.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::procedure::{AppKind, HandOver, Receiver, RegionRedirect, Source, Template};
    use rstest::rstest;

    fn procedure(redirect: Option<RedirectRule>) -> Procedure {
        Procedure {
            id: "p".to_owned(),
            title: "P".to_owned(),
            receiver: Receiver::ServiceNow,
            app_kind: AppKind::General,
            management: Vec::new(),
            source: Source {
                document: "D".to_owned(),
                publisher: "V".to_owned(),
                release: None,
                updated: None,
            },
            minutes: 1,
            needs: Vec::new(),
            scopes: Vec::new(),
            actions: None,
            avoid: Vec::new(),
            redirect,
            steps: Vec::new(),
            corrections: Vec::new(),
            omissions: Vec::new(),
            unverified: Vec::new(),
            handover: HandOver {
                path: Vec::new(),
                fields: Vec::new(),
                last_button: "Save".to_owned(),
                success: Template::default(),
                notes: Vec::new(),
            },
        }
    }

    fn regions() -> RedirectRule {
        let region = |id: &str, host: &str| RegionRedirect {
            id: id.to_owned(),
            title: id.to_uppercase(),
            url: format!("https://{host}/connection/oauth2callback"),
            documented: true,
        };
        RedirectRule::Regions(vec![region("na", "integrator.io"), region("eu", "eu.integrator.io")])
    }

    #[rstest]
    #[case(FieldName::Instance, "dev12345.service-now.com", Some("https://dev12345.service-now.com"))]
    #[case(FieldName::Instance, "acme.servicenowservices.com", Some("https://acme.servicenowservices.com"))]
    #[case(FieldName::Instance, "help.example.com:8443", Some("https://help.example.com:8443"))]
    #[case(FieldName::Instance, "", None)]
    #[case(FieldName::Instance, "localhost", None)]
    #[case(FieldName::Instance, "xn--dv1-bma.service-now.com", None)]
    #[case(FieldName::Instance, "user@example.com", None)]
    #[case(FieldName::Instance, "example.com/now", None)]
    #[case(FieldName::Instance, "example.com?x", None)]
    #[case(FieldName::Region, "na", None)]
    fn servicenow_urls_follow_the_instance(
        #[case] field: FieldName,
        #[case] answer: &str,
        #[case] expected: Option<&str>,
    ) {
        let procedure = procedure(Some(RedirectRule::ServiceNowInstance));
        let answers = BTreeMap::from([(field, answer.to_owned())]);
        let values = AnswerValues { answers: &answers, procedure: &procedure };
        assert_eq!(values.value(Name::ReceiverUrl).as_deref(), expected);
        assert_eq!(
            values.value(Name::RedirectUrl),
            expected.map(|origin| format!("{origin}/oauth_redirect.do"))
        );
    }

    #[rstest]
    #[case("na", Some("https://integrator.io"))]
    #[case("eu", Some("https://eu.integrator.io"))]
    #[case("mars", None)]
    fn celigo_urls_follow_the_region(#[case] region: &str, #[case] expected: Option<&str>) {
        let procedure = procedure(Some(regions()));
        let answers = BTreeMap::from([(FieldName::Region, region.to_owned())]);
        let values = AnswerValues { answers: &answers, procedure: &procedure };
        assert_eq!(values.receiver_url().as_deref(), expected);
        assert_eq!(
            values.redirect_url(),
            expected.map(|origin| format!("{origin}/connection/oauth2callback"))
        );
    }

    #[test]
    fn server_to_server_has_no_redirect_and_still_a_receiver() {
        let procedure = procedure(None);
        let answers = BTreeMap::from([(FieldName::Instance, "dev12345.service-now.com".to_owned())]);
        let values = AnswerValues { answers: &answers, procedure: &procedure };
        assert_eq!(values.redirect_url(), None);
        assert_eq!(values.receiver_url().as_deref(), Some("https://dev12345.service-now.com"));
    }

    #[test]
    fn secrets_are_no_values() {
        let procedure = procedure(None);
        let answers = BTreeMap::from([(FieldName::ClientSecret, "s3cret".to_owned())]);
        let values = AnswerValues { answers: &answers, procedure: &procedure };
        assert_eq!(values.value(Name::Field(FieldName::ClientSecret)), None);
    }
}
