use super::*;
use crate::oauth::token::StoredTokens;
use crate::procedure::Receiver;
use crate::setup::GrantRecord;
use proptest::prelude::*;
use rstest::rstest;
use std::collections::BTreeSet;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

fn grant() -> GrantRecord {
    GrantRecord {
        obtained_at: at(0),
        expires_at: at(3_600),
        scopes: Some(vec!["user:read:user:admin".to_owned()]),
        api_url: None,
        refreshable: true,
        refreshed_at: Some(at(60)),
        unknown: Default::default(),
    }
}

fn tokens() -> TokenRecord {
    let tokens = StoredTokens {
        access_token: Secret::new("access"),
        refresh_token: Some(Secret::new("refresh")),
        obtained_at: at(0),
        expires_at: at(3_600),
    };
    TokenRecord::of_login(tokens).marked(at(70)).unwrap()
}

/// Any connection that a set-up can leave.
fn connections() -> impl Strategy<Value = Connection> {
    let answer = |field| (Just(field), "[A-Za-z0-9][A-Za-z0-9 äöü会議-]{0,30}[A-Za-z0-9]");
    let names = proptest::collection::btree_map(
        prop_oneof![answer(FieldName::AppName), answer(FieldName::Company)].prop_map(|(field, _)| field),
        "[A-Za-z0-9][A-Za-z0-9äöü会議-]{0,20}[A-Za-z0-9]",
        0..3,
    );
    let scopes = proptest::collection::btree_set("[a-z_]{1,12}:[a-z]{1,9}(:admin)?", 0..8);
    let kind = prop_oneof![Just(AppKind::General), Just(AppKind::ServerToServer)];
    let owner = prop_oneof![Just(Owner::Wizard), Just(Owner::Receiver)];
    (names, scopes, kind, owner, "[A-Za-z0-9]{1,40}", any::<bool>(), 0_i64..100_000_000).prop_map(
        |(mut answers, scopes, app_kind, owner, secret, rotated, seconds)| {
            answers.insert(FieldName::ClientId, "aB3dEfGhIjKlMnOpQrStUv".to_owned());
            let secrets = [(FieldName::ClientSecret, Secret::new(secret).fingerprint())].into();
            Connection {
                format: CONNECTION_FORMAT,
                name: "a connection".to_owned(),
                procedure: "servicenow-dex".to_owned(),
                receiver: Receiver::ServiceNow,
                app_kind,
                rehearsal: false,
                created: at(0),
                owner,
                answers,
                secrets,
                scopes,
                grant: None,
                verification: None,
                compared: BTreeMap::new(),
                credentials_since: rotated
                    .then_some((FieldName::ClientSecret, at(seconds)))
                    .into_iter()
                    .collect(),
                unknown: Default::default(),
            }
        },
    )
}

fn parcel(connection: Connection) -> Parcel {
    Parcel { exported: at(100), connection, secrets: BTreeMap::new(), tokens: None }
}

/// With its secret and, where that is its own, its login.
fn whole(mut connection: Connection) -> Parcel {
    let secret = Secret::new("a client secret");
    connection.secrets = [(FieldName::ClientSecret, secret.fingerprint())].into();
    let kept = connection.app_kind == AppKind::General && connection.owner == Owner::Wizard;
    connection.grant = kept.then(grant);
    Parcel {
        secrets: [(FieldName::ClientSecret, secret)].into(),
        tokens: kept.then(tokens),
        ..parcel(connection)
    }
}

fn example() -> Connection {
    Connection {
        format: CONNECTION_FORMAT,
        name: "a connection".to_owned(),
        procedure: "servicenow-dex".to_owned(),
        receiver: Receiver::ServiceNow,
        app_kind: AppKind::General,
        rehearsal: false,
        created: at(0),
        owner: Owner::Wizard,
        answers: [(FieldName::ClientId, "aB3dEfGhIjKlMnOpQrStUv".to_owned())].into(),
        secrets: BTreeMap::new(),
        scopes: BTreeSet::new(),
        grant: None,
        verification: None,
        compared: BTreeMap::new(),
        credentials_since: BTreeMap::new(),
        unknown: Default::default(),
    }
}

fn read_back(parcel: &Parcel) -> Result<Parcel, TransferProblem> {
    Parcel::from_json(parcel.to_json().unwrap().expose().as_bytes())
}

#[test]
fn a_readable_document_has_no_secret_and_no_login() {
    let connection = without_login(&Connection { grant: Some(grant()), ..example() });
    let text = parcel(connection).to_json().unwrap();
    assert!(!text.expose().contains("tokens") && !text.expose().contains("secrets\": {\n    \"client"));
    assert_eq!(read_back(&parcel(without_login(&example()))).unwrap().connection, example());
}

#[rstest]
#[case::a_login_of_the_receiver(|parcel: &mut Parcel| parcel.connection.owner = Owner::Receiver)]
#[case::a_login_of_a_server(|parcel: &mut Parcel| parcel.connection.app_kind = AppKind::ServerToServer)]
#[case::a_login_without_its_record(|parcel: &mut Parcel| parcel.connection.grant = None)]
#[case::a_record_without_its_login(|parcel: &mut Parcel| parcel.tokens = None)]
#[case::another_secret(|parcel: &mut Parcel| {
    parcel.secrets.insert(FieldName::ClientSecret, Secret::new("another"));
})]
#[case::a_secret_more(|parcel: &mut Parcel| {
    parcel.secrets.insert(FieldName::SecretToken, Secret::new("more"));
})]
#[case::no_fingerprint(|parcel: &mut Parcel| {
    parcel.secrets.clear();
    let print = Fingerprint { sha256: "ABCDEF01".to_owned(), length: 3 };
    parcel.connection.secrets.insert(FieldName::ClientSecret, print);
})]
#[case::a_date_of_nothing(|parcel: &mut Parcel| {
    parcel.connection.credentials_since.insert(FieldName::SecretToken, at(0));
})]
#[case::no_scope(|parcel: &mut Parcel| {
    parcel.connection.scopes.insert("user read".to_owned());
})]
#[case::a_secret_in_the_open(|parcel: &mut Parcel| {
    parcel.connection.answers.insert(FieldName::ClientSecret, "x".to_owned());
})]
#[case::a_steered_terminal(|parcel: &mut Parcel| parcel.connection.procedure = "a\u{1b}[2J".to_owned())]
fn what_contradicts_itself_is_refused(#[case] damage: fn(&mut Parcel)) {
    let mut parcel = whole(example());
    assert_eq!(read_back(&parcel).as_ref(), Ok(&parcel));
    damage(&mut parcel);
    assert!(matches!(read_back(&parcel), Err(TransferProblem::Invalid(_))), "{:?}", read_back(&parcel));
}

#[test]
fn a_problem_never_quotes_what_it_read() {
    let text = whole(example()).to_json().unwrap().expose().replace("a client secret", "hunter2 hunter2");
    let problem = Parcel::from_json(text.as_bytes()).unwrap_err();
    assert!(!format!("{problem} {problem:?}").contains("hunter2"));
    assert!(!format!("{:?}", whole(example())).contains("a client secret"));
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Parcel::from_json(&bytes);
    }

    #[test]
    fn any_edit_is_taken_whole_or_refused(connection in connections(), at in any::<prop::sample::Index>(), byte: u8) {
        let mut bytes = whole(connection).to_json().unwrap().expose().as_bytes().to_vec();
        let index = at.index(bytes.len());
        bytes[index] = byte;
        if let Ok(parcel) = Parcel::from_json(&bytes) {
            prop_assert_eq!(read_back(&parcel), Ok(parcel));
        }
    }

    #[test]
    fn any_cut_is_refused(connection in connections(), at in any::<prop::sample::Index>()) {
        let text = whole(connection).to_json().unwrap();
        let bytes = text.expose().trim_end().as_bytes();
        let cut = &bytes[..at.index(bytes.len())];
        prop_assert!(Parcel::from_json(cut).is_err());
    }

    #[test]
    fn what_is_exported_comes_back_the_same(connection in connections()) {
        let readable = parcel(connection.clone());
        prop_assert_eq!(read_back(&readable), Ok(readable));
        let whole = whole(connection);
        prop_assert_eq!(read_back(&whole), Ok(whole));
    }
}
