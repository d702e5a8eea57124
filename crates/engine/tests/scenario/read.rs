//! Reading one line: `at TIME WHAT [→ EXPECTATION; …]`.

/// One line.
pub(super) struct Line<'a> {
    /// Seconds.
    pub(super) at: u64,
    /// A change of the world, or something to do.
    pub(super) what: &'a str,
    /// What it is to show.
    pub(super) wants: Vec<Want>,
}

/// One expectation.
pub(super) struct Want {
    /// Of what.
    pub(super) key: &'static str,
    /// The text it has to be.
    pub(super) value: String,
}

impl<'a> Line<'a> {
    pub(super) fn parse(line: &'a str) -> Result<Self, String> {
        let rest = line.strip_prefix("at ").ok_or_else(|| format!("a line begins with `at TIME`: {line}"))?;
        let (time, rest) = rest.trim_start().split_once(' ').ok_or("nothing stands after the time")?;
        let (what, wants) = rest.split_once('→').unwrap_or((rest, ""));
        let what = what.trim();
        let wants = if what.starts_with("answer ") {
            vec![Want { key: "answer", value: wants.trim().to_owned() }]
        } else {
            wants
                .split(';')
                .map(str::trim)
                .filter(|want| !want.is_empty())
                .map(Want::parse)
                .collect::<Result<_, _>>()?
        };
        Ok(Self { at: seconds(time)?, what, wants })
    }
}

impl Want {
    fn parse(text: &str) -> Result<Self, String> {
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        let (key, value) = match word {
            "txt" | "fetch" => (if word == "txt" { "txt" } else { "fetch" }, rest.to_owned()),
            "events" => ("events", rest.to_owned()),
            "no" if rest == "events" => ("events", String::new()),
            "expires" => ("expires", moment(rest)?),
            "due" => ("due", moment(rest)?),
            "alert" => ("alert", rest.to_owned()),
            "because" => ("because", rest.to_owned()),
            "background" => ("background", rest.to_owned()),
            "enforce" | "testing" | "mode" | "no" => ("verdict", text.to_owned()),
            "secure" | "dane" | "dane-only" | "not-found" | "temp" if rest.is_empty() => ("plan", text.to_owned()),
            _ => return Err(format!("no expectation looks like {text:?}")),
        };
        Ok(Self { key, value })
    }
}

fn moment(text: &str) -> Result<String, String> {
    if text == "never" { Ok(text.to_owned()) } else { Ok(seconds(text)?.to_string()) }
}

/// `90`, `5m`, `1d`, `6d23h59m`.
pub(super) fn seconds(text: &str) -> Result<u64, String> {
    let mut total = 0;
    let mut number = String::new();
    for c in text.chars() {
        let unit = match c {
            '0'..='9' => {
                number.push(c);
                continue;
            }
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            _ => return Err(format!("{text:?} is no time")),
        };
        total += number.parse::<u64>().map_err(|_| format!("{text:?} is no time"))? * unit;
        number.clear();
    }
    if number.is_empty() && !text.is_empty() && text.ends_with(|c: char| c.is_alphabetic()) {
        return Ok(total);
    }
    Ok(total + number.parse::<u64>().map_err(|_| format!("{text:?} is no time"))?)
}
