//! The loop on a terminal: keys in, frames out. It draws only when something changed.

use super::{Runtime, Written};
use crate::app::keymap::{self, Key};
use crate::app::message::{Edit, Effect, Exit, Msg};
use crate::app::model::Model;
use crate::app::update::update;
use crate::secret::Secret;
use crate::terminal;
use crate::ui::{self, Theme};
use crossterm::event::{Event, EventStream, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use futures_util::StreamExt;
use ratatui::Terminal;
use ratatui::backend::Backend;
use ratatui::layout::Rect;
use std::fmt::Write as _;
use std::io::Write;

/// Why the loop ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The core said so.
    Exit(Exit),
    /// A thread or task panicked; the report is out already.
    Panicked,
    /// The terminal can't be written or read any more.
    TerminalLost(String),
}

/// Runs until the core exits. `signals` were caught before the terminal's modes were changed, so that none can
/// end the process in between. `opening` are messages that begin what the command line asks for. `written` keeps
/// the long address on the screen one line.
pub async fn run_on_terminal<B>(
    model: &mut Model,
    runtime: &mut Runtime,
    screen: &mut Terminal<B>,
    theme: &Theme,
    mut signals: Signals,
    opening: Vec<Msg>,
    mut written: Written,
) -> Ended
where
    B: Backend + Write,
    B::Error: std::fmt::Display,
{
    let mut queue: Vec<Msg> = opening;
    // Before all else: while it is read, the rest gets ready, and one frame does.
    if !queue.iter().any(|msg| matches!(msg, Msg::LibraryLoaded { .. })) {
        runtime.perform(Effect::LoadLibrary);
    }
    let mut keys = EventStream::new();
    loop {
        for msg in queue.drain(..) {
            step(model, runtime, msg);
        }
        while let Some(msg) = runtime.ready() {
            step(model, runtime, msg);
        }
        if let Some(exit) = runtime.exit() {
            return Ended::Exit(exit.clone());
        }
        runtime.saved().await;
        if let Err(error) = draw(model, runtime, screen, theme, &mut written) {
            return Ended::TerminalLost(error);
        }
        tokio::select! {
            biased;
            () = terminal::panicked() => return Ended::Panicked,
            () = signals.next() => queue.push(Msg::Shutdown),
            msg = runtime.next() => queue.push(msg),
            event = keys.next() => match event {
                Some(Ok(event)) => {
                    // Of a terminal that was smaller in between, rows are gone that a difference would not draw.
                    if let Event::Resize(width, height) = event {
                        written.forget();
                        if let Err(error) = screen.resize(Rect { x: 0, y: 0, width, height }) {
                            return Ended::TerminalLost(error.to_string());
                        }
                    }
                    queue.extend(message(model, event));
                }
                Some(Err(error)) => return Ended::TerminalLost(error.to_string()),
                None => return Ended::TerminalLost("standard input was closed".to_owned()),
            },
        }
    }
}

/// One message through the core, its effects into the world.
pub fn step(model: &mut Model, runtime: &mut Runtime, msg: Msg) {
    let now = runtime.now();
    log("message", &msg);
    for effect in update(model, now, msg) {
        log("effect", &effect);
        runtime.perform(effect);
    }
}

/// Logs which kind of thing happened, never what was in it.
fn log(what: &str, value: &impl std::fmt::Debug) {
    if tracing::enabled!(tracing::Level::DEBUG) {
        let mut name = VariantName(String::new());
        // Ends with an error at the end of the name, on purpose: the rest is not for the log.
        let _ = write!(name, "{value:?}");
        tracing::debug!("{what} {}", name.0);
    }
}

/// Takes the name of a variant out of its `Debug` text and refuses the rest.
struct VariantName(String);

impl std::fmt::Write for VariantName {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let name = text.split([' ', '(', '{']).next().unwrap_or_default();
        self.0.push_str(name);
        if name.len() == text.len() { Ok(()) } else { Err(std::fmt::Error) }
    }
}

fn draw<B>(
    model: &mut Model,
    runtime: &mut Runtime,
    screen: &mut Terminal<B>,
    theme: &Theme,
    written: &mut Written,
) -> Result<(), String>
where
    B: Backend + Write,
    B::Error: std::fmt::Display,
{
    // A second pass only when drawing found that the text scrolls less far than it was scrolled, and one more where
    // an address of several rows has gone.
    for _pass in 0..3 {
        let before = model.scroll;
        let mut drawn = ui::Drawn::default();
        screen
            .draw(|frame| {
                model.size = (frame.area().width, frame.area().height);
                drawn = ui::view(model, theme, frame);
            })
            .map_err(|error| error.to_string())?;
        step(model, runtime, Msg::Drawn { max_scroll: drawn.max_scroll, page: drawn.page });
        if model.scroll != before {
            continue;
        }
        if written.stale(drawn.link.as_ref()) {
            written.forget();
            // To the size that it has: erased, and drawn anew. `clear` would ask the terminal for its cursor.
            let (width, height) = model.size;
            screen.resize(Rect { x: 0, y: 0, width, height }).map_err(|error| error.to_string())?;
            continue;
        }
        return written.write(drawn.link.as_ref(), screen.backend_mut()).map_err(|error| error.to_string());
    }
    Ok(())
}

/// What a terminal event means to the core. Keys become intents by the table; in a text field printable
/// keys are text.
pub fn message(model: &Model, event: Event) -> Option<Msg> {
    match event {
        Event::Key(key) => key_message(model, key),
        Event::Paste(text) => Some(Msg::Paste(Secret::new(text))),
        Event::Resize(columns, rows) => Some(Msg::Resized { columns, rows }),
        Event::FocusGained | Event::FocusLost | Event::Mouse(_) => None,
    }
}

fn key_message(model: &Model, event: KeyEvent) -> Option<Msg> {
    // Windows reports releases too; a held key repeats and counts each time.
    if event.kind == KeyEventKind::Release {
        return None;
    }
    let mode = keymap::mode(model);
    let control = event.modifiers.contains(KeyModifiers::CONTROL);
    let key = key(event.code, control)?;
    if let Some(intent) = keymap::intent(mode, key) {
        return Some(Msg::Intent(intent));
    }
    if !mode.is_text() || event.modifiers.contains(KeyModifiers::ALT) {
        return None;
    }
    match key {
        Key::Char(character) => Some(Msg::Character(character)),
        Key::Ctrl('u') => Some(Msg::Edit(Edit::Clear)),
        Key::Ctrl('w') => Some(Msg::Edit(Edit::DeleteWord)),
        Key::Ctrl('a') | Key::Home => Some(Msg::Edit(Edit::Home)),
        Key::Ctrl('e') | Key::End => Some(Msg::Edit(Edit::End)),
        Key::Ctrl('h') | Key::Backspace => Some(Msg::Edit(Edit::Backspace)),
        Key::Delete => Some(Msg::Edit(Edit::Delete)),
        Key::Left => Some(Msg::Edit(Edit::Left)),
        Key::Right => Some(Msg::Edit(Edit::Right)),
        Key::Ctrl(_)
        | Key::Function(_)
        | Key::Enter
        | Key::Esc
        | Key::Tab
        | Key::BackTab
        | Key::Up
        | Key::Down
        | Key::PageUp
        | Key::PageDown => None,
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "keys this program has no use for; the enum is crossterm's"
)]
const fn key(code: KeyCode, control: bool) -> Option<Key> {
    Some(match code {
        KeyCode::Char(character) if control => Key::Ctrl(character.to_ascii_lowercase()),
        KeyCode::Char(character) => Key::Char(character),
        KeyCode::F(number) => Key::Function(number),
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Esc,
        KeyCode::Tab => Key::Tab,
        KeyCode::BackTab => Key::BackTab,
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Delete => Key::Delete,
        _ => return None,
    })
}

/// SIGTERM, SIGHUP and SIGINT as one thing: leave, with everything saved.
pub struct Signals {
    #[cfg(unix)]
    streams: Vec<tokio::signal::unix::Signal>,
}

impl Signals {
    /// From now on the signals no longer end the process by themselves.
    pub fn new() -> Self {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let kinds = [SignalKind::terminate(), SignalKind::hangup(), SignalKind::interrupt()];
            Self { streams: kinds.into_iter().filter_map(|kind| signal(kind).ok()).collect() }
        }
        #[cfg(not(unix))]
        Self {}
    }

    /// Completes when one of them comes.
    pub async fn next(&mut self) {
        #[cfg(unix)]
        {
            if self.streams.is_empty() {
                return std::future::pending().await;
            }
            let waiting = self.streams.iter_mut().map(|stream| Box::pin(stream.recv()));
            futures_util::future::select_all(waiting).await;
        }
        #[cfg(not(unix))]
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Default for Signals {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_names_a_message_and_not_what_is_in_it() {
        for (msg, name) in [
            (Msg::Paste(Secret::new("hunter2")), "Paste"),
            (Msg::Character('h'), "Character"),
            (Msg::Begin { procedure: "hunter2".to_owned() }, "Begin"),
            (Msg::Shutdown, "Shutdown"),
        ] {
            let mut out = VariantName(String::new());
            let _ = write!(out, "{msg:?}");
            assert_eq!(out.0, name);
        }
    }
}
