//! JSON as Python's `json.loads` reads it: NaN and Infinity are numbers, the last of two equal keys counts, and half of a
//! surrogate pair is no error. Bytes that are not UTF-8 stay as they are within strings.

/// How deep lists and objects may stand in each other: about Python's own limit.
const MAX_DEPTH: usize = 990;

/// Python refuses to turn longer numbers into integers.
const MAX_DIGITS: usize = 4300;

/// A value of JSON.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as it is written, NaN and the infinities among them.
    Number(String),
    /// A string, in UTF-8 as far as the file is.
    Text(Vec<u8>),
    /// A list.
    List(Vec<Value>),
    /// The fields of an object, in their order, the same name perhaps more than once.
    Object(Vec<(Vec<u8>, Value)>),
}

impl Value {
    /// A field of an object: of several of the same name the last, as in Python.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let Value::Object(fields) = self else { return None };
        fields.iter().rev().find(|(field, _)| field == name.as_bytes()).map(|(_, value)| value)
    }

    /// What it is, in words.
    pub fn name(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "a number",
            Value::Text(_) => "a string",
            Value::List(_) => "a list",
            Value::Object(_) => "an object",
        }
    }
}

/// Why bytes are no JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// Where, in bytes from the beginning.
    pub at: usize,
    /// What was expected or found there.
    pub what: &'static str,
    /// Whether the bytes end before the value does, and are right so far.
    pub unfinished: bool,
}

/// A value, and where it ends.
#[derive(Debug, PartialEq)]
pub struct Parsed {
    /// The value.
    pub value: Value,
    /// The byte behind it.
    pub end: usize,
    /// Whether U+FFFD stands in it for half of a surrogate pair.
    pub mended: bool,
}

/// The value that `bytes` begin with, white space before it passed over; what follows is not looked at.
pub fn parse(bytes: &[u8]) -> Result<Parsed, Fault> {
    let mut parser = Parser { bytes, at: 0, mended: false };
    let value = parser.value(0)?;
    Ok(Parsed { value, end: parser.at, mended: parser.mended })
}

/// The first byte from `at` on that is no white space of JSON.
pub(super) fn skip_space(bytes: &[u8], at: usize) -> usize {
    let space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
    at + bytes[at..].iter().take_while(|byte| space(byte)).count()
}

struct Parser<'a> {
    bytes: &'a [u8],
    at: usize,
    mended: bool,
}

impl Parser<'_> {
    fn fault<T>(&self, what: &'static str) -> Result<T, Fault> {
        Err(Fault { at: self.at, what, unfinished: self.at >= self.bytes.len() })
    }

    fn space(&mut self) {
        self.at = skip_space(self.bytes, self.at);
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Takes `byte` where it comes next.
    fn takes(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn value(&mut self, depth: usize) -> Result<Value, Fault> {
        self.space();
        if depth > MAX_DEPTH {
            return self.fault("lists and objects stand in each other too deep");
        }
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.list(depth),
            Some(b'"') => self.string().map(Value::Text),
            Some(b'n') => self.word("null", Value::Null),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'N') => self.word("NaN", Value::Number("NaN".into())),
            Some(b'I') => self.word("Infinity", Value::Number("Infinity".into())),
            Some(b'-') if self.bytes.get(self.at + 1) == Some(&b'I') => {
                self.word("-Infinity", Value::Number("-Infinity".into()))
            }
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => self.fault("expected a value of JSON"),
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, Fault> {
        let rest = &self.bytes[self.at..];
        if rest.starts_with(word.as_bytes()) {
            self.at += word.len();
            return Ok(value);
        }
        if word.as_bytes().starts_with(rest) {
            self.at = self.bytes.len();
        }
        self.fault("expected a value of JSON")
    }

    fn digits(&mut self) -> usize {
        let count = self.bytes[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        count
    }

    fn number(&mut self) -> Result<Value, Fault> {
        let start = self.at;
        self.takes(b'-');
        let whole = if self.takes(b'0') { 1 } else { self.digits() };
        if whole == 0 {
            return self.fault("expected a digit");
        }
        let mut integer = true;
        if self.peek() == Some(b'.') && self.bytes.get(self.at + 1).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
            self.digits();
            integer = false;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(self.bytes.get(self.at + 1), Some(b'+' | b'-')));
            if self.bytes.get(self.at + 1 + sign).is_some_and(u8::is_ascii_digit) {
                self.at += 1 + sign;
                self.digits();
                integer = false;
            }
        }
        if integer && whole > MAX_DIGITS {
            return self.fault("expected an integer of at most 4,300 digits");
        }
        Ok(Value::Number(String::from_utf8_lossy(&self.bytes[start..self.at]).into_owned()))
    }

    fn list(&mut self, depth: usize) -> Result<Value, Fault> {
        self.at += 1;
        let mut values = Vec::new();
        self.space();
        if self.takes(b']') {
            return Ok(Value::List(values));
        }
        loop {
            values.push(self.value(depth + 1)?);
            self.space();
            if self.takes(b']') {
                return Ok(Value::List(values));
            }
            if !self.takes(b',') {
                return self.fault("expected a comma or the end of the list");
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, Fault> {
        self.at += 1;
        let mut fields = Vec::new();
        self.space();
        if self.takes(b'}') {
            return Ok(Value::Object(fields));
        }
        loop {
            self.space();
            if self.peek() != Some(b'"') {
                return self.fault("expected the name of a field in double quotes");
            }
            let name = self.string()?;
            self.space();
            if !self.takes(b':') {
                return self.fault("expected a colon");
            }
            fields.push((name, self.value(depth + 1)?));
            self.space();
            if self.takes(b'}') {
                return Ok(Value::Object(fields));
            }
            if !self.takes(b',') {
                return self.fault("expected a comma or the end of the object");
            }
        }
    }

    fn string(&mut self) -> Result<Vec<u8>, Fault> {
        self.at += 1;
        let mut text = Vec::new();
        loop {
            let rest = &self.bytes[self.at..];
            let plain = rest.iter().position(|&byte| byte == b'"' || byte == b'\\' || byte < 0x20);
            let plain = plain.unwrap_or(rest.len());
            text.extend_from_slice(&rest[..plain]);
            self.at += plain;
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => self.escape(&mut text)?,
                None => return self.fault("the string does not end"),
                Some(_) => return self.fault("a control character in a string"),
            }
        }
    }

    fn escape(&mut self, text: &mut Vec<u8>) -> Result<(), Fault> {
        self.at += 1;
        let Some(byte) = self.peek() else { return self.fault("the string does not end") };
        text.push(match byte {
            b'"' | b'\\' | b'/' => byte,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => return self.code_point(text),
            _ => return self.fault("expected another letter behind a backslash"),
        });
        self.at += 1;
        Ok(())
    }

    /// `uXXXX`, and the second half of a surrogate pair where it follows.
    fn code_point(&mut self, text: &mut Vec<u8>) -> Result<(), Fault> {
        let first = self.unit()?;
        let mut code = u32::from(first);
        if (0xd800..0xdc00).contains(&first) && self.bytes[self.at..].starts_with(b"\\u") {
            let before = self.at;
            self.at += 1;
            let second = self.unit()?;
            if (0xdc00..0xe000).contains(&second) {
                code = 0x1_0000 + ((code - 0xd800) << 10) + (u32::from(second) - 0xdc00);
            } else {
                self.at = before;
            }
        }
        let character = char::from_u32(code).unwrap_or_else(|| {
            self.mended = true;
            char::REPLACEMENT_CHARACTER
        });
        text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        Ok(())
    }

    /// The four digits behind a `u`.
    fn unit(&mut self) -> Result<u16, Fault> {
        self.at += 1;
        let mut unit = 0;
        for _ in 0..4 {
            let Some(digit) = self.peek().and_then(|byte| char::from(byte).to_digit(16)) else {
                return self.fault("expected four hexadecimal digits");
            };
            unit = unit << 4 | digit as u16;
            self.at += 1;
        }
        Ok(unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_too_soon_is_told_from_what_is_wrong() {
        for text in ["{", "{\"a", "{\"a\":", "[1,", "nul", "\"\\u12", "-", "[NaN, Inf"] {
            assert!(parse(text.as_bytes()).unwrap_err().unfinished, "{text}");
        }
        for text in ["}", "{a", "{\"a\" 1", "[1 2", "nul!", "\"\\x", "\"\n", "[,"] {
            assert!(!parse(text.as_bytes()).unwrap_err().unfinished, "{text}");
        }
        let deep = "[".repeat(2000);
        assert!(parse(deep.as_bytes()).unwrap_err().what.contains("too deep"));
    }
}
