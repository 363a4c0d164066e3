//! Objects that grow (wire.md 2.4).

use serde_json::json;

use crate::client::{Answer, ask, b64u, signed};
use crate::server::Server;

fn append(server: &Server, position: &str, key: &str, content: &str) -> Answer {
    let policy = json!({"scope": format!("bkt:{key}"), "deadline": 4_102_444_800_000_u64});
    let policy = b64u(policy.to_string());
    let token = format!("{}:{policy}", signed(policy.as_bytes()));
    let body = format!(
        "--B\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\n{token}\r\n\
         --B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\n{content}\r\n--B--\r\n"
    );
    let headers = [("Content-Type", "multipart/form-data; boundary=B")];
    let request = format!("POST /append/{position}");
    ask(server.address, &request, &headers, body.as_bytes())
}

#[test]
fn an_object_grows_at_its_end_and_nowhere_else() {
    let server = Server::start("");
    assert_eq!(append(&server, "0", "d/log.txt", "hel").status, 200);
    let grown = append(&server, "3", "d/log.txt", "lo");
    assert_eq!(
        grown.body,
        b64u("hash=Fqr0xh3cxeii2r7eDztILNmuqUNN").as_bytes()
    );
    assert_eq!(server.content("d/log.txt").as_deref(), Some("hello"));
    for (position, message) in [
        ("3", "bkt:d/log.txt has 5 bytes; append at that position"),
        ("0", "bkt:d/log.txt has 5 bytes; append at that position"),
        ("6", "bkt:d/log.txt has 5 bytes; append at that position"),
        ("x", "the position is \"x\"; it is a number of bytes"),
    ] {
        let refused = append(&server, position, "d/log.txt", "more");
        assert_eq!(refused.json(), json!({"code": 400, "message": message}));
    }
    assert_eq!(server.content("d/log.txt").as_deref(), Some("hello"));
    let missing = append(&server, "4", "nothing", "more").json();
    assert_eq!(
        missing["message"],
        "bkt:nothing has 0 bytes; append at that position"
    );
    assert_eq!(server.content("nothing"), None);
    let stat = server.manage("GET", &format!("/stat/{}", b64u("bkt:d/log.txt")), "");
    assert_eq!(stat.json()["mimeType"], "text/plain");
    let head = ask(server.address, "HEAD /bkt/d/log.txt", &[], b"");
    for answer in [stat, head] {
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("x-wcs-object-type"), Some("Appendable"));
        assert_eq!(answer.header("x-wcs-next-append-positon"), Some("5"));
    }
}

/// Two at the same position: one is told that it came too late, and nothing of the other is lost.
#[test]
fn of_two_that_append_at_the_same_position_one_does() {
    let server = Server::start("");
    server.has("log", "0123456789");
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let server = &server;
        let one = |text: &'static str| scope.spawn(move || append(server, "10", "log", text));
        let threads = ["aaa", "bbb", "ccc", "ddd"].map(one);
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort();
    assert_eq!(statuses, [200, 400, 400, 400]);
    assert_eq!(server.content("log").unwrap().len(), 13);
}
