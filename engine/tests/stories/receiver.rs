//! A real receiver on loopback that answers 500, hangs up, and then takes the message; it checks the signature with
//! its own implementation of HMAC.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use opmill_engine::notify::Notification;
use opmill_engine::{Config, Engine, JobSpec, KeyPair, Parts};
use sha1::{Digest as _, Sha1};
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::script::Script;
use crate::world::soon;

const SECRET: &str = "testsk";

/// HMAC as RFC 2104 defines it.
fn hmac(key: &[u8], message: &[u8]) -> [u8; 20] {
    let mut block = [0; 64];
    block[..key.len()].copy_from_slice(key);
    let pad = |byte: u8| block.map(|key| key ^ byte);
    let inner = Sha1::new()
        .chain_update(pad(0x36))
        .chain_update(message)
        .finalize();
    Sha1::new()
        .chain_update(pad(0x5c))
        .chain_update(inner)
        .finalize()
        .into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

struct Request {
    head: String,
    body: String,
}

impl Request {
    /// Reads one request with a Content-Length.
    async fn read(stream: &mut TcpStream) -> Self {
        let mut bytes = Vec::new();
        loop {
            let text = String::from_utf8(bytes.clone()).unwrap();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let request = Self {
                    head: head.to_owned(),
                    body: body.to_owned(),
                };
                if body.len()
                    == request
                        .header("content-length")
                        .unwrap()
                        .parse::<usize>()
                        .unwrap()
                {
                    return request;
                }
            }
            assert_ne!(
                stream.read_buf(&mut bytes).await.unwrap(),
                0,
                "the request ended early"
            );
        }
    }

    fn header(&self, name: &str) -> Option<&str> {
        let headers = self.head.lines().filter_map(|line| line.split_once(": "));
        headers
            .filter(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
            .next()
    }
}

#[tokio::test]
async fn c_32_a_receiver_that_stumbles_twice_gets_a_message_it_can_verify() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!(
        "http://{}/notify?job=7&x=%20",
        listener.local_addr().unwrap()
    );
    let dir = tempfile::TempDir::new().unwrap();
    let source = dir.path().join("v.mp4");
    std::fs::write(&source, "source").unwrap();
    let mut config = Config::at(dir.path().join("data"));
    config.keys = vec![KeyPair::new("testak", SECRET)];
    config.notify.allow_private_addresses = true;
    let parts = Parts {
        processor: Arc::new(Script::succeed()),
        ..Parts::default()
    };
    let engine = Engine::open_with(config, parts).await.unwrap();
    let spec = JobSpec::file(source, "avthumb/mp4").notify(&url);
    let job = engine.submit(spec).await.unwrap().id;

    let accept = async || soon(listener.accept()).await.unwrap().0;
    let mut first = accept().await;
    Request::read(&mut first).await;
    first
        .write_all(
            b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        )
        .await
        .unwrap();
    drop(first);
    let mut second = accept().await;
    Request::read(&mut second).await;
    drop(second);
    let mut third = accept().await;
    let request = Request::read(&mut third).await;
    third
        .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        .await
        .unwrap();

    let deliveries = soon(engine.settle(job)).await.unwrap();
    assert_eq!((deliveries.len(), deliveries[0].attempts), (1, 2));
    assert!(
        request
            .head
            .starts_with("POST /notify?job=7&x=%20 HTTP/1.1"),
        "{}",
        request.head
    );
    assert_eq!(
        request.header("content-type"),
        Some("text/plain; charset=UTF-8")
    );
    let signed = format!("{url}\n{}", request.body);
    let expected = format!(
        "testak:{}",
        URL_SAFE.encode(hex(&hmac(SECRET.as_bytes(), signed.as_bytes())))
    );
    assert_eq!(request.header("authorization"), Some(expected.as_str()));
    let told: Notification =
        serde_json::from_slice(&URL_SAFE.decode(&request.body).unwrap()).unwrap();
    assert_eq!(
        (told.id, told.code, told.items.len()),
        (job.to_string(), 3, 1)
    );
    engine.shutdown().await.unwrap();
}

/// A redirect would lead around the address guard, so it is a failure like any other.
#[tokio::test]
async fn a_redirect_is_not_followed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let dir = tempfile::TempDir::new().unwrap();
    std::fs::write(dir.path().join("v.mp4"), "source").unwrap();
    let mut config = Config::at(dir.path().join("data"));
    config.keys = vec![KeyPair::new("testak", SECRET)];
    config.notify.allow_private_addresses = true;
    config.notify.immediate_retries = 0;
    config.notify.spaced_retries = 0;
    let parts = Parts {
        processor: Arc::new(Script::succeed()),
        ..Parts::default()
    };
    let engine = Engine::open_with(config, parts).await.unwrap();
    let spec =
        JobSpec::file(dir.path().join("v.mp4"), "avthumb/mp4").notify(format!("http://{address}/"));
    let job = engine.submit(spec).await.unwrap().id;
    let (mut stream, _) = soon(listener.accept()).await.unwrap();
    Request::read(&mut stream).await;
    let answer = format!(
        "HTTP/1.1 302 Found\r\nLocation: http://{address}/elsewhere\r\nContent-Length: 0\r\n\r\n"
    );
    stream.write_all(answer.as_bytes()).await.unwrap();
    let deliveries = soon(engine.settle(job)).await.unwrap();
    assert!(
        deliveries[0].last_error.as_ref().unwrap().contains("302"),
        "{deliveries:?}"
    );
    engine.shutdown().await.unwrap();
}
