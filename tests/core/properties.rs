//! Whatever happens, in whatever order: no panic, no secret where none may be, the same twice.

use super::admin::{Admin, key};
use super::support::{
    ACCESS, CLIENT_SECRET, CODE, Core, REFRESH, SECRET_TOKEN, Storing, bound_to, grant, me, refusal, taken,
};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use zoom_setup::app::keymap;
use zoom_setup::app::message::{Edit, Effect, Msg, Ticket};
use zoom_setup::app::model::{Model, Overlay, Screen, SecretStore};
use zoom_setup::app::update::update;
use zoom_setup::oauth::token::StoredTokens;
use zoom_setup::oauth::{Call, Failure, FailureKind, PreflightAnswer, TokenGrant};
use zoom_setup::ports::{
    Adopted, CallbackEvent, CallbackOutcome, ListenFailure, Renewal, StoreFailure, Unlocked,
};
use zoom_setup::procedure::FieldName;
use zoom_setup::runtime::message;
use zoom_setup::secret::Secret;

/// Tokens with the mark of secrets.
fn pair(name: &str, now: jiff::Timestamp) -> StoredTokens {
    let token = |kind: &str| Secret::new(format!("MARKER{name}{kind}"));
    StoredTokens {
        access_token: token("access"),
        refresh_token: Some(token("refresh")),
        obtained_at: now,
        expires_at: now,
    }
}

/// What every secret here has in it.
const MARK: &str = "MARKER";
const PASSPHRASE: &str = "MARKER8 passphrase";

/// One thing that happens.
#[derive(Clone, Debug)]
enum Act {
    Key(&'static str),
    Letter(char),
    /// A secret is pasted, where it is masked.
    PasteSecret(&'static str),
    Paste(String),
    Edit(Edit),
    Provide(FieldName),
    ProvideScopes(Vec<String>),
    Begin(Index),
    Rotate,
    Resume(Index),
    Resize(u16, u16),
    Drawn(u16),
    Seconds(i64),
    Shutdown,
    /// An answer of the world to the nth open question, or with a ticket that nobody gave out.
    Answer(Index, Answer),
}

#[derive(Clone, Debug)]
enum Answer {
    Well,
    Badly(u8),
    Unasked(u64),
}

fn answers() -> impl Strategy<Value = Answer> {
    prop_oneof![
        8 => Just(Answer::Well),
        2 => any::<u8>().prop_map(Answer::Badly),
        1 => (0_u64..500).prop_map(Answer::Unasked),
    ]
}

const KEYS: [&str; 45] = [
    "Enter",
    "Enter",
    "Enter",
    "Enter",
    "Esc",
    "Tab",
    "Shift-Tab",
    "Up",
    "Down",
    "Left",
    "Home",
    "End",
    "PgUp",
    "PgDn",
    "Backspace",
    "Delete",
    "Space",
    "F1",
    "Ctrl-C",
    "Ctrl-Y",
    "Ctrl-T",
    "Ctrl-O",
    "Ctrl-S",
    "Ctrl-E",
    "=",
    "=",
    "n",
    "r",
    "p",
    "c",
    "s",
    "d",
    "x",
    "e",
    "/",
    "q",
    "v",
    "v",
    "t",
    "f",
    "w",
    "C",
    "R",
    "u",
    "l",
];

fn acts() -> impl Strategy<Value = Act> {
    prop_oneof![
        20 => select(&KEYS[..]).prop_map(Act::Key),
        1 => any::<char>().prop_map(Act::Letter),
        3 => select(&[CLIENT_SECRET, CODE, PASSPHRASE, "code=MARKER9code12&state=x"][..]).prop_map(Act::PasteSecret),
        1 => "\\PC{0,40}".prop_map(Act::Paste),
        1 => select(&[Edit::Clear, Edit::DeleteWord, Edit::Home][..]).prop_map(Act::Edit),
        4 => select(&FieldName::ALL[..]).prop_map(Act::Provide),
        1 => proptest::collection::vec("[a-z:]{1,12}", 0..3).prop_map(Act::ProvideScopes),
        1 => any::<Index>().prop_map(Act::Begin),
        1 => Just(Act::Rotate),
        1 => any::<Index>().prop_map(Act::Resume),
        1 => (0_u16..300, 0_u16..100).prop_map(|(columns, rows)| Act::Resize(columns, rows)),
        1 => (0_u16..50).prop_map(Act::Drawn),
        1 => (0_i64..900).prop_map(Act::Seconds),
        1 => Just(Act::Shutdown),
        14 => (any::<Index>(), answers()).prop_map(|(index, answer)| Act::Answer(index, answer)),
    ]
}

/// The core and the questions it has asked.
struct Stage {
    core: Core,
    open: Vec<Effect>,
}

impl Stage {
    fn play(&mut self, act: Act) -> Result<(), TestCaseError> {
        let masked = masked_focus(&self.core.model);
        let msg = match act {
            Act::Key(name) => message(&self.core.model, key(name)),
            Act::Letter(character) => Some(Msg::Character(character)),
            Act::PasteSecret(text) => masked.then(|| Msg::Paste(Secret::new(text))),
            Act::Paste(text) => Some(Msg::Paste(Secret::new(text))),
            Act::Edit(edit) => Some(Msg::Edit(edit)),
            Act::Provide(field) => {
                let value = self.core.value(field).unwrap_or_else(|| "na".to_owned());
                Some(Msg::Provide { field, value: Secret::new(value) })
            }
            Act::ProvideScopes(scopes) => Some(Msg::ProvideScopes(scopes)),
            Act::Begin(index) => {
                let procedure = index.get(&self.core.model.procedures).id.clone();
                Some(Msg::Begin { procedure })
            }
            Act::Rotate => {
                let connection = self.core.connections.keys().next().cloned();
                connection.map(|connection| Msg::Rotate { connection })
            }
            Act::Resume(index) => {
                let setups: Vec<String> = self.core.setups.keys().cloned().collect();
                (!setups.is_empty()).then(|| Msg::Resume { setup: index.get(&setups).clone() })
            }
            Act::Resize(columns, rows) => Some(Msg::Resized { columns, rows }),
            Act::Drawn(max_scroll) => Some(Msg::Drawn { max_scroll, page: 10 }),
            Act::Seconds(seconds) => {
                self.core.pass(seconds);
                None
            }
            Act::Shutdown => Some(Msg::Shutdown),
            Act::Answer(_, Answer::Unasked(number)) => {
                Some(Msg::Token { ticket: Ticket(number), result: Box::new(Ok(grant(Vec::new()))) })
            }
            Act::Answer(index, answer) => {
                if self.open.is_empty() {
                    None
                } else {
                    let asked = self.open.remove(index.index(self.open.len()));
                    self.answer(asked, &answer)
                }
            }
        };
        match msg {
            Some(msg) => self.send(msg),
            None => Ok(()),
        }
    }

    fn send(&mut self, msg: Msg) -> Result<(), TestCaseError> {
        let mut twin = self.core.model.clone();
        let effects_of_twin = update(&mut twin, self.core.now, msg.clone());
        let effects = update(&mut self.core.model, self.core.now, msg);
        prop_assert_eq!(&effects, &effects_of_twin, "the same message has the same effects");
        prop_assert_eq!(&self.core.model, &twin, "and leads to the same state");
        for effect in &effects {
            no_secret(&format!("{effect:?}"))?;
            if let Effect::SaveSetup(setup) = effect {
                no_secret(&serde_json::to_string(setup).unwrap())?;
                self.core.setups.insert(setup.id.clone(), (**setup).clone());
            }
            if let Effect::SaveConnection { connection, .. } = effect {
                no_secret(&serde_json::to_string(connection).unwrap())?;
                self.core.connections.insert(connection.name.clone(), (**connection).clone());
            }
            if let Effect::Export { text, .. } = effect {
                no_secret(text.expose())?;
            }
        }
        self.open.extend(effects);
        invariants(&self.core.model)?;
        no_secret(&format!(
            "{:?} {:?} {:?}",
            self.core.model.screen, self.core.model.rotating, self.core.model.removing
        ))?;
        no_secret(&format!("{:?} {:?}", self.core.model.overlay, self.core.model.notice))?;
        no_secret(&format!("{:?} {:?}", self.core.model.library, self.core.model.secret_store))
    }

    /// What the world says to an effect.
    fn answer(&mut self, asked: Effect, answer: &Answer) -> Option<Msg> {
        let bad = match answer {
            Answer::Badly(how) => Some(*how),
            Answer::Well | Answer::Unasked(_) => None,
        };
        let disk = || StoreFailure::Io { message: "the disk is full".to_owned() };
        let stored = if bad.is_some() { Err(disk()) } else { Ok(()) };
        Some(match asked {
            Effect::LoadLibrary => Msg::LibraryLoaded {
                setups: self.core.setups.values().cloned().collect(),
                connections: self.core.connections.values().cloned().collect(),
                unreadable: Vec::new(),
            },
            Effect::Unlock { ticket, passphrase } => {
                let result = match bad {
                    None => Ok(Unlocked::Keyring),
                    Some(how) if how % 3 == 0 => Err(disk()),
                    Some(_) if passphrase.is_some() => Err(StoreFailure::WrongPassphrase),
                    Some(how) => {
                        Err(StoreFailure::NeedsPassphrase { new: how % 2 == 0, why: "no keyring".to_owned() })
                    }
                };
                Msg::Unlocked { ticket, result }
            }
            Effect::ReadSecrets { ticket, keys } => {
                let found = keys.into_iter().map(|key| (key.clone(), self.core.secrets.get(&key).cloned()));
                Msg::SecretsRead { ticket, result: stored.map(|()| found.collect()) }
            }
            Effect::WriteSecrets { ticket, changes } => {
                if stored.is_ok() {
                    for (key, value) in changes {
                        match value {
                            Some(value) => self.core.secrets.insert(key, value),
                            None => self.core.secrets.remove(&key),
                        };
                    }
                }
                Msg::SecretsWritten { ticket, result: stored }
            }
            Effect::SaveConnection { ticket, .. } => Msg::ConnectionSaved { ticket, result: stored },
            Effect::RemoveConnection { ticket, .. } => Msg::ConnectionRemoved { ticket, result: stored },
            Effect::SaveSetup(_) => {
                bad?;
                Msg::StoreFailed(disk())
            }
            Effect::RemoveSetup { id, .. } => {
                self.core.setups.remove(&id);
                return None;
            }
            Effect::Random { ticket } => Msg::Random {
                ticket,
                result: match bad {
                    Some(_) => Err("no source".to_owned()),
                    None => Ok(Box::new([9; 64])),
                },
            },
            Effect::Wake { ticket, .. } => Msg::Woke { ticket },
            Effect::Listen { ticket, .. } => {
                if bad.is_none() && self.core.now.as_second() % 2 == 0 {
                    // The browser comes back some time after.
                    self.open
                        .push(Effect::AnswerCallback { ticket, page: zoom_setup::ports::CallbackPage::Done });
                }
                Msg::Listening {
                    ticket,
                    result: match bad {
                        Some(how) if how % 2 == 0 => Err(ListenFailure::Other { detail: "no".to_owned() }),
                        Some(_) => Err(taken(47_823, None)),
                        None => Ok(bound_to(47_823)),
                    },
                }
            }
            Effect::AnswerCallback { ticket, .. } => Msg::Callback {
                ticket,
                event: match bad {
                    Some(how) if how % 2 == 0 => CallbackEvent::Seen { line: "GET /favicon.ico".to_owned() },
                    Some(_) => CallbackEvent::Arrived {
                        outcome: CallbackOutcome::Error {
                            error: "access_denied".to_owned(),
                            description: None,
                        },
                    },
                    None => CallbackEvent::Arrived { outcome: CallbackOutcome::Code(Secret::new(CODE)) },
                },
            },
            Effect::Token { ticket, .. } => {
                let scopes =
                    self.core.model.wizard().map(|wizard| wizard.setup.scopes.iter().cloned().collect());
                let full = grant(scopes.unwrap_or_default());
                let result = match bad {
                    None => Ok(full),
                    Some(how) if how % 3 == 0 => Ok(TokenGrant { scopes: None, refresh_token: None, ..full }),
                    Some(how) if how % 3 == 1 => Err(failure(how)),
                    Some(_) => Err(refusal(Call::ExchangeCode, 400, r#"{"error":"invalid_client"}"#)),
                };
                Msg::Token { ticket, result: Box::new(result) }
            }
            Effect::Renew { ticket, .. } => {
                let tokens = pair("old", self.core.now);
                let grant = grant(Vec::new());
                let new = StoredTokens::from_grant(&grant, self.core.now, None);
                let renewal = match bad {
                    None => Renewal::Renewed { tokens: new, grant },
                    Some(how) => match how % 10 {
                        0 => Renewal::Fresh { tokens: new, adopted: None },
                        1 => {
                            let failure = (how % 4 == 1).then(disk);
                            let adopted = Some(Adopted { place: "/run/user".to_owned(), failure });
                            Renewal::Fresh { tokens: new, adopted }
                        }
                        2 | 3 => {
                            let rescued = (how % 10 == 2).then(|| "/run/user".to_owned());
                            Renewal::NotStored { tokens: new, grant, failure: disk(), rescued }
                        }
                        4 => Renewal::Refused { tokens, failure: failure(how) },
                        5 => Renewal::NotSent { tokens, failure: failure(how) },
                        6 => Renewal::Unknown { tokens, since: self.core.now, failure: Some(failure(how)) },
                        7 => Renewal::NoRefreshToken { tokens },
                        8 => Renewal::NoTokens,
                        _ => Renewal::Store(disk()),
                    },
                };
                Msg::Renewed { ticket, result: Box::new(renewal) }
            }
            Effect::Revoke { ticket, .. } => Msg::Revoked {
                ticket,
                result: match bad {
                    Some(how) => Err(failure(how)),
                    None => Ok(()),
                },
            },
            Effect::Read { ticket, .. } => Msg::Read {
                ticket,
                result: Box::new(match bad {
                    Some(how) if how % 2 == 0 => Err(refusal(Call::Read, 404, "{}")),
                    Some(how) => Err(failure(how)),
                    None => Ok(me()),
                }),
            },
            Effect::Check { ticket, names, options } => match bad {
                // One after the other, and then the end.
                None if !names.is_empty() => {
                    let report = super::checking::healthy(&names[0], self.core.now);
                    self.open.push(Effect::Check { ticket, names: names[1..].to_vec(), options });
                    Msg::Checked { ticket, reports: vec![report] }
                }
                None => Msg::CheckEnded { ticket, result: Ok(()) },
                Some(_) => Msg::CheckEnded { ticket, result: stored },
            },
            Effect::OpenBrowser { .. } => {
                Msg::BrowserOpened(bad.map_or(Ok(Some(Secret::new(CODE))), |_| Err("none".to_owned())))
            }
            Effect::Preflight { ticket, .. } => Msg::Preflight {
                ticket,
                result: Box::new(match bad {
                    None => Ok(PreflightAnswer::SignIn),
                    Some(how) if how % 2 == 0 => Ok(PreflightAnswer::Page {
                        status: 400,
                        body: "<h1>Invalid redirect: x (4,700)</h1>".to_owned(),
                        content_type: "text/html".to_owned(),
                        retry_after: None,
                    }),
                    Some(how) => Err(failure(how)),
                }),
            },
            Effect::Copy { what, .. } => Msg::Copied { what, how: "copied".to_owned() },
            Effect::Export { .. } => Msg::Exported { result: Ok("sheet.md".to_owned()) },
            Effect::Regenerate { ticket, .. } => {
                Msg::Regenerated { ticket, secret: Secret::new(CLIENT_SECRET) }
            }
            Effect::OfferLogin { .. }
            | Effect::ExpireCallback { .. }
            | Effect::Cancel { .. }
            | Effect::ConfigureSandbox(_)
            | Effect::Exit(_) => return None,
        })
    }
}

fn failure(how: u8) -> Failure {
    let kind = match how % 4 {
        0 => FailureKind::TimedOut { limit_s: 10 },
        1 => FailureKind::AnswerLost { detail: "cut".to_owned() },
        2 => FailureKind::Dns { detail: "no such host".to_owned() },
        _ => FailureKind::TooLarge { limit_bytes: 1_000_000 },
    };
    Failure { kind, clock_offset_s: Some(i64::from(how) * 10), ..refusal(Call::Read, 0, "") }
}

/// Whether a paste now goes into a masked field.
fn masked_focus(model: &Model) -> bool {
    use zoom_setup::app::keymap::Mode;
    match keymap::mode(model) {
        Mode::Unlock
        | Mode::PasteBox
        | Mode::LoginWaiting
        | Mode::Desk
        | Mode::DeskPaste
        | Mode::ReviewPaste
        | Mode::Rotate
        | Mode::Rotated => true,
        Mode::Field => match &model.wizard().unwrap().state {
            zoom_setup::app::wizard::StepState::Fill(form) => form.fields[form.focus].input.is_masked(),
            _ => false,
        },
        _ => false,
    }
}

fn no_secret(text: &str) -> Result<(), TestCaseError> {
    let at = text.find(MARK);
    prop_assert!(
        at.is_none(),
        "a secret at …{}",
        &text[at.unwrap_or(0).saturating_sub(120)..].chars().take(200).collect::<String>()
    );
    Ok(())
}

fn invariants(model: &Model) -> Result<(), TestCaseError> {
    prop_assert!(model.scroll <= model.max_scroll);
    match &model.screen {
        Screen::Home { selected } => prop_assert!(*selected < model.home_items().len().max(1)),
        Screen::Connection { .. } => {}
        Screen::Checks(checks) => {
            prop_assert!(checks.selected < checks.list.len().max(1));
            prop_assert!(checks.list.iter().all(|index| *index < model.library.connections.len()));
            prop_assert!(!checks.searching || checks.search.is_some());
            let awaits = !model.checking.awaited.is_empty();
            prop_assert!(model.checking.run.is_some() || !awaits, "awaited by nobody");
        }
        Screen::Wizard(wizard) => {
            prop_assert!(wizard.step < wizard.procedure.steps.len());
            prop_assert!(wizard.procedure.step_index(&wizard.setup.current).is_some());
            if wizard.loading.is_none() {
                prop_assert_eq!(&wizard.current().id, &wizard.setup.current);
            }
            prop_assert!(wizard.setup.scopes_added.is_subset(&wizard.setup.scopes));
            prop_assert!(wizard.setup.answers.keys().all(|field| !field.is_secret()));
            if wizard.tokens.is_none() && wizard.loading.is_none() && !wizard.is_server_to_server() {
                prop_assert!(wizard.setup.grant.is_none(), "a grant without its tokens");
            }
        }
    }
    if let Some(Overlay::Unlock(_)) = model.overlay {
        let unlocking = matches!(model.secret_store, SecretStore::Unlocking { .. });
        prop_assert!(unlocking, "the form is there only while the store waits for it");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, max_shrink_iters: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens(
        procedure in 0_usize..5,
        start in any::<Index>(),
        sequence in proptest::collection::vec(acts(), 1..90),
    ) {
        let mut core = Core::new();
        let id = core.model.procedures[procedure].id.clone();
        core.begin(&id);
        // Somewhere on the way, so that the later steps are reached as well.
        let last = core.wizard().procedure.steps.len();
        for _step in 0..start.index(last) {
            if !core.plain_step() {
                break;
            }
        }
        core.storing = Storing::Silent;
        let mut stage = Stage { core, open: Vec::new() };
        for act in sequence {
            stage.play(act)?;
        }
    }
}

#[test]
fn the_marks_are_in_the_secrets() {
    for secret in [CLIENT_SECRET, SECRET_TOKEN, ACCESS, REFRESH, CODE, PASSPHRASE] {
        assert!(secret.contains(MARK));
    }
}
