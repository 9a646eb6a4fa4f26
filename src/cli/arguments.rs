//! The command line as it was typed, with what a file of options adds to it, and tips for names from elsewhere.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{ArgMatches, Command, CommandFactory, FromArgMatches};
use glasshouse::{Error, Result};

use super::Cli;
use super::foreign_names::ours;
use super::option_file;

/// Reads the command line. What makes no sense, and what only asks for help, ends the process here, as clap does it.
pub fn parse() -> Result<Cli> {
    let typed: Vec<OsString> = std::env::args_os().collect();
    let mut command = both_names(Cli::command());
    command.build();
    let mut matches =
        command.clone().try_get_matches_from(&typed).unwrap_or_else(|error| with_tip(error, &command).exit());
    if let Some(("train", given)) = matches.subcommand()
        && let Some(file) = given.get_one::<PathBuf>("config").cloned()
    {
        let train = command.find_subcommand("train").expect("it is one of ours");
        let added = option_file::read(&file, train)?;
        let added = added.into_iter().filter(|(name, _)| leaves_room(name, train, given));
        let all = typed.into_iter().chain(added.map(|(_, argument)| argument));
        matches = command.clone().try_get_matches_from(all).map_err(|error| in_file(&file, &error))?;
    }
    Cli::from_arg_matches(&matches).map_err(|error| Error::Usage(error.to_string()))
}

/// Lets `--data` and `--input` stand for each other, wherever there is one of the two.
fn both_names(command: Command) -> Command {
    let has = |name: &str| command.get_arguments().any(|arg| arg.get_long() == Some(name));
    let (data, input) = (has("data"), has("input"));
    let command = command.mut_args(|arg| match arg.get_long() {
        Some("data") if !input => arg.alias("input"),
        Some("input") if !data => arg.alias("data"),
        _ => arg,
    });
    command.mut_subcommands(both_names)
}

/// Whether the command line says nothing that an option of the file would contradict or say again.
fn leaves_room(name: &str, command: &Command, given: &ArgMatches) -> bool {
    let typed = |id: &clap::Id| given.value_source(id.as_str()) == Some(ValueSource::CommandLine);
    let long = |arg: &&clap::Arg| arg.get_long() == Some(name);
    let arg = command.get_arguments().find(long).expect("the file's options were looked up");
    let excluded = command.get_arguments().filter(|other| typed(other.get_id())).any(|other| {
        let excludes = |one: &clap::Arg, another: &clap::Arg| {
            command.get_arg_conflicts_with(one).iter().any(|found| found.get_id() == another.get_id())
        };
        excludes(arg, other) || excludes(other, arg)
    });
    !typed(arg.get_id()) && !excluded
}

/// clap's refusal of what a file says, in one sentence.
fn in_file(file: &Path, error: &clap::Error) -> Error {
    let text = error.to_string();
    let sentence = text.trim_start_matches("error: ").lines().next().unwrap_or_default();
    Error::Usage(format!("{}: {sentence}", file.display()))
}

/// Names our option where the one that was typed is another program's.
fn with_tip(mut error: clap::Error, command: &Command) -> clap::Error {
    if error.kind() != ErrorKind::UnknownArgument {
        return error;
    }
    let Some(ContextValue::String(unknown)) = error.get(ContextKind::InvalidArg) else { return error };
    let options: Vec<&str> = called(command).get_arguments().filter_map(clap::Arg::get_long).collect();
    if let Some(name) = ours(unknown.trim_start_matches('-'), &options) {
        error.insert(ContextKind::SuggestedArg, ContextValue::String(format!("--{name}")));
    }
    error
}

/// The subcommand that the command line is of.
fn called(command: &Command) -> &Command {
    let mut found = command;
    for word in std::env::args_os().skip(1) {
        found = word.to_str().and_then(|word| found.find_subcommand(word)).unwrap_or(found);
    }
    found
}
