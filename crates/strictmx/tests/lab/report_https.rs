//! Reports posted to an HTTPS endpoint that is none of ours: Python's HTTP server over OpenSSL.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use strictmx_proto::gzip::{self, Limits};
use strictmx_proto::tlsrpt::Report;
use strictmx_testbed::dns;
use strictmx_testbed::lab::Lab;
use strictmx_testbed::pki::Leaf;

use crate::world::Server;

/// Takes posts and keeps each in a file, its media type in the first line. The first one is answered with 503.
const ENDPOINT: &str = "\
import http.server, ssl, sys
address, folder = sys.argv[1:]
posts = 0
class Taker(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        global posts
        body = self.rfile.read(int(self.headers['Content-Length']))
        with open(f'{folder}/post{posts}', 'wb') as out:
            out.write(f\"{self.path} {self.headers['Content-Type']} {self.headers['Content-Encoding']}\\n\".encode() + body)
        self.send_response(503 if posts == 0 else 201)
        self.end_headers()
        posts += 1
    def log_message(self, *_):
        pass
server = http.server.HTTPServer((address, 443), Taker)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(f'{folder}/chain.pem', f'{folder}/key.pem')
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
";

struct Endpoint(Child);

impl Endpoint {
    fn start(address: &str, folder: &Path) -> Self {
        let lab = PathBuf::from(std::env::var_os("STRICTMX_LAB").unwrap());
        let python = lab.join("dkimpy-1.1.8/bin/python");
        let child = Command::new(python).args(["-c", ENDPOINT, address]).arg(folder).spawn().unwrap();
        let endpoint = Self(child);
        let end = Instant::now() + Duration::from_secs(20);
        while std::net::TcpStream::connect((address, 443)).is_err() {
            assert!(Instant::now() < end, "Python's server does not listen");
            std::thread::sleep(Duration::from_millis(50));
        }
        endpoint
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _status = self.0.wait();
    }
}

fn posted(folder: &Path, number: usize) -> Option<(String, Vec<u8>)> {
    let octets = std::fs::read(folder.join(format!("post{number}"))).ok()?;
    let end = octets.iter().position(|octet| *octet == b'\n')?;
    Some((String::from_utf8(octets[..end].to_vec()).unwrap(), octets[end + 1..].to_vec()))
}

/// TLSRPT-5.4-0, TLSRPT-5.4-1, TLSRPT-5.4-3, R9110-1
#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn a_report_is_posted_to_a_server_of_somebody_else_until_it_says_2xx() {
    let lab = Lab::shared();
    let (folder, address) = (lab.folder("report-https"), lab.address(1));
    let identity = lab.ca.issue("reports.test", Leaf::Good);
    std::fs::write(folder.join("chain.pem"), identity.chain_pem()).unwrap();
    std::fs::write(folder.join("key.pem"), identity.key_pem()).unwrap();
    let _endpoint = Endpoint::start(&address, &folder);
    let names = dns::Server::start("127.0.0.1:0");
    names.a("reports.test", address.parse().unwrap());
    names.txt("_smtp._tls.example.test", "v=TLSRPTv1; rua=https://reports.test/v1/tls?tenant=7");
    let resolver = format!("servers = [\"{}\"]\ndnssec = \"off\"\nself_test = \"off\"", names.address());
    let mut server = Server::start(lab, "report-https-server", &resolver);
    let plain = std::fs::read_to_string(server.strictmx.config_path()).unwrap();
    server.strictmx.terminate(Duration::from_secs(20));

    let day_before = Command::new("date").args(["-u", "-d", "2 days ago", "+%FT12:00:00Z"]).output().unwrap().stdout;
    let at = String::from_utf8(day_before).unwrap();
    let mut emit = Command::new(env!("CARGO_BIN_EXE_strictmx"));
    emit.args(["report", "emit", "--config"]).arg(server.strictmx.config_path()).stdin(Stdio::piped());
    let mut child = emit.spawn().unwrap();
    let session = format!("{{\"domain\": \"example.test\", \"at\": \"{}\", \"count\": 5}}\n", at.trim());
    child.stdin.take().unwrap().write_all(session.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());

    let reporter =
        "[reporter]\norganization = \"Example Ltd\"\ncontact = \"postmaster@client.test\"\nspread = \"0s\"\n";
    server.strictmx.write_config(&format!("{plain}{reporter}"));
    server.strictmx.restart();
    let end = Instant::now() + Duration::from_secs(60);
    while posted(&folder, 0).is_none() {
        assert!(Instant::now() < end, "nothing was posted\n{}", server.strictmx.stderr());
        std::thread::sleep(Duration::from_millis(100));
    }
    while !server.strictmx.stderr().contains("status 503") {
        assert!(Instant::now() < end, "{}", server.strictmx.stderr());
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(server.strictmx.run(&["report", "send", "example.test"]).status.success());
    let sent = server.strictmx.run(&["report", "list", "--state", "sent"]).stdout;
    assert!(String::from_utf8_lossy(&sent).contains("example.test"));
    let (first, second) = (posted(&folder, 0).unwrap(), posted(&folder, 1).unwrap());
    assert_eq!(first.0, "/v1/tls?tenant=7 application/tlsrpt+gzip None");
    assert_eq!(first, second, "the same octets each time");
    let read = Report::read(&gzip::inflate(&second.1, Limits::REPORT).unwrap()).unwrap();
    assert_eq!((read.notes.len(), read.report.entries[0].successful), (0, 5));
    assert_eq!(posted(&folder, 2), None);
}
