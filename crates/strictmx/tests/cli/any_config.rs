//! Whatever stands in the file: an error or settings, never a panic, and never an answer without end.

use std::path::Path;

use proptest::prelude::*;
use strictmx::config::{ConfigError, parse, print};
use strictmx_engine::time::Timestamp;

const NOW: Timestamp = Timestamp(1_795_305_600);

fn survives(octets: &[u8]) {
    match parse(Path::new("strictmx.toml"), octets, NOW) {
        Ok(loaded) => {
            assert!(!loaded.render_warnings().contains('\u{0}'));
            let printed = print::effective(&loaded.settings);
            let again =
                parse(Path::new("printed.toml"), printed.as_bytes(), NOW).unwrap_or_else(|e| panic!("{printed}\n{e}"));
            assert_eq!(again.settings, loaded.settings);
        }
        Err(error) => {
            let text = error.to_string();
            assert!(text.starts_with("error") || text.starts_with("warning"), "{text}");
            assert!(error.count() > 0);
            assert!(!error.summary().is_empty());
            assert!(text.len() < 400_000, "{}", text.len());
            assert!(error.render().len() >= text.len());
            let codes = text.chars().filter(|c| c.is_control() && *c != '\n');
            assert_eq!(codes.count(), 0, "{text:?}");
            if let ConfigError::Wrong { text, problems } = &error {
                for problem in problems {
                    let (line, column) = text.position(problem.span.start);
                    assert!(line >= 1 && column >= 1);
                }
            }
        }
    }
}

const WORDS: &str = "store url dns servers dnssec self_test signed bogus tls extra_roots fetch timeout policyd listen observe \
    testing_probe override domain answer until web control socket mode log level format relay attempts helo tcp_table socket_mode \
    monitor domains file every families depth confirm webhook mail_to mail_from submit expect mx \
    collector flush keep mx_host_scope queue_mib token_file \
    reporter organization contact from dkim selector key_file spread when redact allow deny deny_domains archive";

const VALUES: &str = "true|false|0|25|-1|1.5|0x10|2026-12-24|\"\"|\"off\"|\"1d\"|\"127.0.0.1:8461\"|\"system\"|\"unix:/x\"|\
    \"sqlite:///x\"|\"example.com\"|\"trust-ad\"|\"0660\"|\"debug\"|[]|[\"127.0.0.1:1\"]|[1]|{}|{ signed = \".\" }|\
    \"secure match=a.example\"|\"ü\u{202e}\"|\"\\u0000\"|'''\n\u{1}'''|[\"smtp\"]|[\"a@b.example\"]|\"a@b.example\"|\"smtp://[::1]\"|\"https://a.example/\"|{ file = \"/x\" }|[{ selector = \"a\", key_file = \"/x\" }]|[\"sending-mta-ip\"]|99999999999999999999|18446744073709551615";

/// Pieces that configs are made of, good and bad.
fn piece() -> impl Strategy<Value = String> {
    let word = prop::sample::select(WORDS.split_whitespace().collect::<Vec<_>>());
    let value = prop::sample::select(VALUES.split('|').collect::<Vec<_>>());
    prop_oneof![
        4 => word.clone().prop_map(|w| format!("[{w}]\n")),
        1 => word.clone().prop_map(|w| format!("[[policyd.{w}]]\n")),
        1 => word.clone().prop_map(|w| format!("[[monitor.{w}]]\n")),
        1 => word.clone().prop_map(|w| format!("[[{w}]]\n")),
        8 => (word.clone(), value).prop_map(|(w, v)| format!("{w} = {v}\n")),
        1 => (word, any::<String>()).prop_map(|(w, v)| format!("{w} = {v:?}\n")),
        1 => "[\\PC\n\t]{0,20}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_octets_are_an_error_or_settings(octets in prop::collection::vec(any::<u8>(), 0..300)) {
        survives(&octets);
    }

    #[test]
    fn any_text_is_an_error_or_settings(text in any::<String>()) {
        survives(text.as_bytes());
    }

    #[test]
    fn any_pieces_of_config_are_an_error_or_settings(pieces in prop::collection::vec(piece(), 0..12)) {
        survives(pieces.concat().as_bytes());
    }

    #[test]
    fn a_config_cut_or_changed_anywhere_is_an_error_or_settings(at in 0usize..4000, with in any::<Option<u8>>()) {
        let mut octets = print::default_config().into_bytes();
        let at = at % octets.len();
        match with {
            Some(octet) => octets[at] = octet,
            None => octets.truncate(at),
        }
        survives(&octets);
    }
}

#[test]
fn depth_without_end_is_an_error() {
    for config in [
        "a = ".to_owned() + &"[".repeat(200_000),
        "a = ".to_owned() + &"{b=".repeat(200_000),
        "[a".to_owned() + &".a".repeat(200_000),
    ] {
        survives(config.as_bytes());
    }
}
