//! Resource management.

use serde_json::{Value, json};

use crate::world::{Server, b64u, management_token, refused};

fn name(entry: &str) -> String {
    b64u(entry)
}

#[test]
fn an_object_is_looked_at_copied_moved_and_deleted() {
    let server = Server::start();
    server.put("bkt:dir/a.txt", b"hello");
    let stat: Value = server
        .manage("GET", &format!("/stat/{}", name("bkt:dir/a.txt")), "")
        .json()
        .unwrap();
    assert_eq!(stat["fsize"], 5);
    assert_eq!(stat["hash"], "Fqr0xh3cxeii2r7eDztILNmuqUNN");
    assert_eq!(
        (&stat["name"], &stat["mimeType"]),
        (&json!("dir/a.txt"), &json!("text/plain"))
    );
    assert_eq!(
        (&stat["code"], &stat["result"]),
        (&json!(200), &json!(true))
    );
    assert_eq!(stat["putTime"].as_u64().unwrap().to_string().len(), 17);
    for (verb, from, to) in [
        ("copy", "bkt:dir/a.txt", "other:b"),
        ("move", "other:b", "bkt:c"),
    ] {
        let path = format!("/{verb}/{}/{}", name(from), name(to));
        let done: Value = server.manage("POST", &path, "").json().unwrap();
        assert_eq!(done, json!({"code": 200, "message": "ok"}));
    }
    refused(
        server.manage(
            "POST",
            &format!("/copy/{}/{}", name("bkt:c"), name("bkt:dir/a.txt")),
            "",
        ),
        406,
        "File Already Exist",
    );
    refused(
        server.manage("GET", &format!("/stat/{}", name("other:b")), ""),
        404,
        "File Not Found",
    );
    assert_eq!(
        server
            .manage("POST", &format!("/delete/{}", name("bkt:c")), "")
            .status(),
        200
    );
    refused(
        server.manage("POST", &format!("/delete/{}", name("bkt:c")), ""),
        404,
        "File Not Found",
    );
    refused(
        server.manage("GET", &format!("/stat/{}", name("nowhere:x")), ""),
        404,
        "Bucket Not Found",
    );
    refused(server.manage("GET", "/stat/%25", ""), 400, "base64");
}

#[test]
fn c_24_nothing_is_done_for_whoever_did_not_sign_it() {
    let server = Server::start();
    server.put("bkt:a", b"hello");
    let path = format!("/delete/{}", name("bkt:a"));
    let signed = |text: &str, body: &str| management_token("testak", "testsk", text, body);
    for (token, status, message) in [
        (signed("/delete/x", ""), 401, "Token Invalid"),
        (signed(&path, "x"), 401, "Token Invalid"),
        (
            management_token("testak", "other", &path, ""),
            401,
            "Token Invalid",
        ),
        (
            management_token("nobody", "testsk", &path, ""),
            401,
            "AK/SK Not Found",
        ),
        (
            management_token("narrow", "s", &path, ""),
            401,
            "Bucket Access Denied",
        ),
        ("rubbish".to_owned(), 401, "Token Format Invalid"),
    ] {
        refused(server.manage_as(&token, "POST", &path, ""), status, message);
    }
    let bare = server
        .http
        .post(format!("{}{path}", server.url))
        .send()
        .unwrap();
    refused(bare, 401, "Authorization Required");
    assert_eq!(server.get("/bkt/a").text().unwrap(), "hello");
}

#[test]
fn a_list_comes_in_pages_by_its_marker() {
    let server = Server::start();
    for key in ["a.txt", "d/1", "d/2", "d/e/3", "z"] {
        server.put(&format!("bkt:{key}"), b"x");
    }
    let pages = |query: &str| {
        let (mut keys, mut marker) = (Vec::new(), String::new());
        loop {
            let path = format!("/list?bucket=bkt&limit=2{query}&marker={marker}");
            let page: Value = server.manage("GET", &path, "").json().unwrap();
            let names = |member: &str, key: fn(&Value) -> &Value| -> Vec<String> {
                let list = page[member].as_array().unwrap();
                list.iter()
                    .map(|one| key(one).as_str().unwrap().to_owned())
                    .collect()
            };
            keys.extend(names("commonPrefixes", |folder| folder));
            keys.extend(names("items", |item| &item["key"]));
            match page["marker"].as_str().unwrap() {
                "" => return keys,
                next => marker = next.to_owned(),
            }
        }
    };
    assert_eq!(pages(""), ["a.txt", "d/1", "d/2", "d/e/3", "z"]);
    let folder = b64u("d/");
    assert_eq!(pages(&format!("&prefix={folder}")), ["d/1", "d/2", "d/e/3"]);
    assert_eq!(
        pages(&format!("&prefix={folder}&mode=0")),
        ["d/1", "d/2", "d/e"]
    );
    assert_eq!(
        pages(&format!("&prefix={folder}&mode=1")),
        ["d/e", "d/1", "d/2"]
    );
    assert_eq!(pages("&mode=1"), ["d", "a.txt", "z"]);
    assert_eq!(pages("&startTime=4102444800000"), [""; 0]);
    for (query, message) in [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("mode=7", "mode"),
        ("mode=0&prefix=ZA==", "slash"),
        ("marker=%25", "marker"),
    ] {
        refused(
            server.manage("GET", &format!("/list?bucket=bkt&{query}"), ""),
            400,
            message,
        );
    }
    refused(
        server.manage("GET", "/list?bucket=nowhere", ""),
        404,
        "Bucket Not Found",
    );
}

#[test]
fn a_time_to_go_is_set_in_days() {
    let server = Server::start();
    server.put("bkt:v.m3u8", b"#EXTM3U\n#EXTINF:1,\nv_000001.ts\n");
    server.put("bkt:v_000001.ts", b"x");
    let set = |key: &str, rest: &str| {
        let body = format!("bucket={}&key={}&{rest}", b64u("bkt"), b64u(key));
        server.manage("POST", "/setdeadline", &body)
    };
    let until = |key: &str| {
        let stat = server.manage("GET", &format!("/stat/{}", name(&format!("bkt:{key}"))), "");
        let stat: Value = stat.json().unwrap();
        stat["expirationDate"].as_str().map(str::len)
    };
    assert_eq!(set("v.m3u8", "deadline=3&relevance=0").status(), 200);
    assert_eq!((until("v.m3u8"), until("v_000001.ts")), (Some(13), Some(0)));
    assert_eq!(set("v.m3u8", "deadline=3").status(), 200);
    assert_eq!(until("v_000001.ts"), Some(13));
    assert_eq!(set("v.m3u8", "deadline=-1").status(), 200);
    assert_eq!((until("v.m3u8"), until("v_000001.ts")), (Some(0), Some(0)));
    refused(set("v.m3u8", "deadline=soon"), 400, "deadline");
    refused(set("v.m3u8", ""), 400, "deadline");
    refused(set("nothing", "deadline=1"), 404, "File Not Found");
    assert_eq!(set("v.m3u8", "deadline=0").status(), 200);
    assert_eq!(server.get("/bkt/v_000001.ts").status(), 404);
}

#[test]
fn buckets_are_those_one_may_use() {
    let server = Server::start();
    let list = |token: &str| -> Value {
        server
            .manage_as(token, "GET", "/bucket/list", "")
            .json()
            .unwrap()
    };
    let all = management_token("testak", "testsk", "/bucket/list", "");
    assert_eq!(
        list(&all),
        json!({"buckets": [{"name": "bkt"}, {"name": "other"}]})
    );
    let one = management_token("narrow", "s", "/bucket/list", "");
    assert_eq!(list(&one), json!({"buckets": [{"name": "other"}]}));
    server.put("bkt:a", b"hello");
    let path = format!(
        "/bucket/stat?name={}&startdate=2026-01-01&enddate=2026-02-01",
        b64u("bkt|other")
    );
    let usage: Value = server.manage("GET", &path, "").json().unwrap();
    assert_eq!(
        usage["buckets"][0],
        json!({"name": "bkt", "count": 1, "storage": 5})
    );
}

#[test]
fn what_is_no_service_says_so() {
    let server = Server::start();
    refused(
        server.manage("POST", "/imageDetect", "image=x"),
        501,
        "/imageDetect",
    );
    refused(
        server.manage("GET", "/wslive/list?x=1", ""),
        501,
        "/wslive/list",
    );
    let path = format!("/prefetch/{}", b64u("bkt:a"));
    refused(
        server.manage("POST", &path, ""),
        404,
        "Bucket Not Binding Mirror",
    );
}
