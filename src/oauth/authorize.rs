//! Placeholder until the zoom branch lands.

/// Which Zoom is talked to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// `https://zoom.us`.
    pub oauth: String,
    /// `https://api.zoom.us`.
    pub api: String,
}
