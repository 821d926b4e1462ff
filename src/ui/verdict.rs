//! What Zoom answered to a step's question: heading, what was seen, what it can be, and the next key.

use super::page::Page;
use super::text::age;
use super::theme::Look;
use crate::app::keymap::{Mode, mode};
use crate::app::model::Model;
use crate::app::proof::{MOST_TIMES, MOST_TIMES_SAME, Shown, shown};
use crate::app::wizard::Wizard;
use crate::oauth::verdict::{Judgement, Verdict};
use crate::setup::Question;
use ratatui::text::Span;

/// The question of the step on screen, or its answer, if there is one to show.
pub fn of_step<'a>(model: &'a Model, full: u16, look: Look<'a>) -> Option<Page<'a>> {
    let mut page = Page::new(full, look);
    match shown(model)? {
        Shown::Asking(question) => {
            page.strong_line(format!("{}{}", asking(question), look.signs.ellipsis));
            page.styled("Nothing is spent by asking.", look.theme.dim);
        }
        Shown::Answered { question, record, left } => {
            let all =
                model.wizard().map_or(0, |wizard| wizard.times_asked(question, &model.settings.endpoints).1);
            let key = if mode(model) == Mode::Field { "Ctrl-R" } else { "r" };
            heading(&mut page, &record.verdict);
            next(&mut page, question, record.verdict.judgement, (left, all), key);
            // Under a good result Zoom's refusal of the made-up code alarms, so it stands where it is explained.
            let good = matches!(record.verdict.judgement, Judgement::Proved | Judgement::Expected);
            if !good {
                zoom(&mut page, &record.verdict);
            }
            reasons(&mut page, &record.verdict, key);
            match &record.verdict.zoom {
                Some(said) if question == Question::Pair && good => {
                    page.styled(format!("It said so, as it should: {said}"), look.theme.dim);
                }
                Some(_) if good => zoom(&mut page, &record.verdict),
                Some(_) | None => {}
            }
            page.styled(format!("Zoom was asked {}.", age(model.now, record.at)), look.theme.dim);
        }
    }
    Some(page)
}

const fn asking(question: Question) -> &'static str {
    match question {
        Question::Pair => "Asking Zoom whether it knows this pair, with a made-up code",
        Question::Account => "Asking Zoom for a token with these three values",
        Question::Redirect => "Looking at Zoom's login page with this redirect URL",
    }
}

/// A verdict on the credentials that `r` asks for again, away from the step at which they are entered.
pub fn verdict<'a>(page: &mut Page<'a>, verdict: &'a Verdict, wizard: &Wizard) {
    heading(page, verdict);
    let look = page.look;
    let mut keys = vec![look.accent("r"), Span::raw(" asks again.")];
    if let Some(index) = wizard.credentials_step() {
        keys.push(Span::raw(" "));
        keys.push(look.accent("b"));
        let title = &wizard.procedure.steps[index].title;
        keys.push(Span::raw(format!(" goes to step {}, {title}, to correct them.", index + 1)));
    }
    page.text(keys);
    zoom(page, verdict);
    reasons(page, verdict, "r");
}

/// An answer that proved nothing, where the value stands in a field on the same screen: with what that means, and the
/// key that asks again.
pub fn refusal<'a>(page: &mut Page<'a>, verdict: &'a Verdict, meaning: &'static str, key: &'static str) {
    heading(page, verdict);
    page.plain(meaning);
    zoom(page, verdict);
    reasons(page, verdict, key);
}

/// The result in one line.
fn heading<'a>(page: &mut Page<'a>, verdict: &'a Verdict) {
    let look = page.look;
    let (sign, style) = match verdict.judgement {
        Judgement::Proved => (look.signs.good, look.theme.success),
        Judgement::Expected => (look.signs.bullet, look.theme.strong),
        Judgement::Refused => (look.signs.bad, look.theme.failure),
        Judgement::Open => (look.signs.warn, look.theme.warning),
    };
    page.item(Span::styled(sign, style), vec![Span::styled(verdict.heading.as_str(), style)]);
}

/// Zoom's own code and text.
fn zoom<'a>(page: &mut Page<'a>, verdict: &'a Verdict) {
    let look = page.look;
    if let Some(zoom) = &verdict.zoom {
        page.fact("Zoom said", 10, vec![look.dim(zoom.as_str())]);
    }
}

/// What was seen, and what it can be. `key` asks again on this screen.
fn reasons<'a>(page: &mut Page<'a>, verdict: &'a Verdict, key: &'static str) {
    let look = page.look;
    for line in &verdict.evidence {
        page.plain(line.as_str());
    }
    for (index, candidate) in verdict.candidates.iter().enumerate() {
        let lead = if verdict.candidates.len() > 1 { format!("{}.", index + 1) } else { "-".to_owned() };
        // The table of diagnoses names the key of most screens.
        let test = ["press r ", "Press r "].into_iter().fold(candidate.test.clone(), |test, words| {
            test.replace(words, &words.replace(" r ", &format!(" {key} ")))
        });
        page.item(
            look.dim(lead),
            vec![Span::raw(candidate.cause.as_str()), Span::raw(" "), look.strong(test)],
        );
    }
}

/// What the keys do now.
fn next(
    page: &mut Page<'_>,
    question: Question,
    judgement: Judgement,
    (left, all): (usize, usize),
    key: &'static str,
) {
    let look = page.look;
    let enter = look.accent("Enter");
    let again = look.accent(key);
    match judgement {
        Judgement::Proved | Judgement::Expected => page.text(vec![enter, Span::raw(" goes on.")]),
        Judgement::Refused if left > 0 => {
            let (mend, last) = match question {
                Question::Pair | Question::Account => ("Correct it, then ", " on the last value"),
                Question::Redirect => ("Mend it in Zoom and save, then ", ""),
            };
            page.text(vec![
                Span::raw(mend),
                enter,
                Span::raw(format!("{last} asks again ({left} of {MOST_TIMES_SAME} left for these).")),
            ]);
        }
        Judgement::Refused => {
            let said = if all < MOST_TIMES {
                format!(
                    "Zoom was asked {MOST_TIMES_SAME} times about these values and is not asked again. Changed values are. "
                )
            } else {
                format!("Zoom was asked {MOST_TIMES} times and is not asked again in this run. ")
            };
            page.text(vec![Span::raw(said), enter, Span::raw(" goes on; this counts as not proved.")]);
        }
        Judgement::Open => {
            page.text(vec![
                enter,
                Span::raw(" goes on, marked as not checked. "),
                again,
                Span::raw(" asks again."),
            ]);
        }
    }
}
