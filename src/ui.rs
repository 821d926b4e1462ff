//! Placeholder until the ui branch lands.
use crate::app::model::Model;
#[derive(Default)]
pub struct Drawn {
    pub max_scroll: u16,
}
pub struct Theme;
pub fn view(_m: &Model, _t: &Theme, _f: &mut ratatui::Frame) -> Drawn {
    Drawn::default()
}
