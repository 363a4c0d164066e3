//! Many files, a few at a time, with a summary at the end.
//!
//! ```text
//! cargo run --example batch [FILE...]
//! ```
//! Without files it works on a few clips of the repository's `testdata/media`, or on three it draws itself.

#[path = "support/picture.rs"]
mod picture;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use futures::StreamExt as _;
use opmill_engine::{Config, Engine, EngineError, Job, JobSpec};

const OPS: &str =
    "avthumb/mp4/s/160x|saveas/small:$(fprefix).mp4;vframe/jpg|saveas/posters:$(fprefix).jpg";
/// Jobs submitted and not yet final. The queue would hold any number; this bounds what a crash leaves to be done.
const AT_ONCE: usize = 8;

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let scratch = tempfile::tempdir()?;
    let files = files(scratch.path())?;
    let engine = Engine::open(Config::at(scratch.path().join("data"))).await?;
    let started = Instant::now();

    let out = scratch.path().join("out");
    let jobs = futures::stream::iter(&files)
        .map(|file| run(&engine, file, &out))
        .buffer_unordered(AT_ONCE);
    let ended: Vec<(&PathBuf, Result<Job, EngineError>)> = jobs.collect().await;

    let mut failed = 0;
    for (file, outcome) in &ended {
        let complaint = match outcome {
            Ok(job) => job
                .failures()
                .find_map(|item| item.error().map(str::to_owned)),
            Err(error) => Some(error.report()),
        };
        failed += usize::from(complaint.is_some());
        println!(
            "{} {}",
            file.display(),
            complaint.as_deref().unwrap_or("ok")
        );
    }
    println!(
        "{} files in {:.1} s, {failed} failed",
        ended.len(),
        started.elapsed().as_secs_f64()
    );
    engine.shutdown().await?;
    Ok(if failed == 0 && !ended.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn run<'a>(
    engine: &Engine,
    file: &'a PathBuf,
    out: &Path,
) -> (&'a PathBuf, Result<Job, EngineError>) {
    let outcome = async {
        let submitted = engine.submit(JobSpec::file(file, OPS).out(out)).await?;
        engine.wait(submitted.id).await
    };
    (file, outcome.await)
}

fn files(scratch: &Path) -> std::io::Result<Vec<PathBuf>> {
    let given: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    if !given.is_empty() {
        return Ok(given);
    }
    let media = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/media");
    let clips =
        ["clip.mp4", "rotated-90.mp4", "silent.mp4", "vfr.mp4"].map(|name| media.join(name));
    let clips: Vec<_> = clips.into_iter().filter(|clip| clip.exists()).collect();
    if !clips.is_empty() {
        return Ok(clips);
    }
    (1..=3)
        .map(|n| picture::draw(&scratch.join(format!("picture{n}.y4m"))))
        .collect()
}
