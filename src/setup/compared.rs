//! Strings that must be identical somewhere, and what a comparison of each found.
//!
//! The admin copies what stands in a field and pastes it back; the two are compared byte by byte
//! ([`crate::exact`]). What is kept is whether they were the same, when, and the fingerprint of what was
//! expected: once that changes, the result says nothing any more.

use super::values::AnswerValues;
use super::{Check, Outcome, UnknownFields};
use crate::procedure::{AppKind, CopySource, FieldName, Name, Piece, Procedure, Template};
use crate::secret::{Fingerprint, Secret};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A string with the field it must stand in. The order is the one on screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExactString {
    /// The receiver's redirect URL in Zoom's field OAuth Redirect URL.
    ZoomRedirect,
    /// The same in Zoom's OAuth Allow Lists.
    ZoomAllowList,
    /// The same in the receiver's own form.
    ReceiverRedirect,
    /// The wizard's loopback URL, in Zoom's OAuth Allow Lists.
    Loopback,
    /// Values that the receiver was given.
    AccountId,
    ClientId,
    ClientSecret,
    SecretToken,
}

/// What a comparison found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compared {
    pub at: Timestamp,
    /// Whether the bytes were the same.
    pub same: bool,
    /// Of the string that was expected then. The result holds only while that is still expected.
    pub expected: Fingerprint,
    /// See [`UnknownFields`].
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

/// Results by string. One whose expected string has changed since is void ([`standing`]).
pub type Comparisons = BTreeMap<ExactString, Compared>;

impl ExactString {
    /// The strings of a procedure, in order. The Secret Token is among them only if there is one.
    pub fn of(procedure: &Procedure, secret_token: bool) -> Vec<Self> {
        let first: &[Self] = match procedure.app_kind {
            AppKind::General => {
                &[Self::ZoomRedirect, Self::ZoomAllowList, Self::ReceiverRedirect, Self::Loopback]
            }
            AppKind::ServerToServer => &[Self::AccountId],
        };
        let values = [Self::ClientId, Self::ClientSecret];
        first.iter().copied().chain(values).chain(secret_token.then_some(Self::SecretToken)).collect()
    }

    /// The answer that the receiver was given; `None` for an address.
    pub const fn field(self) -> Option<FieldName> {
        match self {
            Self::ZoomRedirect | Self::ZoomAllowList | Self::ReceiverRedirect | Self::Loopback => None,
            Self::AccountId => Some(FieldName::AccountId),
            Self::ClientId => Some(FieldName::ClientId),
            Self::ClientSecret => Some(FieldName::ClientSecret),
            Self::SecretToken => Some(FieldName::SecretToken),
        }
    }

    /// Whether it stands in Zoom; otherwise in the receiver.
    pub const fn is_in_zoom(self) -> bool {
        matches!(self, Self::ZoomRedirect | Self::ZoomAllowList | Self::Loopback)
    }

    /// Label of the field it stands in, as the page or form has it.
    pub fn label(self, procedure: &Procedure) -> String {
        let in_form = |wanted: &dyn Fn(&CopySource) -> bool| {
            procedure
                .handover
                .fields
                .iter()
                .find(|field| wanted(&field.value))
                .map(|field| field.label.clone())
        };
        let named = |name: Name| {
            in_form(&|value| matches!(value, CopySource::Template(template) if is_just(template, name)))
        };
        match self {
            Self::ZoomRedirect => "OAuth Redirect URL".to_owned(),
            Self::ZoomAllowList => "OAuth Allow Lists".to_owned(),
            Self::Loopback => "OAuth Allow Lists (loopback)".to_owned(),
            Self::ReceiverRedirect => named(Name::RedirectUrl).unwrap_or_else(|| "Redirect URL".to_owned()),
            Self::AccountId => {
                named(Name::Field(FieldName::AccountId)).unwrap_or_else(|| "Account ID".to_owned())
            }
            Self::ClientId => {
                named(Name::Field(FieldName::ClientId)).unwrap_or_else(|| "Client ID".to_owned())
            }
            Self::ClientSecret | Self::SecretToken => {
                let field = self.field();
                in_form(&|value| matches!(value, CopySource::Secret(name) if Some(*name) == field))
                    .unwrap_or_else(|| {
                        if self == Self::ClientSecret { "Client Secret" } else { "Secret Token" }.to_owned()
                    })
            }
        }
    }

    /// Whether the field shows the string without letting it be changed: the receiver's form has no field to
    /// fill in with it.
    pub fn is_read_only(self, procedure: &Procedure) -> bool {
        self == Self::ReceiverRedirect
            && !procedure.handover.fields.iter().any(|field| {
                matches!(&field.value, CopySource::Template(template) if is_just(template, Name::RedirectUrl))
            })
    }
}

fn is_just(template: &Template, name: Name) -> bool {
    template.pieces == [Piece::Name(name)]
}

/// The result for a string, if it still holds.
pub fn standing<'a>(
    comparisons: &'a Comparisons,
    string: ExactString,
    expected: Option<&Fingerprint>,
) -> Option<&'a Compared> {
    comparisons.get(&string).filter(|compared| Some(&compared.expected) == expected)
}

/// The comparisons as checks: the redirect URL wherever it stands, and what the receiver was given. A string
/// that was pasted back and is the same is proved; the wizard's own loopback is not among them, since nothing
/// depends on it after the login.
pub fn checks(
    procedure: &Procedure,
    values: &AnswerValues<'_>,
    secrets: &BTreeMap<FieldName, Fingerprint>,
    comparisons: &Comparisons,
) -> Vec<Check> {
    let expected = |string: ExactString| match string.field() {
        None => values.redirect_url().map(|url| Secret::new(url).fingerprint()),
        Some(field) if field.is_secret() => secrets.get(&field).cloned(),
        Some(field) => values.answer(field).map(|value| Secret::new(value).fingerprint()),
    };
    let strings = ExactString::of(procedure, secrets.contains_key(&FieldName::SecretToken));
    let (addresses, given): (Vec<ExactString>, Vec<ExactString>) = strings
        .into_iter()
        .filter(|string| *string != ExactString::Loopback)
        .partition(|string| string.field().is_none());
    let receiver = procedure.receiver.label();
    let check = |code: &str, title: &str, strings: &[ExactString]| {
        let (mut same, mut different, mut open) = (Vec::new(), Vec::new(), Vec::new());
        for string in strings {
            let system = if string.is_in_zoom() { "Zoom" } else { receiver };
            let place = format!("{system}'s {}", string.label(procedure));
            match standing(comparisons, *string, expected(*string).as_ref()) {
                Some(compared) if compared.same => same.push(place),
                Some(_) => different.push(place),
                None => open.push(place),
            }
        }
        let part = |words: &str, places: &[String]| {
            (!places.is_empty()).then(|| format!("{words}: {}", places.join(", ")))
        };
        let parts = [
            part("Different when pasted back", &different),
            part("The same byte for byte when pasted back", &same),
            part("Not compared", &open),
        ];
        let detail = if same.is_empty() && different.is_empty() {
            "Nothing was pasted back.".to_owned()
        } else {
            parts.into_iter().flatten().map(|part| format!("{part}.")).collect::<Vec<_>>().join(" ")
        };
        let outcome = match (different.is_empty(), open.is_empty()) {
            (false, _) => Outcome::Warning,
            (true, false) => Outcome::NotChecked,
            (true, true) => Outcome::Pass,
        };
        Check {
            code: code.to_owned(),
            title: title.to_owned(),
            outcome,
            detail,
            next: (outcome == Outcome::Warning)
                .then(|| "Mend it there and save, then compare once more.".to_owned()),
            diagnosis: None,
            unknown: Default::default(),
        }
    };
    let mut checks = Vec::new();
    if !addresses.is_empty() {
        checks.push(check("redirect-strings", "Redirect URL", &addresses));
    }
    checks.push(check("receiver-values", "Receiver's copy", &given));
    checks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::procedure::registry;
    use crate::setup::Setup;

    fn procedure(id: &str) -> Procedure {
        registry::embedded().unwrap().into_iter().find(|procedure| procedure.id == id).unwrap()
    }

    fn found(text: &str, same: bool) -> Compared {
        Compared {
            at: "2026-03-12T10:00:00Z".parse().unwrap(),
            same,
            expected: Secret::new(text).fingerprint(),
            unknown: Default::default(),
        }
    }

    #[test]
    fn a_progress_file_of_an_older_program_still_loads() {
        let old = r#"{ "format": 1, "id": "servicenow-dex-1f3a", "procedure": "servicenow-dex", "rehearsal": false,
            "created": "2026-03-12T10:00:00Z", "updated": "2026-03-12T10:00:00Z", "current": "needs" }"#;
        let mut setup: Setup = serde_json::from_str(old).unwrap();
        assert!(setup.compared.is_empty());
        assert!(!serde_json::to_string(&setup).unwrap().contains("compared"), "and is written as before");
        setup.compared.insert(ExactString::ZoomAllowList, found("a", false));
        let again: Setup = serde_json::from_str(&serde_json::to_string(&setup).unwrap()).unwrap();
        assert_eq!(again, setup);
    }

    #[test]
    fn a_result_stands_for_the_string_it_was_made_with() {
        let comparisons = Comparisons::from([(ExactString::ClientId, found("abc", true))]);
        let of = |text: &str| Secret::new(text).fingerprint();
        assert!(standing(&comparisons, ExactString::ClientId, Some(&of("abc"))).is_some());
        assert!(standing(&comparisons, ExactString::ClientId, Some(&of("abd"))).is_none());
        assert!(standing(&comparisons, ExactString::ClientId, None).is_none());
        assert!(standing(&comparisons, ExactString::AccountId, Some(&of("abc"))).is_none());
    }

    #[test]
    fn the_checks_prove_only_what_was_pasted_back() {
        const URL: &str = "https://dev12345.service-now.com/oauth_redirect.do";
        let procedure = procedure("servicenow-dex");
        let answers = BTreeMap::from([
            (FieldName::Instance, "dev12345.service-now.com".to_owned()),
            (FieldName::ClientId, "abc".to_owned()),
        ]);
        let values = AnswerValues { answers: &answers, procedure: &procedure };
        let secrets = BTreeMap::from([(FieldName::ClientSecret, Secret::new("s3cret").fingerprint())]);
        let outcomes = |comparisons: &Comparisons| -> Vec<Outcome> {
            checks(&procedure, &values, &secrets, comparisons).iter().map(|check| check.outcome).collect()
        };
        let mut comparisons = Comparisons::new();
        assert_eq!(outcomes(&comparisons), [Outcome::NotChecked, Outcome::NotChecked]);
        for string in [ExactString::ZoomRedirect, ExactString::ZoomAllowList] {
            comparisons.insert(string, found(URL, true));
        }
        assert_eq!(outcomes(&comparisons)[0], Outcome::NotChecked, "the receiver's form is still open");
        comparisons.insert(ExactString::ReceiverRedirect, found(URL, true));
        comparisons.insert(ExactString::ClientId, found("abc", true));
        comparisons.insert(ExactString::ClientSecret, found("s3cret", false));
        assert_eq!(outcomes(&comparisons), [Outcome::Pass, Outcome::Warning]);
        comparisons.insert(ExactString::ClientSecret, found("another", false));
        assert_eq!(outcomes(&comparisons)[1], Outcome::NotChecked, "void: another secret was expected then");
    }

    #[test]
    fn every_embedded_procedure_has_labels_for_its_strings() {
        for procedure in registry::embedded().unwrap() {
            let strings = ExactString::of(&procedure, true);
            assert_eq!(strings.contains(&ExactString::ZoomRedirect), procedure.redirect.is_some());
            for string in strings {
                assert!(!string.label(&procedure).is_empty());
            }
        }
    }
}
