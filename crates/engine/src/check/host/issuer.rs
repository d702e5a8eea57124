//! Which names stand for which authority in CAA records, as of 2026-11. The authorities state theirs in their practice statements
//! (section 4.2); the list is what is commonly known of them, so that a name missing here is worth a warning and never an error.

/// Words of an issuer's organisation, in lower case, and the CAA domains that stand for it; the first is the one to publish.
/// Resellers whose certificates another authority issues have that one's names.
const AUTHORITIES: &[(&str, &[&str])] = &[
    ("let's encrypt", &["letsencrypt.org"]),
    ("internet security research group", &["letsencrypt.org"]),
    ("google trust services", &["pki.goog"]),
    ("zerossl", &["sectigo.com", "comodo.com", "comodoca.com", "usertrust.com", "trust-provider.com"]),
    ("sectigo", &["sectigo.com", "comodo.com", "comodoca.com", "usertrust.com", "trust-provider.com"]),
    ("comodo", &["sectigo.com", "comodo.com", "comodoca.com", "usertrust.com", "trust-provider.com"]),
    ("usertrust", &["sectigo.com", "comodo.com", "comodoca.com", "usertrust.com", "trust-provider.com"]),
    ("cpanel", &["sectigo.com", "comodo.com", "comodoca.com", "usertrust.com", "trust-provider.com"]),
    ("amazon", &["amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com"]),
    ("digicert", DIGICERT),
    ("geotrust", DIGICERT),
    ("thawte", DIGICERT),
    ("rapidssl", DIGICERT),
    ("quovadis", &["digicert.com", "quovadisglobal.com"]),
    ("globalsign", &["globalsign.com"]),
    ("godaddy", &["godaddy.com", "starfieldtech.com"]),
    ("starfield", &["starfieldtech.com", "godaddy.com"]),
    ("buypass", &["buypass.com", "buypass.no"]),
    ("entrust", &["entrust.net", "affirmtrust.com"]),
    ("ssl corp", &["ssl.com"]),
    ("identrust", &["identrust.com"]),
    ("asseco data systems", &["certum.pl", "certum.eu"]),
    ("unizeto", &["certum.pl", "certum.eu"]),
    ("actalis", &["actalis.it"]),
    ("hellenic academic", &["harica.gr"]),
    ("harica", &["harica.gr"]),
    ("swisssign", &["swisssign.com", "swisssign.net"]),
    ("d-trust", &["d-trust.net", "dtrust.de"]),
    ("telekom security", &["telesec.de"]),
    ("t-systems", &["telesec.de"]),
    ("microsoft", &["microsoft.com"]),
];
const DIGICERT: &[&str] = &[
    "digicert.com",
    "www.digicert.com",
    "digicert.ne.jp",
    "cybertrust.ne.jp",
    "symantec.com",
    "geotrust.com",
    "rapidssl.com",
    "thawte.com",
    "amazon.com",
];

/// The CAA domains that stand for the issuer of this name, `C=US, O=Let's Encrypt, CN=E7`. Empty: an authority we do not know.
pub(super) fn caa_domains(issuer: &str) -> &'static [&'static str] {
    let issuer = issuer.to_lowercase();
    // A private authority may call itself anything; what counts is the organisation.
    let Some((_, organisation)) = issuer.split_once("o=") else {
        return &[];
    };
    AUTHORITIES.iter().find(|(words, _)| organisation.contains(words)).map_or(&[], |(_, domains)| domains)
}
