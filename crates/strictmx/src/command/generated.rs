//! `strictmx completions` and `strictmx man`: made from the command line's definition and from the list of config keys.

use std::io::Write;
use std::path::Path;

use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, italic, roman};

use crate::cli::{self, Completions, Exit, output};
use crate::config::keys::{Key, SECTIONS, Section, TABLES};
use crate::config::{PLACES, print};

/// `strictmx completions SHELL`.
pub fn completions(args: &Completions) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut cli::definition(), "strictmx", &mut script);
    output::result(&String::from_utf8_lossy(&script))
}

/// `strictmx man [--dir FOLDER]`.
pub fn man(args: &cli::Man) -> Exit {
    let pages = match pages() {
        Ok(pages) => pages,
        Err(e) => {
            output::error(format_args!("the manual pages could not be made: {e}"));
            return Exit::Internal;
        }
    };
    match &args.dir {
        Some(folder) => match write_all(folder, &pages) {
            Ok(()) => Exit::Done,
            Err(e) => {
                output::error(format_args!(
                    "cannot write the manual pages into {}: {e}; name a folder that this user may write to",
                    folder.display()
                ));
                Exit::NoLook
            }
        },
        None => output::result(pages.first().map_or("", |page| page.text.as_str())),
    }
}

/// One manual page.
#[derive(Debug)]
pub struct Page {
    /// Its file name, such as `strictmx-serve.1`.
    pub name: String,
    /// Its roff.
    pub text: String,
}

/// All pages: strictmx(1), one for each command, strictmx.toml(5).
pub fn pages() -> std::io::Result<Vec<Page>> {
    let mut definition = cli::definition();
    definition.build();
    let mut pages = Vec::new();
    command_pages(&definition, &mut pages)?;
    pages.push(config_page()?);
    Ok(pages)
}

fn command_pages(command: &clap::Command, pages: &mut Vec<Page>) -> std::io::Result<()> {
    let name = command.get_display_name().unwrap_or(command.get_name()).to_owned();
    let mut text = Vec::new();
    // No date: the same sources must make the same pages.
    Man::new(command.clone()).title(&name).date("").render(&mut text)?;
    pages.push(Page { name: format!("{name}.1"), text: String::from_utf8_lossy(&text).into_owned() });
    for sub in command.get_subcommands().filter(|c| !c.is_hide_set()) {
        command_pages(sub, pages)?;
    }
    Ok(())
}

fn config_page() -> std::io::Result<Page> {
    let mut page = Roff::new();
    page.control("TH", ["strictmx.toml", "5", "", concat!("strictmx ", env!("CARGO_PKG_VERSION"))]);
    page.control("SH", ["NAME"]);
    page.text([roman("strictmx.toml - configuration of strictmx")]);
    page.control("SH", ["DESCRIPTION"]);
    page.text([roman(format!(
        "Looked for where --config says, then in $STRICTMX_CONFIG, {}. Unknown keys are errors. \
         SIGHUP makes the daemon read it again; a config with errors is refused, and the old one stays. \
         A service runs when its section is there: [policyd], [web], [control], [monitor].",
        PLACES.join(", ")
    ))]);
    for section in SECTIONS.iter().chain(TABLES) {
        config_section(&mut page, section);
    }
    page.control("SH", ["SEE ALSO"]);
    page.text([bold("strictmx"), roman("(1), "), bold("strictmx-config"), roman("(1)")]);
    let mut text = Vec::new();
    page.to_writer(&mut text)?;
    Ok(Page { name: "strictmx.toml.5".to_owned(), text: String::from_utf8_lossy(&text).into_owned() })
}

fn config_section(page: &mut Roff, section: &Section) {
    page.control("SH", [format!("[{}]", section.name).as_str()]);
    page.text([roman(section.doc)]);
    for key in section.keys {
        page.control("TP", []);
        page.text(heading(section, key));
        for (i, line) in key.doc.lines().enumerate() {
            if i > 0 {
                page.control("br", []);
            }
            page.text([roman(line)]);
        }
    }
}

fn heading(section: &Section, key: &Key) -> Vec<clap_mangen::roff::Inline> {
    match (print::default_value(section.name, key.name), key.example) {
        (Some(default), _) => vec![bold(key.name), roman(" = "), italic(default)],
        (None, Some(example)) => vec![bold(key.name), roman(" (not set; such as "), italic(example), roman(")")],
        (None, None) => vec![bold(key.name)],
    }
}

fn write_all(folder: &Path, pages: &[Page]) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for page in pages {
        let mut file = std::fs::File::create(folder.join(&page.name))?;
        file.write_all(page.text.as_bytes())?;
    }
    Ok(())
}
