//! Bytes of a page as text, whatever it was written in.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8};

use super::{MAX_PAGE_BYTES, Reason};

/// A page declares its encoding within its first bytes.
const HEAD_BYTES: usize = 4 << 10;

/// A page still counts as UTF-8 if at most one of this many bytes is damaged.
const BYTES_PER_DAMAGED_BYTE: usize = 1000;

/// The text of a page: what is UTF-8 is that; else what HTTP, in its Content-Type, or the page says it is; else what it looks
/// like. None if it is nothing of all that without errors.
pub fn decode(bytes: &[u8], content_type: Option<&str>) -> Result<String, (Reason, usize)> {
    if bytes.len() > MAX_PAGE_BYTES {
        return Err((Reason::TooLong, bytes.len()));
    }
    let text = decoded(bytes, content_type).filter(|text| is_text(text));
    text.ok_or((Reason::NoEncoding, bytes.len()))
}

fn decoded(bytes: &[u8], content_type: Option<&str>) -> Option<String> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return Some(encoding.decode_without_bom_handling(&bytes[mark..]).0.into_owned());
    }
    match std::str::from_utf8(bytes) {
        // ISO-2022-JP is nothing else but ASCII and escapes.
        Ok(_) if bytes.contains(&0x1b) => {}
        Ok(text) => return Some(text.to_owned()),
        // Cut off within a character.
        Err(error) if error.error_len().is_none() => {
            return Some(String::from_utf8_lossy(&bytes[..error.valid_up_to()]).into_owned());
        }
        Err(_) => {}
    }
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(HEAD_BYTES)]);
    for named in [content_type.and_then(label), label(&head)].into_iter().flatten() {
        if named == UTF_8 {
            let text = String::from_utf8_lossy(bytes);
            if text.matches('\u{fffd}').count() * BYTES_PER_DAMAGED_BYTE <= bytes.len() {
                return Some(text.into_owned());
            }
        } else if let (text, _, false) = named.decode(bytes) {
            return Some(text.into_owned());
        }
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(bytes, true);
    let (text, _, errors) = detector.guess(None, Utf8Detection::Allow).decode(bytes);
    (!errors).then(|| text.into_owned())
}

/// The encoding behind the first `charset=`.
fn label(text: &str) -> Option<&'static Encoding> {
    let text = text.to_ascii_lowercase();
    let named = &text[text.find("charset=")? + "charset=".len()..];
    let named = named.trim_start_matches([' ', '"', '\'']);
    let end = named.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | ':' | '.'));
    Encoding::for_label(&named.as_bytes()[..end.unwrap_or(named.len())])
}

/// Every byte is something in some encodings, but texts hold next to no control characters.
fn is_text(text: &str) -> bool {
    let controls =
        text.chars().filter(|&c| c.is_control() && !matches!(c, '\t' | '\n' | '\x0c' | '\r' | '\u{85}')).count();
    controls * 100 <= text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_read_in_what_they_are_written_in() {
        let page = |head: &str, text: &str, label: &str| {
            let encoding = Encoding::for_label(label.as_bytes()).unwrap();
            [head.as_bytes(), &encoding.encode(text).0, b"</p></html>"].concat()
        };
        let german = "Die Straße führt über die Brücke zum Fluß, und niemand weiß, wie alt sie ist.";
        let chinese = "这条河很宽，从来没有人渡过。村里的老人说，它比任何一座桥都要古老。";
        let japanese = "この川はとても広く、誰も渡ったことがない。村の老人は、どの橋よりも古いと言う。";
        let russian = "Река была широкой, и никто никогда её не переходил, так говорили старики в деревне.";
        for (text, label) in [
            (german, "windows-1252"),
            (german, "utf-8"),
            (chinese, "gb18030"),
            (chinese, "big5"),
            (japanese, "shift_jis"),
            (japanese, "euc-jp"),
            (japanese, "iso-2022-jp"),
            (russian, "windows-1251"),
            (russian, "koi8-r"),
        ] {
            let text = if label == "big5" {
                "這條河很寬，從來沒有人渡過。村裡的老人說，它比任何一座橋都要古老。"
            } else {
                text
            };
            let named = format!("<html><meta charset='{label}'><p>");
            assert!(decode(&page(&named, text, label), None).unwrap().contains(text), "{label}, which the page names");
            let bare = page("<html><p>", text, label);
            assert!(decode(&bare, None).unwrap().contains(text), "{label}, which nothing names");
            let http = format!("text/html; charset=\"{label}\"");
            assert!(decode(&bare, Some(&http)).unwrap().contains(text), "{label}, which HTTP names");
        }
        let utf16: Vec<u8> = [0xfeff].into_iter().chain(german.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        assert_eq!(decode(&utf16, None).unwrap(), german);
    }

    #[test]
    fn damage_does_not_turn_utf8_into_something_else() {
        let mut bytes = "Die Straße führt über die Brücke. ".repeat(100).into_bytes();
        bytes.truncate(bytes.iter().rposition(|&byte| byte == 0xc3).unwrap() + 1);
        assert!(!decode(&bytes, None).unwrap().contains(['Ã', '\u{fffd}']), "it is cut off within a character");
        bytes[500] = 0xff;
        let text = decode(&bytes, Some("text/html; charset=utf-8")).unwrap();
        assert_eq!(text.matches('\u{fffd}').count(), 2, "the byte and the end");
    }

    #[test]
    fn bytes_that_are_no_text_are_none() {
        let noise: Vec<u8> = (0..4000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        assert_eq!(decode(&noise, None).unwrap_err().0, Reason::NoEncoding);
        assert_eq!(decode(&[0; 100], None).unwrap_err().0, Reason::NoEncoding);
        assert_eq!(decode(&vec![b'a'; MAX_PAGE_BYTES + 1], None).unwrap_err(), (Reason::TooLong, MAX_PAGE_BYTES + 1));
    }
}
