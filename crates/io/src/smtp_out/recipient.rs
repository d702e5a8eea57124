//! Whether a host takes mail for a mailbox: asked up to RCPT TO, and never followed by a message (RFC 5321 §3.3, §4.1.1.3).
use std::net::SocketAddr;

use strictmx_engine::check::observations::Asked;

use super::Limits;
use super::course::{Course, FAREWELL, Look, Plain, words};
use super::dialogue::Dialogue;

/// Longest mailbox that is asked for (RFC 5321 §4.5.3.1.3).
const MAX_MAILBOX: usize = 254;

/// Asks the host at `address` whether it takes mail from the null sender for `mailbox`: MAIL FROM, RCPT TO, RSET, QUIT, in the
/// clear. [`Asked::Reply`] is the answer to RCPT TO; whatever prevents the question is [`Asked::Unknown`].
pub async fn recipient(address: SocketAddr, helo: &str, mailbox: &str, limits: Limits) -> Asked {
    if !is_askable(mailbox) {
        return Asked::Unknown(format!("{mailbox:?} is no mailbox that can stand in RCPT TO"));
    }
    let course = Course::new(helo, limits);
    let mut look = Look::new(address);
    let mut dialogue = match course.connect(address, &mut look).await {
        Ok(dialogue) => dialogue,
        Err(outcome) => return Asked::Unknown(words(outcome)),
    };
    let asked = match course.greet(&mut dialogue, &mut look).await {
        Ok(_) => ask(&mut dialogue, mailbox).await.unwrap_or_else(Asked::Unknown),
        Err(outcome) => Asked::Unknown(words(outcome)),
    };
    dialogue.quit(FAREWELL).await;
    asked
}

async fn ask(dialogue: &mut Dialogue<Plain>, mailbox: &str) -> Result<Asked, String> {
    let reply = dialogue.command("MAIL FROM:<>").await?;
    if !reply.is_positive() {
        return Err(format!("MAIL FROM:<> was refused: {reply}"));
    }
    let answer = dialogue.command(&format!("RCPT TO:<{mailbox}>")).await?;
    // The answer is there; what becomes of the farewell changes nothing.
    if let Err(detail) = dialogue.command("RSET").await {
        tracing::trace!(detail, "no reply to RSET");
    }
    Ok(Asked::Reply(answer.code, answer.lines.join(" / ")))
}

/// Printable ASCII, with a domain, and nothing that ends the path early.
fn is_askable(mailbox: &str) -> bool {
    let clean = mailbox.bytes().all(|octet| octet.is_ascii_graphic() && !matches!(octet, b'<' | b'>'));
    clean
        && mailbox.len() <= MAX_MAILBOX
        && mailbox.rsplit_once('@').is_some_and(|(l, d)| !l.is_empty() && !d.is_empty())
}
