//! The durable queue beside beanstalkd, Redis and PostgreSQL, as ratios within one run; its syncs, counted; a million
//! jobs; and what the engine itself costs. Run by `make bench-queue`, which installs the peers.
//!
//! Every durable step of everybody ends in a sync of the same disk, so a rate is given as a ratio to the rate of bare
//! fdatasyncs, taken in the same round. Files are below `OPMILL_BENCH_DIR` (`/var/tmp`, which is a disk where `/tmp` may
//! be memory); `OPMILL_BENCH_ONLY` (`syncs`, `rates`, `million`, `engine`) runs one part.

mod disk;
mod engine;
mod figures;
mod million;
mod peers;
mod rates;
mod report;
mod syncs;

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use report::Report;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What a job carries, about 200 bytes: roughly what the engine keeps of a small one.
const PAYLOAD: &str = r#"{"source":"bkt:films/2024/summer/holiday-0001.mp4","size":73400320,"ops":"avthumb/mp4/vb/640k|saveas/b3V0OmhvbGlkYXktMDAwMS5tcDQ=;vframe/jpg/offset/10|saveas/b3V0OmhvbGlkYXktMDAwMS5qcGc=","separate":false}"#;

/// Clients at the same time.
const CLIENTS: [usize; 3] = [1, 8, 32];

fn main() -> ExitCode {
    let outcome = match std::env::args().collect::<Vec<_>>().as_slice() {
        [_, role, dir, jobs] if role == million::FILL => jobs
            .parse()
            .map_err(Failure::from)
            .and_then(|jobs| million::fill(Path::new(dir), jobs))
            .map(|()| true),
        [_, role, dir, _] if role == million::REOPEN => {
            million::reopen(Path::new(dir)).map(|()| true)
        }
        [_, role, dir, clients, jobs] if role == syncs::ROLE => clients
            .parse()
            .and_then(|clients| Ok((clients, jobs.parse()?)))
            .map_err(Failure::from)
            .and_then(|(clients, jobs)| syncs::child(Path::new(dir), clients, jobs))
            .map(|()| true),
        // cargo adds --bench.
        _ => compare(),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        // Everything was measured, and something is slower than it is to be.
        Ok(false) => ExitCode::from(2),
        Err(error) => {
            eprintln!("{error}");
            let mut cause = error.source();
            while let Some(error) = cause {
                eprintln!("  because {error}");
                cause = error.source();
            }
            ExitCode::FAILURE
        }
    }
}

fn compare() -> Result<bool, Failure> {
    let home =
        std::env::var_os("OPMILL_BENCH_DIR").map_or_else(|| "/var/tmp".into(), PathBuf::from);
    let dir = tempfile::Builder::new()
        .prefix("bench-queue-")
        .tempdir_in(home)?;
    // PostgreSQL runs as a user of its own and has to get to its folder.
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o711))?;
    let only = std::env::var("OPMILL_BENCH_ONLY").unwrap_or_default();
    let mut report = Report::new();
    type Part = fn(&Path, &mut Report) -> Result<(), Failure>;
    let parts: [(&str, Part); 4] = [
        ("syncs", syncs::compare),
        ("rates", rates::compare),
        ("engine", engine::compare),
        ("million", million::compare),
    ];
    for (_, part) in parts.iter().filter(|(name, _)| name.contains(&only)) {
        part(dir.path(), &mut report)?;
    }
    Ok(report.close())
}

/// A number from the environment.
fn setting(name: &str, otherwise: usize) -> usize {
    let given = std::env::var(name).ok().and_then(|text| text.parse().ok());
    given.unwrap_or(otherwise)
}
