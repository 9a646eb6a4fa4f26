//! What goes into the engine and what comes out: plain values that travel by `postMessage` or over a socket.

mod events;
mod settings;

pub use events::{Candidate, Command, Event, Piece, State};
pub use settings::{Changes, Settings, Text};
