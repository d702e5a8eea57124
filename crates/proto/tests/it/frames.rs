//! Socketmap frames and tcp_table lines, octet for octet.
use strictmx_proto::postfix::{
    socketmap::{
        Decoded, FrameError, MAX_REPLY, MAX_REQUEST, Reply, ReplyError, Request, RequestError, decode, encode_frame,
    },
    tcp_table,
};

fn encoded(reply: Reply<'_>) -> String {
    let mut out = Vec::new();
    reply.encode(&mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn replies_are_exact_to_the_octet() {
    assert_eq!(encoded(Reply::NotFound), "9:NOTFOUND ,");
    assert_eq!(encoded(Reply::Ok("dane-only")), "12:OK dane-only,");
    assert_eq!(encoded(Reply::Temp("")), "5:TEMP ,");
    assert_eq!(encoded(Reply::Perm("no such map")), "16:PERM no such map,");
    assert_eq!(encoded(Reply::Ok("dané")), "8:OK dané,");
}

#[test]
fn replies_are_appended_behind_what_is_there() {
    let mut out = Vec::new();
    Reply::NotFound.encode(&mut out);
    Reply::NotFound.encode(&mut out);
    assert_eq!(out, b"9:NOTFOUND ,9:NOTFOUND ,");
}

#[test]
fn texts_are_made_safe_and_never_cut_into_a_weaker_line() {
    assert_eq!(encoded(Reply::Temp("a\r\nb\u{85}")), "10:TEMP a??b?,");
    assert_eq!(encoded(Reply::Ok("secure\nmay")), "13:OK secure?may,");
    let longest = "x".repeat(MAX_REPLY - 3);
    assert_eq!(encoded(Reply::Ok(&longest)).len(), MAX_REPLY + "100000:,".len());
    assert!(encoded(Reply::Ok(&format!("{longest}x"))).contains(":TEMP the answer is longer"));
    assert_eq!(encoded(Reply::Ok("")), "24:TEMP the answer is empty,");
    assert!(encoded(Reply::Perm(&"ü".repeat(100_000))).len() < 600);
}

#[test]
fn frames_are_taken_off_the_front() {
    assert_eq!(
        decode(b"19:postfix example.com,rest", MAX_REQUEST),
        Decoded::Frame { payload: b"postfix example.com", used: 23 }
    );
    assert_eq!(decode(b"0:,", MAX_REQUEST), Decoded::Frame { payload: b"", used: 3 });
    for part in [&b""[..], b"1", b"19", b"19:", b"19:postfix", b"19:postfix example.com", b"0", b"0:"] {
        assert_eq!(decode(part, MAX_REQUEST), Decoded::NeedMore, "{part:?}");
    }
}

#[test]
fn bad_frames_are_refused_as_soon_as_they_show() {
    for (octets, error) in [
        (&b":a,"[..], FrameError::Length),
        (b"a", FrameError::Length),
        (b"-1:,", FrameError::Length),
        (b" 1:a,", FrameError::Length),
        (b"1 :a,", FrameError::Length),
        (b"01:a,", FrameError::Length),
        (b"00:,", FrameError::Length),
        (b"\0", FrameError::Length),
        (b"GET / HTTP/1.1\r\n", FrameError::Length),
        (b"10001:", FrameError::TooLong),
        (b"99999999999999999999999", FrameError::TooLong),
        (b"1:ab", FrameError::End),
        (b"1:a;", FrameError::End),
    ] {
        assert_eq!(decode(octets, MAX_REQUEST), Decoded::Bad(error), "{octets:?}");
    }
    let longest = format!("10000:{},", "k".repeat(10_000));
    assert!(matches!(decode(longest.as_bytes(), MAX_REQUEST), Decoded::Frame { used: 10_007, .. }));
}

#[test]
fn a_request_is_a_map_name_and_a_key_that_may_hold_spaces() {
    assert_eq!(Request::parse(b"postfix a b"), Ok(Request { map: "postfix", key: "a b" }));
    assert_eq!(Request::parse(b"postfix "), Ok(Request { map: "postfix", key: "" }));
    assert_eq!(Request::parse(b"postfix"), Err(RequestError::NoKey));
    assert_eq!(Request::parse(b"a \xff"), Err(RequestError::NotUtf8));
    let mut out = Vec::new();
    Request { map: "QUERY", key: "example.com" }.encode(&mut out);
    assert_eq!(out, b"17:QUERY example.com,");
}

#[test]
fn a_reply_is_read_as_a_client_reads_it() {
    assert_eq!(Reply::parse(b"OK dane"), Ok(Reply::Ok("dane")));
    assert_eq!(Reply::parse(b"NOTFOUND "), Ok(Reply::NotFound));
    assert_eq!(Reply::parse(b"TIMEOUT x"), Ok(Reply::Temp("x")));
    assert_eq!(Reply::parse(b"OK"), Err(ReplyError::Status));
    assert_eq!(Reply::parse(b"NO x"), Err(ReplyError::Status));
    assert_eq!(Reply::parse(b"OK \xff"), Err(ReplyError::NotUtf8));
    let mut frame = Vec::new();
    encode_frame(b"x", &mut frame);
    assert_eq!(frame, b"1:x,");
}

//----------- tcp_table ---------------------------------------------------

fn line(reply: tcp_table::Reply<'_>) -> String {
    let mut out = Vec::new();
    reply.encode(&mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn tcp_table_replies_are_encoded_lines() {
    assert_eq!(line(tcp_table::Reply::Found("secure match=a.example")), "200 secure%20match=a.example\n");
    assert_eq!(line(tcp_table::Reply::NotFound), "500 not%20found\n");
    assert_eq!(line(tcp_table::Reply::Temp("50% \n")), "400 50%25%20%0A\n");
    assert_eq!(line(tcp_table::Reply::Found("ü")), "200 %C3%BC\n");
    assert_eq!(line(tcp_table::Reply::Found(&"x".repeat(4091))).len(), 4096);
    assert!(line(tcp_table::Reply::Found(&"x".repeat(4092))).starts_with("400 "));
    assert!(line(tcp_table::Reply::Found("")).starts_with("400 "));
}

#[test]
fn tcp_table_requests_are_decoded() {
    let key = |line: &[u8]| tcp_table::Request::parse(line).map(|request| request.key);
    assert_eq!(key(b"get example.com"), Ok("example.com".into()));
    assert_eq!(key(b"get %5bmx.example%5D%3a25"), Ok("[mx.example]:25".into()));
    assert_eq!(key(b"put a b"), Err(tcp_table::RequestError::NotGet));
    assert_eq!(key(b"get "), Err(tcp_table::RequestError::NotGet));
    assert_eq!(key(b"get a b"), Err(tcp_table::RequestError::Encoding));
    assert_eq!(key(b"get a%2"), Err(tcp_table::RequestError::Encoding));
    assert_eq!(key(b"get %+1"), Err(tcp_table::RequestError::Encoding));
    assert_eq!(key(b"get %ff"), Err(tcp_table::RequestError::NotUtf8));
}

#[test]
fn tcp_table_lines_are_bounded() {
    use tcp_table::Decoded as Line;
    assert_eq!(tcp_table::decode(b"get a\r\nget b\n"), Line::Line { line: b"get a", used: 7 });
    assert_eq!(tcp_table::decode(b"get a"), Line::NeedMore);
    assert_eq!(tcp_table::decode(&[b'a'; 4095]), Line::NeedMore);
    assert_eq!(tcp_table::decode(&[b'a'; 4096]), Line::TooLong);
    assert_eq!(tcp_table::decode(&[&[b'a'; 4096][..], b"\n"].concat()), Line::TooLong);
}
