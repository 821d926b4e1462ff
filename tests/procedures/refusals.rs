//! Every class of bad data is refused, with the message under the right line and caret.

use super::{GENERAL, SERVER, rendered};
use rstest::rstest;
use zoom_setup::procedure::load::load;

/// The fixture with each `old` replaced by its `new`, where `«…»` marks what the caret must stand under.
struct Spoiled {
    text: String,
    line: usize,
    column: usize,
    caret: String,
}

impl Spoiled {
    fn new(fixture: &str, edits: &[(&str, &str)]) -> Self {
        let mut marked = fixture.to_owned();
        for (old, new) in edits {
            assert!(marked.contains(old), "the fixture has no {old:?}");
            marked = marked.replacen(old, new, 1);
        }
        let (before, rest) = marked.split_once('«').expect("a mark");
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            caret: rest.split('»').next().unwrap_or("").to_owned(),
            text: marked.replace(['«', '»'], ""),
        }
    }

    fn check(&self, name: &str, message: &str, help: &str) {
        let errors = load(name, &self.text).expect_err("the file is bad");
        let found = errors.iter().find(|error| error.message == message);
        let error = found.unwrap_or_else(|| panic!("no such error: {message}\n{}", rendered(&errors)));
        assert_eq!((error.line, error.column), (self.line, self.column), "{error}");
        assert!(error.help.as_deref().unwrap_or("").contains(help), "{error}");
        // What the reader sees: the carets stand under the marked text and cover it.
        let shown = error.to_string();
        let lines: Vec<&str> = shown.lines().collect();
        let carets = lines[4].chars().filter(|c| *c == '^').count();
        let skipped = lines[4].chars().take_while(|c| *c != '^').count();
        let under: String = lines[3].chars().skip(skipped).take(carets).collect();
        assert_eq!(under, self.caret, "{error}");
    }
}

#[rstest]
#[case::format("format = 1", "format = «2»", "format 2 is not known", "format 1")]
#[case::unknown_key(
    "minutes = 20",
    "minutes = 20\n«minuets» = 3",
    "unknown key `minuets`",
    "did you mean `minutes`?"
)]
#[case::unknown_table("[[needs]]", "[[«need»]]", "unknown key `need`", "did you mean `needs`?")]
#[case::wrong_type("minutes = 20", "minutes = «\"20\"»", "invalid type: string \"20\", expected i64", "")]
#[case::syntax("title = \"Verify\"", "title = \"Verify«»", "invalid basic string, expected `\"`", "")]
#[case::twice("minutes = 20", "minutes = 20\n«minutes» = 20", "duplicate key", "")]
#[case::id_is_not_the_file(
    "id = \"fixture-general\"",
    "id = «\"fixture\"»",
    "the id is not the name of the file",
    "fixture-general"
)]
#[case::id_shape("id = \"create-app\"", "id = «\"Create app\"»", "`Create app` is no step id", "lower-case")]
#[case::empty_text("title = \"Fixture with regions\"", "title = «\"  \"»", "an empty text", "")]
#[case::escape_sequence(
    "title = \"Verify\"",
    r#"title = "a «\u001b»[31m""#,
    "a control or direction character in a text (U+001B)",
    "terminal"
)]
#[case::line_break("title = \"Verify\"", r#"title = "a«\n»b""#, "a line break in a text (U+000A)", "")]
#[case::receiver(
    "receiver = \"celigo\"",
    "receiver = «\"celgio\"»",
    "unknown receiver `celgio`",
    "did you mean `celigo`?"
)]
#[case::app_kind(
    "app_kind = \"general\"",
    "app_kind = «\"general_app\"»",
    "unknown app kind `general_app`",
    ""
)]
#[case::management(
    "[\"admin\", \"user\"]",
    "[\"admin\", «\"users\"»]",
    "unknown management `users`",
    "`user`"
)]
#[case::management_twice(
    "[\"admin\", \"user\"]",
    "[\"admin\", \"user\", «\"user\"»]",
    "management `user` a second time",
    "line 6"
)]
#[case::management_missing(
    "app_kind = \"general\"\nmanagement = [\"admin\", \"user\"]",
    "app_kind = «\"general\"»",
    "a General app without `management`",
    ""
)]
#[case::minutes("minutes = 20", "minutes = «0»", "not a number of minutes", "")]
#[case::date("\"2026-03-12\"", "«\"2026-02-30\"»", "not a date", "2026-03-12")]
#[case::date_form("\"2026-03-12\"", "«\"20260312\"»", "not a date", "2026-03-12")]
#[case::need_kind(
    "kind = \"role\"",
    "kind = «\"rol\"»",
    "unknown kind of need `rol`",
    "did you mean `role`?"
)]
#[case::who("who = \"receiver-admin\"", "who = «\"admin\"»", "unknown person `admin`", "`zoom-admin`")]
#[case::scope_twice(
    "id = \"user:read:admin\"",
    "id = «\"user:read:list_users:admin\"»",
    "scope `user:read:list_users:admin` a second time",
    "first on line"
)]
#[case::scope_shape(
    "id = \"user:read:admin\"",
    "id = «\"View users\"»",
    "`View users` does not look like a scope",
    ""
)]
#[case::scope_need(
    "need = \"classic\"",
    "need = «\"clasic\"»",
    "unknown need `clasic`",
    "did you mean `classic`?"
)]
#[case::rule(
    "rule = \"regions\"",
    "rule = «\"region\"»",
    "unknown redirect rule `region`",
    "did you mean `regions`?"
)]
#[case::rule_of_another(
    "rule = \"regions\"",
    "rule = «\"servicenow-instance\"»",
    "another receiver's redirect rule",
    ""
)]
#[case::regions_elsewhere(
    "rule = \"regions\"\n\n[[redirect.regions]]\nid = \"na\"",
    "rule = \"servicenow-instance\"\n\n[[redirect.regions]]\nid = «\"na\"»",
    "regions under another rule",
    ""
)]
#[case::region_twice("id = \"eu\"", "id = «\"na\"»", "region `na` a second time", "")]
#[case::region_http(
    "\"https://eu.example",
    "«\"http://eu.example.com/connection/oauth2callback\"»\n#",
    "a redirect URL that is not https",
    "https://"
)]
#[case::region_placeholder(
    "\"https://eu.example",
    "\"https://«<»eu>.example\"\n#",
    "< is no character of a redirect URL",
    ""
)]
// Row F04 of docs/callback-rows.md.
#[case::region_no_url(
    "\"https://eu.example",
    "«\"https://eu..%zz.example/a\"»\n#",
    "not an address: invalid international domain name",
    ""
)]
// Row F04 of docs/callback-rows.md.
#[case::region_relative(
    "\"https://eu.example",
    "«\"/oauth2callback\"»\n#",
    "a redirect URL that is not absolute",
    "https://"
)]
#[case::region_localhost(
    "\"https://eu.example",
    "«\"http://localhost:8080/a\"»\n#",
    "a redirect URL on localhost",
    "June 2026"
)]
#[case::region_loopback(
    "\"https://eu.example",
    "«\"http://127.0.0.1:8080/a\"»\n#",
    "a redirect URL that is not https",
    "the wizard's own loopback"
)]
// Row F04 of docs/callback-rows.md.
#[case::region_fragment(
    "\"https://eu.example",
    "\"https://eu.example.com/a«#»b\"\n#",
    "a redirect URL with a fragment",
    "RFC 6749"
)]
#[case::region_lookalike(
    "\"https://eu.example",
    "\"https://eu«․»example",
    "column 11 holds U+2024 (ONE DOT LEADER, which only looks like a full stop)",
    "ASCII"
)]
#[case::region_upper_case(
    "\"https://eu.example",
    "«\"https://EU.example.com/a\"»\n#",
    "a redirect URL that is not in its normal form",
    "https://eu.example.com/a"
)]
// Row F04 of docs/callback-rows.md.
#[case::region_query(
    "\"https://eu.example",
    "«\"https://eu.example.com/a?b\"»\n#",
    "a redirect URL with a query",
    ""
)]
#[case::region_user(
    "\"https://eu.example",
    "«\"https://me@eu.example.com/a\"»\n#",
    "a redirect URL with a user name in it",
    ""
)]
#[case::region_not_offered(
    "value = \"eu\"",
    "value = «\"au\"»",
    "option `au` is not in `redirect.regions`",
    ""
)]
#[case::management_not_offered(
    "value = \"user\"",
    "value = «\"root\"»",
    "option `root` is not in `management`",
    ""
)]
#[case::option_twice("value = \"user\"", "value = «\"admin\"»", "option `admin` a second time", "")]
#[case::step_id_twice(
    "id = \"verify\"",
    "id = «\"scopes\"»",
    "step id `scopes` a second time",
    "first on line"
)]
#[case::phase(
    "phase = \"verify\"",
    "phase = «\"verfiy\"»",
    "unknown phase `verfiy`",
    "did you mean `verify`?"
)]
#[case::phase_back(
    "phase = \"redirect-url\"",
    "phase = «\"prepare\"»",
    "phase `prepare` after `credentials`",
    "order: prepare, app-type"
)]
#[case::kind(
    "kind = \"authorize\"",
    "kind = «\"authorise\"»",
    "unknown step kind `authorise`",
    "did you mean `authorize`?"
)]
#[case::kind_in_wrong_phase(
    "phase = \"verify\"",
    "phase = «\"authorize\"»",
    "a step of kind `verify` in phase `authorize`",
    "`verify`"
)]
#[case::fields_elsewhere(
    "kind = \"fill\"\n\n[[steps.fields]]\nname = \"client_id\"",
    "kind = \"instruct\"\n\n[[steps.fields]]\nname = «\"client_id\"»",
    "fields in a step of kind `instruct`",
    "`fill`"
)]
#[case::nothing_to_fill("kind = \"authorize\"", "kind = «\"fill\"»", "nothing to fill in", "")]
#[case::choice_elsewhere(
    "kind = \"choose\"\ndocumented = [\"1\"]\n\n[steps.choose]\nfield = \"region\"",
    "kind = \"instruct\"\n\n[steps.choose]\nfield = «\"region\"»",
    "a choice in a step of kind `instruct`",
    ""
)]
#[case::nothing_to_choose("kind = \"authorize\"", "kind = «\"choose\"»", "nothing to choose", "")]
#[case::nothing_to_copy("kind = \"authorize\"", "kind = «\"copy\"»", "nothing to copy", "")]
#[case::instruct_without_text(
    "kind = \"authorize\"",
    "kind = «\"instruct\"»",
    "an instruction without text",
    ""
)]
#[case::field(
    "name = \"client_id\"",
    "name = «\"clientid\"»",
    "unknown field `clientid`",
    "did you mean `client_id`?"
)]
#[case::fill_a_choice("name = \"client_id\"", "name = «\"region\"»", "`region` is filled in", "`choose`")]
#[case::asked_twice(
    "name = \"connection_name\"",
    "name = «\"client_id\"»",
    "`client_id` is asked a second time",
    "step `credentials`"
)]
#[case::choose_a_secret("field = \"region\"", "field = «\"secret_token\"»", "a choice of a secret", "")]
#[case::suggest_itself(
    "\"Zoom {{region}}\"",
    "«\"Zoom {{connection_name}}\"»",
    "a suggestion made from its own field",
    ""
)]
#[case::suggest_a_secret(
    "help = \"Beside it.\"",
    "help = \"Beside it.\"\nsuggestion = «\"guess\"»",
    "a suggestion for a secret",
    ""
)]
#[case::template_name(
    "{{redirect_url}}",
    "{{«redirect_uri»}}",
    "unknown name `redirect_uri`",
    "did you mean `redirect_url`?"
)]
#[case::template_escaped(
    "\"{{redirect_url}}\"",
    r#""\u00e4\"{{«redirect_uri»}}""#,
    "unknown name `redirect_uri`",
    ""
)]
#[case::template_open(
    "choose **General app**.",
    "choose «**»General app.",
    "`**` opens a screen label that never ends",
    ""
)]
#[case::template_secret(
    "{{client_id}}",
    "{{«client_secret»}}",
    "`client_secret` is a secret and can't stand in a text",
    "secret = "
)]
#[case::label_in_value("{{redirect_url}}", "«**Save**»", "a screen label in a value", "")]
#[case::not_asked(
    "\"Keep the secret.\"",
    "\"Ask «{{company}}».\"",
    "`company` is used and no step asks for it",
    "`fill`"
)]
#[case::asked_later(
    "**Server-to-Server OAuth**",
    "«{{client_id}}»",
    "`client_id` is used before it is asked",
    "step `credentials`"
)]
#[case::open_http(
    "\"https://marketplace.zoom.us/develop/create\"",
    "«\"http://marketplace.zoom.us/\"»",
    "an address that is not https",
    ""
)]
#[case::open_lookalike(
    "marketplace.zoom.us/develop",
    "marketplace«․»zoom.us/develop",
    "`․` (U+2024) in an address",
    ""
)]
#[case::copied_http(
    "{{redirect_url}}\"",
    "x\"\n[[steps.copy]]\nlabel = \"b\"\ntemplate = «\"http://zoom.us\"»",
    "an address that is not https",
    ""
)]
#[case::secret_is_none(
    "secret = \"client_secret\"",
    "secret = «\"client_id\"»",
    "`client_id` is not a secret",
    "template = \"{{client_id}}\""
)]
#[case::secret_unknown(
    "secret = \"client_secret\"",
    "secret = «\"client_secrets\"»",
    "unknown field `client_secrets`",
    "`client_secret`"
)]
#[case::secret_not_asked(
    "secret = \"client_secret\"",
    "secret = «\"secret_token\"»",
    "`secret_token` is used and no step asks for it",
    ""
)]
#[case::both_sources(
    "template = \"{{redirect_url}}\"",
    "template = \"a\"\nsecret = «\"client_secret\"»",
    "a value with both `template` and `secret`",
    ""
)]
#[case::no_source(
    "label = \"OAuth Redirect URL\"\ntemplate = \"{{redirect_url}}\"",
    "label = «\"OAuth Redirect URL\"»",
    "a value to copy without a value",
    ""
)]
#[case::label_of_nothing(
    "[[steps.labels]]\ntoday = \"General app\"\ndocumented = \"OAuth\"\nnote = \"A card.\"",
    "labels = [«{ note = \"A card.\" }»]",
    "a label of no page",
    ""
)]
#[case::correction(
    "corrections = [\"lookalike-dot\"]",
    "corrections = [«\"lookalike-dto\"»]",
    "no correction `lookalike-dto`",
    "did you mean `lookalike-dot`?"
)]
#[case::claimed_twice(
    "documented = [\"2\", \"3\"]",
    "documented = [\"2\", «\"1\"»]",
    "documented step `1` a second time",
    "first on line"
)]
#[case::claimed_and_omitted(
    "documented = \"4\"",
    "documented = «\"3\"»",
    "documented step `3` a second time",
    ""
)]
#[case::activate_a_general_app(
    "kind = \"authorize\"",
    "kind = «\"activate\"»",
    "a step of kind `activate` for a General app",
    "nothing to activate"
)]
#[case::hand_over_not_last(
    "kind = \"verify\"",
    "kind = «\"hand-over\"»",
    "the hand-over is not the last step",
    ""
)]
fn bad_data_in_a_general_file(
    #[case] old: &str,
    #[case] new: &str,
    #[case] message: &str,
    #[case] help: &str,
) {
    Spoiled::new(GENERAL, &[(old, new)]).check("fixture-general.toml", message, help);
}

/// A mistake that shows elsewhere than where it is made, or takes two edits.
#[rstest]
#[case::missing_key(
    &[("need = \"classic\"\n", ""), ("[[scopes]]\nid = \"user:read:admin\"", "«[[scopes]]»\nid = \"user:read:admin\"")],
    "`need` is missing", "add `need"
)]
#[case::region_missing(
    &[
        ("[[redirect.regions]]", "[[redirect.regions]]\nid = \"ap\"\ntitle = \"A\"\nurl = \"https://ap.example.com/a\"\ndocumented = false\n\n[[redirect.regions]]"),
        ("field = \"region\"", "field = «\"region\"»"),
    ],
    "`redirect.regions` has `ap` too", "add an option"
)]
#[case::region_never_asked(
    &[("field = \"region\"", "field = \"company\""), ("rule = \"regions\"", "rule = «\"regions\"»")],
    "`region` is used and no step asks for it", "`choose`"
)]
#[case::management_never_asked(
    &[("field = \"management\"", "field = \"company\""), ("[\"admin\", ", "[«\"admin\"», ")],
    "`management` is used and no step asks for it", "`choose`"
)]
#[case::correction_unused(
    &[("corrections = [\"lookalike-dot\"]", ""), ("id = \"lookalike-dot\"", "id = «\"lookalike-dot\"»")],
    "no step shows the correction `lookalike-dot`", "`corrections`"
)]
#[case::no_login(
    &[("kind = \"authorize\"", "kind = \"verify\""), ("id = \"hand-over\"", "id = «\"hand-over\"»")],
    "no step of kind `authorize`", "`authorize`"
)]
#[case::two_verify(
    &[("kind = \"authorize\"", "kind = \"verify\""), ("kind = \"verify\"\n\n[[steps]]\nid = \"hand", "kind = «\"verify\"»\n\n[[steps]]\nid = \"hand")],
    "a second step of kind `verify`", "exactly one"
)]
#[case::login_without_id(
    &[("name = \"client_id\"", "name = \"app_name\""), ("kind = \"authorize\"", "kind = «\"authorize\"»")],
    "`client_id` is used and no step asks for it", "`fill`"
)]
#[case::no_options(
    &[
        ("field = \"region\"", "field = «\"company\"»"),
        ("[[steps.choose.options]]\nvalue = \"na\"\ntitle = \"North America\"\nwhy = \"Most accounts.\"\n", ""),
        ("[[steps.choose.options]]\nvalue = \"eu\"\ntitle = \"Europe\"\nwhy = \"The address begins with eu.\"\n", ""),
    ],
    "a choice of nothing", "options"
)]
fn bad_data_that_shows_elsewhere(#[case] edits: &[(&str, &str)], #[case] message: &str, #[case] help: &str) {
    Spoiled::new(GENERAL, edits).check("fixture-general.toml", message, help);
}

#[test]
fn a_general_file_needs_a_redirect_rule() {
    let (before, rest) = GENERAL.split_once("[redirect]").unwrap();
    let (_, after) = rest.split_once("[[steps]]").unwrap();
    let without = format!("{before}[[steps]]{after}");
    Spoiled::new(&without, &[("app_kind = \"general\"", "app_kind = «\"general\"»")]).check(
        "fixture-general.toml",
        "a General app without `[redirect]`",
        "servicenow-instance",
    );
}

#[rstest]
#[case::management(
    &[("minutes = 5", "management = [«\"admin\"»]\nminutes = 5")],
    "`management` for a Server-to-Server app", "leave it out"
)]
#[case::redirect(
    &[("[[scopes]]", "[redirect]\nrule = «\"servicenow-instance\"»\n\n[[scopes]]")],
    "a redirect rule for a Server-to-Server app", "`[redirect]`"
)]
#[case::redirect_url(
    &[("{{account_id}}", "«{{redirect_url}}»")],
    "nothing gives `redirect_url` a value in this procedure", "`[redirect]`"
)]
#[case::instance(
    &[("{{account_id}}", "«{{receiver_url}}»")],
    "`instance` is used and no step asks for it", "`fill`"
)]
#[case::receiver_url_without_regions(
    &[("receiver = \"servicenow\"", "receiver = \"celigo\""), ("{{account_id}}", "«{{receiver_url}}»")],
    "nothing gives `receiver_url` a value in this procedure", "regions"
)]
#[case::login(
    &[("kind = \"verify\"", "kind = «\"authorize\"»")],
    "a step of kind `authorize` for a Server-to-Server OAuth app", "no login"
)]
#[case::activate_without_account(
    &[("name = \"account_id\"", "name = \"company\""), ("kind = \"activate\"", "kind = «\"activate\"»")],
    "`account_id` is used and no step asks for it", "`fill`"
)]
#[case::no_checklist(
    &[("kind = \"scopes\"", "kind = \"copy\""), ("id = \"hand-over\"", "id = «\"hand-over\"»")],
    "no step of kind `scopes`", "`scopes`"
)]
#[case::empty_checklist(
    &[
        ("[[scopes]]\nid = \"user:read:list_users:admin\"\nneed = \"required\"\nreason = \"The test lists users.\"\n", ""),
        ("kind = \"scopes\"", "kind = «\"scopes\"»"),
    ],
    "a scope checklist without scopes", "`[[scopes]]`"
)]
#[case::no_fields(
    &[
        ("[[handover.fields]]\nlabel = \"Account ID\"\ntemplate = \"{{account_id}}\"\n", ""),
        ("last_button = \"Save\"", "fields = []\nlast_button = «\"Save\"»"),
    ],
    "a hand-over without fields", "`[[handover.fields]]`"
)]
#[case::no_steps_at_all(
    &[("id = \"fixture-server\"", "id = «\"fixture-server\"»\nsteps = []"), ("STEPS", "")],
    "no step of kind `verify`", "`verify`"
)]
fn bad_data_in_a_server_to_server_file(
    #[case] edits: &[(&str, &str)],
    #[case] message: &str,
    #[case] help: &str,
) {
    // The steps as one text, for the case that takes them all away.
    let fixture = if edits.iter().any(|(old, _)| *old == "STEPS") {
        let (before, steps) = SERVER.split_at(SERVER.find("[[steps]]").unwrap());
        format!("{before}STEPS{}", &steps[steps.find("[handover]").unwrap()..])
    } else {
        SERVER.to_owned()
    };
    Spoiled::new(&fixture, edits).check("fixture-server.toml", message, help);
}

#[test]
fn every_error_is_reported_in_the_order_of_the_file() {
    let text = GENERAL
        .replace("{{client_id}}", "{{client}}")
        .replace("receiver = \"celigo\"", "receiver = \"sap\"")
        .replace("kind = \"verify\"", "kind = \"prove\"");
    let errors = load("fixture-general.toml", &text).unwrap_err();
    let messages: Vec<&str> = errors.iter().map(|error| error.message.as_str()).collect();
    assert_eq!(messages, ["unknown receiver `sap`", "unknown step kind `prove`", "unknown name `client`"]);
}

#[test]
fn syntax_errors_are_all_reported_one_a_line() {
    let text =
        GENERAL.replace("minutes = 20", "minutes = = 20").replace("title = \"Verify\"", "title = Verify");
    let lines: Vec<usize> =
        load("fixture-general.toml", &text).unwrap_err().iter().map(|error| error.line).collect();
    assert_eq!(lines, [7, 151]);
}

#[test]
fn errors_look_like_a_compilers() {
    let text = GENERAL
        .replace("{{redirect_url}}", "{{redirect_uri}}")
        .replace("kind = \"authorize\"", "kind = \"authorise\"")
        .replace("id = \"eu\"", "id = \"na\"")
        .replace("https://eu.example", "https://eu․example");
    let errors = load("fixture-general.toml", &text).unwrap_err();
    insta::assert_snapshot!(rendered(&errors));
}

#[test]
fn a_syntax_error_looks_the_same() {
    let errors = load("fixture-general.toml", &GENERAL.replace("[[needs]]", "[[needs]")).unwrap_err();
    insta::assert_snapshot!(rendered(&errors));
}
