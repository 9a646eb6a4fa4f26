//! Heads of fields, and what HTTP does to a page on its way: chunks, and packing.

use std::borrow::Cow;
use std::io::{self, Read};

use flate2::read::{DeflateDecoder, GzDecoder, ZlibDecoder};

/// The fields of a head. A line that begins with a blank goes on with the one before; a line without a colon is ignored.
pub(super) fn fields(head: &[u8]) -> Vec<(String, String)> {
    let mut fields: Vec<Option<(String, String)>> = Vec::new();
    for line in head.split(|&byte| byte == b'\n') {
        // Some are in Latin-1, of which each byte is a character.
        let line = match std::str::from_utf8(line) {
            Ok(line) => Cow::Borrowed(line),
            Err(_) => Cow::Owned(line.iter().map(|&byte| byte as char).collect()),
        };
        let line = line.trim_end();
        if line.starts_with([' ', '\t']) && !fields.is_empty() {
            if let Some(Some((_, value))) = fields.last_mut() {
                value.push_str(line);
            }
        } else if !line.is_empty() {
            let named = line.split_once(':');
            fields.push(
                named.map(|(name, value)| (name.trim_end_matches([' ', '\t']).into(), value.trim_start().into())),
            );
        }
    }
    fields.into_iter().flatten().collect()
}

/// The fields of an answer, without its first line, and what follows the blank line behind them.
pub(super) fn split(content: &[u8]) -> (&[u8], &[u8]) {
    let mut lines = content.split_inclusive(|&byte| byte == b'\n');
    let first = lines.next().unwrap_or_default();
    let mut end = first.len();
    if first.trim_ascii().is_empty() {
        return (&[], &content[end..]);
    }
    for line in lines {
        let start = end;
        end += line.len();
        if line.trim_ascii().is_empty() {
            return (&content[first.len()..start], &content[end..]);
        }
    }
    (&content[first.len()..], &[])
}

/// The page in a body, in one piece and unpacked; none if it is longer than `longest`.
pub(super) fn body(fields: &[(String, String)], body: &[u8], longest: usize) -> Option<Vec<u8>> {
    let field = |name| super::field(fields, name);
    let chunked = field("transfer-encoding") == Some("chunked");
    let body = if chunked { Cow::Owned(joined(body)) } else { Cow::Borrowed(body) };
    let packed: &[u8] = &body;
    let unpacked = match field("content-encoding").map(str::to_ascii_lowercase).as_deref() {
        Some("gzip") => unpack(GzDecoder::new(packed), longest),
        Some("deflate") => {
            unpack(ZlibDecoder::new(packed), longest).or_else(|_| unpack(DeflateDecoder::new(packed), longest))
        }
        _ => Err(io::ErrorKind::Unsupported.into()),
    };
    // What does not unpack at all was not packed.
    let page = unpacked.unwrap_or_else(|_| body.into_owned());
    (page.len() <= longest).then_some(page)
}

/// All that unpacks, though it be damaged behind; an error if nothing does.
fn unpack(reader: impl Read, longest: usize) -> io::Result<Vec<u8>> {
    let mut unpacked = Vec::new();
    match reader.take(longest as u64 + 1).read_to_end(&mut unpacked) {
        Err(error) if unpacked.is_empty() => Err(error),
        _ => Ok(unpacked),
    }
}

/// The chunks of a body joined. From where it is not in chunks on, it is taken as it is: some servers say so and do not do it.
fn joined(body: &[u8]) -> Vec<u8> {
    let (mut joined, mut rest) = (Vec::with_capacity(body.len()), body);
    while !rest.is_empty() {
        let line = rest.iter().take(64).position(|&byte| byte == b'\n').map_or(rest.len().min(64), |end| end + 1);
        let Some(length) = chunk_length(&rest[..line]) else {
            joined.extend_from_slice(rest);
            break;
        };
        let data = &rest[line..];
        if length == 0 {
            // The last chunk ends the page; it is followed by an end of line, if it is one.
            if !data.starts_with(b"\r\n") {
                joined.extend_from_slice(&rest[..line]);
                joined.extend_from_slice(&data[data.len().min(2)..]);
            }
            break;
        }
        if length > data.len() {
            joined.extend_from_slice(data);
            break;
        }
        let (chunk, behind) = data.split_at(length);
        if !behind.starts_with(b"\r\n") {
            joined.extend_from_slice(&rest[..line + length]);
            joined.extend_from_slice(&behind[behind.len().min(2)..]);
            break;
        }
        joined.extend_from_slice(chunk);
        rest = &behind[2..];
    }
    joined
}

/// The length that the line before a chunk says.
fn chunk_length(line: &[u8]) -> Option<usize> {
    let line = std::str::from_utf8(line.strip_suffix(b"\r\n")?).ok()?;
    let digits = line.split(';').next()?.trim();
    let length = usize::from_str_radix(digits.strip_prefix("0x").unwrap_or(digits), 16).ok()?;
    (!digits.starts_with(['+', '-']) && length <= 1 << 31).then_some(length)
}
