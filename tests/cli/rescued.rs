//! A pair that lies where its owner put it, and the run that is told of the place.

use super::answers;
use super::home::{Home, finish};
use std::fs;
use zoom_setup::oauth::renewal::TokenRecord;
use zoom_setup::oauth::token::StoredTokens;
use zoom_setup::ports::Store;
use zoom_setup::secret::Secret;
use zoom_setup::setup::SecretKey;
use zoom_setup::store::{FileStore, StoreKind, StoreOptions};

const NAME: &str = "Example Zoom";

#[test]
fn a_pair_in_a_place_that_is_named_is_brought_back() {
    let home = Home::new();
    let file = home
        .write("answers.toml", format!("{}after_login = \"keep\"\n", answers(NAME)))
        .display()
        .to_string();
    home.run(&["--rehearse", "new", "servicenow-dex", "--answers", &file]).ends(0);

    // As a run leaves it whose disk was full: the pair in another place, and here the one that was spent for it.
    let options = StoreOptions { data_dir: home.data().join("rehearsal"), kind: StoreKind::Rehearsal };
    let mut store = FileStore::open(options).unwrap();
    store.unlock(None).unwrap();
    let mut held = store.tokens().unwrap().hold(&SecretKey::ConnectionTokens(NAME.to_owned())).unwrap();
    let living = held.read().unwrap().unwrap();
    let spent = StoredTokens {
        refresh_token: Some(Secret::new("spent")),
        obtained_at: living.tokens.obtained_at - jiff::SignedDuration::from_hours(1),
        ..living.tokens.clone()
    };
    let place = home.path("stick");
    fs::create_dir(&place).unwrap();
    let put = held.rescue_into(&place, &living).unwrap();
    held.write(&TokenRecord::of_login(spent).marked(living.tokens.obtained_at).unwrap()).unwrap();
    drop(held);

    let check = |named: bool| {
        let mut command = home.command(&["--rehearse", "check", NAME, "--json"]);
        if named {
            command.env("ZOOM_SETUP_RESCUE_DIR", &place);
        }
        finish(command.spawn().unwrap())
    };
    let alone = check(false).ends(1);
    assert!(alone.stdout.contains("refresh-interrupted"), "{}", alone.stdout);
    let told = check(true);
    assert!(told.stdout.contains("rescued-pair-stored"), "{}", told.stdout);
    assert!(!fs::exists(put).unwrap(), "it is stored now, so it is gone there");
    let after = check(false).ends(0);
    assert!(!after.stdout.contains("refresh-interrupted"), "{}", after.stdout);
}
