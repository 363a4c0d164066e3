//! Simple uploads: forms in any order, policies, templates.

use std::thread;

use reqwest::blocking::multipart::Form;
use serde_json::json;

use crate::world::{FAR, Server, b64u, file, refused, said, token, token_of};

const HELLO: &str = "Fqr0xh3cxeii2r7eDztILNmuqUNN";

#[test]
fn c_41_an_upload_is_answered_with_its_hash() {
    let server = Server::start();
    let token = token(json!({"scope": "bkt:dir/a.txt", "deadline": FAR}));
    let answer = server.upload(&token, b"hello", &[]);
    assert_eq!(answer.status(), 200);
    assert!(answer.headers().contains_key("x-reqid"));
    assert_eq!(
        answer.text().unwrap(),
        "aGFzaD1GcXIweGgzY3hlaWkycjdlRHp0SUxObXVxVU5O"
    );
    assert_eq!(server.get("/bkt/dir/a.txt").text().unwrap(), "hello");
}

#[test]
fn c_42_and_c_43_an_answer_follows_its_template() {
    let server = Server::start();
    let token_42 = "testak:NDI1NmQzMGE5NTk4M2NhMzk0OTkzZmFkZTY0YmVkMzEwY2NmNDhlYw==:eyJzY29wZSI6ImJrdDpuLnR4dCIsImRlYWRsaW5lIjo0MTAyNDQ0ODAwMDAwLCJyZXR1cm5Cb2R5IjoiYnVja2V0PSQoYnVja2V0KSZrZXk9JChrZXkpJmZzaXplPSQoZnNpemUpJng9JCh4OmEpIn0=";
    let answer = server.upload(token_42, b"hello", &[("x:a", "1")]);
    assert_eq!(
        answer.text().unwrap(),
        "YnVja2V0PWJrdCZrZXk9bi50eHQmZnNpemU9NSZ4PTEmaGFzaD1GcXIweGgzY3hlaWkycjdlRHp0SUxObXVxVU5O"
    );
    let body = "key=$(key)&fsize=$(fsize)&hash=$(hash)";
    let policy = json!({"scope": "bkt:dir/a.txt", "deadline": FAR, "returnBody": body});
    let answer = server.upload(&token(policy), b"hello", &[]);
    assert_eq!(
        answer.text().unwrap(),
        "a2V5PWRpci9hLnR4dCZmc2l6ZT01Jmhhc2g9RnFyMHhoM2N4ZWlpMnI3ZUR6dElMTm11cVVOTg=="
    );
}

#[test]
fn c_44_addresses_and_facts_stand_in_for_their_names() {
    let server = Server::with("public_url = \"http://media.example\"");
    let body = "url=$(url)&fsize=$(fsize)&bucket=$(bucket)&ip=$(ip)&fname=$(fname)&mime=$(mimeType)&none=$(unknown)&i=$(imageInfo)";
    let policy = json!({"scope": "other:1.jpg", "deadline": FAR, "returnBody": body});
    let answer = said(server.upload(&token(policy), b"hello", &[]));
    let expected = format!(
        "url=http://media.example/other/1.jpg&fsize=5&bucket=other&ip=127.0.0.1&fname=a.txt&mime=image/jpeg&none=&i=&hash={HELLO}"
    );
    assert_eq!(answer, expected);
}

#[test]
fn c_45_a_key_is_replaced_only_with_leave() {
    let server = Server::start();
    let kept = "testak:ZDQ1ZjM1YzVmZTI1ZmNlZDhlMmQzNmFmOWExZjRkYWJiOTVjNTUwNA==:eyJzY29wZSI6ImJrdDpuLnR4dCIsImRlYWRsaW5lIjo0MTAyNDQ0ODAwMDAwLCJvdmVyd3JpdGUiOjB9";
    assert_eq!(server.upload(kept, b"first", &[]).status(), 200);
    refused(
        server.upload(kept, b"second", &[]),
        406,
        "File Already Exist",
    );
    assert_eq!(server.get("/bkt/n.txt").text().unwrap(), "first");
    let over = token(json!({"scope": "bkt:n.txt", "deadline": FAR.to_string(), "overwrite": "1"}));
    assert_eq!(server.upload(&over, b"second", &[]).status(), 200);
    assert_eq!(server.get("/bkt/n.txt").text().unwrap(), "second");
}

#[test]
fn c_46_what_is_too_large_is_not_kept() {
    let server = Server::start();
    let small = "testak:NjVmOGVjYzk2NTdiMzBiOTJjZjJmMDdkMDljNGMzY2Q4Njk2OThkZA==:eyJzY29wZSI6ImJrdDpuLnR4dCIsImRlYWRsaW5lIjo0MTAyNDQ0ODAwMDAwLCJmc2l6ZUxpbWl0Ijo0fQ==";
    refused(server.upload(small, b"hello", &[]), 413, "4 bytes");
    refused(server.get("/bkt/n.txt"), 404, "File Not Found");
    assert_eq!(server.upload(small, b"four", &[]).status(), 200);
}

#[test]
fn c_47_parts_come_in_any_order_and_a_form_may_name_the_key() {
    let server = Server::start();
    let anywhere = "testak:MWJlNTRhY2U4NTBhMTA2MjljNmU3NGVjMzkxYTJlNzQzOGM3MWJkNw==:eyJzY29wZSI6ImJrdCIsImRlYWRsaW5lIjo0MTAyNDQ0ODAwMDAwfQ==";
    let large = vec![b'x'; 9 << 20];
    for (number, content) in [&b"hello"[..], &large].into_iter().enumerate() {
        let key = format!("last{number}");
        let form = Form::new()
            .part("file", file("other-name", content))
            .text("key", key.clone())
            .text("token", anywhere);
        assert_eq!(server.send(form).status(), 200);
        assert_eq!(server.get(&format!("/bkt/{key}")).bytes().unwrap(), content);
    }
    assert_eq!(
        server.upload(anywhere, b"hello", &[("key", "k1")]).status(),
        200
    );
    assert_eq!(server.get("/bkt/k1").text().unwrap(), "hello");
    // Without a key the file's own name, without that its hash.
    assert_eq!(server.upload(anywhere, b"hello", &[]).status(), 200);
    assert_eq!(server.get("/bkt/a.txt").text().unwrap(), "hello");
    // The scope's key wins.
    let scoped = token(json!({"scope": "bkt:own", "deadline": FAR}));
    assert_eq!(
        server.upload(&scoped, b"hello", &[("key", "k2")]).status(),
        200
    );
    assert_eq!(server.get("/bkt/k2").status(), 404);
}

#[test]
fn c_48_a_key_follows_its_template() {
    let server = Server::with("[upload]\ntime_zone = \"UTC\"");
    let template = "$(x:position)/$(fprefix)-$(suffix)-$(hash)";
    let policy = json!({"scope": "bkt", "deadline": FAR.to_string(), "saveKey": template, "returnBody": "key=$(key)"});
    let answer = server.upload(&token(policy), b"hello", &[("x:position", "test")]);
    assert_eq!(said(answer), format!("key=test/a-txt-{HELLO}&hash={HELLO}"));
    let dated = json!({"scope": "bkt", "deadline": FAR, "saveKey": "$(year)/$(month)/$(day)/$(uuid)", "returnBody": "$(key)"});
    let key = said(server.upload(&token(dated), b"hello", &[]));
    let parts: Vec<usize> = key
        .split('&')
        .next()
        .unwrap()
        .split('/')
        .map(str::len)
        .collect();
    assert_eq!(parts, [4, 2, 2, 32], "{key}");
}

#[test]
fn c_53_keys_that_are_none_are_refused() {
    let server = Server::start();
    let anywhere = token(json!({"scope": "bkt", "deadline": FAR}));
    let long = "k".repeat(1001);
    for key in ["/a", "a/", "a/../b", "a/./b", "a//b", &long] {
        refused(server.upload(&anywhere, b"x", &[("key", key)]), 400, "key");
        let scoped = token(json!({"scope": format!("bkt:{key}"), "deadline": FAR}));
        refused(server.upload(&scoped, b"x", &[]), 400, "key");
    }
    let listed: serde_json::Value = server.manage("GET", "/list?bucket=bkt", "").json().unwrap();
    assert_eq!(listed["items"].as_array().unwrap().len(), 0);
}

#[test]
fn a_form_without_leave_writes_nothing() {
    let server = Server::start();
    let policy = json!({"scope": "bkt:a", "deadline": FAR});
    let both = json!({"scope": "bkt:a", "deadline": FAR, "returnUrl": "http://a/", "callbackUrl": "http://b/"});
    let ops = json!({"scope": "bkt:a", "deadline": FAR, "persistentOps": "avthumb/mp4|"});
    for (token, status, message) in [
        (
            token_of("testak", "wrong", policy.clone()),
            401,
            "Token Invalid",
        ),
        (
            token_of("nobody", "testsk", policy.clone()),
            401,
            "AK/SK Not Found",
        ),
        (
            token_of("narrow", "s", policy.clone()),
            401,
            "Bucket Access Denied",
        ),
        ("rubbish".to_owned(), 401, "Token Format Invalid"),
        (token(json!({"scope": "bkt:a"})), 401, "ExpireTime Is Null"),
        (
            token(json!({"scope": "bkt:a", "deadline": 1000})),
            401,
            "Token Invalid",
        ),
        (
            token(json!({"scope": "nowhere:a", "deadline": FAR})),
            404,
            "Bucket Not Found",
        ),
        (token(both), 400, "returnUrl"),
        (token(ops), 400, "persistentOps"),
    ] {
        refused(server.upload(&token, b"hello", &[]), status, message);
    }
    let without = Form::new().part("file", file("a", b"hello"));
    refused(server.send(without), 405, "Token Required");
    refused(
        server.form().body("x").send().unwrap(),
        400,
        "multipart/form-data",
    );
    let no_file = Form::new().text("token", token(policy));
    refused(server.send(no_file), 400, "no file");
    let uploads = std::fs::read_dir(server.path("data/uploads")).unwrap();
    assert_eq!(uploads.count(), 0);
    assert!(!server.path("data/buckets/bkt").exists());
}

#[test]
fn a_browser_is_sent_back_with_what_became_of_it() {
    let server = Server::start();
    let policy = |url: &str, limit: u64| {
        let body = "name=$(x:name)&key=$(key)";
        token(
            json!({"scope": "bkt:a", "deadline": FAR, "overwrite": 1, "fsizeLimit": limit, "returnUrl": url, "returnBody": body}),
        )
    };
    let name = [("x:name", "a b=c")];
    for (url, limit, expected) in [
        (
            "http://a.example/x",
            0,
            format!("http://a.example/x?name=a%20b%3Dc&key=a&hash={HELLO}"),
        ),
        (
            "http://a.example/?y=1",
            0,
            format!("http://a.example/?y=1&name=a%20b%3Dc&key=a&hash={HELLO}"),
        ),
    ] {
        let answer = server.upload(&policy(url, limit), b"hello", &name);
        assert_eq!(answer.status(), 303);
        assert_eq!(answer.headers()["location"], expected);
        assert!(answer.headers().contains_key("x-reqid"));
    }
}

#[test]
fn a_retention_in_days_ends() {
    let server = Server::start();
    let policy = token(json!({"scope": "bkt:a", "deadline": FAR}));
    assert_eq!(
        server.upload(&policy, b"x", &[("deadline", "3")]).status(),
        200
    );
    let stat: serde_json::Value = server
        .manage("GET", &format!("/stat/{}", b64u("bkt:a")), "")
        .json()
        .unwrap();
    assert!(
        stat["expirationDate"].as_str().unwrap().len() == 13,
        "{stat}"
    );
    let policy = token(json!({"scope": "bkt:b", "deadline": FAR}));
    refused(
        server.upload(&policy, b"x", &[("deadline", "soon")]),
        400,
        "deadline",
    );
}

#[test]
fn every_answered_upload_survives_the_end_of_its_process() {
    let mut server = Server::start();
    let answered: Vec<usize> = thread::scope(|scope| {
        let upload = |number: usize| {
            let token = token(json!({"scope": format!("bkt:k{number}"), "deadline": FAR}));
            let content = vec![number as u8; 1000 * (number + 1)];
            let answer = server.upload(&token, &content, &[]);
            (answer.status() == 200).then_some(number)
        };
        let threads: Vec<_> = (0..16)
            .map(|number| scope.spawn(move || upload(number)))
            .collect();
        threads
            .into_iter()
            .filter_map(|thread| thread.join().unwrap())
            .collect()
    });
    assert_eq!(answered.len(), 16);
    server.kill_and_restart();
    for number in answered {
        let content = server.get(&format!("/bkt/k{number}")).bytes().unwrap();
        assert_eq!(content, vec![number as u8; 1000 * (number + 1)]);
    }
}
