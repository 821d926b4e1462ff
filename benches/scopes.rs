//! One keystroke of search over the whole catalogue; the goal is at most 1 ms each.

use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use zoom_setup::scope::Catalogue;

/// Rows that a screen can show at once, with room.
const LIMIT: usize = 100;

fn keystrokes(criterion: &mut Criterion) {
    let catalogue = Catalogue::embedded();
    for text in ["meet", "user:read", "recording list"] {
        let mut group = criterion.benchmark_group(format!("type {text:?}"));
        for end in 1..=text.len() {
            let typed = &text[..end];
            group.bench_function(format!("{end:02} {typed:?}"), |bencher| {
                bencher.iter(|| catalogue.search(black_box(typed), LIMIT));
            });
        }
        group.finish();
    }
    criterion.bench_function("nearest", |bencher| {
        bencher.iter(|| catalogue.nearest(black_box("cloud_recording:read:list_user_recording:admin")));
    });
}

criterion_group!(benches, keystrokes);
criterion_main!(benches);
