//! The core without a terminal, for commands that need a conversation of it with the world.

use super::set_up::tokio_runtime;
use super::world::World;
use crate::app::message::{Effect, Msg};
use crate::app::model::Model;
use crate::error::{Error, ErrorKind};
use crate::ports::Clock;
use crate::runtime::{Runtime, Signals, step};
use crate::system::SystemClock;
use crate::terminal;

/// A core at home, with its runtime.
pub struct Headless {
    pub model: Model,
    runtime: Runtime,
}

impl Headless {
    /// Loads the library, then lets `act` work with the core. What it asked of the store is done when this
    /// returns the model that is left.
    ///
    /// # Errors
    /// Interrupted; no event loop; a defect.
    pub fn run(world: World, act: impl AsyncFnOnce(&mut Self)) -> Result<Model, Error> {
        let (ports, settings, procedures) = world.into_parts();
        let model = Model::new(SystemClock.now(), settings, procedures);
        tokio_runtime()?.block_on(async {
            let runtime =
                Runtime::new(ports).map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))?;
            let mut core = Self { model, runtime };
            let mut signals = Signals::new();
            core.runtime.perform(Effect::LoadLibrary);
            let work = async {
                core.until(|model| model.library.loaded).await;
                act(&mut core).await;
            };
            let ended = tokio::select! {
                () = work => Ok(()),
                () = terminal::panicked() => {
                    return Err(Error::new(ErrorKind::Internal, "a defect of this program ended it"));
                }
                () = signals.next() => Err(Error::new(ErrorKind::Cancelled, "interrupted")),
            };
            core.runtime.finish().await;
            ended.map(|()| core.model)
        })
    }

    /// One message through the core.
    pub fn send(&mut self, msg: Msg) {
        step(&mut self.model, &mut self.runtime, msg);
    }

    /// Takes what comes until the core is there.
    pub async fn until(&mut self, there: impl Fn(&Model) -> bool) {
        while !there(&self.model) {
            let msg = self.runtime.next().await;
            self.send(msg);
        }
    }
}
