//! What the runtime owes the screen: no waiting in the loop; and the passphrase asked for on the way.

use super::admin::Admin;
use super::browser::Reach;
use super::complete::{End, at_login, check_disk, verify_and_finish};
use super::harness::{Harness, PASSPHRASE, World};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;
use tokio::sync::mpsc;
use zoom_setup::app::keymap::{Mode, mode};
use zoom_setup::app::wizard::AuthorizationPhase;
use zoom_setup::ports::{
    BoundPort, CallbackPage, ListenFailure, ListenRequest, Listener, ListenerControl, Listening, Store,
};
use zoom_setup::procedure::FieldName;

/// A listener that takes its time to close, as one does that waits for the browser to fetch the final page.
#[derive(Default)]
struct Lingering {
    /// Whether it may close, and what happened, in order.
    state: Mutex<(bool, Vec<&'static str>)>,
    changed: Condvar,
}

struct Shared(Arc<Lingering>);

struct Control {
    lingering: Arc<Lingering>,
    _events: mpsc::UnboundedSender<zoom_setup::ports::CallbackEvent>,
}

impl Listener for Shared {
    fn listen(&self, request: ListenRequest) -> Result<Listening, ListenFailure> {
        self.0.state.lock().unwrap().1.push("listening");
        let (sender, events) = mpsc::unbounded_channel();
        let control = Control { lingering: Arc::clone(&self.0), _events: sender };
        let bound = BoundPort { port: request.ports[0], passed_over: Vec::new() };
        Ok(Listening { bound, events, control: Box::new(control) })
    }
}

impl ListenerControl for Control {
    fn offer_login(&self, _url: &str) {}

    fn answer(&self, page: CallbackPage) {
        if page == CallbackPage::Expired {
            self.lingering.state.lock().unwrap().1.push("expired");
        }
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        let state = self.lingering.state.lock().unwrap();
        let wait = Duration::from_secs(30);
        let (mut state, waited) =
            self.lingering.changed.wait_timeout_while(state, wait, |state| !state.0).unwrap();
        state.1.push(if waited.timed_out() { "never released" } else { "closed" });
    }
}

#[test]
fn a_listener_that_closes_slowly_holds_up_no_key_and_no_port_is_wanted_twice() {
    let lingering = Arc::new(Lingering::default());
    let mut world = World::new(&[]);
    world.listener = Arc::new(Shared(Arc::clone(&lingering)));
    world.browser.set(Reach::Nothing);
    let mut harness = at_login(world, "servicenow-dex");
    harness.press("Down Enter");
    harness.press("Esc");
    assert!(matches!(harness.login(), AuthorizationPhase::Offer { .. }));
    lingering.state.lock().unwrap().0 = true;
    lingering.changed.notify_all();
    harness.press("Enter");
    assert_eq!(lingering.state.lock().unwrap().1, ["listening", "closed", "listening"]);
}

/// N07: a login that is out of time is told to a late browser, and gives the port to the next login at once.
#[test]
fn n07_an_expired_login_is_told_and_its_port_is_had_by_the_next_one() {
    let lingering = Arc::new(Lingering::default());
    lingering.state.lock().unwrap().0 = true;
    let mut world = World::new(&[]);
    world.listener = Arc::new(Shared(Arc::clone(&lingering)));
    world.settings.authorize_limit_s = 0;
    world.browser.set(Reach::Nothing);
    let mut harness = at_login(world, "servicenow-dex");
    harness.press("Enter");
    harness.until("the end of its time", |model| {
        matches!(
            model.wizard().and_then(|wizard| wizard.authorization()).map(|login| &login.phase),
            Some(AuthorizationPhase::Waiting { late: true, .. })
        )
    });
    assert_eq!(lingering.state.lock().unwrap().1, ["listening", "expired"]);
    harness.press("r");
    harness.until("the next login", |_| lingering.state.lock().unwrap().1.len() == 4);
    assert_eq!(lingering.state.lock().unwrap().1, ["listening", "expired", "closed", "listening"]);
}

#[test]
fn without_a_keyring_the_passphrase_is_asked_for_once_in_each_run() {
    let mut world = World::new(&[]);
    world.passphrase = None;
    let mut harness = Harness::start(world);
    harness.begin("servicenow-dex");
    harness.walk_to("credentials");
    harness.press("Ctrl-Y Enter");
    assert_eq!(mode(&harness.model), Mode::Unlock);
    for _twice in 0..2 {
        harness.text(PASSPHRASE);
        harness.press("Enter");
    }
    harness.until("what waited is done", |model| {
        model.overlay.is_none() && model.wizard().is_some_and(|wizard| !wizard.setup.secrets.is_empty())
    });
    harness.press("Enter");
    assert_eq!(harness.verdict().code, "pair-known");
    harness.press("Enter");
    assert_eq!(harness.step(), "redirect-url");
    harness.until_stored();
    let mut harness = harness.restart();
    harness.resume();
    harness.text("not this one");
    harness.press("Enter");
    harness.until_passphrase_form_says("does not open");
    harness.text(PASSPHRASE);
    harness.press("Enter");
    harness.until("the secrets are read", |model| {
        model.overlay.is_none() && model.wizard().is_some_and(|wizard| wizard.loading.is_none())
    });
    assert_eq!(harness.wizard().secrets.len(), 1);
    harness.walk();
    harness.log_in("Down Enter");
    harness.press("Enter");
    let stored = verify_and_finish(&mut harness, End::Revoke);
    check_disk(&harness, &stored);
}

#[test]
fn a_set_up_is_removed_with_its_secrets() {
    let mut harness = Harness::start(World::new(&[]));
    harness.begin("servicenow-dex");
    harness.walk_to("scopes");
    harness.until_stored();
    let id = harness.wizard().setup.id.clone();
    let mut harness = harness.restart();
    harness.press("x Enter");
    harness.until_setups_are_gone();
    let store = harness.world.open_store();
    let key = zoom_setup::setup::SecretKey::SetupField(id, FieldName::ClientSecret);
    assert_eq!(store.read_secret(&key).unwrap(), None);
}
