//! gzip within limits.
use strictmx_proto::gzip::{Compressor, GzipError, Limits, compress, inflate, is_gzip};

const WIDE: Limits = Limits { output: 64 * 1024 * 1024, ratio: 2000 };

/// What `printf 'strictmx\n' | gzip -n` gives.
const BY_GZIP: &[u8] = &[
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0x2b, 0x2e, 0x29, 0xca, 0x4c, 0x2e, 0xc9, 0xad, 0xe0,
    0x02, 0x00, 0x81, 0x93, 0xc2, 0x2e, 0x09, 0x00, 0x00, 0x00,
];

// TLSRPT-5.2-1, TLSRPT-E5
#[test]
fn what_gzip_compressed_is_inflated() {
    assert_eq!(inflate(BY_GZIP, Limits::REPORT).unwrap(), b"strictmx\n");
}

// TLSRPT-6-1
#[test]
fn the_same_text_always_gives_the_same_octets() {
    let texts: [&[u8]; 4] = [b"", b"a", b"strictmx\n", &[7; 100_000]];
    let mut one = Compressor::new();
    for text in texts {
        let octets = one.compress(text);
        assert!(is_gzip(&octets));
        assert_eq!(octets, compress(text));
        assert_eq!(octets[3..10], [0, 0, 0, 0, 0, 0, 255]);
        assert_eq!(inflate(&octets, WIDE).unwrap(), text);
    }
}

#[test]
fn members_in_a_row_are_one_text_and_garbage_behind_them_is_ignored() {
    let mut octets = [compress(b"one "), compress(b""), compress(b"two")].concat();
    assert_eq!(inflate(&octets, WIDE).unwrap(), b"one two");
    octets.extend_from_slice(b"\0\0\0 and so on");
    assert_eq!(inflate(&octets, WIDE).unwrap(), b"one two");
    // What begins like a member must be one.
    octets = [compress(b"one"), vec![0x1f, 0x8b, 8, 0]].concat();
    assert_eq!(inflate(&octets, WIDE), Err(GzipError::Truncated));
}

// TLSRPT-6.3-1
#[test]
fn name_comment_and_extra_field_are_passed_over() {
    let plain = compress(b"text");
    for (flags, fields) in [
        (8, &b"../../etc/passwd\0"[..]),
        (16, b"a comment\0"),
        (4, b"\x03\x00abc"),
        (2, b"\xff\xff"),
        (1, b""),
        (31, b"\x01\x00xname\0comment\0\x00\x00"),
    ] {
        let mut octets = plain[..3].to_vec();
        octets.push(flags);
        octets.extend_from_slice(&plain[4..10]);
        octets.extend_from_slice(fields);
        octets.extend_from_slice(&plain[10..]);
        assert_eq!(inflate(&octets, WIDE).unwrap(), b"text", "{flags}");
    }
    let mut reserved = plain.clone();
    reserved[3] = 0x20;
    assert_eq!(inflate(&reserved, WIDE), Err(GzipError::Flags));
}

#[test]
fn damage_of_any_octet_is_seen() {
    let text = b"version: STSv1 mode: enforce version: STSv1 mode: enforce";
    let octets = compress(text);
    for at in (0..3).chain(10..octets.len()) {
        for bit in 0..8 {
            let mut damaged = octets.clone();
            damaged[at] ^= 1 << bit;
            // The last bits before the checksum may be padding.
            let inflated = inflate(&damaged, WIDE);
            assert!(inflated.as_deref().is_err() || inflated.as_deref() == Ok(text), "octet {at}, bit {bit}");
        }
    }
    for end in 0..octets.len() {
        assert!(inflate(&octets[..end], WIDE).is_err(), "{end}");
    }
    assert_eq!(inflate(b"{}", WIDE), Err(GzipError::NotGzip));
}

#[test]
fn a_bomb_is_stopped_at_the_limit() {
    let bomb = compress(&vec![b' '; 20 * 1024 * 1024]);
    assert!(bomb.len() < 32 * 1024);
    assert_eq!(inflate(&bomb, Limits::REPORT), Err(GzipError::TooLong(bomb.len() * 300)));
    assert_eq!(inflate(&bomb, Limits { output: 5_000_000, ratio: 2000 }), Err(GzipError::TooLong(5_000_000)));
    assert_eq!(inflate(&bomb, WIDE).unwrap().len(), 20 * 1024 * 1024);
    // Member by member it is the same bomb.
    let small = compress(&vec![b' '; 1024 * 1024]);
    assert!(matches!(inflate(&small.repeat(40), Limits { output: 8 << 20, ratio: 2000 }), Err(GzipError::TooLong(_))));
}

#[test]
fn a_text_of_just_the_limit_is_inflated() {
    for length in [0, 1, 4095, 4096, 4097, 65_536, 65_537] {
        let octets = compress(&vec![b'x'; length]);
        let limits = |output| Limits { output, ratio: 2000 };
        assert_eq!(inflate(&octets, limits(length)).unwrap().len(), length);
        if length > 0 {
            assert_eq!(inflate(&octets, limits(length - 1)), Err(GzipError::TooLong(length - 1)));
        }
    }
}

#[test]
fn a_small_text_may_grow_as_it_likes() {
    let octets = compress(&vec![b' '; 1024 * 1024]);
    assert_eq!(inflate(&octets, Limits { output: 8 << 20, ratio: 1 }).unwrap().len(), 1024 * 1024);
}
