//! The socketmap server beside an echo server that speaks the same frames: sixteen connections, each sending its next question
//! when it has the reply to the one before. Client and server share the processors, as on a small mail server.
#![allow(clippy::unwrap_used, reason = "a bench")]
use std::net::SocketAddr;

use divan::Bencher;
use divan::counter::ItemsCount;
use strictmx_io::listen::{Access, Address, Handed, bind, serve_each};
use strictmx_io::socketmap::{Answers, Limits, serve};
use strictmx_io::task::Tasks;
use strictmx_proto::postfix::socketmap::{Reply, Request};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};

const CONNECTIONS: usize = 16;
const QUESTIONS: usize = 500;
const LINE: &str = "secure match=mx1.example.com:mx2.example.com:.mail.example.com servername=hostname";

fn main() {
    divan::main();
}

/// Knows the answer.
#[derive(Clone)]
struct Known;

impl Answers for Known {
    fn now(&self, request: Request<'_>, out: &mut Vec<u8>) -> bool {
        if request.key.is_empty() { Reply::NotFound } else { Reply::Ok(LINE) }.encode(out);
        true
    }

    async fn later(&self, _: String, _: String) -> Vec<u8> {
        Vec::new()
    }
}

#[derive(Clone, Copy)]
enum Server {
    Socketmap,
    Echo,
}

fn start(runtime: &Runtime, tasks: &Tasks, server: Server) -> SocketAddr {
    let _inside = runtime.enter();
    let listener = bind(&"127.0.0.1:0".parse().unwrap(), &Access::mode(0), &mut Handed::none()).unwrap();
    let Address::Tcp(address) = *listener.address() else { unreachable!("bound to TCP") };
    let group = tasks.clone();
    match server {
        Server::Socketmap => {
            tasks.spawn("server", async move { serve(listener, Limits::default(), Known, &group).await });
        }
        Server::Echo => tasks.spawn("server", async move {
            serve_each(listener, 100, &group, "echo", |mut stream| async move {
                let mut buffer = vec![0; 8192];
                while let Ok(octets @ 1..) = stream.read(&mut buffer).await
                    && stream.write_all(buffer.get(..octets).unwrap_or_default()).await.is_ok()
                {}
            })
            .await;
        }),
    }
    address
}

/// Asks on one connection, a question at a time.
async fn ask(stream: &mut TcpStream, question: &[u8]) {
    let mut buffer = [0; 1024];
    for _ in 0..QUESTIONS {
        stream.write_all(question).await.unwrap();
        assert_ne!(stream.read(&mut buffer).await.unwrap(), 0);
    }
}

#[divan::bench(args = ["socketmap", "echo"])]
fn ask_over_16_connections(bencher: Bencher<'_, '_>, which: &str) {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let tasks = Tasks::new();
    let (server, question) = match which {
        "echo" => (Server::Echo, format!("{}:OK {LINE},", LINE.len() + 3)),
        _ => (Server::Socketmap, "19:postfix example.com,".to_owned()),
    };
    let address = start(&runtime, &tasks, server);
    let mut clients: Vec<_> =
        (0..CONNECTIONS).map(|_| runtime.block_on(TcpStream::connect(address)).unwrap()).collect();
    clients.iter().for_each(|client| client.set_nodelay(true).unwrap());
    bencher.counter(ItemsCount::new(CONNECTIONS * QUESTIONS)).bench_local(|| {
        runtime.block_on(futures_util::future::join_all(
            clients.iter_mut().map(|client| ask(client, question.as_bytes())),
        ));
    });
}
