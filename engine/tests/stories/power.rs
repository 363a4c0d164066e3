//! Power loss, and a disk that refuses, under a whole engine: jobs, results, published files and what was sent to the
//! receiver. A child works on the disk of store/tests/torture, its record is cut at any moment, and an engine goes on
//! with what is left.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use futures::future::BoxFuture;
use opmill_engine::notify::{Notification, Post, Transport, TransportError};
use opmill_engine::{
    BucketConfig, Config, Engine, EngineEvent, ItemStatus, JobId, JobSpec, KeyPair, Parts,
};

use crate::script::{Act, Script};
use crate::world::{RECEIVER, soon};

#[path = "../../../store/tests/torture/dice.rs"]
#[allow(dead_code)]
mod dice;
#[path = "../../../store/tests/torture/disk.rs"]
#[allow(dead_code)]
mod disk;
#[path = "../../../store/tests/torture/fault.rs"]
#[allow(dead_code)]
mod fault;
#[path = "../../../store/tests/torture/figures.rs"]
#[allow(dead_code)]
mod figures;

use dice::{Dice, seed, size};
use disk::{Cut, Event};
use fault::{ACKS, DIR, ENOUGH, Life, Run, told};
use figures::{Figures, note};

const CHILD: &str = "power::child";
const CUTS_EACH: usize = 4;
/// Children whose work is built upon each other.
const LINE: usize = 3;
/// The exit code of a child whose engine does not open.
const REFUSED: i32 = 3;
/// Jobs that are under way in a child at the same time.
const AT_ONCE: usize = 4;

/// What the engine, or its receiver, has said.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Ack {
    /// A job, and the number its commands follow from.
    Submitted(JobId, usize),
    Item(JobId, u32),
    Ended(JobId),
    /// The receiver took a notification of the job.
    Told(JobId),
}

impl Ack {
    fn line(&self) -> String {
        match self {
            Self::Submitted(job, number) => format!("submitted {job} {number}\n"),
            Self::Item(job, index) => format!("item {job} {index}\n"),
            Self::Ended(job) => format!("ended {job} 0\n"),
            Self::Told(job) => format!("told {job} 0\n"),
        }
    }

    fn read(line: &str) -> Ack {
        let words: Vec<_> = line.split_whitespace().collect();
        let [what, job, number] = words[..] else {
            panic!("{line}")
        };
        let (job, number): (JobId, usize) = (job.parse().unwrap(), number.parse().unwrap());
        match what {
            "submitted" => Self::Submitted(job, number),
            "item" => Self::Item(job, number as u32),
            "ended" => Self::Ended(job),
            _ => Self::Told(job),
        }
    }
}

/// A receiver that says what it took, and now and then hangs up.
#[derive(Clone)]
struct Receiver {
    took: Arc<dyn Fn(JobId) + Send + Sync>,
    dice: Arc<Mutex<Dice>>,
}

impl Transport for Receiver {
    fn post(&self, post: Post) -> BoxFuture<'static, Result<u16, TransportError>> {
        let hangs_up = self.dice.lock().unwrap().below(8) == 0;
        if !hangs_up {
            let body = URL_SAFE.decode(&post.body).unwrap();
            let notification: Notification = serde_json::from_slice(&body).unwrap();
            (self.took)(notification.id.parse().unwrap());
        }
        let answer = match hangs_up {
            true => Err(TransportError::Failed("the receiver hung up".to_owned())),
            false => Ok(200),
        };
        Box::pin(async move { answer })
    }
}

/// The bytes of an output: a line that says whose they are, and as many more as follow from that.
fn output(job: JobId, index: usize) -> String {
    let head = format!("{job} {index} ");
    let seed = |sum: u64, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte));
    let mut dice = Dice::new(head.bytes().fold(0, seed));
    let words = dice.below(12_000);
    let tail: String = (0..words)
        .map(|_| format!("{:08x}", dice.next() >> 32))
        .collect();
    head + &tail
}

fn is_whole(bytes: &[u8]) -> bool {
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

fn target(number: usize, index: u32) -> PathBuf {
    let kind = if index == 0 { "mp4" } else { "jpg" };
    PathBuf::from(format!("data/buckets/out/{number}.{kind}"))
}

async fn open(dir: &Path, script: Script, receiver: Receiver) -> Result<Engine, String> {
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
    config.retry.rescues = 20;
    let parts = Parts {
        processor: Arc::new(script),
        transport: Some(Arc::new(receiver)),
        ..Parts::default()
    };
    let engine = Engine::open_with(config, parts).await;
    engine.map_err(|error| format!("{error:?}"))
}

fn script() -> Script {
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
    let mut under_way = std::collections::VecDeque::new();
    for number in first..first + enough {
        // Refused by a disk that fails or is full.
        let Ok(submitted) = soon(engine.submit(spec(number))).await else {
            break;
        };
        say(Ack::Submitted(submitted.id, number));
        under_way.push_back(submitted.id);
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

/// What was acknowledged in one line of history.
#[derive(Debug, Clone, Default)]
struct History {
    submitted: BTreeMap<JobId, usize>,
    items: BTreeSet<(JobId, u32)>,
    ended: BTreeSet<JobId>,
    told: BTreeSet<JobId>,
    heard: usize,
    /// Results or ends that were said twice.
    twice: Vec<String>,
}

impl History {
    fn hear(&mut self, ack: &Ack) {
        self.heard += 1;
        let fresh = match ack {
            Ack::Submitted(job, number) => {
                self.submitted.insert(*job, *number);
                true
            }
            Ack::Item(job, index) => self.items.insert((*job, *index)),
            Ack::Ended(job) => self.ended.insert(*job),
            // At least once.
            Ack::Told(job) => {
                self.told.insert(*job);
                true
            }
        };
        if !fresh {
            self.twice.push(format!("twice: {ack:?}"));
        }
    }
}

/// Jobs whose receiver had to be told, and was.
#[derive(Default)]
struct Notified {
    owed: usize,
    told: usize,
}

/// What is wrong with the folder that is left: first with its files as they lie there, then with the engine that goes
/// on with them until every job has ended and every receiver was told.
async fn wrong_with(
    left: &Path,
    history: &History,
    notified: &mut Notified,
) -> Result<Vec<String>, String> {
    let mut wrong = history.twice.clone();
    let out = left.join("data/buckets/out");
    for file in fs::read_dir(&out).into_iter().flatten() {
        let path = file.unwrap().path();
        if !is_whole(&fs::read(&path).unwrap()) {
            wrong.push(format!("{} is not whole", path.display()));
        }
    }
    for (job, index) in &history.items {
        // Its submission may have been cut off, or not been heard yet.
        let Some(number) = history.submitted.get(job) else {
            continue;
        };
        let path = left.join(target(*number, *index));
        let wanted = output(*job, *index as usize);
        if fs::read(&path).ok() != Some(wanted.into_bytes()) {
            wrong.push(format!("{} of {job} is lost", path.display()));
        }
    }
    let told = Arc::new(Mutex::new(history.told.clone()));
    let took = {
        let told = Arc::clone(&told);
        Arc::new(move |job| {
            told.lock().unwrap().insert(job);
        })
    };
    // It never hangs up: what is tried again is tried a minute later.
    let dice = Arc::new(Mutex::new(Dice::new(1)));
    let receiver = Receiver { took, dice };
    let script = script();
    let engine = open(left, script.clone(), receiver).await?;
    for job in history.submitted.keys() {
        let Ok(Some(before)) = engine.job(*job).await else {
            wrong.push(format!("job {job} is lost"));
            continue;
        };
        if history.ended.contains(job) && !before.state.is_final() {
            wrong.push(format!("the end of job {job} is lost: {:?}", before.state));
        }
        let mut after = soon(engine.wait(*job)).await.unwrap();
        if !after.succeeded() {
            // The disk had refused.
            engine.retry(*job).await.unwrap();
            after = soon(engine.wait(*job)).await.unwrap();
        }
        if !after.succeeded() || after.items.len() != 2 {
            wrong.push(format!("job {job} does not come to its end: {after:?}"));
        }
    }
    let ran: BTreeSet<_> = script
        .all_runs()
        .iter()
        .map(|run| (run.job, run.index as u32))
        .collect();
    let again: Vec<_> = ran.intersection(&history.items).collect();
    if !again.is_empty() {
        wrong.push(format!(
            "ran again though they had their results: {again:?}"
        ));
    }
    for job in history.submitted.keys() {
        let settled = soon(engine.settle(*job)).await.unwrap();
        notified.owed += 1;
        notified.told += usize::from(told.lock().unwrap().contains(job));
        if settled.is_empty() || !told.lock().unwrap().contains(job) {
            wrong.push(format!("nobody was told of job {job}: {settled:?}"));
        }
    }
    soon(engine.shutdown()).await.unwrap();
    Ok(wrong)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_engine_acknowledged_survives_a_power_cut() {
    let Some(library) = fault::library() else {
        return;
    };
    let cuts = size("engine-cuts", 12, 144);
    let jobs = size("engine-jobs", 12, 40);
    let mut figures = Figures::new("power cuts, engine");
    let (mut dice, mut notified) = (Dice::new(seed()), Notified::default());
    let base = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let base = fs::canonicalize(base.path()).unwrap();
    for line in 0..cuts.div_ceil(CUTS_EACH * LINE) {
        let mut dir = base.join(format!("line-{line}"));
        fs::create_dir_all(dir.join("data/buckets/bkt")).unwrap();
        fs::write(dir.join("data/buckets/bkt/v.mp4"), "source").unwrap();
        let mut history = History::default();
        for life in 0..LINE {
            let heard_before = history.heard;
            let run = Run {
                test: CHILD,
                dir: &dir,
                seed: dice.next() >> 1,
                clients: 0,
                enough: jobs,
                fails: None,
                room: None,
            };
            let Life {
                before,
                events,
                code,
            } = run.record(library);
            assert_eq!(code, Some(0), "the child failed");
            let mut moments: Vec<usize> = (1..CUTS_EACH)
                .map(|_| dice.below(events.len() + 1))
                .collect();
            moments.push(events.len());
            moments.sort_unstable();
            let goes_on = dice.below(CUTS_EACH);
            let (mut disk, mut heard, mut done) = (before, history.clone(), 0);
            let next = base.join(format!("line-{line}-{life}"));
            for (number, moment) in moments.into_iter().enumerate() {
                for event in &events[done..moment] {
                    disk.apply(event);
                    if let Event::Acknowledged(line) = event {
                        heard.hear(&Ack::read(line));
                    }
                }
                done = moment;
                let kind = match dice.below(3) {
                    0 => Cut::Certain,
                    1 => Cut::Killed,
                    _ => Cut::WritingBack(dice.next()),
                };
                let left = base.join("cut");
                disk.leave(kind, &left);
                figures.killed += usize::from(kind == Cut::Killed);
                let wrong = wrong_with(&left, &heard, &mut notified).await;
                let which = format!("{kind:?} at {moment} of {}", events.len());
                figures.check(&which, || wrong);
                fs::remove_dir_all(&left).unwrap();
                if number == goes_on {
                    disk.leave(kind, &next);
                    history = heard.clone();
                }
            }
            figures.acknowledged += heard.heard - heard_before;
            fs::remove_dir_all(&dir).unwrap();
            dir = next.clone();
        }
        figures.twice += history.twice.len();
    }
    note(&[
        ("notifications", "owed", notified.owed),
        ("notifications", "told", notified.told),
    ]);
    figures.tell();
}

/// Each sync of a short life fails once, and each write meets a full disk once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_refuses_costs_nothing_that_was_acknowledged() {
    let Some(library) = fault::library() else {
        return;
    };
    let mut figures = Figures::new("refusals, engine");
    let (mut dice, mut notified) = (Dice::new(seed()), Notified::default());
    let base = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let base = fs::canonicalize(base.path()).unwrap();
    let live = |fails, room| {
        let dir = base.join("life");
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir_all(dir.join("data/buckets/bkt")).unwrap();
        fs::write(dir.join("data/buckets/bkt/v.mp4"), "source").unwrap();
        let run = Run {
            test: CHILD,
            dir: &dir,
            seed: seed(),
            clients: 0,
            enough: 3,
            fails,
            room,
        };
        (run.record(library), dir)
    };
    let (Life { events, code, .. }, _) = live(None, None);
    assert_eq!(code, Some(0));
    let fails = (1..=disk::syncs(&events)).map(|sync| (Some(sync), None));
    let rooms = disk::rooms(&events)
        .into_iter()
        .map(|room| (None, Some(room)));
    let all: Vec<_> = fails.chain(rooms).collect();
    let step = all
        .len()
        .div_ceil(size("engine-refusals", 12, usize::MAX).min(all.len()));
    for (fails, room) in all.into_iter().step_by(step) {
        let (life, dir) = live(fails, room);
        let Life {
            before: mut disk,
            events,
            code,
        } = life;
        let which = format!("sync {fails:?}, room {room:?}");
        assert!(
            matches!(code, Some(0 | REFUSED)),
            "{which}: exit code {code:?}"
        );
        let mut heard = History::default();
        for event in &events {
            disk.apply(event);
            if let Event::Acknowledged(line) = event {
                heard.hear(&Ack::read(line));
            }
        }
        figures.acknowledged += heard.heard;
        let left = base.join("cut");
        disk.leave(Cut::WritingBack(dice.next()), &left);
        for dir in [&left, &dir] {
            let wrong = wrong_with(dir, &heard, &mut notified).await;
            figures.check(&which, || wrong);
        }
        fs::remove_dir_all(&left).unwrap();
    }
    note(&[
        ("notifications", "owed", notified.owed),
        ("notifications", "told", notified.told),
    ]);
    figures.tell();
}
