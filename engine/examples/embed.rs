//! One job, followed to its end by a program of your own.
//!
//! ```text
//! cargo run --example embed [FILE]
//! ```
//! Without a file it works on two seconds of a test picture that it draws itself.

#[path = "support/picture.rs"]
mod picture;

use std::error::Error;
use std::process::ExitCode;

use opmill_engine::{Config, Engine, EngineEvent, JobSpec};

const OPS: &str = "avthumb/mp4/s/320x|saveas/results:$(fprefix).mp4;vframe/jpg/offset/1|saveas/results:$(fprefix).jpg";

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let scratch = tempfile::tempdir()?;
    let source = match std::env::args_os().nth(1) {
        Some(file) => file.into(),
        None => picture::draw(&scratch.path().join("picture.y4m"))?,
    };

    // Everything the engine must remember is below this directory; one engine at a time has it.
    let engine = Engine::open(Config::at(scratch.path().join("data"))).await?;
    let mut events = engine.events();

    // Once `submit` has returned, the job survives a power cut.
    let out = scratch.path().join("out");
    let job = engine
        .submit(JobSpec::file(source, OPS).out(&out))
        .await?
        .id;
    println!("{job} submitted");
    while let Some(event) = events.next().await {
        match event {
            EngineEvent::Progress(progress) => {
                let speed = progress.speed.map(|speed| format!(" at {speed:.1}x"));
                if let Some(percent) = progress.percent {
                    let (command, speed) = (progress.index.0 + 1, speed.unwrap_or_default());
                    println!("command {command}: {percent:.0} %{speed}");
                }
            }
            EngineEvent::Item { item, .. } => {
                println!("command {}: {:?}", item.index.0 + 1, item.status)
            }
            EngineEvent::Retrying { error, .. } => println!("to be repeated: {error}"),
            EngineEvent::Finished { .. } => break,
            _ => {}
        }
    }

    // Events say when to look; this is what there is to see.
    let job = engine.wait(job).await?;
    for item in &job.items {
        match item.error() {
            None => println!(
                "{} -> {} ({} bytes, {})",
                item.command(),
                item.body.url,
                item.body.fsize,
                item.body.resolution
            ),
            Some(error) => println!("{} failed: {error}", item.command()),
        }
    }
    engine.shutdown().await?;
    Ok(if job.succeeded() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
