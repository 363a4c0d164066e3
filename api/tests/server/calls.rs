//! Callbacks of uploads, as the customer's own server gets them.

use serde_json::{Value, json};

use crate::customer::Customer;
use crate::world::{FAR, Server, b64u, refused, token};

const LOCAL: &str = "[notify]\nallow_private_addresses = true\nspacing_seconds = 3600";

#[test]
fn c_37_what_the_customer_answers_is_passed_on() {
    let server = Server::with(&format!("public_url = \"http://abc.com\"\n{LOCAL}"));
    let customer = Customer::answering(|_| (200, r#"{"ok":true}"#));
    let body = "position=$(x:position)&url=$(url)&hash=$(hash)";
    let policy = json!({"scope": "bkt:1.jpg", "deadline": FAR, "callbackUrl": format!("{}/cb?u=1", customer.url), "callbackBody": body});
    let answer = server.upload(&token(policy), b"hello", &[("x:position", "ab c")]);
    assert_eq!(answer.status(), 200);
    let hash = "Fqr0xh3cxeii2r7eDztILNmuqUNN";
    let answer: Value = answer.json().unwrap();
    assert_eq!(answer, json!({"hash": hash, "response": r#"{"ok":true}"#}));
    let post = customer.next();
    assert_eq!(post.content_type, "application/x-www-form-urlencoded");
    let plain = format!(
        "position=ab c&url={}&hash={hash}",
        b64u("http://bkt.localhost/1.jpg")
    );
    let encoded = plain
        .replace(' ', "%20")
        .replace('=', "%3D")
        .replace('&', "%26");
    assert_eq!(post.body, format!("callbackBody={encoded}"));
    assert!(customer.is_signed(&post, &plain), "{post:?}");
}

#[test]
fn c_36_a_customer_that_does_not_answer_costs_the_callback_and_not_the_object() {
    let server = Server::with(LOCAL);
    let customer = Customer::answering(|_| (500, "no"));
    let url = format!("{}/cb", customer.url);
    let policy =
        json!({"scope": "bkt:a", "deadline": FAR, "callbackUrl": url, "callbackBody": "k=$(key)"});
    let answer = server.upload(&token(policy), b"hello", &[]);
    assert_eq!(answer.status().as_u16(), 579);
    let answer: Value = answer.json().unwrap();
    assert_eq!(answer["hash"], "Fqr0xh3cxeii2r7eDztILNmuqUNN");
    let error = &answer["error"];
    assert_eq!(error["callbackUrl"], url);
    assert_eq!(
        error["callback_bodyType"],
        "application/x-www-form-urlencoded"
    );
    assert_eq!(
        (&error["callback_body"], &error["err_code"]),
        (&json!("k=a"), &json!("500"))
    );
    for _ in 0..4 {
        let post = customer.next();
        assert_eq!(error["token"], post.authorization);
    }
    assert_eq!(server.get("/bkt/a").text().unwrap(), "hello");
}

#[test]
fn a_callback_does_not_lead_into_the_own_network() {
    let server = Server::with("[notify]\nimmediate_retries = 0\nspaced_retries = 0");
    for url in [
        "http://127.0.0.1:9/",
        "http://localhost:9/",
        "http://[::1]:9/",
        "http://169.254.169.254/x",
    ] {
        let policy = json!({"scope": "bkt:a", "deadline": FAR, "overwrite": 1, "callbackUrl": url});
        let answer = server.upload(&token(policy), b"hello", &[]);
        assert_eq!(answer.status().as_u16(), 579, "{url}");
        let answer: Value = answer.json().unwrap();
        let reason = answer["error"]["error"].as_str().unwrap();
        assert!(reason.contains("private network"), "{url}: {reason}");
    }
}

#[test]
fn a_notification_address_in_the_own_network_is_refused_with_the_request() {
    let server = Server::start();
    server.put("bkt:v.mp4", b"x");
    let body = format!(
        "bucket={}&key={}&fops={}&notifyURL={}",
        b64u("bkt"),
        b64u("v.mp4"),
        b64u("avinfo|saveas/bkt:o"),
        b64u("http://127.0.0.1:9/")
    );
    refused(
        server.manage("POST", "/fops", &body),
        400,
        "private network",
    );
}
