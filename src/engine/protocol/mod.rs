//! What goes into the engine and what comes out: plain values that travel by `postMessage` or over a socket. They know
//! nothing of the engine that they drive.

mod commands;
mod events;
mod settings;
mod views;

pub use commands::Command;
pub use events::{Event, State, Undone};
pub use settings::{Changes, Settings, Text};
pub use views::{Candidate, Cell, Elsewhere, HeadShift, Piece, Rest, Shift, Spread, Standing, Station};
