//! The doors through which mail servers ask the desk: socketmap and tcp_table. They differ in wire form alone.
use std::future::Future;

use strictmx_engine::profile::{Answer, Profile};
use strictmx_io::{socketmap, tcp_table};
use strictmx_proto::postfix::{
    socketmap::{Reply, Request},
    tcp_table as wire,
};

use super::desk::Desk;

/// The socketmap door.
#[derive(Clone)]
pub struct Socketmap(pub Desk);

impl socketmap::Answers for Socketmap {
    fn now(&self, request: Request<'_>, out: &mut Vec<u8>) -> bool {
        let Some(profile) = Profile::from_map_name(request.map) else {
            Reply::Perm(&no_such_map(request.map)).encode(out);
            return true;
        };
        self.0.answer_now(profile, request.key, |answer| reply(answer).encode(out)).is_some()
    }

    fn later(&self, map: String, key: String) -> impl Future<Output = Vec<u8>> + Send {
        let desk = self.0.clone();
        async move {
            let mut out = Vec::new();
            match Profile::from_map_name(&map) {
                Some(profile) => reply(&desk.answer(profile, &key).await).encode(&mut out),
                None => Reply::Perm(&no_such_map(&map)).encode(&mut out),
            }
            out
        }
    }
}

fn reply(answer: &Answer) -> Reply<'_> {
    match answer {
        Answer::Line(line) => Reply::Ok(line),
        Answer::NotFound => Reply::NotFound,
        Answer::Temp(why) => Reply::Temp(why),
    }
}

/// D-35: an unknown name is a mistake in the mail server's configuration, and its log is where the operator looks.
fn no_such_map(map: &str) -> String {
    let shown: String = map.chars().take(40).filter(|c| !c.is_control()).collect();
    let names: Vec<&str> = Profile::names().collect();
    format!("there is no map {shown:?} here; use one of {}", names.join(", "))
}

/// The tcp_table door: one profile for all who come through it.
#[derive(Clone)]
pub struct TcpTable {
    /// Answers.
    pub desk: Desk,
    /// In these words.
    pub profile: Profile,
}

impl tcp_table::Answers for TcpTable {
    fn now(&self, key: &str, out: &mut Vec<u8>) -> bool {
        self.desk.answer_now(self.profile, key, |answer| line(answer).encode(out)).is_some()
    }

    fn later(&self, key: String) -> impl Future<Output = Vec<u8>> + Send {
        let (desk, profile) = (self.desk.clone(), self.profile);
        async move {
            let mut out = Vec::new();
            line(&desk.answer(profile, &key).await).encode(&mut out);
            out
        }
    }
}

fn line(answer: &Answer) -> wire::Reply<'_> {
    match answer {
        Answer::Line(line) => wire::Reply::Found(line),
        Answer::NotFound => wire::Reply::NotFound,
        Answer::Temp(why) => wire::Reply::Temp(why),
    }
}
