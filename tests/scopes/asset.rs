//! The catalogue's file is what the example makes of a list.

use super::render;
use serde_json::{Value, json};
use zoom_setup::scope::{Catalogue, ScopeInfo};

const CATALOGUE: &str = include_str!("../../assets/scopes.txt");

fn entry(scope: &ScopeInfo) -> Value {
    let list = |facts: Vec<&str>| json!(facts);
    json!({
        "scope": scope.id,
        "style": scope.style.as_str(),
        "product": scope.product(),
        "level": scope.level.as_str(),
        "label": scope.label,
        "classic": list(scope.classic().collect()),
        "operations": list(scope.operations().collect()),
        "events": list(scope.events().collect()),
        "sources": list(scope.sources().collect()),
    })
}

/// Both ways round: the list that the catalogue stands for makes the very same file again, marks included.
#[test]
fn the_example_makes_the_file() {
    let mut list: Vec<Value> = Catalogue::embedded().entries().iter().map(entry).collect();
    list.reverse();
    let made = render::catalogue(&render::head(CATALOGUE), &json!(list).to_string()).unwrap();
    assert!(made == CATALOGUE, "the example makes another file");
}

#[test]
fn a_newer_list_becomes_a_catalogue() {
    let list = json!([
        { "scope": "b:udpate:thing:admin", "style": "granular", "level": "admin", "label": null,
          "classic": ["b:write:admin", "b:udpate:thing:admin"], "operations": ["PUT /b"], "sources": ["x", "y"] },
        { "scope": "a:write:two words", "style": "granular", "level": "user", "label": "Label", "events": ["a.made"] },
    ]);
    assert_eq!(
        render::catalogue("# Head\n", &list.to_string()).unwrap(),
        "# Head\n\
         from 0\tx y\n\
         a:write:two words\tgranular\tuser\tLabel\n\
         \tevent a.made\n\
         \todd published with a blank, which also separates the scopes of a token\n\
         b:udpate:thing:admin\tgranular\tadmin\n\
         \tclassic b:write:admin\n\
         \tPUT /b\n\
         \todd published misspelled\n\
         \tfrom 0\n"
    );
}

#[test]
fn a_list_that_would_spoil_the_file_is_refused() {
    let one =
        |label: &str| json!({ "scope": "a:read:b", "style": "granular", "level": "user", "label": label });
    for bad in [json!([one("x"), one("y")]), json!([one("x\ny")]), json!({}), json!([{ "scope": "a" }])] {
        assert!(render::catalogue("", &bad.to_string()).is_err(), "{bad}");
    }
}
