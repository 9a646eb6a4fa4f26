//! What files begin with that are no text, by kind: pictures, documents of office programs, archives, sound.

/// Beginnings, and what begins so.
const BEGINNINGS: [(&[u8], &str); 30] = [
    (b"\x89PNG\r\n", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"GIF87a", "a picture (GIF)"),
    (b"GIF89a", "a picture (GIF)"),
    (b"II*\0", "a picture (TIFF)"),
    (b"MM\0*", "a picture (TIFF)"),
    (b"%PDF-", "a PDF"),
    (b"%!PS-", "PostScript"),
    (b"{\\rtf", "a document in RTF"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a document of an office program"),
    (b"PK\x03\x04", "a zip, or what is one inside (docx, epub)"),
    (b"PK\x05\x06", "a zip"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a rar archive"),
    (b"\x04\x22\x4d\x18", "packed by lz4, which is not read: unpack it"),
    (b"\x7fELF", "a program"),
    (b"\xcf\xfa\xed\xfe", "a program"),
    (b"\xca\xfe\xba\xbe", "a program"),
    (b"\0asm", "a program (WebAssembly)"),
    (b"SQLite format 3\0", "a database (SQLite)"),
    (b"\x93NUMPY", "numbers (NumPy)"),
    (b"\x89HDF\r\n", "numbers (HDF5)"),
    (b"ARROW1\0\0", "a table in Arrow, which is not read: save it as Parquet or JSONL"),
    (b"Obj\x01", "a table in Avro, which is not read: save it as Parquet or JSONL"),
    (b"ID3", "sound (MP3)"),
    (b"OggS\0", "sound (Ogg)"),
    (b"fLaC\0", "sound (FLAC)"),
    (b"\x1aE\xdf\xa3", "a film (Matroska)"),
    (b"\0\0\x01\0", "a picture (icon)"),
    (b"!<arch>\n", "an archive (ar)"),
];

/// What `head` begins, where it is known not to be text.
pub(super) fn known(head: &[u8]) -> Option<&'static str> {
    let at = |at: usize, what: &[u8]| head.get(at..).is_some_and(|rest| rest.starts_with(what));
    let begins = |(beginning, _): &&(&[u8], &str)| head.starts_with(beginning);
    match BEGINNINGS.iter().find(begins) {
        // A text may begin with these letters, but has no zero byte and no byte of a length behind them.
        Some((b"ID3", _)) if !head.get(3..6).is_some_and(|version| version[0] < 5 && version[1] < 0x20) => None,
        Some((_, what)) => Some(what),
        None if at(0, b"RIFF") && at(8, b"WEBP") => Some("a picture (WebP)"),
        None if at(0, b"RIFF") && (at(8, b"WAVE") || at(8, b"AVI ")) => Some("sound or film (RIFF)"),
        None if at(4, b"ftyp") => Some("a film or picture (MP4)"),
        None if at(257, b"ustar") => Some("a tar archive: unpack it"),
        None if at(0, b"BM") && head.get(6..10) == Some(&[0; 4]) => Some("a picture (BMP)"),
        None => None,
    }
}
