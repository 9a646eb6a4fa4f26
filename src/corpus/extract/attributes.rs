//! How many attributes a tag of a page has at most. A parser compares each with all before it, and so does what reads them later:
//! pages that have too many are to be known before they are parsed.

/// What holds no tags up to its end, in lower case.
const RAW: [&str; 4] = ["script", "style", "textarea", "title"];

/// The most attributes of a tag, counted as browsers read it: names stand between white space, values behind an equals sign.
pub fn most(html: &str) -> usize {
    let bytes = html.as_bytes();
    let (mut at, mut most) = (0, 0);
    while let Some(open) = find(bytes, at, |byte| byte == b'<') {
        at = open + 1;
        if bytes[at..].starts_with(b"!--") {
            at = html[at..].find("-->").map_or(bytes.len(), |end| at + end);
        } else if bytes.get(at).is_some_and(u8::is_ascii_alphabetic) {
            let name = at;
            at = find(bytes, at, |byte| is_blank(byte) || byte == b'>').unwrap_or(bytes.len());
            let raw = RAW.iter().find(|raw| bytes[name..at].eq_ignore_ascii_case(raw.as_bytes()));
            let count;
            (count, at) = attributes(bytes, at);
            most = most.max(count);
            if let Some(raw) = raw {
                at = end_of(bytes, at, raw.as_bytes());
            }
        }
    }
    most
}

/// Counts the attributes from `at` on; gives where the tag ends, too.
fn attributes(bytes: &[u8], mut at: usize) -> (usize, usize) {
    let mut count = 0;
    loop {
        at = find(bytes, at, |byte| !is_blank(byte) && byte != b'/').unwrap_or(bytes.len());
        if at == bytes.len() || bytes[at] == b'>' {
            return (count, at);
        }
        count += 1;
        // A name may begin with an equals sign.
        at = find(bytes, at + 1, |byte| is_blank(byte) || matches!(byte, b'=' | b'>' | b'/')).unwrap_or(bytes.len());
        let value = find(bytes, at, |byte| !is_blank(byte)).unwrap_or(bytes.len());
        if bytes.get(value) != Some(&b'=') {
            continue;
        }
        at = find(bytes, value + 1, |byte| !is_blank(byte)).unwrap_or(bytes.len());
        at = match bytes.get(at) {
            Some(&quote @ (b'"' | b'\'')) => {
                find(bytes, at + 1, |byte| byte == quote).map_or(bytes.len(), |end| end + 1)
            }
            _ => find(bytes, at, |byte| is_blank(byte) || byte == b'>').unwrap_or(bytes.len()),
        };
    }
}

/// Where the end tag of this name begins, from `at` on.
fn end_of(bytes: &[u8], mut at: usize, name: &[u8]) -> usize {
    while let Some(open) = find(bytes, at, |byte| byte == b'<') {
        at = open + 1;
        let found = bytes[at..].strip_prefix(b"/").and_then(|rest| rest.get(..name.len()));
        if found.is_some_and(|found| found.eq_ignore_ascii_case(name)) {
            return open;
        }
    }
    bytes.len()
}

fn find(bytes: &[u8], from: usize, is: impl Fn(u8) -> bool) -> Option<usize> {
    let rest = bytes.get(from..)?;
    rest.iter().position(|&byte| is(byte)).map(|at| from + at)
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b'\x0c')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_counted_as_browsers_read_them() {
        for (html, want) in [
            ("", 0),
            ("a < b c d", 0),
            ("<p>", 0),
            ("<br/>", 0),
            ("<p a b=c d = 'e > f g' h=\"i j\" =k/l>m n o p q r", 6),
            ("<a href=/x/y?z=1 b>", 2),
            ("<p a><p a b><p>", 2),
            ("<!-- <p a b c> --><p a>", 1),
            ("<script x>if (a<b c d e) {}</SCRIPT><p>", 1),
            ("<style><p a b c>", 0),
            ("</p a b>", 0),
            ("<p a='b c d", 1),
            ("<p a=", 1),
            ("<é a b>", 0),
        ] {
            assert_eq!(most(html), want, "{html}");
        }
        assert_eq!(most(&format!("<p {}>", "a ".repeat(100_000))), 100_000);
    }
}
