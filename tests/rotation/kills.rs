//! The kill matrix: a refresh is ended at every step, and the next run says exactly which token is alive, or that it
//! cannot be known. The table of `docs/rotation.md` is what happens here.

use super::child::{Point, Site, said, wait_for, word};
use super::stage::Stage;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use zoom_setup::oauth::token::StoredTokens;
use zoom_setup::ports::Renewal;
use zoom_setup::sandbox::Fault;
use zoom_setup::system::{SystemClock, SystemEntropy};

/// A sandbox where somebody has logged in, and that plays these faults from then on.
pub fn logged_in(faults: &[Fault]) -> (Stage, Site) {
    let directory = tempfile::tempdir().unwrap();
    let stage = |faults: &[Fault]| {
        Stage::ready(|options| {
            options.clock = Arc::new(SystemClock);
            options.entropy = Arc::new(SystemEntropy);
            options.state_file = Some(directory.path().join("sandbox.json"));
            options.faults = faults.to_vec();
            // Until the sandbox ends.
            options.slow_for = Duration::from_secs(3_600);
        })
    };
    let login = stage(&[]).login();
    let stage = stage(faults);
    let site = Site::new(&stage.sandbox, &login, directory);
    (stage, site)
}

/// Ends a refresh at that point.
fn killed(site: &Site, stage: &Stage, point: Point) {
    let mut child = site.child("renew", Some(point)).spawn().unwrap();
    if point == Point::Requested {
        wait_for("Zoom has rotated", || stage.sandbox.refreshes().rotated == 1);
        child.kill().unwrap();
    }
    let (ended, out) = said(child);
    assert!(!ended, "{point:?} was not reached: {out}");
}

fn is_alive(stage: &Stage, tokens: &StoredTokens) -> bool {
    stage.read(tokens.access_token.expose(), "/v2/users/me").status == 200
}

/// One row of the table: what the next run says of the pair, and whether that is so at Zoom.
fn row(point: Point) -> String {
    let faults: &[Fault] = if point == Point::Requested {
        &[Fault::Slow]
    } else if point == Point::Refused {
        &[Fault::WrongSecret]
    } else {
        &[]
    };
    let (stage, mut site) = logged_in(faults);
    let first = site.record().tokens;
    if point == Point::NotSent {
        // Nobody listens there.
        site.zoom = "http://127.0.0.1:1".to_owned();
    }
    killed(&site, &stage, point);
    stage.sandbox.oauth_url().clone_into(&mut site.zoom);
    let rotated = stage.sandbox.refreshes().rotated;
    let at_zoom = if rotated == 0 { "old" } else { "new" };
    assert_eq!(is_alive(&stage, &first), rotated == 0);

    let mut next = site.renew();
    let mut found = "";
    if let Renewal::Fresh { tokens, adopted: Some(adopted) } = &next {
        assert!(adopted.failure.is_none(), "{adopted:?}");
        assert!(is_alive(&stage, tokens), "{point:?}: what was found is no good");
        found = if Path::new(&adopted.place).starts_with(site.elsewhere()) {
            ", found elsewhere"
        } else {
            ", found beside its place"
        };
        next = site.renew();
    }
    let says = match &next {
        Renewal::Renewed { tokens, .. } => {
            let spent = site.record().replaces.unwrap();
            let old = first.refresh_token.as_ref().unwrap().fingerprint() == spent;
            assert!(is_alive(&stage, tokens));
            assert_eq!(old, rotated == 0, "{point:?}");
            format!("the {} pair is alive{found}", if old { "old" } else { "new" })
        }
        Renewal::Unknown { tokens, failure: None, .. } => {
            assert_eq!(*tokens, first);
            assert_eq!(site.renew(), next, "{point:?}: it says so again, and sends nothing");
            assert_eq!(stage.sandbox.refreshes().rotated, rotated);
            "it cannot be known; log in anew".to_owned()
        }
        Renewal::Fresh { .. }
        | Renewal::NotStored { .. }
        | Renewal::Refused { .. }
        | Renewal::NotSent { .. }
        | Renewal::Unknown { .. }
        | Renewal::NoRefreshToken { .. }
        | Renewal::NoTokens
        | Renewal::Store(_) => panic!("{point:?}: {}", word(&next)),
    };
    assert_eq!(stage.sandbox.refreshes().refused, 0, "{point:?}: a token that is spent was sent");
    let left: Vec<_> = super::support::files_below(&site.data().join("rehearsal-tokens"))
        .into_iter()
        .filter(|path| path.extension().is_some_and(|end| end == "tmp"))
        .collect();
    assert!(left.is_empty(), "{point:?}: {left:?}");
    format!("| {} | {at_zoom} | {says} |", point.words())
}

#[test]
fn after_a_kill_at_any_step_the_next_run_knows_or_says_that_nobody_can() {
    let rows: Vec<String> = Point::ALL.into_iter().map(row).collect();
    println!("{}", rows.join("\n"));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rotation.md");
    let document = std::fs::read_to_string(path).unwrap();
    let (_, table) =
        document.split_once("| killed | alive at Zoom | the next run says |\n|---|---|---|\n").unwrap();
    let documented: Vec<&str> = table.lines().take_while(|line| line.starts_with("| ")).collect();
    assert_eq!(documented, rows, "docs/rotation.md has the table as it is");
}
