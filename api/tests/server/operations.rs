//! Operations on objects: submitted, with uploads and by themselves, and asked about.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::customer::Customer;
use crate::world::{FAR, Server, b64u, management_token, refused, said, token};

fn film() -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/media/silent.mp4")).unwrap()
}

fn body(key: &str, ops: &str, rest: &str) -> String {
    format!(
        "bucket={}&key={}&fops={}{rest}",
        b64u("bkt"),
        b64u(key),
        b64u(ops)
    )
}

#[test]
fn c_56_and_c_63_a_job_is_submitted_and_asked_about() {
    let server = Server::start();
    server.put("bkt:v.mp4", &film());
    let ops = "vframe/jpg/offset/1|saveas/Ymt0Om8uanBn;avthumb/mp4/s/64x48/preset/ultrafast|saveas/Ymt0Om8ubXA0";
    let answer: Value = server
        .manage(
            "POST",
            "/fops",
            &body("v.mp4", ops, "&notifyURL=&force=1&separate=0"),
        )
        .json()
        .unwrap();
    let id = answer["persistentId"].as_str().unwrap();
    assert_eq!(id.len(), 36);
    let status = server.ended(id);
    assert_eq!((&status["code"], &status["id"]), (&json!(3), &json!(id)));
    let codes: Vec<&str> = status["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["code"].as_str().unwrap())
        .collect();
    assert_eq!(codes, ["3", "3"]);
    assert_eq!(status["items"][1]["resolution"], "64X48");
    assert_eq!(
        server.get("/bkt/o.jpg").headers()["content-type"],
        "image/jpeg"
    );
    // With a token as well.
    let path = format!("/status/get/prefop?persistentId={id}");
    let with = server.manage_as(
        &management_token("testak", "testsk", &path, ""),
        "GET",
        &path,
        "",
    );
    assert_eq!(with.json::<Value>().unwrap(), status);
    for unknown in ["nothing", "", &"0".repeat(36)] {
        refused(
            server.get(&format!("/status/get/prefop?persistentId={unknown}")),
            404,
            "persistentId not found",
        );
    }
    // Done, and not to be done again unasked.
    refused(
        server.manage("POST", "/fops", &body("v.mp4", ops, "&force=0")),
        401,
        "The Persistent File Already Exists",
    );
}

#[test]
fn c_60_what_cannot_be_done_fails_alone_or_is_refused() {
    let server = Server::start();
    server.put("bkt:v.mp4", &film());
    let ops = "vframe/jpg/offset/1/w/1921|saveas/bkt:a.jpg;vframe/jpg/offset/1/h/1081|saveas/bkt:b.jpg;vframe/jpg/offset/1|saveas/bkt:c.jpg";
    let answer: Value = server
        .manage("POST", "/fops", &body("v.mp4", ops, ""))
        .json()
        .unwrap();
    let status = server.ended(answer["persistentId"].as_str().unwrap());
    let codes: Vec<&str> = status["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["code"].as_str().unwrap())
        .collect();
    assert_eq!(codes, ["2", "2", "3"]);
    assert_eq!(server.get("/bkt/a.jpg").status(), 404);
    for (body, status, message) in [
        (
            body("none.mp4", "avinfo|saveas/bkt:o", ""),
            404,
            "File Not Found",
        ),
        (body("v.mp4", "|", ""), 400, ""),
        (
            body("v.mp4", "avinfo|saveas/bkt:o", "&force=2"),
            400,
            "force",
        ),
        ("bucket=Ymt0".to_owned(), 400, "key"),
    ] {
        refused(server.manage("POST", "/fops", &body), status, message);
    }
}

#[test]
fn c_55_an_upload_begins_operations_and_tells_of_each() {
    let customer = Customer::answering(|_| (200, ""));
    let server = Server::with("[notify]\nallow_private_addresses = true");
    let url = format!("{}/notify", customer.url);
    let ops = "vframe/jpg/offset/1|saveas/Ymt0Om8uanBn;avthumb/mp4/s/64x48/preset/ultrafast|saveas/Ymt0Om8ubXA0";
    let policy = json!({"scope": "bkt:v.mp4", "deadline": FAR.to_string(), "overwrite": 1, "persistentOps": ops, "persistentNotifyUrl": url, "separate": 1, "returnBody": "id=$(persistentId)&av=$(avinfo)"});
    let answer = said(server.upload(&token(policy), &film(), &[]));
    let id = answer
        .strip_prefix("id=")
        .and_then(|rest| rest.split('&').next())
        .unwrap();
    let mut codes = Vec::new();
    for _ in 0..2 {
        let post = customer.next();
        let bytes =
            base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE, &post.body).unwrap();
        let plain = String::from_utf8(bytes).unwrap();
        assert!(customer.is_signed(&post, &plain), "{post:?}");
        let said: Value = serde_json::from_str(&plain).unwrap();
        assert_eq!(said["id"], id);
        assert_eq!(said["items"].as_array().unwrap().len(), 1);
        codes.push(said["code"].as_u64().unwrap());
    }
    assert_eq!(codes, [1, 3]);
    let status = server.ended(id);
    assert_eq!(status["code"], 6);
    assert!(answer.contains("&av=eyJ"), "{answer}");
}
