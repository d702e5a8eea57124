//! The password of those who post sessions.
use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
};

/// Fewer characters can be guessed.
const LEAST: usize = 16;
/// More than this is no password.
const MOST: u64 = 4096;

/// The password. It never shows itself.
#[derive(Clone)]
pub struct Token(Box<[u8]>);

/// Why there is no password.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The file.
    #[error("cannot read the password in {} ([collector] token_file): {source}", .path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Its content.
    #[error("the password in {} ([collector] token_file) is {why}; write one with `openssl rand -hex 32 > FILE`", .path.display())]
    Unfit {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
}

impl Token {
    /// Reads it: the first line of the file.
    ///
    /// # Errors
    /// [`TokenError`]: a sentence.
    pub fn read(path: &Path) -> Result<Self, TokenError> {
        let mut octets = Vec::new();
        let read = fs::File::open(path).and_then(|file| file.take(MOST).read_to_end(&mut octets));
        read.map_err(|source| TokenError::Read { path: path.into(), source })?;
        let line = octets.split(|octet| matches!(octet, b'\n' | b'\r')).next().unwrap_or_default().trim_ascii();
        let unfit = |why| Err(TokenError::Unfit { path: path.into(), why });
        if line.len() < LEAST {
            return unfit("shorter than 16 characters");
        }
        if !line.iter().all(u8::is_ascii_graphic) {
            return unfit("not made of printable ASCII characters alone");
        }
        Ok(Self(line.into()))
    }

    /// Whether this is the password. Takes as long for a wrong one as for a right one of its length.
    pub fn fits(&self, shown: &str) -> bool {
        let shown = shown.as_bytes();
        let differ = self.0.iter().zip(shown).fold(0, |differ, (a, b)| differ | (a ^ b));
        self.0.len() == shown.len() && differ == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Token, TokenError> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        fs::write(&path, text).unwrap();
        Token::read(&path)
    }

    #[test]
    fn only_the_whole_password_fits() {
        let token = read("0123456789abcdef\nsecond line\n").unwrap();
        assert!(token.fits("0123456789abcdef"));
        for wrong in ["", "0123456789abcdeF", "0123456789abcde", "0123456789abcdef0", "second line"] {
            assert!(!token.fits(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_password_that_can_be_guessed_is_refused() {
        for text in ["", "\n0123456789abcdef", "short", "0123456789 abcdef", "0123456789äbcdef"] {
            assert!(matches!(read(text), Err(TokenError::Unfit { .. })), "{text}");
        }
        assert!(matches!(Token::read(Path::new("/nonexistent/token")), Err(TokenError::Read { .. })));
    }
}
