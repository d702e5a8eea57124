//! A golden help page for every command.

fn pages(command: &mut clap::Command, path: &str, out: &mut Vec<(String, String)>) {
    let name = format!("{path}{}", command.get_name());
    out.push((name.clone(), command.render_long_help().to_string()));
    for sub in command.get_subcommands_mut() {
        pages(sub, &format!("{name}-"), out);
    }
}

#[test]
fn every_command_has_its_help_page() {
    let mut definition = strictmx::cli::definition();
    definition.build();
    let mut all = Vec::new();
    pages(&mut definition, "", &mut all);
    assert!(all.len() >= 14, "{} pages", all.len());
    for (name, page) in all {
        insta::assert_snapshot!(format!("help-{name}"), page);
    }
}

#[test]
fn the_definition_has_no_contradiction() {
    strictmx::cli::definition().debug_assert();
}
