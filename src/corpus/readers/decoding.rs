//! Text in the encodings of the web, by name or by what it looks like.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, ISO_2022_JP};

use super::encoding::Decoded;

/// The detector looks at so many bytes from the first on that is not ASCII.
const LOOKED_AT: usize = 4 << 20;

/// Of so many characters one may be damaged, and of so many one a control character.
const CHARACTERS_PER_DAMAGE: usize = 100;

/// Whether there is an encoding of this name.
pub(super) fn is_known(name: &str) -> bool {
    Encoding::for_label(name.as_bytes()).is_some()
}

/// A text in the encoding of this name.
pub(super) fn named(bytes: &[u8], name: &str) -> Decoded {
    let encoding = Encoding::for_label(name.as_bytes()).unwrap_or(encoding_rs::UTF_8);
    let (text, used, _) = encoding.decode(bytes);
    said(&text, used)
}

/// ISO-2022-JP, which is ASCII with escapes; none where the text is something else.
pub(super) fn escaped(bytes: &[u8]) -> Option<Decoded> {
    let escapes = bytes.windows(2).any(|pair| pair == b"\x1b$");
    if !escapes || !bytes.is_ascii() {
        return None;
    }
    let (text, errors) = ISO_2022_JP.decode_without_bom_handling(bytes);
    (!errors).then(|| said(&text, ISO_2022_JP))
}

/// A text in the encoding that it looks like; none where it is none.
pub(super) fn guessed(bytes: &[u8]) -> Option<Decoded> {
    let first = bytes.iter().position(|byte| !byte.is_ascii()).unwrap_or(0);
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(&bytes[first..bytes.len().min(first + LOOKED_AT)], true);
    let (text, used, _) = detector.guess(None, Utf8Detection::Deny).decode(bytes);
    let odd = |c: &char| c.is_control() && !matches!(c, '\t' | '\n' | '\x0c' | '\r' | '\u{85}') || *c == '\u{fffd}';
    let odd = text.chars().filter(odd).count();
    (odd * CHARACTERS_PER_DAMAGE <= text.len()).then(|| said(&text, used))
}

fn said(text: &str, encoding: &'static Encoding) -> Decoded {
    let damaged = text.matches('\u{fffd}').count();
    let mut said = format!("read as {}", encoding.name());
    if damaged > 0 {
        said += &format!(", with U+FFFD for {damaged} characters that are damaged");
    }
    Decoded { bytes: text.as_bytes().to_vec(), said: Some(said) }
}

#[cfg(test)]
mod tests {
    use super::super::encoding::decode;
    use encoding_rs::Encoding;

    #[test]
    fn other_encodings_are_read_and_told() {
        let chinese = "这条河很宽，从来没有人渡过。\n村里的老人说，它比任何一座桥都要古老。\n";
        let taiwan = "這條河很寬，從來沒有人渡過。\n村裡的老人說，它比任何一座橋都要古老。\n";
        let japanese = "この川はとても広く、誰も渡ったことがない。\n村の老人は、どの橋よりも古いと言う。\n";
        let russian = "Река была широкой, и никто никогда её не переходил, так говорили старики в деревне.\n";
        let german = "Die Straße führt über die Brücke zum Fluß, und niemand weiß, wie alt sie ist.\n";
        for (text, label) in [
            (chinese, "gb18030"),
            (taiwan, "big5"),
            (japanese, "shift_jis"),
            (japanese, "euc-jp"),
            (japanese, "iso-2022-jp"),
            (russian, "windows-1251"),
            (russian, "koi8-r"),
            (german, "windows-1252"),
        ] {
            let encoding = Encoding::for_label(label.as_bytes()).unwrap();
            let bytes = encoding.encode(text).0.into_owned();
            for name in [None, Some(label)] {
                let decoded = decode(bytes.clone(), name).unwrap();
                assert_eq!(String::from_utf8(decoded.bytes).unwrap(), text, "{label}");
                assert!(decoded.said.unwrap().starts_with("read as "), "{label}");
            }
        }
        let noise: Vec<u8> = (0..4000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8 | 1).collect();
        assert!(decode(noise, None).unwrap_err().contains("neither UTF-8"));
    }
}
