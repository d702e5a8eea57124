//! Names of hosts, and the one in a reply to EHLO.
use alloc::borrow::Cow;

/// The host name in what an MTA gives as `receiving-mx-helo`: the RFC wants the name, Postfix gives the whole reply,
/// `250-mx.example.com Hello …` and all keywords. Takes the first word of the first line, behind the reply code if there is one.
///
/// Lower case, without trailing dots; `None` when there is no word. Keeping the banner would make each greeting with a clock or a
/// queue number in it a failure of its own.
#[must_use]
pub fn greeted_name(reply: Cow<'_, str>) -> Option<Cow<'_, str>> {
    let name = match reply {
        Cow::Borrowed(text) => first_word(text).map(|word| host(Cow::Borrowed(word))),
        Cow::Owned(text) => first_word(&text).map(|word| host(Cow::Owned(word.into()))),
    };
    name.filter(|name| !name.is_empty())
}

fn first_word(reply: &str) -> Option<&str> {
    let line = reply.split(['\r', '\n']).find(|line| !line.trim().is_empty())?;
    let behind_code = line.strip_prefix("250").and_then(|rest| rest.strip_prefix(['-', ' '])).unwrap_or(line);
    behind_code.split(|c: char| c.is_whitespace() || c.is_control()).find(|word| !word.is_empty())
}

/// A host's name as it is compared: lower case, without trailing dots, so that reading it again changes nothing.
pub(crate) fn host(text: Cow<'_, str>) -> Cow<'_, str> {
    if !text.ends_with('.') && !text.bytes().any(|octet| octet.is_ascii_uppercase()) {
        return text;
    }
    let mut text = text.into_owned();
    text.make_ascii_lowercase();
    text.truncate(text.trim_end_matches('.').len());
    Cow::Owned(text)
}
