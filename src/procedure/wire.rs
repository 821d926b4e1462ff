//! The shape of a procedure file, as the TOML reader sees it.
//!
//! Everything that can be wrong keeps its place in the file ([`toml::Spanned`]). Words from a closed set are
//! plain text here, so that [`super::load`] can report all wrong ones at once instead of the first only.
//! Unknown keys are refused by the reader itself.

use serde::Deserialize;
use toml::Spanned;

/// A string with its place. The place includes the quotes.
pub type Text = Spanned<String>;

/// A whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    pub format: Spanned<i64>,
    pub id: Text,
    pub title: Text,
    pub receiver: Text,
    pub app_kind: Text,
    #[serde(default)]
    pub management: Vec<Text>,
    pub minutes: Spanned<i64>,
    #[serde(default)]
    pub unverified: Vec<Text>,
    pub source: Source,
    #[serde(default)]
    pub needs: Vec<Need>,
    #[serde(default)]
    pub scopes: Vec<Scope>,
    pub actions: Option<ActionList>,
    #[serde(default)]
    pub avoid: Vec<Avoid>,
    pub redirect: Option<Redirect>,
    #[serde(default)]
    pub steps: Vec<Step>,
    #[serde(default)]
    pub corrections: Vec<Correction>,
    #[serde(default)]
    pub omissions: Vec<Omission>,
    pub handover: HandOver,
}

/// `[source]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    pub document: Text,
    pub publisher: Text,
    pub release: Option<Text>,
    pub updated: Option<Text>,
}

/// `[[needs]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Need {
    pub kind: Text,
    pub who: Text,
    pub text: Text,
}

/// `[[scopes]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    pub id: Text,
    pub need: Text,
    pub reason: Text,
    pub label: Option<Text>,
    #[serde(default)]
    pub documented: Vec<Text>,
}

/// `[actions]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActionList {
    pub source: Text,
    pub list: Vec<Action>,
}

/// `[[actions.list]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Action {
    pub name: Text,
    pub scope: Text,
    pub zoom: Option<Text>,
    pub note: Option<Text>,
}

/// `[[avoid]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Avoid {
    pub id: Text,
    pub documented: Vec<Text>,
    pub why: Text,
}

/// `[redirect]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redirect {
    pub rule: Text,
    #[serde(default)]
    pub regions: Vec<Region>,
}

/// Words of `redirect.rule`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RuleWord {
    #[serde(rename = "servicenow-instance")]
    ServiceNowInstance,
    Regions,
}

/// `[[redirect.regions]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Region {
    pub id: Text,
    pub title: Text,
    pub url: Text,
    pub documented: bool,
}

/// `[[steps]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    pub id: Text,
    pub phase: Text,
    pub title: Text,
    pub who: Text,
    pub kind: Text,
    #[serde(default)]
    pub text: Vec<Text>,
    pub open: Option<Text>,
    pub unlocks: Option<Text>,
    #[serde(default)]
    pub pitfalls: Vec<Text>,
    #[serde(default)]
    pub documented: Vec<Text>,
    #[serde(default)]
    pub corrections: Vec<Text>,
    #[serde(default)]
    pub labels: Vec<Spanned<Label>>,
    #[serde(default)]
    pub copy: Vec<CopyValue>,
    #[serde(default)]
    pub fields: Vec<Field>,
    pub choose: Option<Choose>,
}

/// Words of `steps.kind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KindWord {
    Instruct,
    Choose,
    Fill,
    Copy,
    Scopes,
    Activate,
    Authorize,
    Verify,
    HandOver,
}

/// `[[steps.labels]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Label {
    pub today: Option<Text>,
    pub documented: Option<Text>,
    pub note: Option<Text>,
}

/// `[[steps.copy]]` and `[[handover.fields]]`: a template or a secret, exactly one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CopyValue {
    pub label: Text,
    pub template: Option<Text>,
    pub secret: Option<Text>,
}

/// `[[steps.fields]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    pub name: Text,
    pub label: Text,
    pub help: Text,
    #[serde(default = "required_unless_said_otherwise")]
    pub required: bool,
    pub suggestion: Option<Text>,
}

const fn required_unless_said_otherwise() -> bool {
    true
}

/// `[steps.choose]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choose {
    pub field: Text,
    #[serde(default)]
    pub options: Vec<ChoiceOption>,
}

/// `[[steps.choose.options]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChoiceOption {
    pub value: Text,
    pub title: Text,
    pub why: Text,
}

/// `[[corrections]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Correction {
    pub id: Text,
    pub documented: Text,
    pub used: Text,
    pub why: Text,
}

/// `[[omissions]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Omission {
    pub documented: Text,
    pub why: Text,
}

/// `[handover]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandOver {
    pub path: Vec<Text>,
    pub fields: Vec<CopyValue>,
    pub last_button: Text,
    pub success: Text,
    #[serde(default)]
    pub notes: Vec<Text>,
}
