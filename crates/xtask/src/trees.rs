//! Debian trees for the real mail servers, made once and kept outside the checkout.
//!
//! They lie in `$XDG_CACHE_HOME/strictmx`, or `/var/cache/strictmx`. Beside each lies a stamp that names the release
//! and the packages: a tree is made anew when that differs from what is wanted. Tests use them through overlays and
//! change nothing in them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;
use crate::run::{Outcome, command};

const TOOLS: &str = "openssl,ca-certificates,iproute2,procps";

/// Name, release, packages.
const TREES: [(&str, &str, &str); 3] = [
    ("trixie-postfix", "trixie", "postfix,postfix-lmdb,libtlsrpt0"),
    ("bookworm-postfix", "bookworm", "postfix"),
    ("trixie-sendmail", "trixie", "sendmail-bin,sendmail-cf,sensible-mda,m4"),
];

/// Where the trees are.
pub(crate) fn folder() -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME").filter(|value| !value.is_empty());
    cache.map_or_else(|| PathBuf::from("/var/cache"), PathBuf::from).join("strictmx")
}

/// Makes what is missing; some minutes and 300 MB each, the first time.
pub(crate) fn ensure() -> Outcome {
    let folder = folder();
    fs::create_dir_all(&folder).map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    let mut words = String::new();
    for (name, release, packages) in TREES {
        let stamp = format!("{release} {packages},{TOOLS}\n");
        let stamp_file = folder.join(format!("{name}.stamp"));
        if fs::read_to_string(&stamp_file).is_ok_and(|found| found == stamp) && folder.join(name).is_dir() {
            words.push_str(&format!("{name}: kept from before\n"));
            continue;
        }
        println!("    making the Debian tree {name} in {}", folder.display());
        words.push_str(&make(&folder, name, release, packages)?);
        crate::write(&stamp_file, &stamp)?;
    }
    Ok(words)
}

fn make(folder: &Path, name: &str, release: &str, packages: &str) -> Outcome {
    let (whole, half) = (folder.join(name), folder.join(format!("{name}.new")));
    for old in [&whole, &half] {
        remove(old)?;
    }
    let include = format!("--include={packages},{TOOLS}");
    let mut debootstrap = Command::new("debootstrap");
    debootstrap.args(["--variant=minbase", &include, release]).arg(&half).arg(mirror()?);
    debootstrap.env("DEBIAN_FRONTEND", "noninteractive");
    let words = command(&mut debootstrap)?;
    let archives = half.join("var/cache/apt/archives");
    for package in crate::files(&archives, &[".deb"]) {
        fs::remove_file(&package).map_err(|error| format!("cannot remove {}: {error}", package.display()))?;
    }
    fs::rename(&half, &whole).map_err(|error| format!("cannot rename {}: {error}", half.display()))?;
    Ok(words)
}

fn remove(tree: &Path) -> Result<()> {
    if !tree.exists() {
        return Ok(());
    }
    fs::remove_dir_all(tree).map_err(|error| format!("cannot remove {}: {error}", tree.display()))
}

/// The mirror this machine's own apt uses for Debian. Where apt knows none yet, its lists are fetched first.
fn mirror() -> Result<String> {
    if let Some(site) = apt_site() {
        return Ok(site);
    }
    command(Command::new("apt-get").arg("update"))?;
    apt_site().ok_or_else(|| {
        "apt knows no mirror of Debian (`apt-get indextargets` names none with Origin: Debian); add one to its sources".to_owned()
    })
}

fn apt_site() -> Option<String> {
    let format = ["indextargets", "--format", "$(SITE)", "Created-By: Packages", "Origin: Debian", "Component: main"];
    let output = Command::new("apt-get").args(format).output().ok()?.stdout;
    let output = String::from_utf8_lossy(&output).into_owned();
    let mut sites = output.lines().map(str::trim).filter(|site| !site.is_empty() && !site.contains("security"));
    sites.next().map(str::to_owned)
}
