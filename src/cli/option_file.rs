//! Options of `train` in a TOML file: the keys are the long names, the values what stands behind them.

use std::ffi::OsString;
use std::path::Path;

use clap::Command;
use glasshouse::{Error, Result};
use toml::{Table, Value};

use super::foreign_names::nearest;
use super::input;

/// What has no place in a file of options.
const ELSEWHERE: [&str; 3] = ["config", "help", "version"];

/// The options in `file`, in its order: the name of each, and the argument that says it to `command`.
pub fn read(file: &Path, command: &Command) -> Result<Vec<(String, OsString)>> {
    let bytes = input::read(file)?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| Error::format(file.display(), "expected TOML in UTF-8: save it as such"))?;
    let table: Table = toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
        Error::format(format!("{}, line {line}", file.display()), format!("expected TOML, found: {}", one_line(&error)))
    })?;
    let options: Vec<&str> =
        command.get_arguments().filter_map(clap::Arg::get_long).filter(|name| !ELSEWHERE.contains(name)).collect();
    let mut found = Vec::new();
    for (key, value) in &table {
        let wrong = |message: String| Error::Usage(format!("{}: {message}", file.display()));
        let Some(option) = command.get_arguments().find(|arg| arg.get_long() == Some(key) && options.contains(&&**key))
        else {
            let near = nearest(key, &options).unwrap_or_default();
            return Err(wrong(format!("there is no option `{key}`: the nearest is `{near}`")));
        };
        let several = option.get_num_args().is_some_and(|count| count.max_values() > 1);
        let mut say = |value: &Value| {
            let value = written(value)
                .ok_or_else(|| wrong(format!("`{key}`: expected a number or a string, found {}", value.type_str())))?;
            found.push((key.clone(), OsString::from(format!("--{key}={value}"))));
            Ok(())
        };
        match value {
            Value::Array(values) if several => values.iter().try_for_each(say)?,
            Value::Boolean(true) if !option.get_action().takes_values() => {
                found.push((key.clone(), OsString::from(format!("--{key}"))));
            }
            Value::Boolean(false) if !option.get_action().takes_values() => {}
            value if !option.get_action().takes_values() => {
                return Err(wrong(format!("`{key}`: expected true or false, found {}", value.type_str())));
            }
            value => say(value)?,
        }
    }
    Ok(found)
}

/// A value as it is typed.
fn written(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Float(number) => Some(number.to_string()),
        _ => None,
    }
}

fn one_line(error: &toml::de::Error) -> String {
    error.message().lines().collect::<Vec<_>>().join(", ")
}
