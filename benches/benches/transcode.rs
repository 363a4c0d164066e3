//! opmill beside the `ffmpeg` command line, in one run on one machine: the same source, encoder, preset and bit rate.
//!
//! Each side is a process of its own, started anew for every run: opmill opens its durable queue, submits, works, records
//! and shuts down; ffmpeg is the program as a shell loop would call it. Runs are interleaved, so that whatever else the
//! machine does hits both; the first pair is thrown away, and medians are compared.
//!
//! ```text
//! cargo bench -p opmill-benches
//! OPMILL_BENCH_SOURCE=clip.mp4 OPMILL_BENCH_RUNS=9 OPMILL_BENCH_ONLY=veryfast cargo bench -p opmill-benches
//! ```

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use opmill_engine::{Config, Engine, JobSpec};

type Failure = Box<dyn std::error::Error>;

/// Marks the process that is opmill's side of a run.
const CHILD: &str = "--opmill-side";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match args.iter().position(|arg| arg == CHILD) {
        Some(at) => side(&args[at + 1..]),
        None => compare(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// opmill's side: one job through the durable queue of a fresh data directory.
fn side(args: &[String]) -> Result<(), Failure> {
    let [source, ops, out] = args else {
        return Err("usage: SOURCE OPS OUT".into());
    };
    let out = PathBuf::from(out);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let engine = Engine::open(Config {
            data: out.join("data"),
            ..Config::default()
        })
        .await?;
        let job = engine
            .submit(JobSpec::file(source, ops).out(&out))
            .await?
            .id;
        let job = engine.wait(job).await?;
        let failed: Vec<_> = job
            .items
            .iter()
            .filter_map(|item| item.body.error.clone())
            .collect();
        engine.shutdown().await?;
        if failed.is_empty() {
            Ok(())
        } else {
            Err(failed.join("; ").into())
        }
    })
}

/// One comparison: what opmill is told, and what a shell would run instead.
struct Case {
    name: &'static str,
    ops: &'static str,
    /// Arguments of each ffmpeg call; `{source}` and `{out}` stand for paths.
    ffmpeg: &'static [&'static str],
    /// The output to compare on both sides, if quality is part of the question.
    compared: Option<(&'static str, &'static str)>,
}

const CASES: &[Case] = &[
    Case {
        name: "one transcode, x264 veryfast 1 Mbit/s, aac 128 kbit/s",
        ops: "avthumb/mp4/vcodec/libx264/preset/veryfast/vb/1m/ab/128k|saveas/o:plain.mp4",
        ffmpeg: &[
            "-i {source} -c:v libx264 -preset veryfast -b:v 1M -c:a aac -b:a 128k {out}/plain.mp4",
        ],
        compared: Some(("o/plain.mp4", "plain.mp4")),
    },
    Case {
        name: "one transcode, x264 medium 1 Mbit/s, aac 128 kbit/s",
        ops: "avthumb/mp4/vcodec/libx264/vb/1m/ab/128k|saveas/o:plain.mp4",
        ffmpeg: &["-i {source} -c:v libx264 -b:v 1M -c:a aac -b:a 128k {out}/plain.mp4"],
        compared: Some(("o/plain.mp4", "plain.mp4")),
    },
    Case {
        name: "the job of the specification: mp4 and flv at 64 kbit/s, pictures at 10 s and 15 s",
        ops: "avthumb/mp4/vb/64k|saveas/o:a.mp4;avthumb/flv/vb/64k|saveas/o:a.flv;\
              vframe/jpg/offset/10|saveas/o:10.jpg;vframe/jpg/offset/15|saveas/o:15.jpg",
        ffmpeg: &[
            "-i {source} -c:v libx264 -b:v 64k -c:a aac -b:a 128k {out}/a.mp4",
            "-i {source} -c:v libx264 -b:v 64k -c:a aac -b:a 128k {out}/a.flv",
            "-ss 10 -i {source} -frames:v 1 {out}/10.jpg",
            "-ss 15 -i {source} -frames:v 1 {out}/15.jpg",
        ],
        compared: None,
    },
    Case {
        name: "a ladder: 720, 480, 360 and 240 lines, x264 veryfast",
        ops: "avthumb/mp4/preset/veryfast/s/x720/vb/2m|saveas/o:720.mp4;avthumb/mp4/preset/veryfast/s/x480/vb/1m|saveas/o:480.mp4;\
              avthumb/mp4/preset/veryfast/s/x360/vb/600k|saveas/o:360.mp4;avthumb/mp4/preset/veryfast/s/x240/vb/300k|saveas/o:240.mp4",
        ffmpeg: &[
            "-i {source} -vf scale=-2:720 -c:v libx264 -preset veryfast -b:v 2M -c:a aac -b:a 128k {out}/720.mp4",
            "-i {source} -vf scale=-2:480 -c:v libx264 -preset veryfast -b:v 1M -c:a aac -b:a 128k {out}/480.mp4",
            "-i {source} -vf scale=-2:360 -c:v libx264 -preset veryfast -b:v 600k -c:a aac -b:a 128k {out}/360.mp4",
            "-i {source} -vf scale=-2:240 -c:v libx264 -preset veryfast -b:v 300k -c:a aac -b:a 128k {out}/240.mp4",
        ],
        compared: None,
    },
];

fn compare() -> Result<(), Failure> {
    let bench = tempfile::tempdir()?;
    let source = source(bench.path())?;
    let runs: usize = std::env::var("OPMILL_BENCH_RUNS")
        .ok()
        .and_then(|runs| runs.parse().ok())
        .unwrap_or(5);
    println!(
        "source {}; {runs} runs a side, interleaved; ratio = opmill / ffmpeg, below 1 opmill is ahead",
        source.display()
    );
    let only = std::env::var("OPMILL_BENCH_ONLY").unwrap_or_default();
    for case in CASES.iter().filter(|case| case.name.contains(&only)) {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        let dirs = [bench.path().join("ours"), bench.path().join("theirs")];
        for run in 0..=runs {
            for dir in &dirs {
                let _ = std::fs::remove_dir_all(dir);
                std::fs::create_dir(dir)?;
            }
            let one = measure(|| opmill(&source, case.ops, &dirs[0]))?;
            let other = measure(|| {
                case.ffmpeg
                    .iter()
                    .try_for_each(|args| ffmpeg(args, &source, &dirs[1]))
            })?;
            if run > 0 {
                ours.push(one);
                theirs.push(other);
            }
        }
        println!("\n{}", case.name);
        report("wall", &ours, &theirs, |cost| cost.wall);
        report("cpu", &ours, &theirs, |cost| cost.cpu);
        if let Some((one, other)) = case.compared {
            quality(&source, &dirs[0].join(one), &dirs[1].join(other))?;
        }
    }
    Ok(())
}

/// What a run cost.
struct Cost {
    wall: Duration,
    /// User and system time of the processes it started.
    cpu: Duration,
}

fn measure(run: impl FnOnce() -> Result<(), Failure>) -> Result<Cost, Failure> {
    let (cpu, wall) = (children()?, Instant::now());
    run()?;
    Ok(Cost {
        wall: wall.elapsed(),
        cpu: children()? - cpu,
    })
}

fn children() -> Result<Duration, Failure> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let micros = [usage.user_time(), usage.system_time()]
        .map(|time| time.tv_sec() * 1_000_000 + time.tv_usec());
    Ok(Duration::from_micros(
        micros.iter().sum::<i64>().try_into()?,
    ))
}

fn opmill(source: &Path, ops: &str, out: &Path) -> Result<(), Failure> {
    let mut side = Command::new(std::env::current_exe()?);
    succeed(side.arg(CHILD).arg(source).arg(ops).arg(out))
}

fn ffmpeg(args: &str, source: &Path, out: &Path) -> Result<(), Failure> {
    let fill = |arg: &str| {
        arg.replace("{source}", &source.to_string_lossy())
            .replace("{out}", &out.to_string_lossy())
    };
    let mut program = Command::new("ffmpeg");
    succeed(
        program
            .args(["-nostdin", "-v", "error", "-y"])
            .args(args.split(' ').map(fill)),
    )
}

fn succeed(command: &mut Command) -> Result<(), Failure> {
    let ended = command.stdin(Stdio::null()).status()?;
    if ended.success() {
        Ok(())
    } else {
        Err(format!("{command:?}: {ended}").into())
    }
}

fn report(name: &str, ours: &[Cost], theirs: &[Cost], of: impl Fn(&Cost) -> Duration) {
    let median = |costs: &[Cost]| {
        let mut all: Vec<_> = costs.iter().map(|cost| of(cost).as_secs_f64()).collect();
        all.sort_by(f64::total_cmp);
        all.get(all.len() / 2).copied().unwrap_or(f64::NAN)
    };
    let (one, other) = (median(ours), median(theirs));
    println!(
        "  {name:<5} opmill {one:7.2} s   ffmpeg {other:7.2} s   ratio {:.3}",
        one / other
    );
}

/// Size and likeness to the source of what both sides made.
fn quality(source: &Path, ours: &Path, theirs: &Path) -> Result<(), Failure> {
    let size = |path: &Path| std::fs::metadata(path).map(|file| file.len() as f64);
    let (one, other) = (size(ours)?, size(theirs)?);
    println!(
        "  size  opmill {:7.0} kB  ffmpeg {:7.0} kB  ratio {:.3}",
        one / 1e3,
        other / 1e3,
        one / other
    );
    let (one, other) = (ssim(source, ours)?, ssim(source, theirs)?);
    println!(
        "  SSIM  opmill {one:7.5}     ffmpeg {other:7.5}     ratio {:.4}",
        one / other
    );
    Ok(())
}

fn ssim(source: &Path, made: &Path) -> Result<f64, Failure> {
    let out = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "info", "-i"])
        .arg(made)
        .arg("-i")
        .arg(source)
        .args(["-lavfi", "[0:v][1:v]ssim", "-f", "null", "-"])
        .output()?;
    let said = String::from_utf8_lossy(&out.stderr);
    let all = said
        .rsplit("All:")
        .next()
        .and_then(|rest| rest.split_whitespace().next())
        .ok_or("ffmpeg printed no SSIM")?;
    Ok(all.parse()?)
}

/// The clip to measure on: `OPMILL_BENCH_SOURCE`, or 20 s of 720p with movement and grain, made here.
fn source(dir: &Path) -> Result<PathBuf, Failure> {
    if let Some(path) = std::env::var_os("OPMILL_BENCH_SOURCE") {
        return Ok(PathBuf::from(path));
    }
    let path = dir.join("source.mp4");
    let picture = "testsrc2=size=1280x720:rate=25:duration=20,noise=alls=12:allf=t";
    let mut program = Command::new("ffmpeg");
    program.args([
        "-nostdin",
        "-v",
        "error",
        "-f",
        "lavfi",
        "-i",
        picture,
        "-f",
        "lavfi",
        "-i",
        "sine=frequency=440:duration=20",
    ]);
    program
        .args([
            "-c:v", "libx264", "-preset", "fast", "-crf", "20", "-pix_fmt", "yuv420p", "-c:a",
            "aac",
        ])
        .arg(&path);
    succeed(&mut program)?;
    Ok(path)
}
