//! Programs the tests need beside Rust, and the Debian packages they come in.

use std::path::Path;
use std::process::Command;

use crate::run::{Outcome, command};

/// A program, and the Debian packages it is in (the later one where a release moved it).
const NEEDED: [(&str, &[&str]); 12] = [
    ("cc", &["gcc"]),
    ("make", &["make"]),
    ("cmake", &["cmake"]),
    ("debootstrap", &["debootstrap"]),
    ("unshare", &["util-linux"]),
    ("mount", &["mount"]),
    ("ip", &["iproute2"]),
    ("knotd", &["knot"]),
    ("keymgr", &["knot", "knot-dnssecutils"]),
    ("knsupdate", &["knot-dnsutils"]),
    ("kdig", &["knot-dnsutils"]),
    ("unbound", &["unbound"]),
];

/// Makes sure every program is there: installs what is missing on Debian as root, else says what to install.
pub(crate) fn ensure() -> Outcome {
    let (programs, packages) = missing();
    if programs.is_empty() {
        return Ok("every program is there".to_owned());
    }
    if !(is_root() && is_there("apt-get")) {
        return Err(lacking());
    }
    install(&packages)?;
    let (programs, _) = missing();
    if programs.is_empty() { Ok(format!("installed {}", packages.join(" "))) } else { Err(lacking()) }
}

/// What is missing and how to get it, as a sentence.
pub(crate) fn lacking() -> String {
    let (programs, packages) = missing();
    if programs.is_empty() {
        return "every program is there".to_owned();
    }
    let (programs, packages) = (programs.join(", "), packages.join(" "));
    format!("missing: {programs}. On Debian: apt-get install --no-install-recommends {packages}")
}

/// The programs that are not there, and the packages they are in.
fn missing() -> (Vec<&'static str>, Vec<&'static str>) {
    let missing = NEEDED.iter().filter(|(program, _)| !is_there(program));
    let (mut programs, mut packages) = (Vec::new(), Vec::new());
    for (program, known_in) in missing {
        programs.push(*program);
        packages.extend_from_slice(known_in);
    }
    packages.sort_unstable();
    packages.dedup();
    (programs, packages)
}

/// Installs what the archive has of `packages`; no service is started.
pub(crate) fn install(packages: &[&str]) -> Outcome {
    command(apt().arg("update"))?;
    let known: Vec<&str> = packages.iter().copied().filter(|package| is_in_archive(package)).collect();
    let _no_services = NoServices::new();
    command(apt().args(["install", "-y", "--no-install-recommends"]).args(known))
}

fn apt() -> Command {
    let mut apt = Command::new("apt-get");
    apt.env("DEBIAN_FRONTEND", "noninteractive");
    apt
}

fn is_in_archive(package: &str) -> bool {
    Command::new("apt-cache").arg("show").arg(package).output().is_ok_and(|output| output.status.success())
}

/// While it lives, Debian's maintainer scripts start no service.
struct NoServices {
    ours: bool,
}

const POLICY: &str = "/usr/sbin/policy-rc.d";

impl NoServices {
    fn new() -> Self {
        let ours = !Path::new(POLICY).exists() && write_executable(POLICY, "#!/bin/sh\nexit 101\n").is_ok();
        Self { ours }
    }
}

impl Drop for NoServices {
    fn drop(&mut self) {
        if self.ours && std::fs::remove_file(POLICY).is_err() {
            eprintln!("could not remove {POLICY}; remove it by hand");
        }
    }
}

fn write_executable(path: &str, text: &str) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::write(path, text)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))
}

/// Whether a program is on the path, or where administrators' programs lie.
fn is_there(program: &str) -> bool {
    let path = std::env::var("PATH").unwrap_or_default();
    path.split(':').chain(["/usr/sbin", "/sbin"]).any(|folder| Path::new(folder).join(program).is_file())
}

/// Whether we are root.
pub(crate) fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output();
    output.is_ok_and(|output| output.stdout == b"0\n")
}
