//! A documented procedure as validated data.
//!
//! Procedures live in `assets/procedures/*.toml`, one documented way a file. [`wire`] is the shape of the
//! file, this module the shape the program works with; nothing unresolved gets from one to the other
//! ([`load`]). The set of step kinds and of template names is closed; there is no expression language.

pub mod contract;
pub mod load;
pub mod registry;
pub mod template;
pub mod wire;

pub use contract::{Action, ActionList, AvoidedScope, ScopeEntry, ScopeNeed};
use serde::{Deserialize, Serialize};
pub use template::{Name, Piece, Template};

/// A procedure: what one document describes, from the Zoom app to the receiver's last button.
#[derive(Clone, Debug, PartialEq)]
pub struct Procedure {
    /// Stable id, also the file name: `servicenow-omnichannel`.
    pub id: String,
    /// What the admin gets, in a few words.
    pub title: String,
    /// The system that will use the Zoom app.
    pub receiver: Receiver,
    /// Which kind of Zoom app it needs.
    pub app_kind: AppKind,
    /// How a General app may be managed, recommended one first. Empty for Server-to-Server.
    pub management: Vec<Management>,
    /// The document it follows.
    pub source: Source,
    /// About how long the whole takes, in minutes.
    pub minutes: u16,
    /// Roles, plans, subscriptions needed before step one.
    pub needs: Vec<Need>,
    /// Scopes with reasons.
    pub scopes: Vec<ScopeEntry>,
    /// What the receiver itself says that it does with the app.
    pub actions: Option<ActionList>,
    /// Scopes that the document names and that must not be added.
    pub avoid: Vec<AvoidedScope>,
    /// How the receiver's redirect URL is made. `None` for Server-to-Server.
    pub redirect: Option<RedirectRule>,
    /// The steps, in order; phases never go back.
    pub steps: Vec<Step>,
    /// Where the document is wrong, what is used instead, and why.
    pub corrections: Vec<Correction>,
    /// Documented steps that are deliberately not carried.
    pub omissions: Vec<Omission>,
    /// What is known from documents only and was seen to differ, or never confirmed.
    pub unverified: Vec<String>,
    /// The receiver's form and last button.
    pub handover: HandOver,
}

impl Procedure {
    /// Position of a step by id.
    pub fn step_index(&self, id: &str) -> Option<usize> {
        self.steps.iter().position(|step| step.id == id)
    }

    /// The phases that occur, in order, each once.
    pub fn phases(&self) -> Vec<Phase> {
        let mut phases: Vec<Phase> = self.steps.iter().map(|step| step.phase).collect();
        phases.dedup();
        phases
    }

    /// Scopes of one group, as ids in file order.
    pub fn scope_ids(&self, need: ScopeNeed) -> Vec<&str> {
        self.scopes.iter().filter(|scope| scope.need == need).map(|scope| scope.id.as_str()).collect()
    }
}

/// The system that uses the Zoom app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Receiver {
    ServiceNow,
    Celigo,
}

impl Receiver {
    /// As its vendor writes it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::ServiceNow => "ServiceNow",
            Self::Celigo => "Celigo",
        }
    }
}

/// Kind of Zoom app. JSON: `general`, `server_to_server`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppKind {
    General,
    ServerToServer,
}

impl AppKind {
    /// Zoom's card label of today.
    pub const fn label(self) -> &'static str {
        match self {
            Self::General => "General app",
            Self::ServerToServer => "Server-to-Server OAuth app",
        }
    }
}

/// How a General app is managed. Older screens: Account-level app, User-managed app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Management {
    Admin,
    User,
}

impl Management {
    /// Value as kept in answers: `admin` or `user`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::User => "user",
        }
    }
}

/// What kind of OAuth client a General app is (RFC 6749 section 2.1). Zoom takes a loopback redirect from PKCE
/// clients (its changelog, "PKCE loopback support").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientType {
    /// With a client secret, PKCE not switched on in the app. The default.
    Confidential,
    /// PKCE ("Public client OAuth") is switched on in the app.
    Pkce,
}

impl ClientType {
    /// Every one, the default first.
    pub const ALL: [Self; 2] = [Self::Confidential, Self::Pkce];

    /// Value as kept in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Confidential => "confidential",
            Self::Pkce => "pkce",
        }
    }
}

/// The document a procedure follows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Source {
    /// Its title.
    pub document: String,
    /// Who publishes it.
    pub publisher: String,
    /// Release it belongs to, if it says.
    pub release: Option<String>,
    /// Date of its last update, as it says (`2026-03-12`), if it says.
    pub updated: Option<String>,
}

/// Something needed before the first step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// Role, plan, subscription or other.
    pub kind: NeedKind,
    /// One short sentence.
    pub text: String,
    /// Whose business it is.
    pub who: Who,
}

/// What sort of thing is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NeedKind {
    Role,
    Plan,
    Subscription,
    Installed,
    Other,
}

/// Who does a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Who {
    ZoomAdmin,
    ReceiverAdmin,
}

/// Phases in their fixed order (DESIGN section 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    Prepare,
    AppType,
    Credentials,
    RedirectUrl,
    Scopes,
    Activation,
    Authorize,
    Verify,
    HandOver,
}

impl Phase {
    /// Words for the progress line.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Prepare => "Prepare",
            Self::AppType => "App type",
            Self::Credentials => "Credentials",
            Self::RedirectUrl => "Redirect URL",
            Self::Scopes => "Scopes",
            Self::Activation => "Activation",
            Self::Authorize => "Authorize",
            Self::Verify => "Verify",
            Self::HandOver => "Hand over",
        }
    }
}

/// One step of the wizard: one thing to do.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Stable within the procedure: `redirect-url`.
    pub id: String,
    pub phase: Phase,
    pub title: String,
    pub who: Who,
    pub kind: StepKind,
    /// What to do, a short sentence each. Screen labels are [`Piece::Label`].
    pub text: Vec<Template>,
    /// Screen labels under both generations.
    pub labels: Vec<ScreenLabel>,
    /// Values to carry over by copying.
    pub copy: Vec<CopyValue>,
    /// Page that `o` opens.
    pub open: Option<Template>,
    /// What becomes possible when it is done.
    pub unlocks: Option<String>,
    pub pitfalls: Vec<Template>,
    /// Ids in the document that this step claims.
    pub documented: Vec<String>,
    /// Indexes into [`Procedure::corrections`] that are shown here.
    pub corrections: Vec<usize>,
}

/// What the wizard does on a step. Closed: a new kind is a change of the program.
#[derive(Clone, Debug, PartialEq)]
pub enum StepKind {
    /// Read, do, confirm.
    Instruct,
    /// Pick one of several; kept as an answer.
    Choose { field: FieldName, options: Vec<Choice> },
    /// Type or paste values.
    Fill { fields: Vec<FieldSpec> },
    /// Copy values to Zoom or the receiver, then confirm. The values are [`Step::copy`].
    Copy,
    /// Tick scopes, copy the next one.
    Scopes,
    /// Server-to-Server: ask for a token until it is granted, bounded.
    Activate,
    /// The wizard's own test login, or skip it.
    Authorize,
    /// Prove what was set up by live answers.
    Verify,
    /// The receiver's form, the last button, the sheet.
    HandOver,
}

impl StepKind {
    /// The values that are typed or pasted on the step.
    pub fn fields(&self) -> &[FieldSpec] {
        match self {
            Self::Fill { fields } => fields,
            Self::Instruct
            | Self::Choose { .. }
            | Self::Copy
            | Self::Scopes
            | Self::Activate
            | Self::Authorize
            | Self::Verify
            | Self::HandOver => &[],
        }
    }

    /// Whether the step asks for that answer.
    pub fn asks_for(&self, wanted: FieldName) -> bool {
        matches!(self, Self::Choose { field, .. } if *field == wanted)
            || self.fields().iter().any(|field| field.name == wanted)
    }
}

/// One option of a choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Value kept as the answer.
    pub value: String,
    pub title: String,
    /// Why one would take it.
    pub why: String,
}

/// An entry field.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldSpec {
    pub name: FieldName,
    /// Label on the page it is read from or typed into.
    pub label: String,
    /// One line of help: where to find it.
    pub help: String,
    pub required: bool,
    /// Offered value; resolved when the step opens.
    pub suggestion: Option<Template>,
}

/// Everything that can be asked. The names are those of the answers file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldName {
    AppName,
    Instance,
    Region,
    Management,
    /// Whether PKCE ("Public client OAuth") is switched on in a General app: [`ClientType`].
    ClientType,
    Company,
    ShortDescription,
    DeveloperName,
    DeveloperEmail,
    ClientId,
    ClientSecret,
    AccountId,
    SecretToken,
    ConnectionName,
}

impl FieldName {
    /// Every field, in the order of a set-up.
    pub const ALL: [Self; 14] = [
        Self::AppName,
        Self::Instance,
        Self::Region,
        Self::Management,
        Self::ClientType,
        Self::Company,
        Self::ShortDescription,
        Self::DeveloperName,
        Self::DeveloperEmail,
        Self::ClientId,
        Self::ClientSecret,
        Self::AccountId,
        Self::SecretToken,
        Self::ConnectionName,
    ];

    /// As in the answers file and in templates.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AppName => "app_name",
            Self::Instance => "instance",
            Self::Region => "region",
            Self::Management => "management",
            Self::ClientType => "client_type",
            Self::Company => "company",
            Self::ShortDescription => "short_description",
            Self::DeveloperName => "developer_name",
            Self::DeveloperEmail => "developer_email",
            Self::ClientId => "client_id",
            Self::ClientSecret => "client_secret",
            Self::AccountId => "account_id",
            Self::SecretToken => "secret_token",
            Self::ConnectionName => "connection_name",
        }
    }

    /// In words, for a reader.
    pub const fn label(self) -> &'static str {
        match self {
            Self::AppName => "App name",
            Self::Instance => "Instance",
            Self::Region => "Region",
            Self::Management => "Management",
            Self::ClientType => "Client type",
            Self::Company => "Company",
            Self::ShortDescription => "Short description",
            Self::DeveloperName => "Developer name",
            Self::DeveloperEmail => "Developer email",
            Self::ClientId => "Client ID",
            Self::ClientSecret => "Client Secret",
            Self::AccountId => "Account ID",
            Self::SecretToken => "Secret Token",
            Self::ConnectionName => "Connection name",
        }
    }

    /// The field of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|name| name.as_str() == text)
    }

    /// Whether the value is kept in the secret store and masked on screen.
    pub const fn is_secret(self) -> bool {
        matches!(self, Self::ClientSecret | Self::SecretToken)
    }
}

/// A label on Zoom's or the receiver's page, as the document has it and as it is today.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ScreenLabel {
    /// As the page shows it today; `None` if today's page has no such element (older screens only).
    pub today: Option<String>,
    /// As the document or an older page has it; `None` if it is the same or did not exist.
    pub documented: Option<String>,
    /// What it is or where it stands, if that needs saying.
    pub note: Option<String>,
}

/// A value to copy.
#[derive(Clone, Debug, PartialEq)]
pub struct CopyValue {
    /// Label of the field it goes into.
    pub label: String,
    pub value: CopySource,
}

/// Where a value to copy comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum CopySource {
    Template(Template),
    /// A secret answer; masked on screen, copied in full.
    Secret(FieldName),
}

/// How the receiver's redirect URL is computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RedirectRule {
    /// `https://` + host of the instance + `/oauth_redirect.do`.
    ServiceNowInstance,
    /// One fixed URL a region, chosen by [`FieldName::Region`].
    Regions(Vec<RegionRedirect>),
}

/// A Celigo region's callback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegionRedirect {
    /// Lower-case id: `na`, `eu`, `au`, `ca`.
    pub id: String,
    pub title: String,
    pub url: String,
    /// Whether a document prints it. If not, it follows the pattern only and must be compared with the
    /// receiver's read-only field.
    pub documented: bool,
}

/// Where the document is wrong. JSON keys are the contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Correction {
    pub documented: String,
    pub used: String,
    pub why: String,
}

/// A documented step that is not carried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Omission {
    /// Id in the document.
    pub documented: String,
    pub why: String,
}

/// The receiver's side of the hand-over.
#[derive(Clone, Debug, PartialEq)]
pub struct HandOver {
    /// How to get to the form, a short sentence each.
    pub path: Vec<Template>,
    /// The form, field by field in the receiver's labels.
    pub fields: Vec<CopyValue>,
    /// Button to press last.
    pub last_button: String,
    /// What shows that it worked.
    pub success: Template,
    /// Follow-ups and warnings for the sheet.
    pub notes: Vec<Template>,
}
