//! The built `strictmx` binary as a child process.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// Longest wait for `/readyz`.
const READY_LIMIT: Duration = Duration::from_secs(20);

/// A running `strictmx serve`; killed when dropped.
pub struct Strictmx {
    binary: PathBuf,
    config: PathBuf,
    web: SocketAddr,
    child: Child,
    stderr: Arc<Mutex<String>>,
}

impl Strictmx {
    /// Writes `config` to `folder/strictmx.toml`, starts `binary serve` with it and waits until `/readyz` on
    /// `web` (the address of `[web] listen`) answers 200. Panics with its standard error when it never does.
    pub fn start(binary: &str, folder: &Path, config: &str, web: SocketAddr) -> Self {
        let path = folder.join("strictmx.toml");
        fs::write(&path, config).expect("the config is written");
        let binary = PathBuf::from(binary);
        let stderr = Arc::new(Mutex::new(String::new()));
        let child = spawn(&binary, &path, &stderr);
        let mut running = Self { binary, config: path, web, child, stderr };
        running.wait_until_ready();
        running
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// All it has written to standard error so far, across restarts.
    pub fn stderr(&self) -> String {
        self.stderr.lock().unwrap().clone()
    }

    /// The config file in use.
    pub fn config_path(&self) -> &Path {
        &self.config
    }

    /// Writes another config over the old one; SIGHUP ([`Self::hangup`]) makes it count.
    pub fn write_config(&self, config: &str) {
        fs::write(&self.config, config).expect("the config is written");
    }

    /// SIGHUP: reload.
    pub fn hangup(&self) {
        self.signal(Signal::HUP);
    }

    /// SIGTERM, then waits for the end, at most `limit`.
    pub fn terminate(&mut self, limit: Duration) -> ExitStatus {
        self.signal(Signal::TERM);
        let end = Instant::now() + limit;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child to wait for") {
                return status;
            }
            assert!(Instant::now() < end, "strictmx still runs {limit:?} after SIGTERM:\n{}", self.stderr());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// SIGKILL, and waits for the end.
    pub fn kill(&mut self) {
        let _already_gone = self.child.kill();
        let _status = self.child.wait();
    }

    /// Starts it again with the same config after [`Self::kill`] or [`Self::terminate`].
    pub fn restart(&mut self) {
        self.kill();
        self.child = spawn(&self.binary, &self.config, &self.stderr);
        self.wait_until_ready();
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("a child to ask").is_none()
    }

    /// Resident memory in KiB.
    pub fn rss_kib(&self) -> u64 {
        proc_status_kib(self.pid(), "VmRSS:")
    }

    /// Another command of the same binary with the same config, for example `["cache", "list"]`.
    pub fn run(&self, arguments: &[&str]) -> Output {
        run(&self.binary, &[arguments, &["--config", self.config.to_str().expect("a UTF-8 path")]].concat())
    }

    /// `GET path` on the web listener: status and body.
    pub fn get(&self, path: &str) -> (u16, String) {
        http_get(self.web, path).unwrap_or_else(|error| panic!("GET {path} on {}: {error}", self.web))
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.pid()).expect("a process id")).expect("a process id");
        kill_process(pid, signal).expect("a process to signal");
    }

    fn wait_until_ready(&mut self) {
        let end = Instant::now() + READY_LIMIT;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child to ask") {
                std::thread::sleep(Duration::from_millis(100));
                panic!("strictmx ended at once ({status}):\n{}", self.stderr());
            }
            if matches!(http_get(self.web, "/readyz"), Ok((200, _))) {
                return;
            }
            assert!(Instant::now() < end, "strictmx is not ready after {READY_LIMIT:?}:\n{}", self.stderr());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Strictmx {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!("standard error of strictmx:\n{}", self.stderr());
        }
    }
}

fn spawn(binary: &Path, config: &Path, stderr: &Arc<Mutex<String>>) -> Child {
    let mut command = Command::new(binary);
    command.arg("serve").arg("--config").arg(config);
    command.current_dir(config.parent().expect("a folder")).env_remove("STRICTMX_CONFIG").env("NO_COLOR", "1");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("cannot start {}: {error}", binary.display()));
    collect(child.stderr.take().expect("a pipe"), stderr.clone());
    collect(child.stdout.take().expect("a pipe"), stderr.clone());
    child
}

fn collect(pipe: impl Read + Send + 'static, into: Arc<Mutex<String>>) {
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            writeln!(into.lock().unwrap(), "{line}").expect("a string takes anything");
        }
    });
}

/// Runs the binary once and waits for its end.
pub fn run(binary: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(binary);
    command.args(arguments).env_remove("STRICTMX_CONFIG").env("NO_COLOR", "1").stdin(Stdio::null());
    command.output().unwrap_or_else(|error| panic!("cannot run {}: {error}", binary.display()))
}

/// A line of `/proc/<pid>/status` that counts KiB, for example `VmRSS:` or `VmHWM:`.
pub fn proc_status_kib(pid: u32, field: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("a running process");
    let line = status.lines().find_map(|line| line.strip_prefix(field)).expect("a field of that name");
    line.trim().trim_end_matches("kB").trim().parse().expect("a number")
}

/// A TCP port of 127.0.0.1 nobody listens on just now.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("a bound address").port()
}

/// A plain HTTP request: status and body.
pub fn http_get(address: SocketAddr, path: &str) -> std::io::Result<(u16, String)> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(2))?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    let chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
    Ok((status, if chunked { unchunked(body) } else { body.to_owned() }))
}

fn unchunked(mut body: &str) -> String {
    let mut whole = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let size = usize::from_str_radix(size.trim(), 16).unwrap_or(0);
        if size == 0 || rest.len() < size {
            break;
        }
        whole.push_str(&rest[..size]);
        body = rest[size..].trim_start_matches("\r\n");
    }
    whole
}
