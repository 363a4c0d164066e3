//! Objects managed in numbers (wire.md 2.6 and 7.6).

use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use serde_json::{Value, json};

use crate::client::{ask, b64u, signed};
use crate::server::Server;
use crate::service::{Service, reply};

const LOCAL: &str = "[notify]\nallow_private_addresses = true\n";

/// A server, and somebody who hears of its jobs.
struct World {
    server: Server,
    receiver: Service,
}

impl World {
    fn start() -> Self {
        Self::with(LOCAL)
    }

    fn with(settings: &str) -> Self {
        Self {
            server: Server::start(settings),
            receiver: Service::start(|_| reply("200 OK", "text/plain", "")),
        }
    }

    fn url(&self) -> String {
        format!("http://{}/notify?x=1", self.receiver.address)
    }

    fn submit(&self, verb: &str, items: &str, more: &str) -> String {
        let body = format!("fops={items}&notifyURL={}{more}", b64u(self.url()));
        let answer = self.server.manage("POST", &format!("/fmgr/{verb}"), &body);
        let json = answer.json();
        assert_eq!(answer.status, 200, "{json}");
        json["persistentId"].as_str().unwrap().to_owned()
    }

    /// What the receiver hears next, its signature checked.
    fn heard(&self) -> Value {
        let request = self.receiver.next();
        let expected = signed(&[self.url().as_bytes(), b"\n", &request.body].concat());
        assert_eq!(request.header("authorization"), Some(expected.as_str()));
        serde_json::from_slice(&URL_SAFE.decode(&request.body).unwrap()).unwrap()
    }

    /// Has it done, and gives what is told of its items.
    fn done(&self, verb: &str, items: &str, more: &str) -> Vec<Value> {
        let id = self.submit(verb, items, more);
        let heard = self.heard();
        assert_eq!((&heard["id"], &heard["code"]), (&json!(id), &json!(3)));
        heard["items"].as_array().unwrap().clone()
    }

    fn content(&self, key: &str) -> Option<String> {
        self.server.content(key)
    }
}

fn own(key: &str) -> String {
    format!("bucket/{}/key/{}", b64u("bkt"), b64u(key))
}

fn copy(from: &str, to: &str) -> String {
    format!("resource/{}/{}", b64u(format!("bkt:{from}")), own(to))
}

#[test]
fn c_23_two_objects_are_deleted_and_the_receiver_hears_of_both() {
    let world = World::start();
    world.server.has("a", "first");
    let id = world.submit("delete", "bucket/Ymt0/key/YQ==;bucket/Ymt0/key/Yg==", "");
    let heard = world.heard();
    assert_eq!(world.content("a"), None);
    let expected = json!({
        "id": id, "code": 3, "desc": "fileOperateSucceed", "separate": 0,
        "items": [
            {"cmd": "bucket/Ymt0/key/YQ==", "code": 3, "desc": "fileOperateSucceed", "error": null,
             "hash": "", "fsize": 0, "key": "a", "url": ""},
            {"cmd": "bucket/Ymt0/key/Yg==", "code": 2, "desc": "fileOperateFailed",
             "error": "there is no object bkt:b", "hash": "", "fsize": 0, "key": "b", "url": ""},
        ],
    });
    assert_eq!(heard, expected);
    let target = format!("/fmgr/status?persistentId={id}");
    let status = world.server.get(&target).json();
    assert_eq!(status["items"], expected["items"]);
    // It is no job of ops.
    let elsewhere = format!("/status/get/prefop?persistentId={id}");
    assert_eq!(world.server.get(&elsewhere).status, 404);
    let unknown = world.server.get("/fmgr/status?persistentId=x").json();
    assert_eq!(
        unknown,
        json!({"code": 404, "message": "persistentId not found"})
    );
}

#[test]
fn c_22_an_address_is_fetched_through_a_redirect_and_checked() {
    let world = World::start();
    let source = Service::start(|request| {
        match request.line.as_str() {
        "GET /moved" => Some("HTTP/1.1 302 Found\r\nLocation: /d/hello.txt\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_owned()),
        "GET /d/hello.txt" => reply("200 OK", "text/plain", "hello"),
        _ => reply("404 Not Found", "text/plain", "none"),
    }
    });
    let fetch = |path: &str, rest: &str| {
        let url = b64u(format!("http://{}{path}", source.address));
        format!("fetchURL/{url}/bucket/{}{rest}", b64u("bkt"))
    };
    let (good, bad) = (
        "/md5/5d41402abc4b2a76b9719d911017c592",
        "/md5/5d41402abc4b2a76b9719d911017c593",
    );
    let items = [
        fetch("/moved", &format!("/key/{}{good}", b64u("k"))),
        fetch("/d/hello.txt", &format!("/prefix/{}", b64u("p/"))),
        fetch("/d/hello.txt", &format!("/key/{}{bad}", b64u("bad"))),
        fetch("/nothing", &format!("/key/{}", b64u("none"))),
    ];
    let told = world.done("fetch", &items.join(";"), "");
    assert_eq!(told[0]["hash"], "Fqr0xh3cxeii2r7eDztILNmuqUNN");
    assert_eq!(
        (&told[0]["fsize"], &told[0]["key"]),
        (&json!(5), &json!("k"))
    );
    assert_eq!(told[0]["url"], "http://media.example/bkt/k");
    assert_eq!(told[1]["key"], "p/hello.txt");
    assert_eq!(world.content("k").as_deref(), Some("hello"));
    assert_eq!(world.content("p/hello.txt").as_deref(), Some("hello"));
    for (item, reason) in [(2, "the MD5 of what is at"), (3, "answers 404")] {
        assert_eq!(told[item]["code"], 2);
        let error = told[item]["error"].as_str().unwrap();
        assert!(error.contains(reason), "{error}");
    }
    assert_eq!((world.content("bad"), world.content("none")), (None, None));
    // What is there stays, unless it is to be replaced.
    let again = fetch("/d/hello.txt", &format!("/key/{}", b64u("k")));
    world.server.has("k", "mine");
    assert_eq!(world.done("fetch", &again, "")[0]["code"], 2);
    assert_eq!(world.content("k").as_deref(), Some("mine"));
    assert_eq!(world.done("fetch", &again, "&force=1")[0]["code"], 3);
    assert_eq!(world.content("k").as_deref(), Some("hello"));
}

/// The guard's own tests are beside it; here: that fetching stands behind it.
#[test]
fn nothing_is_fetched_from_this_machine_unless_that_is_allowed() {
    let source = Service::start(|_| reply("200 OK", "text/plain", "secret"));
    let server = Server::start("");
    for host in ["127.0.0.1", "localhost"] {
        let url = b64u(format!("http://{host}:{}/k", source.address.port()));
        let body = format!("fops=fetchURL/{url}/bucket/{}", b64u("bkt"));
        let id = server.manage("POST", "/fmgr/fetch", &body).json();
        let target = format!(
            "/fmgr/status?persistentId={}",
            id["persistentId"].as_str().unwrap()
        );
        let status = std::iter::repeat_with(|| server.get(&target).json())
            .find(|status| status["code"] == 3)
            .unwrap();
        let item = &status["items"][0];
        let error = item["error"].as_str().unwrap();
        assert!(error.contains("local or private network"), "{error}");
    }
    assert!(source.rest().is_empty());
    assert_eq!(server.content("k"), None);
}

#[test]
fn objects_are_copied_and_moved_and_nothing_is_overwritten_unasked() {
    let world = World::start();
    world.server.has("a", "first");
    world.server.has("taken", "mine");
    let items = [copy("a", "b"), copy("a", "taken"), copy("nothing", "c")];
    let told = world.done("copy", &items.join(";"), "");
    let codes: Vec<_> = told
        .iter()
        .map(|item| item["code"].as_u64().unwrap())
        .collect();
    assert_eq!(codes, [3, 2, 2], "{told:?}");
    assert_eq!(world.content("taken").as_deref(), Some("mine"));
    let told = world.done("move", &copy("b", "taken"), "&force=1");
    assert_eq!(
        (&told[0]["code"], &told[0]["key"]),
        (&json!(3), &json!("taken"))
    );
    assert_eq!(
        (world.content("b"), world.content("taken").as_deref()),
        (None, Some("first"))
    );
}

#[test]
fn whole_folders_are_deleted_or_given_their_time() {
    let world = World::start();
    for key in ["d/1", "d/2", "d/e/3", "dd", "f/1"] {
        world.server.has(key, key);
    }
    let prefix = |prefix: &str| format!("bucket/{}/prefix/{}", b64u("bkt"), b64u(prefix));
    let output = format!("{}/output/{}", prefix("d/"), b64u("bkt:gone.txt"));
    let told = world.done("deletePrefix", &output, "");
    assert_eq!(told[0]["desc"], "fileOperateSucceed; 3 objects deleted");
    assert_eq!(
        world.content("gone.txt").as_deref(),
        Some("d/1\nd/2\nd/e/3\n")
    );
    assert!(!world.server.path("d").exists());
    assert_eq!(world.content("dd").as_deref(), Some("dd"));
    let items = [
        format!("{}/deadline/3", prefix("dd")),
        format!("{}/deadline/0", prefix("f/")),
    ];
    let told = world.done("setdeadline", &items.join(";"), "");
    assert_eq!(told[0]["desc"], "fileOperateSucceed; 1 objects changed");
    assert_eq!(world.content("f/1"), None);
    let stat = format!("/stat/{}", b64u("bkt:dd"));
    let stat = world.server.manage("GET", &stat, "").json();
    assert_ne!(stat["expirationDate"], "", "{stat}");
}

#[test]
fn a_playlist_goes_with_its_segments_or_without() {
    let world = World::start();
    for list in ["a", "b"] {
        let text = format!("#EXTM3U\n#EXTINF:4,\n{list}_1.ts\n#EXTINF:4,\n{list}_2.ts\n");
        world.server.has(&format!("v/{list}.m3u8"), text);
        world.server.has(&format!("v/{list}_1.ts"), "1");
        world.server.has(&format!("v/{list}_2.ts"), "2");
    }
    let items = format!("{};{}/deletets/0", own("v/a.m3u8"), own("v/b.m3u8"));
    let told = world.done("deletem3u8", &items, "");
    assert!(told.iter().all(|item| item["code"] == 3), "{told:?}");
    assert!(!world.server.path("v/a.m3u8").exists() && !world.server.path("v/b.m3u8").exists());
    assert!(!world.server.path("v/a_1.ts").exists() && !world.server.path("v/a_2.ts").exists());
    assert!(world.server.path("v/b_1.ts").exists() && world.server.path("v/b_2.ts").exists());
}

/// What is packed is fetched again and unpacked.
#[test]
fn objects_are_packed_and_what_is_packed_is_fetched_and_unpacked() {
    let world = World::start();
    for (key, text) in [
        ("a.txt", "first"),
        ("d/b.txt", "second"),
        ("d/e/照.txt", "third"),
    ] {
        world.server.has(key, text);
    }
    world.server.has("list", "a.txt\n\n");
    let item = format!(
        "bucket/{}/keys/{}/keylist/{}/saveas/{}",
        b64u("bkt"),
        b64u("d/"),
        b64u("list"),
        b64u("bkt:z.zip")
    );
    let told = world.done("compress", &item, "");
    assert_eq!(told[0]["desc"], "fileOperateSucceed; 3 objects packed");
    assert_eq!(told[0]["key"], "z.zip");
    let size = std::fs::metadata(world.server.path("z.zip")).unwrap().len();
    assert_eq!(told[0]["fsize"], size);
    let own = format!("http://{}/bkt/z.zip", world.server.address);
    let fetch = |rest: &str| {
        let url = b64u(&own);
        format!(
            "fetchURL/{url}/bucket/{}/prefix/{}/decompression/zip{rest}",
            b64u("bkt"),
            b64u("out/")
        )
    };
    let told = world.done("fetch", &fetch(&format!("/key/{}", b64u("made.txt"))), "");
    assert_eq!(
        told[0]["desc"], "fileOperateSucceed; 3 files unpacked",
        "{told:?}"
    );
    assert_eq!(told[0]["key"], "out/made.txt");
    for (key, text) in [
        ("a.txt", "first"),
        ("d/b.txt", "second"),
        ("d/e/照.txt", "third"),
    ] {
        let unpacked = world.content(&format!("out/{key}"));
        assert_eq!(unpacked.as_deref(), Some(text), "{key}");
    }
    let list = world.content("out/made.txt").unwrap();
    assert_eq!(list.lines().count(), 3, "{list}");
    // All of them are there: not one is touched.
    assert_eq!(world.done("fetch", &fetch(""), "")[0]["code"], 2);
}

#[test]
fn one_notification_for_each_item_when_that_is_wanted() {
    let world = World::start();
    world.server.has("a", "first");
    let items = [copy("a", "b"), copy("nothing", "c"), copy("a", "d")].join(";");
    world.submit("copy", &items, "&separate=1");
    let heard: Vec<_> = (0..3).map(|_| world.heard()).collect();
    let mut seen: Vec<_> = heard
        .iter()
        .map(|told| {
            let items = told["items"].as_array().unwrap();
            assert_eq!((items.len(), &told["separate"]), (1, &json!(1)));
            let key = items[0]["key"].as_str().unwrap().to_owned();
            (key, told["code"].as_u64().unwrap())
        })
        .collect();
    seen.sort();
    let expected = [("b", 1), ("c", 2), ("d", 3)];
    assert_eq!(seen, expected.map(|(key, code)| (key.to_owned(), code)));
}

/// The process dies in the middle of an item; the next one does it, and what was done before is not done again.
#[test]
fn what_was_answered_is_done_after_a_power_cut() {
    let mut world = World::with(&format!("{LOCAL}[workers]\nlease_seconds = 1\n"));
    let asked = AtomicUsize::new(0);
    let slow = Service::start(move |_| match asked.fetch_add(1, Ordering::SeqCst) {
        0 => None,
        _ => reply("200 OK", "text/plain", "hello"),
    });
    world.server.has("a", "first");
    let url = b64u(format!("http://{}/k", slow.address));
    let id = world.submit("fetch", &format!("fetchURL/{url}/{}", own("k")), "");
    slow.next();
    let moved = world.submit("move", &copy("a", "b"), "");
    assert_eq!(world.heard()["id"], json!(moved));
    world.server.kill_and_restart();
    // What was told and not noted is told once more.
    let heard = std::iter::repeat_with(|| world.heard()).find(|heard| heard["id"] == id.as_str());
    assert_eq!(heard.unwrap()["items"][0]["code"], 3);
    assert_eq!(world.content("k").as_deref(), Some("hello"));
    assert_eq!(world.content("b").as_deref(), Some("first"));
}

#[test]
fn what_cannot_be_asked_is_refused_with_nothing_left_behind() {
    let world = World::start();
    let address = world.server.address;
    let delete = format!("fops={}", own("a"));
    for (target, body, status, message) in [
        (
            "/fmgr/delete",
            "fops=bucket/Ymt0".to_owned(),
            400,
            "item 1 of delete: `key` is missing",
        ),
        (
            "/fmgr/delete",
            "force=1".to_owned(),
            400,
            "`fops` names nothing to do",
        ),
        (
            "/fmgr/delete",
            format!("{delete}&force=2"),
            400,
            "`force` is 2; it is 0 or 1",
        ),
        (
            "/fmgr/delete",
            format!("{delete}&notifyURL={}", b64u("ftp://x/")),
            400,
            "the notification address",
        ),
        (
            "/fmgr/explode",
            delete.clone(),
            404,
            "/fmgr/explode is not a service",
        ),
        (
            "/fmgr/delete",
            format!("fops=bucket/{}/key/YQ==", b64u("nowhere")),
            404,
            "Bucket Not Found",
        ),
        (
            "/fmgr/delete",
            format!("fops=bucket/{}/key/YQ==", b64u("other")),
            401,
            "Bucket Access Denied",
        ),
        (
            "/fmgr/copy",
            format!("fops=resource/{}/{}", b64u("other:a"), own("b")),
            401,
            "Bucket Access Denied",
        ),
    ] {
        let answer = world.server.manage("POST", target, &body);
        let json = answer.json();
        assert_eq!(answer.status, status, "{body}: {json}");
        let said = json["message"].as_str().unwrap();
        assert!(said.starts_with(message), "{body}: {said}");
    }
    let unsigned = ask(address, "POST /fmgr/delete", &[], delete.as_bytes());
    assert_eq!(unsigned.status, 401);
    assert_eq!(unsigned.json()["message"], "Authorization Required");
}
