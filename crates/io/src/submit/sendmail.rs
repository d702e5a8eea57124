//! A program that takes a mail on its standard input: Postfix's, Exim's, sendmail's own `sendmail`, or one that looks like it.
use std::io;
use std::path::Path;
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStderr, Command};
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout, timeout_at};

use super::{Fate, Mail, lines};

/// Octets of its error output that are told.
const MAX_ERRORS: usize = 2048;
/// How long its error output is still listened to when it has ended.
const LINGER: Duration = Duration::from_secs(1);
/// What programs that are found by name are looked for in: nothing of our own surroundings is handed on.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// How a program ended (sysexits.h).
const DATA_ERROR: i32 = 65;
const NO_USER: i32 = 67;
const NO_HOST: i32 = 68;

/// Runs `program -i -f sender -- recipients`. It takes the mail for all of them or for none.
pub(super) async fn submit(program: &Path, patience: Duration, mail: &Mail, to: &[&str]) -> Vec<Fate> {
    vec![run(program, patience, mail, to).await; to.len()]
}

async fn run(program: &Path, patience: Duration, mail: &Mail, to: &[&str]) -> Fate {
    let sender = if mail.from.is_empty() { "<>" } else { &mail.from };
    let mut command = Command::new(program);
    command.args(["-i", "-f", sender, "--"]).args(to).env_clear().env("PATH", PATH).current_dir("/");
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    let shown = program.display();
    let child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return Fate::Deferred(format!("{shown} cannot be run: {error}")),
    };
    match feed(child, &lines::local(&mail.message), Instant::now() + patience).await {
        Ok((Ok(status), errors)) => judge(&shown.to_string(), status, &errors),
        // Dropped, and with that killed.
        Ok((Err(error), _)) => Fate::Unknown(format!("{shown} was lost sight of: {error}")),
        Err(_) => Fate::Unknown(format!("{shown} did not end within {} s and was killed", patience.as_secs())),
    }
}

/// How it ended, and what it complained of.
type Ended = (io::Result<ExitStatus>, Vec<u8>);

/// Hands it the mail and awaits its end, listening to its complaints all the while so that neither waits for the other.
async fn feed(mut child: Child, message: &[u8], deadline: Instant) -> Result<Ended, Elapsed> {
    let (stdin, stderr) = (child.stdin.take(), child.stderr.take());
    let write = async {
        if let Some(mut stdin) = stdin {
            // One that ends early says by its status what it made of that.
            let written = stdin.write_all(message).await.and(stdin.shutdown().await);
            if let Err(error) = written {
                tracing::trace!(%error, "the program did not take the whole mail");
            }
        }
    };
    let mut errors = Vec::new();
    let status = {
        let work = pin!(async { tokio::join!(child.wait(), write).0 });
        let complaints = pin!(listen(stderr, &mut errors));
        match timeout_at(deadline, select(work, complaints)).await? {
            // What it has left behind in the background may hold its error output open for ever.
            Either::Left((status, complaints)) => {
                drop(timeout(LINGER, complaints).await);
                status
            }
            Either::Right(((), work)) => timeout_at(deadline, work).await?,
        }
    };
    Ok((status, errors))
}

async fn listen(stderr: Option<ChildStderr>, kept: &mut Vec<u8>) {
    let mut chunk = [0; 512];
    if let Some(mut stderr) = stderr {
        while let Ok(read @ 1..) = stderr.read(&mut chunk).await {
            let room = MAX_ERRORS.saturating_sub(kept.len());
            kept.extend(chunk.iter().take(read.min(room)));
        }
    }
}

fn judge(program: &str, status: ExitStatus, errors: &[u8]) -> Fate {
    let errors = String::from_utf8_lossy(errors);
    let said = match errors.trim() {
        "" => String::new(),
        words => format!(" and said: {}", words.replace(['\r', '\n'], " / ")),
    };
    match status.code() {
        Some(0) => Fate::Accepted(format!("{program} ended with status 0{said}")),
        Some(code @ DATA_ERROR) => Fate::Unfit(format!("{program} ended with status {code}{said}")),
        Some(code @ (NO_USER | NO_HOST)) => Fate::Refused(format!("{program} ended with status {code}{said}")),
        Some(code) => Fate::Deferred(format!("{program} ended with status {code}{said}")),
        None => Fate::Unknown(format!("{program} was ended by a signal ({status}){said}")),
    }
}
