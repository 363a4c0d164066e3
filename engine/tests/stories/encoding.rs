//! Real encodes, called off in the middle: how soon they stop. Made with ffmpeg's own test picture, so that the source
//! is long, and nothing in these stories runs to its end.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use opmill_engine::{CancelOutcome, Config, Engine, EngineEvent, JobSpec, JobState};

use crate::world::soon;

/// What a cancelled encode may take to stop.
const PROMISE: Duration = Duration::from_secs(2);

/// Two minutes of full-size film: some seconds of it, over and over.
fn long_film(dir: &Path) {
    let ffmpeg = |arguments: &[&str]| {
        let status = Command::new("ffmpeg")
            .args(["-nostdin", "-v", "error"])
            .args(arguments)
            .current_dir(dir)
            .status();
        assert!(status.unwrap().success(), "{arguments:?}");
    };
    let picture = "testsrc2=s=1920x1080:r=25:d=4";
    let sound = "sine=frequency=440:duration=4";
    ffmpeg(&[
        "-f",
        "lavfi",
        "-i",
        picture,
        "-f",
        "lavfi",
        "-i",
        sound,
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-g",
        "50",
        "-c:a",
        "aac",
        "-shortest",
        "short.mp4",
    ]);
    ffmpeg(&[
        "-stream_loop",
        "29",
        "-i",
        "short.mp4",
        "-c",
        "copy",
        "long.mp4",
    ]);
}

#[tokio::test]
async fn a_running_encode_stops_within_two_seconds() {
    let dir = tempfile::tempdir().unwrap();
    long_film(dir.path());
    let engine = Engine::open(Config::at(dir.path().join("data")))
        .await
        .unwrap();
    let mut worst = (Duration::ZERO, "");
    for (row, ops) in [
        ("the slowest preset", "avthumb/mp4/preset/veryslow"),
        ("another codec", "avthumb/mp4/vcodec/libx265/preset/slower"),
        ("vp9", "avthumb/webm"),
        ("av1", "avthumb/mkv/vcodec/libsvtav1/preset/slow"),
        (
            "a palette, made from all pictures first",
            "avthumb/gif/s/1280x720",
        ),
        ("loudness, measured first", "avthumb/mp3/loudnorm/-16"),
        ("pictures all along", "vframe/png/interval/0.2"),
        ("a playlist", "avthumb/m3u8/preset/slow"),
        (
            "three at once",
            "avthumb/mp4/preset/veryslow;avthumb/mkv/preset/slower;avthumb/mov/s/1280x720/preset/slow",
        ),
    ] {
        for at_once in [false, true] {
            let mut events = engine.events();
            let spec = JobSpec::file(dir.path().join("long.mp4"), ops).out(dir.path().join("out"));
            let job = engine.submit(spec.force(true)).await.unwrap().id;
            // Either as soon as it began, or when pictures come out.
            loop {
                let event = soon(events.next()).await.unwrap();
                if event.job() != job {
                    // The end of the one before.
                    continue;
                }
                match event {
                    EngineEvent::Started { .. } if at_once => break,
                    EngineEvent::Progress(progress) if progress.percent > Some(0.0) => break,
                    EngineEvent::Finished { .. } => {
                        panic!("{row}: {:?}", engine.job(job).await.unwrap())
                    }
                    _ => {}
                }
            }
            let asked = Instant::now();
            let outcome = engine.cancel(job).await.unwrap();
            assert_eq!(outcome, CancelOutcome::Requested, "{row}");
            let ended = soon(engine.wait(job)).await.unwrap();
            let took = asked.elapsed();
            assert_eq!(ended.state, JobState::Cancelled, "{row}");
            worst = worst.max((took, row));
        }
    }
    println!("the slowest: {worst:?}");
    assert!(worst.0 < PROMISE, "{worst:?}");
    engine.shutdown().await.unwrap();
    let made = dir.path().join("out").read_dir().map_or(0, Iterator::count);
    assert_eq!(made, 0, "nothing half-made is left");
}
