//! The process that works on the disk of fault.c, and what it works at: jobs whose outputs say whose they are, and uploads.

use std::collections::VecDeque;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use futures::future::BoxFuture;
use opmill_engine::notify::{Answer, Notification, Post, Transport, TransportError};
use opmill_engine::ops::Entry;
use opmill_engine::storage::{Object, PutOptions};
use opmill_engine::{
    BucketConfig, Config, Engine, EngineError, EngineEvent, ItemStatus, JobId, JobSpec, KeyPair,
    Parts,
};

use super::dice::Dice;
use super::fault::{self, ACKS, DIR, ENOUGH, told};
use super::history::Ack;
use crate::script::{Act, Script};
use crate::world::{RECEIVER, soon};

pub const TEST: &str = "power::child::child";
/// The exit code of a child whose engine does not open.
pub const REFUSED: i32 = 3;
/// Jobs that are under way in a child at the same time.
const AT_ONCE: usize = 4;

/// A receiver that says what it took, and now and then hangs up.
#[derive(Clone)]
pub struct Receiver {
    pub took: Arc<dyn Fn(JobId) + Send + Sync>,
    pub dice: Arc<Mutex<Dice>>,
}

impl Transport for Receiver {
    fn post(&self, post: Post) -> BoxFuture<'static, Result<Answer, TransportError>> {
        let hangs_up = self.dice.lock().unwrap().below(8) == 0;
        if !hangs_up {
            let body = URL_SAFE.decode(&post.body).unwrap();
            let notification: Notification = serde_json::from_slice(&body).unwrap();
            (self.took)(notification.id.parse().unwrap());
        }
        let answer = match hangs_up {
            true => Err(TransportError::Failed("the receiver hung up".to_owned())),
            false => Ok(Answer::from(200)),
        };
        Box::pin(async move { answer })
    }
}

/// The bytes of an output: a line that says whose they are, and as many more as follow from that.
pub fn output(job: JobId, index: usize) -> String {
    let head = format!("{job} {index} ");
    let seed = |sum: u64, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte));
    let mut dice = Dice::new(head.bytes().fold(0, seed));
    let words = dice.below(12_000);
    let tail: String = (0..words)
        .map(|_| format!("{:08x}", dice.next() >> 32))
        .collect();
    head + &tail
}

pub fn is_whole(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let mut words = text.split(' ');
    let (Some(job), Some(index)) = (words.next(), words.next()) else {
        return false;
    };
    match (job.parse(), index.parse()) {
        (Ok(job), Ok(index)) => output(job, index).as_bytes() == bytes,
        _ => false,
    }
}

/// The job of that number: an op that no other job has, two outputs.
fn spec(number: usize) -> JobSpec {
    let (rate, offset) = (1_000 + number, number);
    let ops = format!(
        "avthumb/mp4/vb/{rate}k|saveas/out:{number}.mp4;vframe/jpg/offset/{offset}|saveas/out:{number}.jpg"
    );
    JobSpec::object("bkt:v.mp4".parse().unwrap(), ops)
        .idempotency_key(format!("job-{number}"))
        .notify(RECEIVER)
}

pub fn target(number: usize, index: u32) -> PathBuf {
    let kind = if index == 0 { "mp4" } else { "jpg" };
    PathBuf::from(format!("data/buckets/out/{number}.{kind}"))
}

/// The bytes of an upload.
pub fn upload(number: usize) -> String {
    let mut dice = Dice::new(number as u64);
    let words = dice.below(4_000);
    format!("{number} {}", "word ".repeat(words))
}

/// Every upload has a new folder of its own.
pub fn upload_entry(number: usize) -> Entry {
    format!("bkt:up/{number}/o.txt").parse().unwrap()
}

pub fn upload_path(number: usize) -> PathBuf {
    PathBuf::from(format!("data/buckets/bkt/up/{number}/o.txt"))
}

async fn store(engine: &Engine, number: usize) -> Result<Object, EngineError> {
    let storage = engine.storage();
    let mut incoming = storage.receive(u64::MAX).await?;
    incoming.write(upload(number).into()).await?;
    let to = upload_entry(number);
    storage.put(incoming, &to, PutOptions::default()).await
}

pub async fn open(dir: &Path, script: Script, receiver: Receiver) -> Result<Engine, String> {
    let mut config = Config::at(dir.join("data"));
    config.public_url = "http://127.0.0.1:8080".to_owned();
    config
        .buckets
        .insert("bkt".to_owned(), BucketConfig::default());
    config.keys = vec![KeyPair::new("testak", "testsk")];
    config.workers.cores = 4;
    config.workers.jobs = 3;
    // What fails is not tried again a minute later: whoever looks at it afterwards asks for that.
    config.retry.attempts = 1;
    config.retry.poison = 20;
    let parts = Parts {
        processor: Arc::new(script),
        transport: Some(Arc::new(receiver)),
        ..Parts::default()
    };
    let engine = Engine::open_with(config, parts).await;
    engine.map_err(|error| format!("{error:?}"))
}

pub fn script() -> Script {
    Script::new(|run| Act::Write(output(run.job, run.index)))
}

/// The process under which the power goes. Run by the test below only.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the child of what_the_engine_acknowledged_survives_a_power_cut"]
async fn child() {
    let Some(dir) = told(DIR).map(PathBuf::from) else {
        return;
    };
    let number = |name| told(name).unwrap().parse::<u64>().unwrap();
    let (seed, enough) = (number(fault::SEED), number(ENOUGH) as usize);
    let acks = fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(told(ACKS).unwrap());
    let acks = Mutex::new(acks.unwrap());
    let say = Arc::new(move |ack: Ack| {
        acks.lock()
            .unwrap()
            .write_all(ack.line().as_bytes())
            .unwrap();
    });
    let took = {
        let say = Arc::clone(&say);
        Arc::new(move |job| say(Ack::Told(job)))
    };
    let dice = Arc::new(Mutex::new(Dice::new(seed)));
    let Ok(engine) = open(&dir, script(), Receiver { took, dice }).await else {
        std::process::exit(REFUSED);
    };
    let mut events = engine.events();
    let listening = tokio::spawn({
        let say = Arc::clone(&say);
        async move {
            while let Some(event) = events.next().await {
                match event {
                    EngineEvent::Item { job, item } if item.status == ItemStatus::Succeeded => {
                        say(Ack::Item(job, item.index.0));
                    }
                    EngineEvent::Finished { job, .. } => say(Ack::Ended(job)),
                    _ => {}
                }
            }
        }
    });
    // Numbers go on where an earlier life stopped.
    let first = engine.jobs(None, usize::MAX).await.unwrap().len();
    let mut under_way = VecDeque::new();
    for number in first..first + enough {
        // Refused by a disk that fails or is full.
        let Ok(submitted) = soon(engine.submit(spec(number))).await else {
            break;
        };
        say(Ack::Submitted(submitted.id, number));
        under_way.push_back(submitted.id);
        // Refused as well, or there already from a life whose submission was lost.
        if soon(store(&engine, number)).await.is_ok() {
            say(Ack::Stored(number));
        }
        if under_way.len() > AT_ONCE
            && let Some(job) = under_way.pop_front()
        {
            soon(engine.wait(job)).await.ok();
        }
    }
    for job in under_way {
        soon(engine.wait(job)).await.ok();
    }
    if seed % 2 == 0 {
        std::process::exit(0);
    }
    soon(engine.shutdown()).await.ok();
    drop(engine);
    soon(listening).await.unwrap();
    std::process::exit(0);
}
