//! TLSA records.
use sha2::{Digest, Sha256, Sha512};
use strictmx_proto::dane::{Tlsa, Unusable};

const CERTIFICATE: [u8; 5] = [0x30, 3, 2, 1, 5];
const SPKI: [u8; 5] = [0x30, 3, 2, 1, 7];

fn tlsa(usage: u8, selector: u8, matching: u8, data: &[u8]) -> Tlsa {
    Tlsa { usage, selector, matching, data: data.into() }
}

fn digest(usage: u8, selector: u8, matching: u8, of: &[u8]) -> Tlsa {
    let data = if matching == 1 { Sha256::digest(of).to_vec() } else { Sha512::digest(of).to_vec() };
    tlsa(usage, selector, matching, &data)
}

// DANE-3.1-1, DANE-3.1.3-1
#[test]
fn only_usages_2_and_3_with_known_values_and_right_lengths_are_usable() {
    assert_eq!(digest(3, 1, 1, &SPKI).usable(), Ok(()));
    assert_eq!(digest(2, 0, 2, &CERTIFICATE).usable(), Ok(()));
    assert_eq!(digest(1, 1, 1, &SPKI).usable(), Err(Unusable::Usage(1)));
    assert_eq!(digest(0, 1, 1, &SPKI).usable(), Err(Unusable::Usage(0)));
    assert_eq!(digest(3, 2, 1, &SPKI).usable(), Err(Unusable::Selector(2)));
    assert_eq!(digest(3, 1, 3, &SPKI).usable(), Err(Unusable::Matching(3)));
    assert_eq!(tlsa(3, 1, 1, &[7; 31]).usable(), Err(Unusable::Length { found: 31, expected: 32 }));
    assert_eq!(tlsa(3, 1, 2, &[7; 32]).usable(), Err(Unusable::Length { found: 32, expected: 64 }));
    assert_eq!(tlsa(3, 1, 1, &[]).usable(), Err(Unusable::Length { found: 0, expected: 32 }));
    assert_eq!(tlsa(3, 0, 0, &CERTIFICATE).usable(), Ok(()));
    assert_eq!(tlsa(3, 0, 0, &CERTIFICATE[..4]).usable(), Err(Unusable::NotDer));
    assert_eq!(tlsa(3, 0, 0, &[]).usable(), Err(Unusable::NotDer));
}

// DANE-3.1.1-1
#[test]
fn a_record_matches_the_certificate_or_the_key_as_its_selector_says() {
    for matching in [1, 2] {
        assert!(digest(3, 1, matching, &SPKI).matches(&CERTIFICATE, &SPKI));
        assert!(!digest(3, 1, matching, &CERTIFICATE).matches(&CERTIFICATE, &SPKI));
        assert!(digest(3, 0, matching, &CERTIFICATE).matches(&CERTIFICATE, &SPKI));
        assert!(!digest(3, 0, matching, &SPKI).matches(&CERTIFICATE, &SPKI));
    }
    assert!(tlsa(3, 1, 0, &SPKI).matches(&CERTIFICATE, &SPKI));
    assert!(!digest(1, 1, 1, &SPKI).matches(&CERTIFICATE, &SPKI));
}

// DANE-5-1
#[test]
fn the_strongest_digest_counts_for_each_usage_and_selector() {
    let weak = digest(3, 1, 1, &SPKI);
    let strong = digest(3, 1, 2, b"another key");
    let full = tlsa(3, 1, 0, &SPKI);
    let other = digest(2, 0, 1, &CERTIFICATE);
    let broken = tlsa(3, 1, 2, &[1; 10]);
    let of = |records: &[Tlsa]| Tlsa::effective(records).into_iter().cloned().collect::<Vec<_>>();
    assert_eq!(of(&[weak.clone(), strong.clone(), other.clone()]), [strong.clone(), other.clone()]);
    assert_eq!(of(&[weak.clone(), full.clone(), strong.clone()]), [full, strong]);
    // A malformed stronger record does not push the weaker one out.
    assert_eq!(of(&[weak.clone(), broken]), [weak]);
    assert_eq!(of(&[]), []);
}

#[test]
fn the_text_form_is_that_of_reports_and_zone_files_are_read() {
    let record = digest(3, 1, 1, b"");
    let text = "3 1 1 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(record.to_string(), text);
    assert_eq!(text.parse(), Ok(record.clone()));
    assert_eq!("3  1\t1 E3B0C44298FC1C149AFBF4C8996FB924 27ae41e4649b934ca495991b7852b855 ".parse(), Ok(record));
    for bad in ["", "3 1 1 abc", "3 1 ab", "256 1 1 ab", "+3 1 1 ab", "3 1 1 xy", "a b c d"] {
        assert!(bad.parse::<Tlsa>().is_err(), "{bad}");
    }
}

#[test]
fn rdata_is_read_and_written() {
    assert_eq!(Tlsa::from_rdata(&[3, 1]), None);
    assert_eq!(Tlsa::from_rdata(&[3, 1, 1]), Some(tlsa(3, 1, 1, &[])));
    let record = digest(3, 1, 2, &SPKI);
    assert_eq!(Tlsa::from_rdata(&record.to_rdata()), Some(record));
}

// DANE-3.1-1
#[test]
fn the_record_of_a_key_is_3_1_1_and_fits_that_key_under_any_certificate() {
    let record = Tlsa::of_key(3, &SPKI);
    assert_eq!(record, digest(3, 1, 1, &SPKI));
    assert!(
        record.usable().is_ok() && record.matches(b"any certificate", &SPKI) && !record.matches(&SPKI, &CERTIFICATE)
    );
}
