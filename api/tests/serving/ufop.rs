//! Apps of the configuration, asked about objects (wire.md 8).

use std::net::TcpListener;

use crate::client::{ask, signed};
use crate::server::Server;
use crate::service::{Service, reply};

fn app(name: &str, address: &str, more: &str) -> String {
    format!("[ufop.{name}]\naddress = \"{address}\"\n{more}\n")
}

const LOCAL: &str = "allow_private_address = true";

#[test]
fn c_65_the_app_is_told_the_objects_address_and_its_answer_goes_back_unchanged() {
    let service = Service::start(|_| reply("418 I'm a teapot", "text/x-own", "{\"mine\": 1}"));
    let address = format!("http://{}/svc", service.address);
    let server = Server::start(&app("MyApp", &address, LOCAL));
    server.has("a b.jpg", "picture");
    let answer = server.get("/bkt/a%20b.jpg?ufop=MyApp");
    assert_eq!(
        (
            answer.status,
            answer.header("content-type"),
            answer.body.as_slice()
        ),
        (418, Some("text/x-own"), &b"{\"mine\": 1}"[..])
    );
    assert!(answer.header("x-reqid").is_some());
    let request = service.next();
    assert_eq!(
        request.line,
        "POST /svc?cmd=MyApp&url=http%3A%2F%2Fmedia.example%2Fbkt%2Fa%2520b.jpg"
    );
    assert_eq!(request.header("content-length"), Some("0"));
    assert_eq!(request.header("authorization"), None);
    assert!(service.rest().is_empty(), "one request in all");
}

#[test]
fn requests_to_an_app_are_signed_when_that_is_wanted() {
    let service = Service::start(|_| reply("200 OK", "text/plain", ""));
    let address = format!("http://{}/svc?v=2", service.address);
    let server = Server::start(&app("MyApp", &address, &format!("{LOCAL}\nsign = true")));
    server.has("k.jpg", "picture");
    assert_eq!(server.get("/bkt/k.jpg?ufop=MyApp").status, 200);
    let request = service.next();
    let target = request.line.strip_prefix("POST /svc").unwrap();
    let url = format!("http://{}/svc{target}", service.address);
    assert!(target.starts_with("?v=2&cmd=MyApp&url="), "{target}");
    let expected = signed(format!("{url}\n").as_bytes());
    assert_eq!(request.header("authorization"), Some(expected.as_str()));
}

#[test]
fn what_cannot_be_asked_has_its_status() {
    let silent = Service::start(|_| None);
    let redirecting = Service::start(|request| {
        let to = "http://127.0.0.1:1/";
        let head = format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n");
        Some(format!(
            "{head}Connection: close\r\n\r\n{}",
            &request.line[..0]
        ))
    });
    // A port that was just free.
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let settings = [
        "[notify]\nresponse_seconds = 0.3\n".to_owned(),
        app("Silent", &format!("http://{}/", silent.address), LOCAL),
        app("Moved", &format!("http://{}/", redirecting.address), LOCAL),
        app("Guarded", &format!("http://{}/", silent.address), ""),
        app(
            "Named",
            &format!("http://localhost:{}/", silent.address.port()),
            "",
        ),
        app("Closed", &format!("http://{closed}/"), LOCAL),
    ];
    let server = Server::start(&settings.concat());
    server.has("k.jpg", "picture");
    for (target, status, message) in [
        ("/bkt/k.jpg?ufop=Nobody", 404, "ufop not found"),
        ("/bkt/nothing?ufop=Silent", 404, "File Not Found"),
        ("/nowhere/k.jpg?ufop=Silent", 404, "Bucket Not Found"),
        (
            "/bkt/k.jpg?ufop=Closed",
            502,
            "the app Closed cannot be reached",
        ),
        (
            "/bkt/k.jpg?ufop=Guarded",
            502,
            "the app Guarded cannot be reached: 127.0.0.1 is an address of a local or private network",
        ),
        (
            "/bkt/k.jpg?ufop=Named",
            502,
            "the app Named cannot be reached: localhost is an address of a local or private network",
        ),
    ] {
        let answer = server.get(target);
        let json = answer.json();
        assert_eq!(
            (answer.status, &json["code"]),
            (status, &status.into()),
            "{target}: {json}"
        );
        let said = json["message"].as_str().unwrap();
        assert!(said.starts_with(message), "{target}: {said}");
    }
    assert!(silent.rest().is_empty(), "nobody was asked in vain");
    assert_eq!(server.get("/bkt/k.jpg?ufop=Silent").status, 504);
    // Not followed: it is an answer like others.
    assert_eq!(server.get("/bkt/k.jpg?ufop=Moved").status, 302);
    let head = ask(server.address, "POST /bkt/k.jpg?ufop=Silent", &[], b"");
    assert_eq!(head.status, 405);
}
