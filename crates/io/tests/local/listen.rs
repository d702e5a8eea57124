//! Listening sockets.
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener as StdUnix;
use std::path::Path;

use strictmx_io::listen::{Access, Address, Error, Handed, Listener, bind};

fn unix(path: &Path, access: &Access) -> Result<Listener, Error> {
    bind(&Address::Unix(path.into()), access, &mut Handed::none())
}

#[tokio::test]
async fn a_unix_socket_has_the_mode_and_group_asked_for() {
    let directory = tempfile::tempdir().unwrap();
    for mode in [0o600, 0o660, 0o666] {
        let path = directory.path().join(format!("{mode:o}.sock"));
        let own = fs::metadata(directory.path()).unwrap().gid().to_string();
        let _held = unix(&path, &Access { mode, owner: None, group: Some(own.clone()) }).unwrap();
        let made = fs::metadata(&path).unwrap();
        assert_eq!(made.permissions().mode() & 0o7777, mode);
        assert_eq!(made.gid().to_string(), own);
    }
}

#[tokio::test]
async fn an_owner_is_found_by_name() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.sock");
    let access = Access { mode: 0o660, owner: Some("root".into()), group: Some("root".into()) };
    match unix(&path, &access) {
        Ok(_held) => assert_eq!(fs::metadata(&path).unwrap().uid(), 0),
        // Not root ourselves: then it is the system that refuses, after the name was found.
        Err(error) => assert!(matches!(error, Error::Io { .. }), "{error}"),
    }
}

#[tokio::test]
async fn an_owner_or_group_that_does_not_exist_is_named_and_no_socket_is_made() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.sock");
    let nobody = || Some("no-such-name-anywhere".to_owned());
    let user = unix(&path, &Access { mode: 0o600, owner: nobody(), group: None }).unwrap_err();
    let group = unix(&path, &Access { mode: 0o600, owner: None, group: nobody() }).unwrap_err();
    assert!(user.to_string().contains("user `no-such-name-anywhere`"), "{user}");
    assert!(group.to_string().contains("group `no-such-name-anywhere`"), "{group}");
    assert!(!path.exists());
}

#[tokio::test]
async fn a_socket_left_behind_is_replaced_and_ours_is_removed_in_the_end() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.sock");
    drop(StdUnix::bind(&path).unwrap());
    assert!(path.exists());
    let listener = unix(&path, &Access::mode(0o600)).unwrap();
    assert!(StdUnix::bind(&path).is_err());
    drop(listener);
    assert!(!path.exists());
}

#[tokio::test]
async fn a_socket_that_somebody_answers_on_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.sock");
    let _living = StdUnix::bind(&path).unwrap();
    assert!(matches!(unix(&path, &Access::mode(0o600)), Err(Error::Taken(_))));
    assert!(path.exists());
}

#[tokio::test]
async fn a_file_in_the_way_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.sock");
    fs::write(&path, "precious").unwrap();
    assert!(matches!(unix(&path, &Access::mode(0o600)), Err(Error::NotASocket(_))));
    assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
    let link = directory.path().join("b.sock");
    symlink(&path, &link).unwrap();
    assert!(matches!(unix(&link, &Access::mode(0o600)), Err(Error::NotASocket(_))));
}

#[tokio::test]
async fn a_socket_that_took_the_place_of_ours_is_not_removed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.sock");
    let ours = unix(&path, &Access::mode(0o600)).unwrap();
    // Both exist for a moment, so the other cannot be given the number of ours.
    let other = directory.path().join("b.sock");
    let _other = StdUnix::bind(&other).unwrap();
    fs::rename(&other, &path).unwrap();
    drop(ours);
    assert!(path.exists());
}

#[tokio::test]
async fn a_missing_directory_a_taken_port_and_a_long_path_each_say_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    let missing = unix(&directory.path().join("no/a.sock"), &Access::mode(0o600)).unwrap_err().to_string();
    assert!(missing.contains("create its directory"), "{missing}");
    let long = unix(&directory.path().join("x".repeat(200)), &Access::mode(0o600)).unwrap_err().to_string();
    assert!(long.contains("107"), "{long}");
    let (held, address) = crate::support::loopback();
    let taken = bind(held.address(), &Access::mode(0), &mut Handed::none()).unwrap_err().to_string();
    assert!(taken.contains(&address) && taken.contains("another port"), "{taken}");
}

#[tokio::test]
async fn a_name_that_systemd_did_not_hand_over_is_an_error() {
    let error = bind(&Address::Handed("policyd".into()), &Access::mode(0), &mut Handed::none()).unwrap_err();
    assert!(error.to_string().contains("FileDescriptorName=policyd"), "{error}");
}
