//! One renewal, and every way in which it can end.

use super::support::*;
use rstest::rstest;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use zoom_setup::oauth::FailureKind;
use zoom_setup::oauth::renewal::TokenRecord;
use zoom_setup::ports::{Renewal, RenewalRequest, Renewer, Store, StoreFailure, TokenStore};
use zoom_setup::runtime::Renewals;
use zoom_setup::secret::Secret;
use zoom_setup::store::{Keyring, KeyringProblem, StoreKind, StoreParts};

fn answered(status: u16, body: &str) -> FailureKind {
    FailureKind::Answered { status, body: body.to_owned(), content_type: String::new(), retry_after: None }
}

fn logged_in() -> (Place, Arc<dyn TokenStore>) {
    let place = Place::new();
    let tokens = place.tokens();
    log_in(&*tokens, &key("Acme"), pair("one", 0));
    (place, tokens)
}

fn stored(tokens: &Arc<dyn TokenStore>) -> TokenRecord {
    tokens.look(&key("Acme")).unwrap().unwrap()
}

// Rows B04, F21 of docs/callback-rows.md.
#[test]
fn a_new_pair_is_stored_before_anybody_has_it() {
    let (_place, tokens) = logged_in();
    let zoom = Scripted::new([Ok(grant("two"))]);
    let renewal = renew(tokens.clone(), zoom.clone(), &key("Acme"));
    assert_eq!(renewal, Renewal::Renewed { tokens: pair("two", 60), grant: grant("two") });
    let record = stored(&tokens);
    assert_eq!((record.tokens, record.refreshing), (pair("two", 60), None));
    assert_eq!(record.replaces, pair("one", 0).refresh_token.map(|token| token.fingerprint()));
    assert_eq!(zoom.sent(), ["one-refresh"]);
}

#[test]
fn the_mark_is_on_disk_while_zoom_is_asked() {
    let (_place, tokens) = logged_in();
    let zoom = Scripted::new([Ok(grant("two"))]);
    zoom.gate.forget_permits(tokio::sync::Semaphore::MAX_PERMITS);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let under_way = Renewals::default();
        let renewer = counted(tokens.clone(), zoom.clone(), at(60), under_way.clone());
        let asked = async {
            while zoom.sent().is_empty() {
                tokio::task::yield_now().await;
            }
        };
        // Whoever asked loses interest once the token is on its way.
        tokio::select! {
            renewal = renewer.renew(request(key("Acme"))) => panic!("{renewal:?}"),
            () = asked => {}
        }
        let mark = stored(&tokens).refreshing.unwrap();
        assert_eq!(
            (mark.since, Some(mark.spends)),
            (at(60), pair("one", 0).refresh_token.map(|t| t.fingerprint()))
        );
        zoom.gate.add_permits(1);
        assert!(under_way.any());
        under_way.settled().await;
    });
    assert_eq!(stored(&tokens).tokens, pair("two", 60), "a refresh that was begun goes on to its end");
}

#[rstest]
#[case::not_sent(FailureKind::Connect { detail: "refused".to_owned() })]
#[case::refused(answered(400, r#"{"reason":"Invalid Token!","error":"invalid_grant"}"#))]
fn a_definite_no_takes_the_mark_away(#[case] kind: FailureKind) {
    let (_place, tokens) = logged_in();
    let zoom = Scripted::new([Err(kind.clone()), Ok(grant("two"))]);
    match (renew(tokens.clone(), zoom.clone(), &key("Acme")), kind.status()) {
        (Renewal::NotSent { tokens, failure }, None) | (Renewal::Refused { tokens, failure }, Some(_)) => {
            assert_eq!((tokens, failure.kind), (pair("one", 0), kind));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(stored(&tokens), TokenRecord::of_login(pair("one", 0)));
    assert!(matches!(renew(tokens.clone(), zoom.clone(), &key("Acme")), Renewal::Renewed { .. }));
    assert_eq!(zoom.sent(), ["one-refresh", "one-refresh"]);
}

#[rstest]
#[case::lost(FailureKind::AnswerLost { detail: "reset".to_owned() })]
#[case::late(FailureKind::TimedOut { limit_s: 10 })]
#[case::page(answered(502, "<html>"))]
fn an_end_that_is_not_known_is_said_and_nothing_is_sent_again(#[case] kind: FailureKind) {
    let (place, tokens) = logged_in();
    let zoom = Scripted::new([Err(kind.clone())]);
    let Renewal::Unknown { tokens, since, failure } = renew(tokens, zoom.clone(), &key("Acme")) else {
        panic!("known")
    };
    assert_eq!((tokens, since, failure.unwrap().kind), (pair("one", 0), at(60), kind));
    for wish in [None, Some(1)] {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let request = RenewalRequest { when_less_than_s: wish, ..request(key("Acme")) };
        let renewal = runtime.block_on(renewer(place.tokens(), zoom.clone(), at(90)).renew(request));
        assert_eq!(renewal, Renewal::Unknown { tokens: pair("one", 0), since: at(60), failure: None });
    }
    assert_eq!(zoom.sent(), ["one-refresh"]);
    // A new login ends it.
    log_in(&*place.tokens(), &key("Acme"), pair("two", 5));
    let zoom = Scripted::new([Ok(grant("three"))]);
    assert!(matches!(renew(place.tokens(), zoom, &key("Acme")), Renewal::Renewed { .. }));
}

#[test]
fn nothing_is_sent_where_nothing_is_stored_or_nothing_can_be_marked() {
    let place = Place::new();
    let zoom = Scripted::new([]);
    assert_eq!(renew(place.tokens(), zoom.clone(), &key("Acme")), Renewal::NoTokens);
    let tokens = zoom_setup::oauth::token::StoredTokens { refresh_token: None, ..pair("one", 0) };
    log_in(&*place.tokens(), &key("Acme"), tokens.clone());
    assert_eq!(renew(place.tokens(), zoom.clone(), &key("Acme")), Renewal::NoRefreshToken { tokens });
    // A full disk takes the pair of the login, and no mark.
    let disk = FaultyDisk { fault: DiskFault::Full, good: Mutex::new(1), below: "rehearsal-tokens" };
    let place = Place::with_disk(Arc::new(disk));
    log_in(&*place.tokens(), &key("Acme"), pair("one", 0));
    let renewal = renew(place.tokens(), zoom.clone(), &key("Acme"));
    assert!(matches!(&renewal, Renewal::Store(StoreFailure::Io { message }) if message.contains("no space")));
    assert_eq!(stored(&place.tokens()), TokenRecord::of_login(pair("one", 0)));
    assert_eq!(zoom.sent(), [""; 0]);
}

#[test]
fn a_pair_that_the_store_does_not_take_is_put_elsewhere_and_found_again() {
    let disk =
        Arc::new(FaultyDisk { fault: DiskFault::Full, good: Mutex::new(2), below: "rehearsal-tokens" });
    let place = Place::with_disk(disk.clone());
    log_in(&*place.tokens(), &key("Acme"), pair("one", 0));
    let zoom = Scripted::new([Ok(grant("two")), Ok(grant("three"))]);
    let renewal = renew(place.tokens(), zoom.clone(), &key("Acme"));
    let Renewal::NotStored { tokens, rescued: Some(file), failure: StoreFailure::Io { message }, .. } =
        renewal
    else {
        panic!("{renewal:?}")
    };
    assert_eq!(tokens, pair("two", 60));
    assert!(message.contains("no space") && file.contains("elsewhere"), "{message} {file}");
    // Still full: the pair is used and stays where it is safe, and its refresh token is not sent without a mark.
    for stored in [false, true] {
        if stored {
            *disk.good.lock().unwrap() = usize::MAX;
        }
        let renewal = renew(place.tokens(), zoom.clone(), &key("Acme"));
        let Renewal::Fresh { tokens, adopted: Some(adopted) } = renewal else { panic!("{renewal:?}") };
        assert_eq!((tokens, adopted.failure.is_none()), (pair("two", 60), stored));
        assert!(adopted.place.contains("elsewhere"), "{adopted:?}");
    }
    assert!(matches!(renew(place.tokens(), zoom.clone(), &key("Acme")), Renewal::Renewed { .. }));
    assert_eq!(zoom.sent(), ["one-refresh", "two-refresh"]);
}

#[test]
fn a_pair_that_no_place_takes_is_in_the_answer() {
    let disk = FaultyDisk { fault: DiskFault::Full, good: Mutex::new(2), below: "tokens" };
    let place = Place::with_disk(Arc::new(disk));
    log_in(&*place.tokens(), &key("Acme"), pair("one", 0));
    let zoom = Scripted::new([Ok(grant("two"))]);
    let renewal = renew(place.tokens(), zoom, &key("Acme"));
    assert!(
        matches!(&renewal, Renewal::NotStored { tokens, rescued: None, .. } if *tokens == pair("two", 60))
    );
    assert!(stored(&place.tokens()).refreshing.is_some(), "the old one is spent");
}

#[test]
fn whoever_waited_takes_the_pair_that_another_got() {
    let (_place, tokens) = logged_in();
    let zoom = Scripted::new([Ok(grant("two"))]);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let renewals: Vec<Renewal> = runtime.block_on(async {
        let renewer = renewer(tokens.clone(), zoom.clone(), at(60));
        zoom.gate.forget_permits(tokio::sync::Semaphore::MAX_PERMITS);
        let both = [0, 1].map(|_| {
            let renewer = renewer.clone();
            tokio::spawn(async move { renewer.renew(request(key("Acme"))).await })
        });
        while zoom.sent().is_empty() {
            tokio::task::yield_now().await;
        }
        zoom.gate.add_permits(2);
        let mut renewals = Vec::new();
        for one in both {
            renewals.push(one.await.unwrap());
        }
        renewals
    });
    assert_eq!(zoom.sent(), ["one-refresh"], "one of the two asked");
    assert!(
        renewals.contains(&Renewal::Renewed { tokens: pair("two", 60), grant: grant("two") }),
        "{renewals:?}"
    );
    assert!(renewals.contains(&Renewal::Fresh { tokens: pair("two", 60), adopted: None }), "{renewals:?}");
}

/// A keyring that can be locked.
#[derive(Default)]
struct Lockable {
    entry: Mutex<Option<Secret>>,
    locked: AtomicBool,
}

impl Lockable {
    fn entry(&self) -> Result<MutexGuard<'_, Option<Secret>>, KeyringProblem> {
        if self.locked.load(Ordering::SeqCst) {
            return Err(KeyringProblem::Locked { said: "locked".to_owned() });
        }
        Ok(self.entry.lock().unwrap())
    }
}

impl Keyring for Lockable {
    fn get(&self, _user: &str) -> Result<Option<Secret>, KeyringProblem> {
        self.entry().map(|entry| entry.clone())
    }
    fn set(&self, _user: &str, secret: &Secret) -> Result<(), KeyringProblem> {
        self.entry().map(|mut entry| *entry = Some(secret.clone()))
    }
    fn delete(&self, _user: &str) -> Result<(), KeyringProblem> {
        self.entry().map(|mut entry| *entry = None)
    }
    fn locked(&self) -> Option<bool> {
        Some(self.locked.load(Ordering::SeqCst))
    }
}

/// The key is asked for once. Whatever becomes of the keyring then, a new pair is stored.
#[test]
fn a_keyring_that_is_locked_later_on_loses_nothing() {
    let place = Place::new();
    let keyring = Arc::new(Lockable::default());
    let parts = || StoreParts { keyring: keyring.clone(), ..place.parts() };
    let tokens = open(&place.data(), StoreKind::Keyring, parts()).tokens().unwrap();
    log_in(&*tokens, &key("Acme"), pair("one", 0));
    keyring.locked.store(true, Ordering::SeqCst);
    let zoom = Scripted::new([Ok(grant("two"))]);
    assert!(matches!(renew(tokens, zoom, &key("Acme")), Renewal::Renewed { .. }));
    keyring.locked.store(false, Ordering::SeqCst);
    let tokens = open(&place.data(), StoreKind::Keyring, parts()).tokens().unwrap();
    assert_eq!(stored(&tokens).tokens, pair("two", 60));
}
