//! What goes into the engine and what comes out: plain values that travel by `postMessage` or over a socket. They know
//! nothing of the engine that they drive.

mod commands;
mod events;
mod settings;
mod views;

pub use commands::Command;
pub use events::{Event, State, Undone};
pub use settings::{Changes, Settings, Text};
pub use views::{
    Candidate, Cell, Description, Elsewhere, Estimate, HeadShift, Piece, Rest, Shift, Spread, Standing, Station,
};

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use ts_rs::{Config, TS, TypeVisitor};

    use super::*;

    const FILE: &str = "types/protocol.d.ts";
    const COMMAND: &str = "WRITE_TYPES=1 cargo test --lib types_of_commands";

    /// The declarations of some types and of all that they name, by name.
    struct Declarations(Config, BTreeMap<String, String>);

    impl TypeVisitor for Declarations {
        fn visit<T: TS + 'static + ?Sized>(&mut self) {
            let name = T::ident(&self.0);
            // What is no type of ours has no file of its own.
            if T::output_path().is_none() || self.1.contains_key(&name) {
                return;
            }
            let declared = T::decl(&self.0).replace('\n', "\n  ");
            let text = format!("{}export {declared}\n", T::docs().unwrap_or_default());
            // A comment that is one sentence is one line.
            let text = text.replace("/**\n * ", "/** ").replace("/**\n   * ", "/** ");
            let text = text.replace("\n */", " */").replace("\n   */", " */");
            self.1.insert(name, text.lines().map(|line| format!("{}\n", line.trim_end())).collect());
            T::visit_dependencies(self);
        }
    }

    #[test]
    fn the_page_has_the_types_of_commands_and_events() {
        let mut found = Declarations(Config::new().with_large_int("number"), BTreeMap::new());
        found.visit::<Command>();
        found.visit::<Event>();
        let declarations: Vec<String> = found.1.into_values().collect();
        let head = format!("// The engine's commands and events, out of src/engine/protocol/ by `{COMMAND}`.");
        let expected = format!("{head}\n\n{}", declarations.join("\n"));
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
        if std::env::var_os("WRITE_TYPES").is_some() {
            std::fs::write(&path, &expected).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(committed == expected, "{FILE} is not of these types: `{COMMAND}` writes it anew");
    }
}
