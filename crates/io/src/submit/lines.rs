//! A message as it goes over the wire (RFC 5321 §2.3.8, §4.5.2) or into a program: its lines, whatever ended them before.

/// The message with its lines ended by CRLF and a dot put before those that begin with one; the last line is ended too. The
/// dot that ends the whole is not in it.
pub(super) fn stuffed(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() + message.len() / 32 + 2);
    for line in lines(message) {
        if line.first() == Some(&b'.') {
            out.push(b'.');
        }
        out.extend_from_slice(line);
        out.extend_from_slice(b"\r\n");
    }
    out
}

/// The message with its lines ended by LF, as programs expect it.
pub(super) fn local(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() + 1);
    for line in lines(message) {
        out.extend_from_slice(line);
        out.push(b'\n');
    }
    out
}

/// The lines without their ends. CRLF, LF alone and CR alone end a line, so that no server can see a line end where another
/// sees none (SMTP smuggling).
fn lines(message: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(message).filter(|message| !message.is_empty());
    std::iter::from_fn(move || {
        let octets = rest?;
        let end = octets.iter().position(|octet| matches!(octet, b'\r' | b'\n')).unwrap_or(octets.len());
        let (line, after) = octets.split_at_checked(end)?;
        let after = after.strip_prefix(b"\r\n").or_else(|| after.get(1..)).unwrap_or_default();
        rest = Some(after).filter(|after| !after.is_empty());
        Some(line)
    })
}

/// Whether any octet is not ASCII: the server must then offer 8BITMIME (RFC 6152).
pub(super) fn is_eight_bit(message: &[u8]) -> bool {
    !message.is_ascii()
}

/// Whether the header is not ASCII: the server must then offer SMTPUTF8 (RFC 6531).
pub(super) fn has_utf8_header(message: &[u8]) -> bool {
    lines(message).take_while(|line| !line.is_empty()).any(|line| !line.is_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_ends_in_crlf_and_none_begins_with_a_dot_alone() {
        for (message, wire) in [
            ("a\r\nb\r\n", "a\r\nb\r\n"),
            ("a\nb", "a\r\nb\r\n"),
            (".\n..\n.a\n", "..\r\n...\r\n..a\r\n"),
            ("a\r.\rb\n\r\nc", "a\r\n..\r\nb\r\n\r\nc\r\n"),
            ("\n\n", "\r\n\r\n"),
            ("", ""),
        ] {
            assert_eq!(String::from_utf8_lossy(&stuffed(message.as_bytes())), wire, "{message:?}");
            let plain = wire.replace("\r\n.", "\r\n");
            let plain = plain.strip_prefix('.').unwrap_or(&plain).replace("\r\n", "\n");
            assert_eq!(String::from_utf8_lossy(&local(message.as_bytes())), plain, "{message:?}");
        }
    }

    #[test]
    fn the_end_of_the_mail_cannot_be_forged_by_any_line_end() {
        for end in ["\n", "\r", "\r\n", "\n\r"] {
            for before in ["\n", "\r", "\r\n", "\n\r"] {
                let wire = stuffed(format!("a{before}.{end}MAIL FROM:<>{end}").as_bytes());
                let lone = wire.split(|octet| *octet == b'\n').any(|line| line == b".\r" || line == b".");
                assert!(!lone, "{before:?} {end:?}");
            }
        }
    }

    #[test]
    fn octets_beyond_ascii_are_told_apart_by_where_they_stand() {
        let (header, body) = ("Subject: ü\r\n\r\na\r\n", "Subject: a\r\n\r\nü\r\n");
        assert!(is_eight_bit(header.as_bytes()) && has_utf8_header(header.as_bytes()));
        assert!(is_eight_bit(body.as_bytes()) && !has_utf8_header(body.as_bytes()));
    }
}
