//! Uploads in blocks.

use reqwest::blocking::Response;
use serde_json::{Value, json};

use crate::world::{FAR, Server, b64u, refused, token};

struct Upload<'a> {
    server: &'a Server,
    token: String,
    batch: &'a str,
}

impl Upload<'_> {
    fn post(&self, path: &str, body: Vec<u8>) -> Response {
        let request = self.server.http.post(format!("{}{path}", self.server.url));
        let request = request.header("Authorization", &self.token);
        request
            .header("uploadBatch", self.batch)
            .body(body)
            .send()
            .unwrap()
    }

    fn chunk(&self, path: &str, body: Vec<u8>) -> Value {
        let answer = self.post(path, body);
        assert_eq!(answer.status(), 200, "{path}");
        answer.json().unwrap()
    }
}

fn upload<'a>(server: &'a Server, scope: &str, batch: &'a str) -> Upload<'a> {
    let policy = json!({"scope": scope, "deadline": FAR, "overwrite": 1});
    Upload {
        server,
        token: token(policy),
        batch,
    }
}

fn context(chunk: &Value) -> &str {
    chunk["ctx"].as_str().unwrap()
}

#[test]
fn c_50_a_file_comes_in_blocks_and_blocks_in_chunks_also_across_a_restart() {
    let mut server = Server::start();
    let token = upload(&server, "bkt:five", "b1").token;
    let mut last = Vec::new();
    {
        let up = upload(&server, "bkt:five", "b1");
        let mut chunk = up.chunk("/mkblk/4194304/0", vec![0; 1 << 20]);
        assert_eq!(chunk["checksum"], "b6d81b360a5672d80c27430f39153e2c");
        assert_eq!(chunk["crc32"], 2_805_525_020_u64);
        for offset in [1_u64 << 20, 2 << 20] {
            assert_eq!(chunk["offset"], offset);
            chunk = up.chunk(
                &format!("/bput/{}/{offset}", context(&chunk)),
                vec![0; 1 << 20],
            );
        }
        last.push(context(&chunk).to_owned());
    }
    server.kill_and_restart();
    let up = Upload {
        server: &server,
        token: format!("UpToken {token}"),
        batch: "b1",
    };
    // C-52: the other way to send the token.
    let chunk = up.chunk(&format!("/bput/{}/3145728", last[0]), vec![0; 1 << 20]);
    last[0] = context(&chunk).to_owned();
    let second = up.chunk("/mkblk/1048576/1?chunk=0&chunks=1", vec![0; 1 << 20]);
    last.push(context(&second).to_owned());
    let list = last.join(",");
    let answer: Value = up
        .post("/mkfile/5242880", list.clone().into())
        .json()
        .unwrap();
    assert_eq!(
        answer,
        json!({"hash": "lrMhp7oU8rzWSRlmUeGJ73Q2pVa-", "key": "five"})
    );
    // The answer may have been lost.
    let again: Value = up.post("/mkfile/5242880", list.into()).json().unwrap();
    assert_eq!(again, answer);
    assert_eq!(server.get("/bkt/five").bytes().unwrap().len(), 5 << 20);
}

#[test]
fn c_51_what_does_not_fit_is_refused() {
    let server = Server::start();
    let up = upload(&server, "bkt:a", "b");
    let first = up.chunk("/mkblk/10/0", b"hello".to_vec());
    let next = format!("/bput/{}/5", context(&first));
    let second = up.chunk(&next, b"world".to_vec());
    // The same again, because its answer was lost.
    assert_eq!(up.chunk(&next, b"world".to_vec()), second);
    refused(up.post(&next, b"WORLD".to_vec()), 701, "another chunk");
    refused(
        up.post(&format!("/bput/{}/3", context(&first)), b"x".to_vec()),
        701,
        "byte 3",
    );
    refused(up.post("/bput/bm90aGluZw/5", b"x".to_vec()), 701, "context");
    refused(up.post("/mkblk/4/1", b"hello".to_vec()), 701, "beyond");
    refused(up.post("/mkblk/4/1", Vec::new()), 701, "empty");
    refused(
        up.post("/mkblk/104857601/1", b"x".to_vec()),
        701,
        "104857600",
    );
    let whole = context(&second).to_owned();
    refused(up.post("/mkfile/11", whole.clone().into()), 412, "11");
    refused(
        up.post("/mkfile/5", context(&first).to_owned().into()),
        412,
        "5 of 10",
    );
    let other = upload(&server, "bkt:a", "another batch");
    refused(
        other.post("/mkfile/10", whole.clone().into()),
        412,
        "not there",
    );
    assert_eq!(up.post("/mkfile/10", whole.into()).status(), 200);
    assert_eq!(server.get("/bkt/a").text().unwrap(), "helloworld");
}

#[test]
fn a_path_or_a_header_may_name_the_key() {
    let server = Server::start();
    let body = "name=$(x:name)&fsize=$(fsize)&key=$(key)";
    let policy = json!({"scope": "bkt", "deadline": FAR, "overwrite": 1, "returnBody": body});
    let up = Upload {
        server: &server,
        token: token(policy),
        batch: "",
    };
    let chunk = up.chunk("/mkblk/5/0", b"hello".to_vec());
    let path = format!("/mkfile/5/key/{}/x:name/{}", b64u("dir/k"), b64u("n"));
    let answer: Value = up
        .post(&path, context(&chunk).to_owned().into())
        .json()
        .unwrap();
    let hash = "Fqr0xh3cxeii2r7eDztILNmuqUNN";
    assert_eq!(
        answer,
        json!({"name": "n", "fsize": "5", "key": "dir/k", "hash": hash})
    );
    let up = Upload { batch: "2", ..up };
    let chunk = up.chunk("/mkblk/5/0", b"hello".to_vec());
    let request = server.http.post(format!("{}/mkfile/5", server.url));
    let request = request
        .header("Authorization", &up.token)
        .header("uploadBatch", "2");
    let request = request
        .header("Key", b64u("by/header"))
        .header("MimeType", "text/x-own");
    let answer: Value = request
        .body(context(&chunk).to_owned())
        .send()
        .unwrap()
        .json()
        .unwrap();
    assert_eq!(answer["key"], "by/header");
    let read = server.get("/bkt/by/header");
    assert_eq!(read.headers()["content-type"], "text/x-own");
}

#[test]
fn an_empty_file_has_no_blocks() {
    let server = Server::start();
    let up = upload(&server, "bkt:empty", "e");
    let answer: Value = up.post("/mkfile/0", Vec::new()).json().unwrap();
    assert_eq!(answer["hash"], "Fto5o-5ea0sNMlW_75VgGJCv2AcJ");
}
