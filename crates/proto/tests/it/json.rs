//! The JSON reader and writer, the writer of dates, and their readers.
use strictmx_proto::{
    date::{Civil, DAY, Zone, civil, compact_day, parse_rfc3339, rfc3339, rfc5322},
    json::{Kind, MAX_DEPTH, Reader, push_string},
};

/// Reads a text that is one string.
fn string(text: &str) -> Result<String, String> {
    let mut reader = Reader::new(text.as_bytes());
    let read = reader.string().map(std::borrow::Cow::into_owned);
    read.and_then(|read| reader.end().map(|()| read)).map_err(|error| error.to_string())
}

#[test]
fn strings_are_read_with_all_their_escapes() {
    for (text, wanted) in [
        (r#""""#, ""),
        (r#""plain""#, "plain"),
        (r#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"),
        (r#""\u00e9\u20AC""#, "é€"),
        (r#""\ud83d\ude00x""#, "😀x"),
        (r#""\u0000""#, "\0"),
        (r#""seven77\n""#, "seven77\n"),
        (r#""eight888\n""#, "eight888\n"),
        ("\"a\tb\u{7f}\"", "a\tb\u{7f}"),
    ] {
        assert_eq!(string(text).as_deref(), Ok(wanted), "{text}");
    }
    for text in [r#"""#, r#""abc"#, r#""\x""#, r#""\u12"#, r#""\u12g4""#, r#""\"#, "\"a\"b", "abc", ""] {
        assert!(string(text).is_err(), "{text}");
    }
}

#[test]
fn what_is_no_strict_json_is_read_and_remembered() {
    let sloppy = |octets: &[u8]| {
        let mut reader = Reader::new(octets);
        reader.skip().unwrap();
        let sloppy = reader.sloppy();
        (sloppy.not_utf8, sloppy.lone_surrogate, sloppy.raw_control)
    };
    assert_eq!(sloppy(b"\"fine \\u0001\""), (false, false, false));
    assert_eq!(sloppy(b"\"\xff\""), (true, false, false));
    assert_eq!(sloppy(b"\"\\ud800\""), (false, true, false));
    assert_eq!(sloppy(b"\"\\ude00\\ud83d\""), (false, true, false));
    assert_eq!(sloppy(b"\"a\nb\""), (false, false, true));
    assert_eq!(sloppy("[\"é\", \"\\ud83d\\ude00\"]".as_bytes()), (false, false, false));
}

#[test]
fn a_pair_that_is_none_does_not_swallow_the_second_half() {
    assert_eq!(string(r#""\ud83dA""#).as_deref(), Ok("\u{fffd}A"));
    assert_eq!(string(r#""\ud83d\ud83d\ude00""#).as_deref(), Ok("\u{fffd}😀"));
    assert_eq!(string(r#""\ud83d\n""#).as_deref(), Ok("\u{fffd}\n"));
}

#[test]
fn numbers_are_those_of_the_grammar() {
    let number = |text: &str| {
        let mut reader = Reader::new(text.as_bytes());
        let number = reader.number().map(|number| (number.as_str().to_owned(), number.integer()));
        number.and_then(|number| reader.end().map(|()| number)).ok()
    };
    for (text, integer) in [
        ("0", Some(0)),
        ("-0", Some(0)),
        ("7", Some(7)),
        ("-12", Some(-12)),
        ("9223372036854775807", Some(i64::MAX)),
        ("9223372036854775808", None),
        ("1.0", None),
        ("1e3", None),
        ("-1.5E-10", None),
    ] {
        assert_eq!(number(text), Some((text.to_owned(), integer)), "{text}");
    }
    for text in ["", "-", "01", "+1", ".5", "1.", "1e", "1e+", "0x1", "1 2", "--1", "NaN"] {
        assert_eq!(number(text), None, "{text}");
    }
}

#[test]
fn values_nest_so_deep_and_no_deeper() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let skip = |text: &str| Reader::new(text.as_bytes()).skip();
    assert_eq!(skip(&nested(usize::from(MAX_DEPTH))), Ok(()));
    assert!(skip(&nested(usize::from(MAX_DEPTH) + 1)).is_err());
    assert!(skip(&"[".repeat(1_000_000)).is_err());
    assert!(skip(&"{\"a\":".repeat(1_000_000)).is_err());
    // Side by side is not deep.
    assert_eq!(skip(&format!("[{}[]]", "[],{},".repeat(1000))), Ok(()));
}

#[test]
fn malformed_objects_and_arrays_are_refused() {
    for text in [
        "{",
        "}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "{1:1}",
        "{\"a\":1 \"b\":2}",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[1}",
        "nul",
        "tru",
        "fals",
        "True",
    ] {
        let mut reader = Reader::new(text.as_bytes());
        assert!(reader.skip().and_then(|()| reader.end()).is_err(), "{text}");
    }
    let mut reader = Reader::new(b" [ null , true,false ,\t{ } ]\r\n");
    let mut kinds = Vec::new();
    let read = reader.array(|reader| {
        kinds.push(reader.peek()?);
        reader.skip()
    });
    assert_eq!(read.and_then(|()| reader.end()), Ok(()));
    assert_eq!(kinds, [Kind::Null, Kind::Bool, Kind::Bool, Kind::Object]);
}

#[test]
fn members_come_in_order_and_twice_if_they_are_there_twice() {
    let mut names = Vec::new();
    let mut reader = Reader::new(br#"{"b":1,"a":{"c":2},"b":3}"#);
    let read = reader.object(|reader, name| {
        names.push(name.to_owned());
        reader.skip()
    });
    assert_eq!((read, names), (Ok(()), vec!["b".to_owned(), "a".to_owned(), "b".to_owned()]));
}

// TLSRPT-4-1, R7493-2.1-1
#[test]
fn strings_are_written_as_i_json() {
    let written = |text: &str| {
        let mut out = String::new();
        push_string(&mut out, text);
        out
    };
    assert_eq!(written("plain/é"), "\"plain/é\"");
    assert_eq!(written("a\"b\\c\u{8}\u{c}\n\r\t\u{1}\u{7f}"), r#""a\"b\\c\b\f\n\r\t\u0001\u007f""#);
    assert_eq!(written("\u{fdd0}\u{fffe}\u{1ffff}\u{10ffff}\u{fdcf}"), "\"\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fdcf}\"");
}

#[test]
fn days_are_counted_as_the_calendar_does() {
    let mut day = civil(0);
    assert_eq!(day, Civil { year: 1970, month: 1, day: 1, hour: 0, minute: 0, second: 0 });
    for number in 1..200_000 {
        let next = civil(number * DAY);
        let follows = next.day == day.day + 1 && next.month == day.month && next.year == day.year
            || next.day == 1 && next.month == day.month + 1 && next.year == day.year && day.day >= 28
            || (next.day, next.month, day.day, day.month) == (1, 1, 31, 12) && next.year == day.year + 1;
        assert!(follows, "{day:?} {next:?}");
        assert_eq!(next.seconds(), Some(number * DAY));
        day = next;
    }
    let leap = |year, day| Civil { year, month: 2, day, hour: 0, minute: 0, second: 0 }.seconds();
    assert!(leap(2000, 29).is_some() && leap(2024, 29).is_some());
    assert!(leap(2100, 29).is_none() && leap(2023, 29).is_none() && leap(2024, 30).is_none());
    assert_eq!(rfc3339(u64::MAX), "9999-12-31T23:59:59Z");
}

// R3339-5.6-1, R7493-4.3-1
#[test]
fn moments_are_written_as_the_rfcs_want() {
    let moment = 1_795_318_991;
    assert_eq!(rfc3339(moment), "2026-11-22T03:43:11Z");
    assert_eq!(rfc5322(moment), "Sun, 22 Nov 2026 03:43:11 +0000");
    assert_eq!(compact_day(moment), "20261122");
    assert_eq!(rfc5322(0), "Thu, 01 Jan 1970 00:00:00 +0000");
}

#[test]
fn date_times_are_read_as_senders_write_them() {
    let at = 1_795_318_991;
    for (text, wanted) in [
        ("2026-11-22T03:43:11Z", (at, Zone::Given)),
        ("2026-11-22t03:43:11z", (at, Zone::Given)),
        ("2026-11-22 03:43:11.999Z", (at, Zone::Given)),
        ("2026-11-22T04:43:11+01:00", (at, Zone::Given)),
        ("2026-11-21T22:13:11-0530", (at, Zone::Given)),
        ("2026-11-22T03:43:11", (at, Zone::Assumed)),
        ("2026-11-22", (at - 13_391, Zone::Assumed)),
        ("2016-12-31T23:59:60Z", (1_483_228_799, Zone::Given)),
    ] {
        assert_eq!(parse_rfc3339(text), Some(wanted), "{text}");
    }
    for text in [
        "",
        "2026",
        "2026-11-22T",
        "2026-11-22T03:43",
        "2026-11-22T03:43:61Z",
        "2026-11-22T24:00:00Z",
        "2026-02-29T00:00:00Z",
        "2026-11-22T03:43:11.Z",
        "2026-11-22T03:43:11+1",
        "2026-11-22T03:43:11+01:0x",
        "2026-11-22T03:43:11 Z",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:00:00+01:00",
        "+026-11-22T03:43:11Z",
        "2026-1-22T03:43:11Z",
        "20261122T034311Z",
        "2026-11-22Tüü:43:11Z",
        "ü2026-11-2",
    ] {
        assert_eq!(parse_rfc3339(text), None, "{text}");
    }
}
