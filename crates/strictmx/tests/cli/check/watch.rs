//! `--watch`: the monitor in the foreground.
use std::{
    fs::write,
    process::{Command, Stdio},
    time::Duration,
};

use strictmx_testbed::dns::{Answer, Server};

use super::{check, command, stderr};

#[tokio::test]
async fn a_watched_domain_is_looked_at_again_and_again_until_somebody_stops_it() {
    let server = Server::start("127.0.0.1:0");
    server.otherwise(|_, _| Some(Answer::nx_domain()));
    let folder = tempfile::tempdir().unwrap();
    let config = format!(
        "[dns]\nservers = [\"{}\"]\ndnssec = \"off\"\n[store]\nurl = \"sqlite://./seen.db\"\n",
        server.address()
    );
    write(folder.path().join("strictmx.toml"), config).unwrap();
    let args = ["--watch", "1s", "gone.example", "--only", "sts,time"];
    let child = command(folder.path(), &args).stderr(Stdio::piped()).spawn().unwrap();
    while server.asked("_mta-sts.gone.example", "TXT") < 3 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    // How it is, is told once, and not at each look.
    assert_eq!(said.matches("gone.example").count(), 1, "{said}");
    assert!(said.contains("absent"), "{said}");
    assert!(folder.path().join("seen.db").exists());
    let once = check(folder.path(), &["gone.example", "--only", "record"]);
    assert_eq!(once.status.code(), Some(0), "{}", stderr(&once));
}

#[test]
fn watching_takes_names_and_a_length_of_time_that_makes_sense() {
    let folder = tempfile::tempdir().unwrap();
    for (args, what) in [
        (&["--watch", "soon", "example.com"][..], "no length of time"),
        (&["--watch", "1h"], "DOMAIN"),
        (&["--watch", "1h", "bad@example.com"], "bad@example.com"),
        (&["--watch", "1h", "example.com", "--format", "json"], "--format"),
    ] {
        let output = check(folder.path(), args);
        assert_eq!(output.status.code(), Some(64), "{args:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(what), "{args:?}: {}", stderr(&output));
    }
}
