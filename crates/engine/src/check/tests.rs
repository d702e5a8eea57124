//! The form that observations are saved in.
use alloc::string::ToString;

use super::observations::Octets;

#[test]
fn octets_come_back_from_json_as_they_went_whatever_they_are() {
    for octets in [&b"version: STSv1\r\n"[..], b"\xff\xfe", b"", b"hex:00", b"a\rb\xef\xbb\xbf"] {
        let octets = Octets(octets.into());
        let text = serde_json::to_string(&octets).unwrap();
        assert_eq!(serde_json::from_str::<Octets>(&text).unwrap(), octets, "{text}");
    }
    assert!(serde_json::from_str::<Octets>("\"hex:0\"").unwrap_err().to_string().contains("hexadecimal"));
}
