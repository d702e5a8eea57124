//! A user's name and password for a mail server, read from a file each time it is needed: a changed one counts at once, and
//! it is neither in the configuration nor in any log.
use std::path::Path;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use tokio::io::AsyncReadExt as _;

/// Longest file that is read, octets.
const MAX_FILE: u64 = 4096;

/// A user's name and password. It has no `Debug` form, so that it cannot be shown by accident.
pub(super) struct Login {
    user: String,
    password: String,
}

impl Login {
    /// Reads a file whose first line is `user:password`, both percent-encoded where they have to be.
    ///
    /// # Errors
    /// A sentence that says what to do, and nothing of what stands in the file.
    pub(super) async fn read(path: &Path) -> Result<Self, String> {
        let mut text = String::new();
        let read = async { tokio::fs::File::open(path).await?.take(MAX_FILE).read_to_string(&mut text).await };
        read.await.map_err(|error| format!("the login file {} cannot be read: {error}", path.display()))?;
        let line = text.lines().next().unwrap_or_default();
        Self::parse(line).ok_or_else(|| {
            format!(
                "the login file {} does not hold a login; its first line is to be user:password, with %3A for a colon in the user's name",
                path.display()
            )
        })
    }

    fn parse(line: &str) -> Option<Self> {
        let (user, password) = line.split_once(':')?;
        let (user, password) = (decoded(user)?, decoded(password)?);
        let usable = !user.is_empty() && !password.is_empty() && !user.contains('\0') && !password.contains('\0');
        usable.then_some(Self { user, password })
    }

    /// The one argument of AUTH PLAIN (RFC 4616 §2).
    pub(super) fn plain(&self) -> String {
        STANDARD.encode(format!("\0{}\0{}", self.user, self.password))
    }

    /// The two answers of AUTH LOGIN.
    pub(super) fn login(&self) -> [String; 2] {
        [STANDARD.encode(&self.user), STANDARD.encode(&self.password)]
    }
}

/// The text with its `%41` replaced; `None` where a `%` is not followed by two hexadecimal digits, or the result is no UTF-8.
fn decoded(text: &str) -> Option<String> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'%' {
            octets.push(*first);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2)?;
        let digits = std::str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?;
        octets.push(u8::from_str_radix(digits, 16).ok()?);
        rest = after;
    }
    String::from_utf8(octets).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_one_line_of_user_and_password_percent_encoded() {
        let read = |line| Login::parse(line).map(|login| (login.user, login.password));
        let login = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));
        assert_eq!(read("user:pass:word"), login("user", "pass:word"));
        assert_eq!(read("a%3Ab%40c:%25%c3%bc"), login("a:b@c", "%ü"));
        for bad in ["", "user", "user:", ":password", "user:%", "user:%4", "user:%zz", "user:%+1", "user:%ff", "a%00:b"]
        {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn it_goes_out_in_the_forms_of_both_mechanisms() {
        let login = Login { user: "tim".into(), password: "tanstaaftanstaaf".into() };
        // RFC 4616 §4
        assert_eq!(login.plain(), STANDARD.encode("\0tim\0tanstaaftanstaaf"));
        assert_eq!(login.login(), ["dGlt", "dGFuc3RhYWZ0YW5zdGFhZg=="]);
    }
}
