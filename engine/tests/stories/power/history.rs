//! What was acknowledged in one line of history, and the check that a folder still has it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use opmill_engine::JobId;

use super::child::{
    Receiver, is_whole, open, output, script, target, upload, upload_entry, upload_path,
};
use super::dice::Dice;
use crate::world::soon;

/// What the engine, or its receiver, has said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ack {
    /// A job, and the number its commands follow from.
    Submitted(JobId, usize),
    Item(JobId, u32),
    Ended(JobId),
    /// The receiver took a notification of the job.
    Told(JobId),
    /// An upload of that number is an object.
    Stored(usize),
}

impl Ack {
    pub fn line(&self) -> String {
        match self {
            Self::Submitted(job, number) => format!("submitted {job} {number}\n"),
            Self::Item(job, index) => format!("item {job} {index}\n"),
            Self::Ended(job) => format!("ended {job} 0\n"),
            Self::Told(job) => format!("told {job} 0\n"),
            Self::Stored(number) => format!("stored - {number}\n"),
        }
    }

    pub fn read(line: &str) -> Ack {
        let words: Vec<_> = line.split_whitespace().collect();
        let [what, job, number] = words[..] else {
            panic!("{line}")
        };
        let number: usize = number.parse().unwrap();
        let job = || job.parse::<JobId>().unwrap();
        match what {
            "submitted" => Self::Submitted(job(), number),
            "item" => Self::Item(job(), number as u32),
            "ended" => Self::Ended(job()),
            "told" => Self::Told(job()),
            "stored" => Self::Stored(number),
            _ => panic!("{line}"),
        }
    }
}

/// What was acknowledged in one line of history.
#[derive(Debug, Clone, Default)]
pub struct History {
    pub submitted: BTreeMap<JobId, usize>,
    pub items: BTreeSet<(JobId, u32)>,
    pub ended: BTreeSet<JobId>,
    pub told: BTreeSet<JobId>,
    pub stored: BTreeSet<usize>,
    pub heard: usize,
    /// Results or ends that were said twice.
    pub twice: Vec<String>,
}

impl History {
    pub fn hear(&mut self, ack: &Ack) {
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
            Ack::Stored(number) => self.stored.insert(*number),
        };
        if !fresh {
            self.twice.push(format!("twice: {ack:?}"));
        }
    }
}

/// Jobs whose receiver had to be told, and was.
#[derive(Default)]
pub struct Notified {
    pub owed: usize,
    pub told: usize,
}

/// What is wrong with the folder that is left: first with its files as they lie there, then with the engine that goes
/// on with them until every job has ended and every receiver was told.
pub async fn wrong_with(
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
    for number in &history.stored {
        if fs::read(left.join(upload_path(*number))).ok() != Some(upload(*number).into_bytes()) {
            wrong.push(format!("upload {number} is lost"));
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
    for number in &history.stored {
        let object = engine.storage().stat(&upload_entry(*number)).await.unwrap();
        let size = object.map(|object| object.size);
        if size != Some(upload(*number).len() as u64) {
            wrong.push(format!("upload {number} is no object: {size:?}"));
        }
    }
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
