//! Whether a text is JSON, by how it begins: a line of JSON each, or values over several lines.

use super::kind::Kind;
use super::python_json::{Value, parse, skip_space};

/// So many lines are looked at where the first is none of JSON.
const LINES: usize = 16;

/// The kind of JSON that `head` begins; none where it is a text. `whole` says that nothing comes behind it.
pub(super) fn json_kind(head: &[u8], whole: bool) -> Option<Kind> {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let head = &head[skip_space(head, 0)..];
    match head.first()? {
        b'{' => object_kind(head, whole),
        b'[' => list_kind(head, whole),
        _ => mostly_objects(head, whole).then_some(Kind::Lines),
    }
}

fn object_kind(head: &[u8], whole: bool) -> Option<Kind> {
    let over_lines = |bytes: &[u8]| if bytes.contains(&b'\n') { Kind::Json } else { Kind::Lines };
    match parse(head) {
        Ok(parsed) => Some(over_lines(&head[..parsed.end])),
        Err(fault) if fault.unfinished && !whole => Some(over_lines(head)),
        // A first line that is cut off, with others behind it.
        Err(_) if mostly_objects(head, whole) => Some(Kind::Lines),
        Err(_) if begins_an_object(head) => Some(Kind::Lines),
        Err(_) => None,
    }
}

/// A list of objects, or of strings; of anything else it is a text that begins with a bracket.
fn list_kind(head: &[u8], whole: bool) -> Option<Kind> {
    let documents = |value: &Value| matches!(value, Value::Object(_) | Value::Text(_));
    let inner = &head[skip_space(head, 1)..];
    match parse(head) {
        Ok(parsed) if skip_space(head, parsed.end) < head.len() => None,
        Ok(parsed) => match parsed.value {
            Value::List(values) => (!values.is_empty() && values.iter().any(documents)).then_some(Kind::Json),
            _ => None,
        },
        Err(fault) if fault.unfinished && !whole => matches!(inner.first()?, b'{' | b'"').then_some(Kind::Json),
        Err(_) => begins_an_object(inner).then_some(Kind::Json),
    }
}

/// Whether it looks like an object of JSON and not like a text in braces: a name in quotes, and a colon.
fn begins_an_object(bytes: &[u8]) -> bool {
    if bytes.first() != Some(&b'{') {
        return false;
    }
    let name = &bytes[skip_space(bytes, 1)..];
    let Some(Ok(parsed)) = name.starts_with(b"\"").then(|| parse(name)) else { return false };
    name.get(skip_space(name, parsed.end)) == Some(&b':')
}

/// Whether of the first lines, two at least, most are an object of JSON each.
fn mostly_objects(head: &[u8], whole: bool) -> bool {
    let mut lines: Vec<&[u8]> = head.split(|&byte| byte == b'\n').collect();
    if !whole && lines.len() > 1 {
        // It goes on behind the head.
        lines.pop();
    }
    let lines: Vec<&[u8]> = lines.into_iter().filter(|line| !line.trim_ascii().is_empty()).take(LINES).collect();
    let is_object = |line: &&&[u8]| {
        line.trim_ascii_start().starts_with(b"{")
            && parse(line).is_ok_and(|parsed| skip_space(line, parsed.end) == line.len())
    };
    let objects = lines.iter().filter(is_object).count();
    objects * 2 >= lines.len() && objects > 0 && lines.len() > 1
}
