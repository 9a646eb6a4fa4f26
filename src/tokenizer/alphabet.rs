//! The alphabet in which GPT-2's file formats spell bytes: every byte a printable character.

/// The character of `byte`: itself where it is printable in Latin-1 (all but the space, the controls, U+00AD and
/// U+00A0), else the next free one from U+0100 on.
pub(super) fn character(byte: u8) -> char {
    let code = match byte {
        b'!'..=b'~' | 0xA1..=0xAC | 0xAE..=0xFF => byte as u32,
        0x00..=0x20 => 0x100 + byte as u32,
        0x7F..=0xA0 => 0x100 + 0x21 + (byte - 0x7F) as u32,
        0xAD => 0x143,
    };
    char::from_u32(code).expect("below the surrogates")
}

/// The byte that `character` spells, if it is in the alphabet.
pub(super) fn byte(character: char) -> Option<u8> {
    match character as u32 {
        code @ (0x21..=0x7E | 0xA1..=0xAC | 0xAE..=0xFF) => Some(code as u8),
        code @ 0x100..=0x120 => Some((code - 0x100) as u8),
        code @ 0x121..=0x142 => Some((code - 0x121) as u8 + 0x7F),
        0x143 => Some(0xAD),
        _ => None,
    }
}

/// `bytes` in the alphabet.
pub(super) fn spell(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| character(byte)).collect()
}

/// The bytes that `text` spells; none where a character is not of the alphabet.
pub(super) fn unspell(text: &str) -> Option<Vec<u8>> {
    text.chars().map(byte).collect()
}

/// The 256 bytes in the order of their characters, which is the order of GPT-2's ids and of Hugging Face's.
pub(super) fn order() -> [u8; 256] {
    let mut order = std::array::from_fn(|byte| byte as u8);
    order.sort_unstable_by_key(|&byte| character(byte));
    order
}
