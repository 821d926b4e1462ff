//! What a newer zoom-setup adds to a record without a new format stays there when this one writes the record again.

use super::support::*;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::fs;
use std::path::Path;
use zoom_setup::ports::Store;
use zoom_setup::secret::Secret;
use zoom_setup::store::StoreKind;

/// A set-up with every nested record in it.
fn whole_setup() -> Value {
    let mut setup = serde_json::to_value(setup("one")).unwrap();
    setup["done"] = json!({"prepare": {"at": "2026-11-01T08:10:00Z"}});
    setup["proofs"] = json!({"pair": {
        "at": "2026-11-01T08:20:00Z",
        "about": [],
        "verdict": {
            "code": "pair-known", "judgement": "proved", "heading": "Zoom knows the pair", "evidence": [],
            "candidates": [], "zoom": null, "class": "refused",
        },
    }});
    add_common(&mut setup);
    setup
}

fn whole_connection() -> Value {
    let mut connection = serde_json::to_value(connection("Acme")).unwrap();
    add_common(&mut connection);
    connection
}

fn add_common(record: &mut Value) {
    record["grant"] = json!({
        "obtained_at": "2026-11-01T08:30:00Z", "expires_at": "2026-11-01T09:30:00Z", "scopes": null,
        "api_url": null, "refreshable": true, "refreshed_at": null,
    });
    record["verification"] = json!({
        "at": "2026-11-01T08:40:00Z",
        "checks": [{"code": "token", "title": "Token", "outcome": "pass", "detail": "there is one", "next": null}],
        "account": {"account_id": "A1", "user_id": null, "email": null, "name": null},
        "granted": null, "missing": [], "excess": [],
    });
    record["compared"] = json!({"client_id": {
        "at": "2026-11-01T08:50:00Z", "same": true, "expected": {"sha256": "ab12cd34", "length": 22},
    }});
}

/// Every place that keeps what it does not know, as JSON pointers (RFC 6901).
const COMMON: [&str; 6] =
    ["", "/grant", "/verification", "/verification/account", "/verification/checks/0", "/compared/client_id"];
const SETUP_ONLY: [&str; 2] = ["/done/prepare", "/proofs/pair"];

fn add(record: &mut Value, place: &str, field: &str, value: &Value) {
    let found = record.pointer_mut(place).unwrap_or_else(|| panic!("no record at {place:?}"));
    found.as_object_mut().unwrap().insert(field.to_owned(), value.clone());
}

fn write(path: &Path, record: &Value) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, serde_json::to_vec(record).unwrap()).unwrap();
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// Any JSON. Numbers beyond 64 bits are left out: no reader of JSON is bound to keep them (RFC 8259 section 6).
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        prop::num::f64::NORMAL.prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(".{0,8}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// A name that no version has yet.
fn new_field() -> impl Strategy<Value = String> {
    ".{0,12}".prop_map(|name| format!("added {name}"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_added_field_survives_at_every_place(field in new_field(), value in any_json()) {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("setups/one.json");
        for place in COMMON.into_iter().chain(SETUP_ONLY) {
            let mut before = whole_setup();
            add(&mut before, place, &field, &value);
            write(&path, &before);
            let store = open(home.path(), StoreKind::Rehearsal);
            let (mut setups, unreadable) = store.setups().unwrap();
            prop_assert_eq!(unreadable, Vec::<String>::new());
            let mut setup = setups.pop().unwrap();
            setup.current = "scopes".to_owned();
            setup.updated = "2026-11-02T08:00:00Z".parse().unwrap();
            store.save_setup(&setup).unwrap();
            let after = read(&path);
            prop_assert_eq!(after.pointer(place).and_then(|record| record.get(&field)), Some(&value), "{}", place);
            prop_assert_eq!(after.get("current"), Some(&json!("scopes")));
        }
        let path = home.path().join("connections/acme.json");
        for place in COMMON {
            let mut before = whole_connection();
            add(&mut before, place, &field, &value);
            write(&path, &before);
            let store = open(home.path(), StoreKind::Rehearsal);
            let mut connection = store.connections().unwrap().0.pop().unwrap();
            connection.procedure = "celigo-oauth".to_owned();
            store.save_connection(&connection).unwrap();
            let after = read(&path);
            prop_assert_eq!(after.pointer(place).and_then(|record| record.get(&field)), Some(&value), "{}", place);
            prop_assert_eq!(after.get("procedure"), Some(&json!("celigo-oauth")));
        }
    }

    #[test]
    fn a_field_beside_the_secrets_survives(field in new_field(), value in any_json()) {
        let home = tempfile::tempdir().unwrap();
        open(home.path(), StoreKind::Rehearsal).unlock(None).unwrap();
        let key = fs::read_to_string(home.path().join("rehearsal-key.txt")).unwrap();
        let identity: age::x25519::Identity =
            key.lines().find(|line| !line.starts_with('#')).unwrap().parse().unwrap();
        let path = home.path().join("rehearsal-secrets.age");
        let mut document = json!({"format": 1, "secrets": {"setup/one/pending": "kept"}});
        add(&mut document, "", &field, &value);
        let sealed = age::encrypt(&identity.to_public(), &serde_json::to_vec(&document).unwrap()).unwrap();
        fs::write(&path, sealed).unwrap();
        let mut store = open(home.path(), StoreKind::Rehearsal);
        store.unlock(None).unwrap();
        store.write_secrets(vec![(secret("a"), Some(Secret::new("new")))]).unwrap();
        let plain = age::decrypt(&identity, &fs::read(&path).unwrap()).unwrap();
        document["secrets"]["connection/a/client_secret"] = json!("new");
        prop_assert_eq!(serde_json::from_slice::<Value>(&plain).unwrap(), document);
    }
}
