//! Reading strings.
use alloc::{borrow::Cow, string::String};

use super::{
    error::{Fault, JsonError, Kind},
    reader::Reader,
    swar::plain_run,
};
use crate::hex;

/// # Strings
impl<'a> Reader<'a> {
    /// Takes a string; it is borrowed where it has no escape and is valid UTF-8.
    ///
    /// # Errors
    /// There is no string, or it does not end, or a backslash begins no escape.
    #[inline]
    pub fn string(&mut self) -> Result<Cow<'a, str>, JsonError> {
        if self.next_octet()? != b'"' {
            return Err(self.wrong_kind(Kind::String));
        }
        self.at += 1;
        let first = self.run();
        if self.here()? == b'"' {
            self.at += 1;
            return Ok(first);
        }
        self.rest_of_string(first.into_owned())
    }

    #[cold]
    fn rest_of_string(&mut self, mut text: String) -> Result<Cow<'a, str>, JsonError> {
        loop {
            match self.here()? {
                b'"' => {
                    self.at += 1;
                    return Ok(Cow::Owned(text));
                }
                b'\\' => {
                    self.at += 1;
                    text.push(self.escape()?);
                }
                control => {
                    self.at += 1;
                    self.sloppy.raw_control = true;
                    text.push(char::from(control));
                }
            }
            text.push_str(&self.run());
        }
    }

    /// The octets up to the next quote, backslash or control character.
    #[inline]
    fn run(&mut self) -> Cow<'a, str> {
        let start = self.at;
        self.at += plain_run(self.octets.get(start..).unwrap_or_default());
        match self.text.and_then(|text| text.get(start..self.at)) {
            Some(run) => Cow::Borrowed(run),
            None => self.lossy(start),
        }
    }

    #[cold]
    fn lossy(&mut self, start: usize) -> Cow<'a, str> {
        let text = String::from_utf8_lossy(self.since(start));
        self.sloppy.not_utf8 |= matches!(text, Cow::Owned(_));
        text
    }

    /// Takes what follows a backslash.
    fn escape(&mut self) -> Result<char, JsonError> {
        let plain = match self.here()? {
            octet @ (b'"' | b'\\' | b'/') => char::from(octet),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                self.at += 1;
                return self.unicode();
            }
            other => return Err(self.fault(Fault::Unexpected(other))),
        };
        self.at += 1;
        Ok(plain)
    }

    /// Takes the four digits after `\u`, and a second escape where the two are a pair.
    fn unicode(&mut self) -> Result<char, JsonError> {
        let first = self.four_digits()?;
        if let Some(c) = char::from_u32(first) {
            return Ok(c);
        }
        let before = self.at;
        if (0xd800..0xdc00).contains(&first) && self.octets.get(before..before + 2) == Some(b"\\u") {
            self.at += 2;
            let second = self.four_digits()?;
            if (0xdc00..0xe000).contains(&second) {
                let joined = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                return Ok(char::from_u32(joined).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            // No pair: the second escape stands for itself.
            self.at = before;
        }
        self.sloppy.lone_surrogate = true;
        Ok(char::REPLACEMENT_CHARACTER)
    }

    fn four_digits(&mut self) -> Result<u32, JsonError> {
        let mut value = 0;
        for _ in 0..2 {
            let pair = self.octets.get(self.at..self.at + 2).ok_or_else(|| self.fault(Fault::End))?;
            let octet = match pair {
                [high, low] => hex::octet(*high, *low).ok_or_else(|| self.fault(Fault::Unexpected(*high)))?,
                _ => 0,
            };
            value = (value << 8) | u32::from(octet);
            self.at += 2;
        }
        Ok(value)
    }
}
