//! Typical mistakes, and what the person who made them reads. One golden each.

use std::path::Path;

use strictmx::config::parse;
use strictmx_engine::time::Timestamp;

/// 2026-11-22.
const NOW: Timestamp = Timestamp(1_795_305_600);

fn said(config: &str) -> String {
    match parse(Path::new("strictmx.toml"), config.as_bytes(), NOW) {
        Ok(loaded) => panic!("good, with warnings {:?}", loaded.warning_lines().collect::<Vec<_>>()),
        Err(error) => format!("{config}\n----------\n{error}----------\n{}\n", error.summary()),
    }
}

macro_rules! mistakes {
    ($($name:ident: $config:expr;)*) => {$(
        #[test]
        fn $name() {
            insta::assert_snapshot!(stringify!($name), said($config));
        }
    )*};
}

mistakes! {
    a_slip_in_a_key: "[policyd]\nlisten = [\"127.0.0.1:8461\"]\nobserv = true\n";
    a_slip_in_a_section: "[dsn]\nservers = [\"127.0.0.1\"]\n";
    a_key_of_another_section: "[policyd]\nextra_roots = [\"/etc/corp.pem\"]\n";
    a_key_in_no_section: "listen = [\"127.0.0.1:8461\"]\n";
    a_key_nobody_knows: "[web]\npassword = \"secret\"\n";
    a_part_that_is_not_there_yet: "[policyd]\n\n[inbox]\nhttps = [\"[::]:443\"]\n";
    a_text_where_a_list_belongs: "[policyd]\nlisten = \"127.0.0.1:8461\"\n";
    a_text_where_true_or_false_belongs: "[policyd]\nobserve = \"yes\"\n";
    a_number_without_its_unit: "[fetch]\ntimeout = 60\n";
    a_unit_that_is_none: "[fetch]\ntimeout = \"60 seconds\"\n";
    a_length_of_time_out_of_range: "[fetch]\nanswer_deadline = \"1h\"\n";
    a_path_without_unix: "[policyd]\nlisten = [\"/run/strictmx/policyd.sock\"]\n";
    a_name_where_an_address_belongs: "[web]\nlisten = [\"localhost:8480\"]\n";
    an_address_without_port: "[web]\nlisten = [\"127.0.0.1\"]\n";
    a_word_that_is_none_of_the_values: "[policyd]\npartial_dane = \"dane_only\"\n";
    a_database_that_is_not_there_yet: "[store]\nurl = \"postgres://db.example.com/strictmx\"\n";
    a_relative_path_without_its_dot: "[store]\nurl = \"sqlite://strictmx.db\"\n";
    no_dns_servers_at_all: "[dns]\nservers = []\n";
    permissions_without_quotes: "[control]\nmode = 0600\n";
    permissions_that_are_none: "[control]\nmode = \"0999\"\n";
    an_override_without_an_answer: "[[policyd.override]]\ndomain = \"example.com\"\nreason = \"ticket 4711\"\n";
    an_override_as_a_table: "[policyd.override]\ndomain = \"example.com\"\nanswer = \"off\"\n";
    an_override_with_a_line_that_postfix_would_refuse: "[[policyd.override]]\ndomain = \"example.com\"\nanswer = \"secure match=\"\n";
    two_overrides_for_one_domain: "[[policyd.override]]\ndomain = \"example.com\"\nanswer = \"off\"\n\n[[policyd.override]]\ndomain = \"EXAMPLE.com.\"\nanswer = \"observe\"\n";
    a_date_in_another_order: "[[policyd.override]]\ndomain = \"example.com\"\nanswer = \"off\"\nuntil = \"24.12.2026\"\n";
    a_self_test_of_one_name: "[dns]\nself_test = \"dnssec-failed.org\"\n";
    a_mail_without_a_sender: "[monitor]\nmail_to = [\"ops@example.com\"]\n";
    a_mail_address_that_is_none: "[monitor]\nmail_to = [\"ops\", \"a b@example.com\", \"a@b c\"]\nmail_from = \"strictmx@example.com\"\n";
    a_mail_server_with_a_password: "[monitor]\nsubmit = \"smtp://user:secret@mail.example.com\"\n";
    a_webhook_that_anybody_can_read: "[monitor]\nwebhook = \"http://alerts.example.com/\"\n";
    a_family_that_is_none: "[monitor]\nfamilies = [\"smpt\"]\n";
    a_table_of_domains_without_a_file: "[monitor]\ndomains = { files = \"/etc/strictmx/domains\" }\n";
    counts_kept_for_hours: "[collector]\nkeep = \"100h\"\n";
    counts_kept_for_too_short_a_time: "[collector]\nkeep = \"1d\"\n";
    reports_of_nobody: "[reporter]\nfrom = \"tls@example.com\"\n";
    reports_from_somebody_else: "[reporter]\norganization = \"Example Ltd\"\ncontact = \"postmaster@example.com\"\nfrom = \"tls@example.org\"\nspread = \"2d\"\n";
    keys_without_files: "[reporter]\norganization = \"Example Ltd\"\ncontact = \"postmaster@example.com\"\ndkim = [{ selector = \"a_b\" }, \"c\", { selector = \"d\", key_file = \"/d\", bits = 2 }, { selector = \"d\", key_file = \"/e\" }]\n";
    a_pattern_of_addresses_that_is_none: "[reporter]\norganization = \"Example Ltd\"\ncontact = \"postmaster@example.com\"\ndeny = [\"*@example.com\"]\nredact = [\"sending-ip\"]\n";
    an_expectation_of_nobody: "[[monitor.expect]]\nmx = [\"mx.example.com\"]\n";
    a_quote_that_is_not_closed: "[store]\nurl = \"sqlite:///var/lib/strictmx.db\n";
    the_same_key_twice: "[log]\nlevel = \"info\"\nlevel = \"debug\"\n";
    a_section_as_a_value: "policyd = true\n";
    several_mistakes_at_once: "[policyd]\nlisten = \"127.0.0.1:8461\"\nobserve = 1\n[dns]\ndnssec = \"yes\"\n[fetch]\ntimeuot = \"5s\"\n";
    codes_for_a_terminal: "[policyd]\n\"\\u001b[31m\u{202e}key\" = 1 # \u{202e}\n";
}

#[test]
fn more_problems_than_anybody_reads_are_counted() {
    let config = "[policyd]\n".to_owned() + &(0..100).map(|i| format!("nonsense{i} = 1\n")).collect::<String>();
    let said = said(&config);
    assert_eq!(said.matches("error: there is no key").count(), 20);
    assert!(said.contains("… and 80 more"));
    assert!(said.contains("(and 99 more; `strictmx config check` shows them)"));
}

#[test]
fn a_line_without_end_is_not_shown() {
    let config = format!("[policyd]\nnonsense = \"{}\"\n", "x".repeat(900_000));
    let error = parse(Path::new("strictmx.toml"), config.as_bytes(), NOW).unwrap_err().to_string();
    assert!(error.contains("strictmx.toml:2:1"), "{}", error.len());
    assert!(error.len() < 2000);
    let config = format!("[log]\nlevel = \"{}\"\n", "x".repeat(900_000));
    let error = parse(Path::new("strictmx.toml"), config.as_bytes(), NOW).unwrap_err().to_string();
    assert!(error.len() < 2000, "{}", error.len());
}
