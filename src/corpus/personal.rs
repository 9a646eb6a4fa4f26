//! Personal data out of a text: e-mail addresses and public IP addresses by datatrove's rules, telephone numbers by Dolma's.
//!
//! What is put in their place depends on the text alone: datatrove takes its replacements in turn through all documents, here
//! each document begins with the first.

use std::net::Ipv4Addr;
use std::ops::Range;

use super::characters::{Characters, WORD};

/// In the place of addresses of mail; example.com and example.org are there for examples.
const MAIL: [&str; 2] = ["email@example.com", "firstname.lastname@example.org"];
/// In the place of public IP addresses: datatrove's, which answered nothing.
const ADDRESSES: [&str; 6] =
    ["22.214.171.124", "126.96.36.199", "188.8.131.52", "184.108.40.206", "220.127.116.11", "18.104.22.168"];
/// In the place of telephone numbers: one that is kept for fiction.
const TELEPHONE: &str = "202-555-0100";

/// The stage's name.
pub const STAGE: &str = "pii";

/// How many were replaced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replaced {
    /// Addresses of mail.
    pub mail: u64,
    /// Public IP addresses.
    pub addresses: u64,
    /// Telephone numbers.
    pub telephones: u64,
}

impl Replaced {
    /// Those kinds of which any were replaced, by the names under which they are counted.
    pub fn kinds(self) -> impl Iterator<Item = (&'static str, u64)> {
        let kinds = [("email", self.mail), ("ip_address", self.addresses), ("phone", self.telephones)];
        kinds.into_iter().filter(|&(_, count)| count > 0)
    }
}

/// Replaces personal data in `text`, telephone numbers only if `telephones`.
pub fn replace(text: &mut String, telephones: bool) -> Replaced {
    let mail = substitute(text, |text, from| mail(text, from).map(|place| (place, true)), &MAIL);
    let addresses = substitute(text, address, &ADDRESSES);
    let telephones = if telephones { substitute(text, telephone, &[TELEPHONE]) } else { 0 };
    Replaced { mail, addresses, telephones }
}

/// Replaces what `find` finds from one place on, the next from its end on, with `replacements` in turn; what it finds and
/// says no of stays. How many were replaced.
fn substitute(
    text: &mut String,
    find: impl Fn(&str, usize) -> Option<(Range<usize>, bool)>,
    replacements: &[&str],
) -> u64 {
    let mut new = String::new();
    let (mut from, mut written, mut count) = (0, 0, 0);
    while let Some((place, replaced)) = find(text, from) {
        from = place.end;
        if replaced {
            new.push_str(&text[written..place.start]);
            new.push_str(replacements[count % replacements.len()]);
            written = place.end;
            count += 1;
        }
    }
    if count > 0 {
        new.push_str(&text[written..]);
        *text = new;
    }
    count as u64
}

/// Whether a byte may stand in the name before an @.
fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&byte)
}

/// The first address of mail from `from` on: words that full stops join, an @, and a host or an IP address in brackets. It
/// begins where a word begins or ends.
fn mail(text: &str, from: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let mut searched = from;
    while let Some(found) = text[searched..].find('@') {
        let at = searched + found;
        searched = at + 1;
        let Some(end) = host(bytes, at + 1).or_else(|| bracketed(bytes, at + 1)) else { continue };
        let mut least = at;
        while least > from {
            let joined = bytes[least - 1] == b'.' && least < at && least - 1 > from && is_name(bytes[least - 2]);
            if !joined && !is_name(bytes[least - 1]) {
                break;
            }
            least -= 1;
        }
        let characters = Characters::get();
        let is_word = |class: u32| class & WORD != 0;
        let begins = |&start: &usize| {
            let here = characters.at(bytes, start).0;
            is_name(bytes[start]) && is_word(characters.before(bytes, start).0) != is_word(here)
        };
        if let Some(start) = (least..at).find(begins) {
            return Some(start..end);
        }
    }
    None
}

/// The end of a host name at `at`: two labels or more, a full stop between two.
fn host(text: &[u8], mut at: usize) -> Option<usize> {
    let (mut labels, mut end) = (0, at);
    loop {
        if !text.get(at).is_some_and(u8::is_ascii_alphanumeric) {
            break;
        }
        let start = at;
        while text.get(at).is_some_and(|&byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            at += 1;
        }
        end = at - text[start..at].iter().rev().take_while(|&&byte| byte == b'-').count();
        labels += 1;
        if end < at || text.get(at) != Some(&b'.') {
            break;
        }
        at += 1;
    }
    (labels > 1).then_some(end)
}

/// The end of an IP address in brackets at `at`; the last of its parts may be letters and a colon.
fn bracketed(text: &[u8], at: usize) -> Option<usize> {
    let mut at = (text.get(at) == Some(&b'[')).then_some(at + 1)?;
    for _ in 0..3 {
        at = whole_octet(text, at).filter(|&end| text.get(end) == Some(&b'.'))? + 1;
    }
    let closes = |end: usize| (text.get(end) == Some(&b']')).then_some(end + 1);
    whole_octet(text, at).and_then(closes).or_else(|| {
        let rest = &text[at..];
        let length = rest.iter().take_while(|&&byte| byte.is_ascii_alphanumeric() || byte == b'-').count();
        let ends = length > 0 && rest[length - 1] != b'-' && rest.get(length) == Some(&b':');
        ends.then_some(at + length + 1).and_then(closes)
    })
}

/// How many digits stand at `at`; 16 are too many for anything here.
fn digits(text: &[u8], at: usize) -> usize {
    text.get(at..).unwrap_or_default().iter().take(16).take_while(|byte| byte.is_ascii_digit()).count()
}

/// Whether this many digits are a part of an IP address.
fn is_octet(digits: &[u8]) -> bool {
    matches!(digits, [_] | [_, _] | [b'0' | b'1', _, _] | [b'2', b'0'..=b'4', _] | [b'2', b'5', b'0'..=b'5'])
}

/// The end of the digits at `at`, if all of them are a part of an IP address.
fn whole_octet(text: &[u8], at: usize) -> Option<usize> {
    let end = at + digits(text, at);
    is_octet(&text[at..end]).then_some(end)
}

/// The first IP address from `from` on, and whether it is a public one. It may stand in the middle of digits, and of its last
/// part as many are taken as can be.
fn address(text: &str, from: usize) -> Option<(Range<usize>, bool)> {
    let bytes = text.as_bytes();
    let mut start = from;
    loop {
        start += bytes[start..].iter().position(u8::is_ascii_digit)?;
        if let Some(end) = address_at(bytes, start) {
            let public = text[start..end].parse().is_ok_and(is_public);
            return Some((start..end, public));
        }
        start += 1;
    }
}

fn address_at(text: &[u8], mut at: usize) -> Option<usize> {
    for _ in 0..3 {
        at = whole_octet(text, at).filter(|&end| text.get(end) == Some(&b'.'))? + 1;
    }
    let most = digits(text, at).min(3);
    (1..=most).rev().find(|&count| is_octet(&text[at..at + count])).map(|count| at + count)
}

/// Whether the address is one of the whole net: Python's `is_global`, after IANA's registry of special addresses.
fn is_public(address: Ipv4Addr) -> bool {
    let special = match address.octets() {
        [0 | 10 | 127 | 240.., ..] | [169, 254, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] => true,
        [192, 0, 0, last] => !matches!(last, 9 | 10),
        [192, 0, 2, _] | [198, 18 | 19, ..] | [198, 51, 100, _] | [203, 0, 113, _] => true,
        _ => false,
    };
    !special
}

/// The first telephone number from `from` on: ten digits in groups of three, three and four, the first in brackets or not,
/// after white space; or a + and 8 to 15 digits in groups.
fn telephone(text: &str, from: usize) -> Option<(Range<usize>, bool)> {
    let bytes = text.as_bytes();
    let mut start = from;
    loop {
        start += bytes[start..].iter().position(|&byte| matches!(byte, b'(' | b'+' | b'0'..=b'9'))?;
        let before = start.checked_sub(1).map(|before| bytes[before]);
        let end = match bytes[start] {
            b'+' if !before.is_some_and(|byte| byte.is_ascii_alphanumeric()) => international(bytes, start),
            b'+' => None,
            _ if before.is_none_or(|byte| byte.is_ascii_whitespace()) => national(bytes, start),
            _ => None,
        };
        // A longer number is another.
        if let Some(end) = end.filter(|&end| digits(bytes, end) == 0) {
            return Some((start..end, true));
        }
        start += 1;
    }
}

/// `\(?\d{3}\)?[-. ]*\d{3}[-. ]?\d{4}`
fn national(text: &[u8], at: usize) -> Option<usize> {
    let skip = |at: usize, byte: u8| at + (text.get(at) == Some(&byte)) as usize;
    let group = |at: usize, count: usize| (digits(text, at) >= count).then_some(at + count);
    let separators = |at: usize, most: usize| {
        let rest = text.get(at..).unwrap_or_default().iter().take(most);
        at + rest.take_while(|&&byte| matches!(byte, b'-' | b'.' | b' ')).count()
    };
    let at = skip(group(skip(at, b'('), 3)?, b')');
    group(separators(group(separators(at, usize::MAX), 3)?, 1), 4)
}

/// A + and groups of digits, each in brackets or not, with one separator between two.
fn international(text: &[u8], plus: usize) -> Option<usize> {
    let (mut at, mut end, mut count) = (plus + 1, plus + 1, 0);
    loop {
        let open = text.get(at) == Some(&b'(');
        let found = digits(text, at + open as usize);
        if found == 0 {
            break;
        }
        at += open as usize + found;
        if open && text.get(at) != Some(&b')') {
            break;
        }
        at += open as usize;
        (end, count) = (at, count + found);
        at += matches!(text.get(at), Some(b'-' | b'.' | b' ' | b'/')) as usize;
    }
    (8..=15).contains(&count).then_some(end)
}
