//! A text file as documents: whole, cut where a text stands between two, or a line each.

use super::{Reading, Tally, Units};

/// What stands between documents in files that were made for other programs.
const MARKER: &[u8] = b"<|endoftext|>";

/// The documents of the text file `name`, blank ones left out where it is cut.
pub(super) fn documents(name: &str, text: Vec<u8>, reading: &Reading, tally: &mut Tally) -> Vec<Vec<u8>> {
    match (&reading.split_on, reading.documents) {
        (Some(separator), _) => cut(&text, separator.as_bytes()),
        (None, Units::Lines) => lines(&text),
        (None, Units::Files) => {
            tell_markers(name, &text, tally);
            if text.is_empty() { Vec::new() } else { vec![text] }
        }
    }
}

fn lines(text: &[u8]) -> Vec<Vec<u8>> {
    let lines = text.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    lines.filter(|line| !line.trim_ascii().is_empty()).map(<[u8]>::to_vec).collect()
}

/// What stands between two separators. Of one that has a line to itself the line's end is a part.
fn cut(text: &[u8], separator: &[u8]) -> Vec<Vec<u8>> {
    let mut documents = Vec::new();
    let mut push = |document: &[u8]| {
        if !document.trim_ascii().is_empty() {
            documents.push(document.to_vec());
        }
    };
    let (mut start, mut at) = (0, 0);
    while let Some(found) = find(&text[at..], separator) {
        let from = at + found;
        push(&text[start..from]);
        at = from + separator.len();
        let own_line = from == 0 || text[from - 1] == b'\n';
        let end = [&b"\r\n"[..], b"\n"].into_iter().find(|end| text[at..].starts_with(end));
        at += end.filter(|_| own_line).map_or(0, <[u8]>::len);
        start = at;
    }
    push(&text[start..]);
    documents
}

/// Where `what` first stands in `text`.
fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += text[at..].iter().position(|byte| *byte == what[0])?;
        if text[at..].starts_with(what) {
            return Some(at);
        }
        at += 1;
    }
}

/// Says where a text holds lines that other programs would take for the end of a document.
fn tell_markers(name: &str, text: &[u8], tally: &mut Tally) {
    let lines = text.split(|&byte| byte == b'\n').filter(|line| line.trim_ascii().ends_with(MARKER)).count();
    if lines > 0 {
        let plural = if lines == 1 { " ends" } else { "s end" };
        tally.say(format!(
            "{name}: {lines} line{plural} with <|endoftext|>, which is text like any other here: --split-on '<|endoftext|>' makes \
             documents of what stands between"
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, reading: Reading) -> Vec<String> {
        let found = documents("a.txt", text.into(), &reading, &mut Tally::default());
        found.into_iter().map(|document| String::from_utf8(document).unwrap()).collect()
    }

    #[test]
    fn a_text_is_cut_where_it_is_asked_for() {
        let split = |on: &str| Reading { split_on: Some(on.into()), ..Reading::default() };
        let lines = Reading { documents: Units::Lines, ..Reading::default() };
        let text = "one\n<|endoftext|>\ntwo\nlines\n<|endoftext|>\r\n<|endoftext|>\nthree";
        assert_eq!(read(text, split("<|endoftext|>")), ["one\n", "two\nlines\n", "three"]);
        assert_eq!(read("one<|e|>two\n<|e|>", split("<|e|>")), ["one", "two\n"]);
        assert_eq!(read("a\n\nb\nc\n\n\n", split("\n\n")), ["a", "b\nc"]);
        assert_eq!(read("Emma\r\n\nOlivia\n  \nAva", lines), ["Emma", "Olivia", "Ava"]);
        assert_eq!(read(text, Reading::default()), [text]);
        assert!(read("", Reading::default()).is_empty());
    }

    #[test]
    fn markers_of_other_programs_are_told() {
        let mut tally = Tally::default();
        let text = "one\n<|endoftext|>\ntwo<|endoftext|>\n a <|endoftext|> b".into();
        documents("a.txt", text, &Reading::default(), &mut tally);
        assert!(tally.notes()[0].starts_with("a.txt: 2 lines end with <|endoftext|>"), "{:?}", tally.notes());
    }
}
