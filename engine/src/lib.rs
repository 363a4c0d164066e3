//! opmill as a library: a media-processing engine with a durable job queue.
//!
//! A job is a source and an op string; each command of it leaves outputs in buckets and a result. Once
//! [`Engine::submit`] has returned, the job survives a power cut; what a crash interrupts is run again, and only that.
//!
//! ```no_run
//! use opmill_engine::{Config, Engine, JobSpec};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), opmill_engine::EngineError> {
//! let engine = Engine::open(Config::at("data")).await?;
//! let ops = "avthumb/mp4/s/640x360;vframe/jpg/offset/1|saveas/posters:$(fprefix).jpg";
//! let job = engine.submit(JobSpec::file("clip.mov", ops).out("results")).await?.id;
//! for item in engine.wait(job).await?.items {
//!     match item.error() {
//!         None => println!("{} -> {}", item.command(), item.body.url),
//!         Some(error) => println!("{} failed: {error}", item.command()),
//!     }
//! }
//! engine.shutdown().await
//! # }
//! ```
//!
//! What works on the media can be replaced ([`Parts`]); with a processor of its own this example runs anywhere:
//!
//! ```
//! use std::sync::Arc;
//! use opmill_engine::processor::{Output, Processor, Report, Work};
//! use opmill_engine::{Config, Engine, JobSpec, Parts};
//!
//! /// Every op is a copy of the source.
//! struct Copier;
//!
//! impl Processor for Copier {
//!     fn run(&self, work: Work, report: &dyn Report) {
//!         for task in work.tasks {
//!             let path = task.dir.join("copy");
//!             std::fs::copy(&work.source, &path).expect("there is room for a copy");
//!             report.done(task.index, Ok(vec![Output::still(path, None)]));
//!         }
//!     }
//! }
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let dir = tempfile::tempdir()?;
//! std::fs::write(dir.path().join("clip.mov"), "bytes")?;
//! let parts = Parts { processor: Arc::new(Copier), ..Parts::default() };
//! let engine = Engine::open_with(Config::at(dir.path().join("data")), parts).await?;
//! let spec = JobSpec::file(dir.path().join("clip.mov"), "avthumb/mp4|saveas/films:$(fprefix).mp4");
//! let job = engine.submit(spec.out(dir.path().join("results"))).await?.id;
//! let job = engine.wait(job).await?;
//! assert!(job.succeeded());
//! assert_eq!(job.items[0].body.key, "films:clip.mp4");
//! assert_eq!(std::fs::read(dir.path().join("results/films/clip.mp4"))?, b"bytes");
//! engine.shutdown().await?;
//! # Ok(())
//! # }
//! ```
//!
//! # What the queue does of its own accord
//!
//! - **Tries again** what may pass, with growing pauses ([`config::Retry`]), and tells of each command how often it was
//!   tried, the last error and its [`Cause`] ([`Item`], [`Engine::history`]).
//! - **Sets aside** a command that takes its workers with it: after a loss commands run one by one, so that the siblings
//!   of such a command finish. What was given up is listed by [`Engine::dead`] and run again by [`Engine::retry`], with
//!   its history.
//! - **Does equal work once**: a job that does the same as one that is queued or runs [follows](Job::follows) it.
//! - **Begins a job when there is [room](config::Admission)** for what it [needs](Need), and lets a few small ones pass a
//!   large one that waits.
//! - **Keeps progress** with the heartbeat ([`Item::progress`]), so that whoever reads the queue next sees it.
//! - **Ends in order**: a cancelled job is final within two seconds; a shutdown gives running attempts back unused.
//!
//! # Where to read what
//!
//! | file | what it decides |
//! |---|---|
//! | `engine.rs`, `config.rs`, `job.rs`, `item.rs`, `events.rs`, `error.rs` | the library's door |
//! | `submit.rs`, `source.rs`, `spec.rs`, `target.rs` | what is accepted, how it is kept, where results will go |
//! | `flight.rs` | equal work is done once |
//! | `scheduler.rs`, `timetable.rs`, `rescue.rs` | when a job becomes available |
//! | `admission.rs`, `need.rs` | whether there is room for it |
//! | `worker.rs`, `attempt.rs`, `cores.rs` | who runs it, for how long, with how many threads |
//! | `executor.rs`, `ledger.rs`, `suspects.rs`, `verdict.rs` | one attempt, first command to verdict |
//! | `processor.rs`, `media.rs`, `progress.rs` | what works on the media, on which thread, and how far it is |
//! | `buckets.rs`, `place.rs`, `mime.rs` | which file or remote object an entry is |
//! | `outputs.rs`, `publish.rs`, `etag.rs`, `work.rs`, `durable.rs` | outputs in their places, whole or not at all |
//! | `retry.rs`, `cause.rs`, `redrive.rs` | what is tried again, why, when, and at whose word |
//! | `notify/` | what is told to whom, signed how, tried how often, sent where |
//! | `manage/` | jobs whose commands manage stored objects |
//! | `ufop.rs`, `web.rs` | apps that work on objects; requests to addresses that others gave |
//! | `upkeep.rs` | doctor, export, import: on a directory that nothing works on |
//! | `health.rs` | what a supervisor and a load balancer want to know |
//! | `shutdown.rs`, `shared.rs`, `watchers.rs`, `view.rs` | the end; what all parts share; who waits; what is shown |
//! | `clock.rs`, `machine.rs`, `telemetry.rs`, `lock.rs`, `checksum.rs` | time, memory and disks, traces, locks, sums of uploads |
#![forbid(unsafe_code)]

mod admission;
mod attempt;
mod buckets;
pub mod cause;
pub mod checksum;
pub mod clock;
pub mod config;
mod cores;
mod durable;
mod engine;
mod entry_locks;
pub mod error;
pub mod etag;
pub mod events;
mod executor;
mod flight;
mod health;
pub mod item;
pub mod job;
mod ledger;
mod lock;
mod machine;
pub mod manage;
mod media;
mod mime;
mod need;
pub mod notify;
mod objects;
mod outputs;
mod place;
pub mod processor;
mod progress;
mod publish;
mod pulse;
mod redrive;
mod rescue;
mod retention;
pub mod retry;
mod scheduler;
mod shared;
mod shutdown;
mod source;
mod spec;
pub mod storage;
mod submit;
mod suspects;
mod target;
mod telemetry;
#[doc(hidden)]
pub mod testing;
mod timetable;
pub mod ufop;
pub mod upkeep;
mod verdict;
mod view;
mod watchers;
mod web;
mod work;
mod worker;

pub use cause::Cause;
pub use clock::Clock;
pub use config::{AppConfig, BucketConfig, Config, ConfigError, KeyPair, Secret};
pub use engine::{Engine, Parts};
pub use error::EngineError;
pub use events::{EngineEvent, Events, Progress};
pub use health::Health;
pub use item::{Item, ItemBody, ItemStatus, OutputBody};
pub use job::{Job, JobSpec, Submitted};
pub use manage::ManageSpec;
pub use need::{Candidate, Need};
pub use notify::{Notification, Transport};
pub use opmill_ops as ops;
pub use opmill_store::{
    CancelOutcome, Counts, Delivery, DeliveryId, DeliveryState, Happened, History, ItemIndex,
    JobId, JobState, Lease, OwedScope, Past, Paused, Priority, StoreError, Trial, UnixMillis,
};
pub use processor::Processor;
pub use redrive::Redriven;
pub use storage::Storage;
