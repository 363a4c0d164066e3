//! A notification receiver, small enough to copy: verifies each signature itself and prints what it got.
//!
//! ```text
//! OPMILL_ACCESS_KEY=ak OPMILL_SECRET_KEY=sk cargo run -p opmill --example receiver -- 127.0.0.1:9000 4
//! ```
//! listens there (port 0: any), prints its URL, and ends after 4 different verified notifications; without a number
//! it runs until stopped. Exit code 1 as soon as a signature does not hold.
#![forbid(unsafe_code)]

mod receiver;
mod signature;

use std::collections::HashSet;
use std::process::ExitCode;

use receiver::{Notification, Receiver};
use signature::KeyPair;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("receiver: {problem}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), String> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:0".into());
    let expected = match arguments.next() {
        Some(text) => Some(
            text.parse::<usize>()
                .map_err(|_| format!("{text} is not a number of notifications"))?,
        ),
        None => None,
    };
    let keys = KeyPair {
        access_key: variable("OPMILL_ACCESS_KEY")?,
        secret_key: variable("OPMILL_SECRET_KEY")?,
    };
    let mut receiver = Receiver::listen(&address, keys)
        .await
        .map_err(|e| format!("cannot listen on {address}: {e}"))?;
    println!("listening on {}", receiver.url());

    // Delivery is at least once: a repetition says the same again and does not count.
    let mut seen = HashSet::new();
    while expected.is_none_or(|n| seen.len() < n) {
        let notification = receiver.next().await?;
        if seen.insert(notification.json.to_string()) {
            print(&notification);
        }
    }
    receiver.close().await
}

fn variable(name: &str) -> Result<String, String> {
    std::env::var(name).map_err(|_| format!("set {name} to the key opmill signs with"))
}

fn print(notification: &Notification) {
    let json = &notification.json;
    println!(
        "verified: code {} for job {}",
        json["code"],
        json["id"].as_str().unwrap_or("?")
    );
    for item in json["items"].as_array().into_iter().flatten() {
        let outcome = match item["error"].as_str() {
            Some(reason) => format!("failed: {reason}"),
            None => format!(
                "ok: {} ({} bytes, {})",
                text(&item["key"]),
                item["fsize"],
                text(&item["resolution"])
            ),
        };
        println!("  {}\n    {outcome}", text(&item["cmd"]));
    }
}

fn text(value: &serde_json::Value) -> &str {
    value.as_str().unwrap_or_default()
}
