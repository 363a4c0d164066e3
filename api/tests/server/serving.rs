//! The server as a process: settings, health, its end.

use std::process::Command;

use serde_json::Value;

use crate::world::{Server, refused};

#[test]
fn it_says_how_it_is_and_ends_when_asked() {
    let mut server = Server::start();
    for path in ["/healthz", "/readyz"] {
        assert_eq!(server.get(path).status(), 200, "{path}");
    }
    let options = server.http.request(
        "OPTIONS".parse().unwrap(),
        format!("{}/file/upload", server.url),
    );
    let answer = options.send().unwrap();
    assert!(answer.status().is_success());
    let allowed = answer.headers()["access-control-allow-headers"]
        .to_str()
        .unwrap()
        .to_lowercase();
    for header in [
        "authorization",
        "uploadbatch",
        "key",
        "mimetype",
        "deadline",
        "content-type",
    ] {
        assert!(allowed.contains(header), "{header}: {allowed}");
    }
    refused(server.get("/fops"), 405, "");
    assert_eq!(server.terminate(), Some(0));
}

#[test]
fn settings_that_are_wrong_are_told_all_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("x.toml");
    std::fs::write(&config, "listen = \"x\"\ncolour = 1\n").unwrap();
    let run = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_opmill"));
        let out = command
            .arg("serve")
            .args(args)
            .env_clear()
            .current_dir(dir.path())
            .output()
            .unwrap();
        (out.status.code(), String::from_utf8(out.stderr).unwrap())
    };
    let (code, said) = run(&["--config", config.to_str().unwrap()]);
    assert_eq!(code, Some(2));
    for problem in [
        "listen is \"x\"",
        "colour is no setting",
        "there is no key pair",
    ] {
        assert!(said.contains(problem), "{said}");
    }
    assert!(!dir.path().join("data").exists());
    let (code, said) = run(&["--config", "none.toml"]);
    assert_eq!(code, Some(2));
    assert!(said.contains("none.toml"), "{said}");
}

#[test]
fn a_request_that_is_none_is_answered_all_the_same() {
    let server = Server::start();
    for path in ["/", "/bkt", "/bkt/", "/%", "/stat/", "/mkblk/x/y"] {
        let answer = server.get(path);
        let status = answer.status();
        assert!(status.is_client_error(), "{path}: {status}");
        let body: Value = answer
            .json()
            .unwrap_or_else(|error| panic!("{path}: {error}"));
        assert_eq!(body["code"], status.as_u16(), "{path}");
    }
}
