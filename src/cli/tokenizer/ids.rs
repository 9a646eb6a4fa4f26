//! Ids as people and programs write them: between spaces, commas or line breaks, in brackets or not.

use glasshouse::{Error, Result};

/// The ids in `text`, as Python, JSON and `tokenizer encode` print them; an object of JSON has them under `ids`. `place` is
/// where they come from.
pub fn parse(place: &str, text: &str) -> Result<Vec<u32>> {
    let mut ids = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let place = || format!("{place}, line {}", index + 1);
        if line.trim_start().starts_with('{') {
            let object: Encoded = serde_json::from_str(line)
                .map_err(|error| Error::format(place(), format!("expected an object with a list `ids`: {error}")))?;
            ids.extend(object.ids);
            continue;
        }
        let separates = |c: char| c.is_whitespace() || "[],".contains(c);
        for word in line.split(separates).filter(|word| !word.is_empty()) {
            let id = word.parse().map_err(|_| {
                let message = "expected ids, numbers between spaces, commas or line breaks, in brackets or not, found";
                Error::format(place(), format!("{message} '{word}'"))
            })?;
            ids.push(id);
        }
    }
    Ok(ids)
}

/// What `tokenizer encode --json` prints.
#[derive(serde::Deserialize)]
struct Encoded {
    ids: Vec<u32>,
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn ids_are_read_however_they_are_written() {
        for text in [
            "1 2 33",
            "[1, 2, 33]",
            "1,2,33",
            "1\n2\r\n33\n",
            "[1,\n 2,\n 33\n]\n",
            "[[1, 2], [33]]",
            "{\"ids\": [1, 2, 33], \"tokens\": []}",
        ] {
            assert_eq!(parse("it", text).unwrap(), [1, 2, 33], "{text}");
        }
        assert!(parse("it", " \n").unwrap().is_empty());
        for (text, part) in [
            ("1 two", "it, line 1: "),
            ("1\n-2", "it, line 2: "),
            ("1.5", "'1.5'"),
            ("99999999999", "999"),
            ("{}", "`ids`"),
        ] {
            let error = parse("it", text).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
