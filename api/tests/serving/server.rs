//! The program, serving a folder of its own.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::client::{ACCESS, Answer, SECRET, ask, signed};

pub struct Server {
    pub address: SocketAddr,
    folder: tempfile::TempDir,
    child: Child,
}

impl Server {
    /// With the buckets `bkt` and `other`, one key pair, and these settings besides.
    pub fn start(settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let common = format!(
            "public_url = \"http://media.example\"\n[[keys]]\naccess_key = \"{ACCESS}\"\n\
             secret_key = \"{SECRET}\"\nbuckets = [\"bkt\"]\n[buckets.bkt]\n[buckets.other]\n"
        );
        let config = folder.path().join("opmill.toml");
        std::fs::write(&config, common + settings).unwrap();
        std::fs::create_dir_all(folder.path().join("data/buckets/bkt")).unwrap();
        let (child, address) = run(&folder);
        Self {
            address,
            folder,
            child,
        }
    }

    /// Takes the process away without a word, and starts another one on what it left.
    pub fn kill_and_restart(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        (self.child, self.address) = run(&self.folder);
    }

    pub fn path(&self, key: &str) -> PathBuf {
        self.folder.path().join("data/buckets/bkt").join(key)
    }

    /// Puts a file into the bucket's folder.
    pub fn has(&self, key: &str, content: impl AsRef<[u8]>) {
        let path = self.path(key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    pub fn content(&self, key: &str) -> Option<String> {
        std::fs::read_to_string(self.path(key)).ok()
    }

    pub fn get(&self, target: &str) -> Answer {
        ask(self.address, &format!("GET {target}"), &[], b"")
    }

    /// A management request with its token.
    pub fn manage(&self, method: &str, target: &str, body: &str) -> Answer {
        let token = signed(format!("{target}\n{body}").as_bytes());
        let headers = [("Authorization", token.as_str())];
        let request = format!("{method} {target}");
        ask(self.address, &request, &headers, body.as_bytes())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself, which a test has seen by then.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn run(folder: &tempfile::TempDir) -> (Child, SocketAddr) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_opmill"));
    command
        .args(["serve", "--config", "opmill.toml", "--data", "data"])
        .args(["--listen", "127.0.0.1:0"])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("OPMILL_")) {
        command.env_remove(name);
    }
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("listening on http://").unwrap();
    (child, address.parse().unwrap())
}
