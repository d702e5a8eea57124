//! Kinds of cipher suites that RFC 9325 §4.1 rules out.

/// What is wrong with a cipher suite. One that is weak in several ways is of the kind that comes first here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weakness {
    /// It does not encrypt.
    Null,
    /// Its keys were shortened for export from the United States of the nineties.
    Export,
    /// No certificate is shown.
    Anonymous,
    /// RC4 (RFC 7465).
    Rc4,
    /// Triple DES: blocks of 64 bits.
    TripleDes,
    /// DES, whose keys have 56 bits.
    Des,
    /// IDEA: blocks of 64 bits.
    Idea,
}

impl Weakness {
    /// All kinds.
    pub const ALL: [Self; 7] =
        [Self::Null, Self::Export, Self::Anonymous, Self::Rc4, Self::TripleDes, Self::Des, Self::Idea];

    /// The kind of a suite by its name, in IANA's words or OpenSSL's; `None` when it is not one of these.
    #[must_use]
    pub fn of(suite: &str) -> Option<Self> {
        let suite = suite.to_ascii_uppercase();
        let has = |words: &[&str]| words.iter().any(|word| suite.contains(word));
        Some(match () {
            () if has(&["NULL"]) => Self::Null,
            () if has(&["EXP"]) => Self::Export,
            () if has(&["_ANON_", "ADH-", "AECDH-"]) => Self::Anonymous,
            () if has(&["RC4"]) => Self::Rc4,
            () if has(&["3DES", "DES-CBC3"]) => Self::TripleDes,
            () if has(&["DES"]) => Self::Des,
            () if has(&["IDEA"]) => Self::Idea,
            () => return None,
        })
    }

    /// The word for the kind, as it stands in a list of them; those of OpenSSL where it has one.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Null => "NULL",
            Self::Export => "EXPORT",
            Self::Anonymous => "aNULL",
            Self::Rc4 => "RC4",
            Self::TripleDes => "3DES",
            Self::Des => "DES",
            Self::Idea => "IDEA",
        }
    }

    /// The kind of this word; the other way round than [`word`](Self::word).
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}
