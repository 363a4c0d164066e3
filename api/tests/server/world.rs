//! A server of one's own, and a client that signs as the SDKs do.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use hmac::{Hmac, Mac as _};
use reqwest::blocking::{Client, RequestBuilder, Response, multipart};
use serde_json::{Value, json};
use sha1::Sha1;
use tempfile::TempDir;

/// Nothing here takes this long; what does will never happen.
const PATIENCE: Duration = Duration::from_secs(30);
/// 2100.
pub const FAR: u64 = 4_102_444_800_000;

pub struct Server {
    child: Child,
    pub url: String,
    dir: TempDir,
    pub http: Client,
}

impl Server {
    pub fn start() -> Self {
        Self::with("")
    }

    /// With further settings.
    pub fn with(settings: &str) -> Self {
        let dir = TempDir::new().unwrap();
        let config = format!(
            "{settings}\n[[keys]]\naccess_key = \"testak\"\nsecret_key = \"testsk\"\n\
             [[keys]]\naccess_key = \"narrow\"\nsecret_key = \"s\"\nbuckets = [\"other\"]\n\
             [buckets.bkt]\nhosts = [\"bkt.localhost\"]\n[buckets.other]\n"
        );
        fs::write(dir.path().join("opmill.toml"), config).unwrap();
        let (child, url) = spawn(dir.path());
        Self {
            child,
            url,
            dir,
            http: Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .timeout(PATIENCE)
                .build()
                .unwrap(),
        }
    }

    /// Takes the process away without a word, and starts another on the same folder.
    pub fn kill_and_restart(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        (self.child, self.url) = spawn(self.dir.path());
    }

    /// Asks it to end; gives its exit code.
    pub fn terminate(&mut self) -> Option<i32> {
        let id = nix::unistd::Pid::from_raw(self.child.id() as i32);
        nix::sys::signal::kill(id, nix::sys::signal::Signal::SIGTERM).unwrap();
        self.child.wait().unwrap().code()
    }

    pub fn path(&self, below: &str) -> PathBuf {
        self.dir.path().join(below)
    }

    pub fn get(&self, path: &str) -> Response {
        self.http.get(format!("{}{path}", self.url)).send().unwrap()
    }

    /// A management request, signed.
    pub fn manage(&self, method: &str, path: &str, body: &str) -> Response {
        let token = management_token("testak", "testsk", path, body);
        self.manage_as(&token, method, path, body)
    }

    pub fn manage_as(&self, token: &str, method: &str, path: &str, body: &str) -> Response {
        let method = method.parse().unwrap();
        let request = self.http.request(method, format!("{}{path}", self.url));
        let request = request.header("Authorization", token);
        request.body(body.to_owned()).send().unwrap()
    }

    /// A form with a token and a file.
    pub fn upload(&self, token: &str, content: &[u8], fields: &[(&str, &str)]) -> Response {
        let mut form = multipart::Form::new().text("token", token.to_owned());
        for (name, value) in fields {
            form = form.text(name.to_string(), value.to_string());
        }
        self.send(form.part("file", file("a.txt", content)))
    }

    pub fn send(&self, form: multipart::Form) -> Response {
        self.form().multipart(form).send().unwrap()
    }

    pub fn form(&self) -> RequestBuilder {
        self.http.post(format!("{}/file/upload", self.url))
    }

    /// Uploads what must be taken.
    pub fn put(&self, entry: &str, content: &[u8]) {
        let token = token(json!({"scope": entry, "deadline": FAR, "overwrite": 1}));
        let answer = self.upload(&token, content, &[]);
        assert_eq!(answer.status(), 200, "{entry}");
    }

    /// Asks about a job until it is final.
    pub fn ended(&self, id: &str) -> Value {
        let began = Instant::now();
        loop {
            let status = self.get(&format!("/status/get/prefop?persistentId={id}"));
            let status: Value = status.json().unwrap();
            if matches!(status["code"].as_u64(), Some(3 | 5 | 6)) {
                return status;
            }
            assert!(began.elapsed() < PATIENCE, "{status}");
            // The protocol has no other way to wait than to ask again.
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(dir: &Path) -> (Child, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_opmill"))
        .args(["serve", "--listen", "127.0.0.1:0", "--data", "data"])
        .args(["--config", "opmill.toml"])
        .env_clear()
        .current_dir(dir)
        .stdout(Stdio::piped())
        .stderr(
            fs::File::options()
                .create(true)
                .append(true)
                .open(dir.join("log"))
                .unwrap(),
        )
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let said = || fs::read_to_string(dir.join("log")).unwrap();
    let url = line
        .trim()
        .strip_prefix("listening on ")
        .unwrap_or_else(|| panic!("{line:?} {}", said()));
    (child, url.to_owned())
}

pub fn file(name: &str, content: &[u8]) -> multipart::Part {
    multipart::Part::bytes(content.to_vec()).file_name(name.to_owned())
}

/// The signature of the protocol, from its description alone.
pub fn sign(secret: &str, message: &[u8]) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(message);
    let digest = mac.finalize().into_bytes();
    URL_SAFE.encode(
        digest
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>(),
    )
}

pub fn token(policy: Value) -> String {
    token_of("testak", "testsk", policy)
}

pub fn token_of(access: &str, secret: &str, policy: Value) -> String {
    let encoded = b64u(&policy.to_string());
    format!("{access}:{}:{encoded}", sign(secret, encoded.as_bytes()))
}

pub fn management_token(access: &str, secret: &str, path: &str, body: &str) -> String {
    format!(
        "{access}:{}",
        sign(secret, format!("{path}\n{body}").as_bytes())
    )
}

pub fn b64u(text: &str) -> String {
    URL_SAFE.encode(text)
}

/// The text that an upload is answered with.
pub fn said(answer: Response) -> String {
    let body = answer.text().unwrap();
    String::from_utf8(URL_SAFE.decode(&body).unwrap_or_else(|_| panic!("{body}"))).unwrap()
}

/// An answer that is no success, in the shape of all of them.
#[track_caller]
pub fn refused(answer: Response, status: u16, message: &str) {
    assert_eq!(answer.status().as_u16(), status);
    assert!(answer.headers().contains_key("x-reqid"));
    let body: Value = answer.json().unwrap();
    assert_eq!(body["code"], status);
    let said = body["message"].as_str().unwrap();
    assert!(said.contains(message), "{said}");
}
