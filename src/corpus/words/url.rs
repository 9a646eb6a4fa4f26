//! Which runs of characters are an address of the web, or of mail, for spaCy: these are not cut.
//!
//! Its expression is: a scheme or none, anything up to an @ or none, an address of IP version 4 that is public or a host
//! name that ends in lower case, a port or none, a path or none.

use crate::corpus::characters::{Characters, DECIMAL, HOST, LOWER, WORD};

/// Whether `run`, which has no white space, is one.
pub(super) fn matches(characters: &Characters, run: &[u8]) -> bool {
    // A host has a full stop; few words have one.
    if !run.contains(&b'.') {
        return false;
    }
    if host(characters, run, 0) {
        return true;
    }
    let scheme = scheme(characters, run);
    if scheme > 0 && host(characters, run, scheme) {
        return true;
    }
    // Before an @ stands anything, but something.
    let ats = run.iter().enumerate().skip(1).filter(|&(_, &byte)| byte == b'@');
    ats.into_iter().any(|(at, _)| host(characters, run, at + 1))
}

/// The end of `[\w+\-.]{2,}://`, or 0.
fn scheme(characters: &Characters, run: &[u8]) -> usize {
    let (mut at, mut count) = (0, 0);
    loop {
        let (class, length) = characters.at(run, at);
        if class & WORD == 0 && !matches!(run.get(at), Some(b'+' | b'-' | b'.')) {
            break;
        }
        at += length;
        count += 1;
    }
    if count >= 2 && run[at..].starts_with(b"://") { at + 3 } else { 0 }
}

/// Whether all from `at` on is a host, with a port and a path or without.
fn host(characters: &Characters, run: &[u8], at: usize) -> bool {
    name(characters, run, at)
        .or_else(|| public_address(characters, run, at))
        .is_some_and(|end| tail(characters, run, end))
}

/// The end of a host name: labels with a full stop each, and a last one of 2 to 63 characters in lower case.
fn name(characters: &Characters, run: &[u8], mut at: usize) -> Option<usize> {
    let mut labels = 0;
    loop {
        // A label is 1 to 64 characters, and begins and ends with neither hyphen nor underscore.
        let (start, mut count, mut lower, mut last) = (at, 0, true, 0);
        loop {
            let (class, length) = characters.at(run, at);
            let joins = matches!(run.get(at), Some(b'-' | b'_'));
            if class & (HOST | LOWER) == 0 && !joins {
                break;
            }
            lower &= class & LOWER != 0;
            last = class;
            count += 1;
            at += length;
        }
        if run.get(at) != Some(&b'.') {
            return (labels > 0 && lower && (2..=63).contains(&count)).then_some(at);
        }
        let first = characters.at(run, start).0;
        // Letters outside of the basic plane end names, and stand in no label.
        let foreign = characters_beyond(&run[start..at]);
        if !(1..=64).contains(&count) || first & last & HOST == 0 || foreign {
            return None;
        }
        labels += 1;
        at += 1;
    }
}

/// Whether some character of `label` is beyond U+FFFF.
fn characters_beyond(label: &[u8]) -> bool {
    label.iter().any(|&byte| byte >= 0xF0)
}

/// Whether `(?::\d{2,5})?(?:[/?#]\S*)?` takes all from `at` on.
fn tail(characters: &Characters, run: &[u8], at: usize) -> bool {
    let mut end = at;
    if run.get(at) == Some(&b':') {
        let mut count = 0;
        end += 1;
        loop {
            let (class, length) = characters.at(run, end);
            if class & DECIMAL == 0 {
                break;
            }
            end += length;
            count += 1;
        }
        if !(2..=5).contains(&count) {
            return false;
        }
    }
    matches!(run.get(end), None | Some(b'/' | b'?' | b'#'))
}

/// The end of an IP version 4 address at `at` that is neither private nor reserved.
fn public_address(characters: &Characters, run: &[u8], mut at: usize) -> Option<usize> {
    let mut octets = [[0; 3]; 4];
    let mut counts = [0; 4];
    for (n, octet) in octets.iter_mut().enumerate() {
        if n > 0 {
            if run.get(at) != Some(&b'.') {
                return None;
            }
            at += 1;
        }
        loop {
            let (class, length) = characters.at(run, at);
            if class & DECIMAL == 0 {
                break;
            }
            // A digit of any script is a `\d`; its first byte is no ASCII digit.
            *octet.get_mut(counts[n])? = run[at];
            counts[n] += 1;
            at += length;
        }
    }
    let [first, second, third, last] = [0, 1, 2, 3].map(|n| &octets[n][..counts[n]]);
    let starts = matches!(
        first,
        [b'1'..=b'9'] | [b'1'..=b'9', _] | [b'1', _, _] | [b'2', b'0' | b'1', _] | [b'2', b'2', b'0'..=b'3']
    );
    let goes_on = |octet: &[u8]| {
        matches!(octet, [_] | [_, _] | [b'1', _, _] | [b'2', b'0'..=b'4', _] | [b'2', b'5', b'0'..=b'5'])
    };
    let ends = matches!(
        last,
        [b'1'..=b'9'] | [b'1'..=b'9', _] | [b'1', _, _] | [b'2', b'0'..=b'4', _] | [b'2', b'5', b'0'..=b'4']
    );
    let private = matches!(
        (first, second),
        (b"10" | b"127", _)
            | (b"169", b"254")
            | (b"192", b"168")
            | (b"172", [b'1', b'6'..=b'9'] | [b'2', _] | b"30" | b"31")
    );
    (starts && goes_on(second) && goes_on(third) && ends && !private).then_some(at)
}
