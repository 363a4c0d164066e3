//! The process that things happen to: the other tests run it, and nobody else.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use opmill_store::{Options, Store};

use crate::client::{Ack, Client};
use crate::dice::Dice;
use crate::fault::{ACKS, CLIENTS, DIR, ENOUGH, SEED, told};

pub const TEST: &str = "child::works_until_something_happens";
/// The exit code of a child whose store does not open.
pub const REFUSED: i32 = 3;
/// Verbs to try once the store has failed.
const STUBBORN: usize = 6;

#[test]
#[ignore = "the child of other tests"]
fn works_until_something_happens() {
    let Some(dir) = told(DIR) else { return };
    let number = |name| told(name).unwrap().parse::<u64>().unwrap();
    let (seed, enough) = (number(SEED), number(ENOUGH) as usize);
    let acks: Box<dyn std::io::Write + Send> = match told(ACKS) {
        Some(path) => Box::new(
            OpenOptions::new()
                .create(true)
                .append(true)
                .open(path)
                .unwrap(),
        ),
        None => Box::new(std::io::stdout()),
    };
    let (acks, said) = (Mutex::new(acks), AtomicUsize::new(0));
    let say = |ack: Ack| {
        // One write a line, so that lines do not mix.
        let line = format!("{ack}\n");
        let heard = acks.lock().unwrap().write_all(line.as_bytes()).is_ok();
        said.fetch_add(1, Ordering::Relaxed) + 1 < enough && heard
    };
    if told(ACKS).is_none() {
        println!("\nopening");
    }
    let store = match Store::open(&Path::new(&dir).join("store"), Options::default()) {
        Ok(store) => store,
        Err(error) => {
            println!("{error:?}");
            say(Ack::Refused);
            std::process::exit(REFUSED);
        }
    };
    thread::scope(|scope| {
        for client in 0..number(CLIENTS) {
            let (store, say) = (&store, &say);
            scope.spawn(move || work(store, client, seed, say));
        }
    });
    if told(ACKS).is_none() {
        println!("\nclosing");
    }
    if seed % 2 == 0 {
        // Without a word: not even destructors run.
        std::process::exit(0);
    }
    // A store that failed says so again.
    if store.close().is_err() {
        say(Ack::Refused);
    }
    std::process::exit(0);
}

fn work(store: &Store, number: u64, seed: u64, say: impl Fn(Ack) -> bool) {
    let found = store.object(&crate::client::object_name(number));
    let version = found.ok().flatten().map_or(0, |object| object.size);
    let mut client = Client {
        store,
        number,
        dice: Dice::new(seed.wrapping_mul(31).wrapping_add(number)),
        version,
        say: &say,
    };
    if client.run().is_err() {
        say(Ack::Refused);
        // Nobody may hear a promise from here on, however often they ask.
        for _ in 0..STUBBORN {
            if client.run().is_err() {
                say(Ack::Refused);
            }
        }
    }
}
