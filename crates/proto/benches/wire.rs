//! The wire forms on the hot paths, each beside a floor: the least that must be done with the same octets.
//!
//! `cargo bench -p strictmx-proto`
#![allow(missing_docs, clippy::unwrap_used, reason = "benchmarks")]

use divan::{Bencher, black_box};
use strictmx_proto::{
    name::Domain,
    postfix::{
        policy_line::{Shape, check, secure_line},
        socketmap::{Decoded, MAX_REQUEST, Reply, Request, decode},
    },
    sts::{Policy, Record},
};

const POLICY: &str =
    "version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmx: *.backup.example.com\r\nmax_age: 604800\r\n";
const FRAME: &[u8] = b"30:postfix example-company.com.au,";
const LINE: &str = "secure match=mail.example.com:.backup.example.com servername=hostname";
const TXTS: [&str; 3] = ["v=spf1 -all", "v=STSv1; id=20260101T000000Z;", "google-site-verification=abcdef"];

fn main() {
    divan::main();
}

mod policy_parse {
    use super::*;

    #[divan::bench]
    fn parse() -> Policy {
        Policy::parse(black_box(POLICY).as_bytes()).unwrap().policy
    }

    #[divan::bench]
    fn floor_utf8_and_copy() -> Box<str> {
        core::str::from_utf8(black_box(POLICY.as_bytes())).unwrap().into()
    }
}

mod record_select {
    use super::*;

    #[divan::bench]
    fn select() -> Record {
        Record::select(black_box(&TXTS)).unwrap()
    }

    #[divan::bench]
    fn floor_copy_of_the_id() -> Box<str> {
        black_box(&TXTS).get(1).and_then(|txt| txt.get(12..28)).unwrap().into()
    }
}

mod name_parse {
    use super::*;

    #[divan::bench]
    fn plain() -> Domain {
        Domain::parse(black_box("example-company.com.au")).unwrap()
    }

    #[divan::bench]
    fn u_label() -> Domain {
        Domain::parse(black_box("b\u{fc}cher.example")).unwrap()
    }

    #[divan::bench]
    fn floor_shared_copy() -> std::sync::Arc<str> {
        black_box("example-company.com.au").into()
    }
}

mod socketmap_round {
    use super::*;

    #[divan::bench]
    fn decode_and_answer(bencher: Bencher<'_, '_>) {
        let mut out = Vec::with_capacity(256);
        bencher.bench_local(|| {
            out.clear();
            if let Decoded::Frame { payload, .. } = decode(black_box(FRAME), MAX_REQUEST)
                && Request::parse(payload).is_ok()
            {
                Reply::Ok(black_box(LINE)).encode(&mut out);
            }
            out.len()
        });
    }

    #[divan::bench]
    fn floor_copy_both(bencher: Bencher<'_, '_>) {
        let mut out = Vec::with_capacity(256);
        bencher.bench_local(|| {
            out.clear();
            out.extend_from_slice(black_box(FRAME));
            out.extend_from_slice(black_box(LINE).as_bytes());
            out.len()
        });
    }
}

mod say {
    use super::*;

    #[divan::bench(args = [Shape::Postfix34, Shape::Postfix310])]
    fn secure(bencher: Bencher<'_, '_>, shape: &Shape) {
        let policy = Policy::parse(POLICY.as_bytes()).unwrap().policy;
        let domain = Domain::parse("example.com").unwrap();
        bencher.bench_local(|| secure_line(black_box(&domain), black_box(&policy), *shape).unwrap());
    }

    #[divan::bench(args = [Shape::Postfix34, Shape::Postfix310])]
    fn the_check_within(bencher: Bencher<'_, '_>, shape: &Shape) {
        let policy = Policy::parse(POLICY.as_bytes()).unwrap().policy;
        let line = secure_line(&Domain::parse("example.com").unwrap(), &policy, *shape).unwrap();
        bencher.bench_local(|| check(black_box(&line), shape.dialect()).is_ok());
    }

    #[divan::bench]
    fn floor_copy() -> String {
        black_box(LINE).to_owned()
    }
}
