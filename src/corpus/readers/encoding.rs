//! What a text is written in: UTF-8 stays as it is, whatever single bytes of it are damaged; other text is decoded, and that is said.

#[cfg(feature = "encodings")]
use super::decoding;
use crate::{Error, Result};

/// A text still counts as UTF-8 if fewer than one of this many bytes is none of it,
const BYTES_PER_STRAY: usize = 1000;
/// or if so many more bytes are characters of several bytes, which hardly happens by chance.
const CHARACTERS_PER_STRAY: usize = 20;

/// So much of a text says whether it is UTF-16.
const SAMPLE: usize = 64 << 10;

/// The name of no encoding: bytes stay as they are.
const BYTES: &str = "bytes";

const MARK: &[u8] = b"\xef\xbb\xbf";

/// A text as it is used, and what a person should know of how it was read.
#[derive(Debug, PartialEq)]
pub struct Decoded {
    /// UTF-8, but for bytes that were kept.
    pub bytes: Vec<u8>,
    /// What was done, if anything was, to follow the file's name.
    pub said: Option<String>,
}

/// The order of the two bytes of a unit of UTF-16.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Little,
    Big,
}

impl Order {
    fn name(self) -> &'static str {
        match self {
            Order::Little => "UTF-16LE",
            Order::Big => "UTF-16BE",
        }
    }

    fn units(self, bytes: &[u8]) -> impl Iterator<Item = u16> + '_ {
        let unit = move |pair: &[u8]| match self {
            Order::Little => u16::from_le_bytes([pair[0], pair[1]]),
            Order::Big => u16::from_be_bytes([pair[0], pair[1]]),
        };
        bytes.chunks_exact(2).map(unit)
    }

    fn decode(self, bytes: &[u8]) -> String {
        char::decode_utf16(self.units(bytes)).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    }
}

/// Refuses the name of an encoding that is none.
pub fn check_encoding(name: &str) -> Result<()> {
    let known = match name.to_ascii_lowercase().as_str() {
        BYTES | "utf-8" | "utf8" | "utf-16" | "utf-16le" | "utf-16be" => true,
        #[cfg(feature = "encodings")]
        name => decoding::is_known(name),
        #[cfg(not(feature = "encodings"))]
        _ => false,
    };
    if known {
        return Ok(());
    }
    Err(Error::Usage(format!(
        "no encoding is called {name:?}: give bytes, utf-8, utf-16le, utf-16be, gb18030, big5, shift_jis, euc-kr, windows-1252 or \
         another of the web's names"
    )))
}

/// The text that `bytes` are, in the encoding of that name or in the one that they look like. Or why they are no text.
pub fn decode(bytes: Vec<u8>, name: Option<&str>) -> std::result::Result<Decoded, String> {
    let name = name.map(str::to_ascii_lowercase);
    let decoded = match name.as_deref() {
        Some(BYTES) => return Ok(Decoded { bytes, said: None }),
        Some("utf-8" | "utf8") => kept(bytes),
        Some("utf-16" | "utf-16le" | "utf-16be") => {
            let otherwise = if name.as_deref() == Some("utf-16be") { Order::Big } else { Order::Little };
            decoded_utf16(&bytes, utf16_mark(&bytes).unwrap_or(otherwise))
        }
        #[cfg(feature = "encodings")]
        Some(name) => decoding::named(&bytes, name),
        #[cfg(not(feature = "encodings"))]
        Some(_) => kept(bytes),
        None => recognised(bytes)?,
    };
    match decoded.bytes.iter().position(|&byte| byte == 0) {
        Some(at) => Err(format!("a zero byte at {at}: it is a binary file, or --encoding bytes takes it as it is")),
        None => Ok(decoded),
    }
}

fn recognised(bytes: Vec<u8>) -> std::result::Result<Decoded, String> {
    if let Some(order) = utf16(&bytes) {
        return Ok(decoded_utf16(&bytes, order));
    }
    #[cfg(feature = "encodings")]
    if let Some(decoded) = decoding::escaped(&bytes) {
        return Ok(decoded);
    }
    let Strays { stray, characters, .. } = strays(&bytes);
    if stray * BYTES_PER_STRAY < bytes.len().max(1) || stray * CHARACTERS_PER_STRAY < characters {
        return Ok(kept(bytes));
    }
    if let Some(at) = bytes.iter().position(|&byte| byte == 0) {
        return Err(format!("a zero byte at {at}: it is a binary file"));
    }
    #[cfg(feature = "encodings")]
    {
        let unknown = "it is neither UTF-8 nor text in another encoding that is known: name it with --encoding, or give \
                       --encoding bytes to take it as it is";
        decoding::guessed(&bytes).ok_or_else(|| unknown.to_owned())
    }
    #[cfg(not(feature = "encodings"))]
    Ok(kept(bytes))
}

/// UTF-8 as it is, without a mark in front of it.
fn kept(mut bytes: Vec<u8>) -> Decoded {
    let Strays { stray, cut, .. } = strays(&bytes);
    let stray = stray + cut;
    let mut said = Vec::new();
    if bytes.starts_with(MARK) {
        bytes.drain(..MARK.len());
        said.push("the byte order mark is left out".to_owned());
    }
    if stray > 0 {
        said.push(format!("UTF-8 but for {stray} of {} bytes, which are kept as they are", bytes.len()));
    }
    Decoded { bytes, said: (!said.is_empty()).then(|| said.join("; ")) }
}

/// Bytes that are no UTF-8, and bytes of characters that are more than one byte.
#[derive(Default)]
struct Strays {
    stray: usize,
    /// Those of a character that the text ends within.
    cut: usize,
    characters: usize,
}

fn strays(bytes: &[u8]) -> Strays {
    if bytes.is_ascii() {
        return Strays::default();
    }
    let mut strays = Strays::default();
    for chunk in bytes.utf8_chunks() {
        let cut = std::str::from_utf8(chunk.invalid()).is_err_and(|error| error.error_len().is_none());
        *if cut { &mut strays.cut } else { &mut strays.stray } += chunk.invalid().len();
        strays.characters += chunk.valid().bytes().filter(|byte| !byte.is_ascii()).count();
    }
    strays
}

fn decoded_utf16(bytes: &[u8], order: Order) -> Decoded {
    let text = order.decode(bytes);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    Decoded { bytes: text.as_bytes().to_vec(), said: Some(format!("read as {}", order.name())) }
}

/// The beginning of a text in UTF-16 as UTF-8; none where it is something else.
pub(super) fn utf16_head(head: &[u8], whole: bool) -> Option<String> {
    let order = utf16(if whole { head } else { &head[..head.len() & !1] })?;
    Some(order.decode(head).trim_start_matches('\u{feff}').to_owned())
}

fn utf16_mark(bytes: &[u8]) -> Option<Order> {
    match bytes {
        // UTF-32 begins with this, too, and is not read.
        [0xff, 0xfe, 0, 0, ..] => None,
        [0xff, 0xfe, ..] => Some(Order::Little),
        [0xfe, 0xff, ..] => Some(Order::Big),
        _ => None,
    }
}

/// Whether a text is UTF-16, marked or not.
fn utf16(bytes: &[u8]) -> Option<Order> {
    if let Some(order) = utf16_mark(bytes) {
        return Some(order);
    }
    let sample = &bytes[..bytes.len().min(SAMPLE)];
    if sample.is_empty() || !bytes.len().is_multiple_of(2) {
        return None;
    }
    let zeros = sample.contains(&0);
    // Text of single bytes with a stray zero among them.
    let printable = sample.iter().filter(|byte| matches!(byte, b' '..=b'~' | b'\n' | b'\r' | b'\t')).count();
    if zeros && printable * 10 >= sample.len() * 8 {
        return None;
    }
    if !zeros && (sample.is_ascii() || std::str::from_utf8(bytes).is_ok()) {
        return None;
    }
    let [little, big] = [Order::Little, Order::Big].map(|order| familiar(order, sample, zeros).unwrap_or(0));
    match little.cmp(&big) {
        std::cmp::Ordering::Equal => None,
        std::cmp::Ordering::Greater => Some(Order::Little),
        std::cmp::Ordering::Less => Some(Order::Big),
    }
}

/// How many characters of `sample` are such as stand in every text, if it may be UTF-16 at all. Without zero bytes, those of
/// spaces and line ends, it must be Chinese or Japanese with its own punctuation: other encodings of the two look alike otherwise.
fn familiar(order: Order, sample: &[u8], zeros: bool) -> Option<usize> {
    let (mut count, mut familiar, mut han, mut early) = (0_usize, 0, 0, 0);
    let mut characters = char::decode_utf16(order.units(sample)).peekable();
    while let Some(character) = characters.next() {
        let Ok(c) = character else {
            // The sample may end within a pair.
            if characters.peek().is_none() && sample.len() == SAMPLE {
                break;
            } else {
                return None;
            };
        };
        let odd = c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\x0c');
        if odd || matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{fffe}' | '\u{ffff}') {
            return None;
        }
        count += 1;
        familiar +=
            usize::from(c.is_ascii() || matches!(c, '，' | '。' | '、' | '　' | '！' | '？' | '「' | '“' | '”'));
        han += usize::from(matches!(c, '\u{3000}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}' | '\u{ff00}'..='\u{ffef}'));
        early += usize::from(matches!(c, '\u{4e00}'..='\u{7fff}'));
    }
    let chinese = han * 10 >= count * 9 && early * 5 >= count;
    (zeros || chinese).then_some(familiar)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> (String, Option<String>) {
        let decoded = decode(bytes.to_vec(), None).unwrap();
        (String::from_utf8(decoded.bytes).unwrap(), decoded.said)
    }

    #[test]
    fn utf16_is_read_with_a_mark_and_without() {
        for text in
            ["Die Straße führt\nüber die Brücke.\n", "这条河很宽，\n从来没有人渡过。\n", "Река была широкой", "ab"]
        {
            for (order, name) in [(Order::Little, "UTF-16LE"), (Order::Big, "UTF-16BE")] {
                let bytes = |text: &str| -> Vec<u8> {
                    let order =
                        |unit: u16| if order == Order::Little { unit.to_le_bytes() } else { unit.to_be_bytes() };
                    text.encode_utf16().flat_map(order).collect()
                };
                let want = (text.to_owned(), Some(format!("read as {name}")));
                assert_eq!(read(&bytes(text)), want);
                assert_eq!(read(&bytes(&format!("\u{feff}{text}"))), want);
            }
        }
        let line = "这条河很宽，从来没有人渡过。村里的老人说，它比任何一座桥都要古老。";
        let bytes: Vec<u8> = line.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(read(&bytes).0, line, "no byte of it is zero");
    }

    #[test]
    fn utf8_stays_with_its_stray_bytes() {
        let mut bytes = "The old bird sang of glass. ".repeat(100).into_bytes();
        bytes[500] = 0xe9;
        bytes[1500] = 0xff;
        let decoded = decode(bytes.clone(), None).unwrap();
        assert_eq!(decoded.bytes, bytes);
        assert_eq!(decoded.said.unwrap(), "UTF-8 but for 2 of 2800 bytes, which are kept as they are");
        assert_eq!(read("\u{feff}a".as_bytes()).0, "a");
        let short = "宋词和元曲".as_bytes();
        assert_eq!(decode(short[..14].to_vec(), None).unwrap().bytes, short[..14], "cut off within a character");
    }

    #[test]
    fn what_is_no_text_is_told() {
        for bytes in [&b"text\0"[..], b"hello\0", b"\0a line of text", b"a\0\0\0b\0\0\0", &[0, 1, 2, 3, 4, 5]] {
            assert!(decode(bytes.to_vec(), None).unwrap_err().contains("zero byte"), "{bytes:?}");
            assert_eq!(decode(bytes.to_vec(), Some("bytes")).unwrap().bytes, bytes);
        }
        assert!(check_encoding("klingon").is_err());
        assert!(check_encoding("UTF-8").is_ok());
    }
}
