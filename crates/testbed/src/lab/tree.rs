//! A Debian tree, used through an overlay: what a run writes never reaches the tree itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::work::{Work, run};

/// A tree with an overlay of its own.
pub(super) struct Tree {
    root: PathBuf,
}

impl Tree {
    /// Mounts the tree called `name` of the folder `trees`.
    pub(super) fn mount(work: &Work, trees: &Path, name: &str) -> Self {
        let lower = trees.join(name);
        let missing = || format!("no Debian tree at {}; `cargo xtask test` makes it", lower.display());
        assert!(lower.join("etc").is_dir(), "{}", missing());
        let root = work.folder(name);
        let (upper, scratch) = (work.folder(&format!("{name}.upper")), work.folder(&format!("{name}.work")));
        let layers = format!("lowerdir={},upperdir={},workdir={}", lower.display(), upper.display(), scratch.display());
        run(Command::new("mount").args(["-t", "overlay", "overlay", "-o", &layers]).arg(&root));
        run(Command::new("mount").args(["-t", "proc", "proc"]).arg(root.join("proc")));
        let tree = Self { root };
        tree.write("etc/resolv.conf", "nameserver 127.0.0.1\noptions trust-ad edns0\n");
        tree.write("etc/hosts", "127.0.0.1 localhost\n");
        tree
    }

    /// Writes a file, replacing what was there, links included.
    pub(super) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        if fs::symlink_metadata(&path).is_ok() {
            fs::remove_file(&path).expect("an old file to remove");
        }
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder in the tree");
        fs::write(&path, text).unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
    }

    /// A path inside, seen from outside.
    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// A command to be run inside.
    pub(super) fn command(&self, program: &str) -> Command {
        let mut command = Command::new("chroot");
        command.arg(&self.root).arg(program);
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("LC_ALL", "C").env("HOME", "/root");
        command
    }
}
