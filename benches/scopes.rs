//! One keystroke of search over the whole catalogue; the goal is at most 1 ms each.

use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use zoom_setup::scope::Catalogue;
use zoom_setup::scope::explain::explain;
use zoom_setup::scope::review::{Subject, review};

/// Rows that a screen can show at once, with room.
const LIMIT: usize = 100;

fn keystrokes(criterion: &mut Criterion) {
    let catalogue = Catalogue::embedded();
    // Words of ids, of labels and operations, of events; one that nothing has, and one that only fits with
    // letters apart.
    for text in ["meet", "user:read", "recording list", "get /users", "participant_joined", "qzx", "usrlst"] {
        let mut group = criterion.benchmark_group(format!("type {text:?}"));
        for end in 1..=text.len() {
            let typed = &text[..end];
            group.bench_function(format!("{end:02} {typed:?}"), |bencher| {
                bencher.iter(|| catalogue.search(black_box(typed), LIMIT));
            });
        }
        group.finish();
    }
    criterion.bench_function("explain the widest", |bencher| {
        bencher.iter(|| explain(catalogue, black_box("phone:write:admin"), []));
    });
    criterion.bench_function("explain an ordinary one", |bencher| {
        bencher.iter(|| explain(catalogue, black_box("user:read:list_users:admin"), []));
    });
    criterion.bench_function("review everything published", |bencher| {
        let all: Vec<String> = catalogue.entries().iter().map(|entry| entry.id.to_owned()).collect();
        bencher.iter(|| review(catalogue, &Subject { granted: Some(black_box(&all)), ..Subject::default() }));
    });
    criterion.bench_function("nearest", |bencher| {
        bencher.iter(|| catalogue.nearest(black_box("cloud_recording:read:list_user_recording:admin")));
    });
}

criterion_group!(benches, keystrokes);
criterion_main!(benches);
