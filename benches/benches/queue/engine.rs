//! What the engine itself costs: a job whose op does nothing, from the call that submits it to the end that a waiting
//! caller hears of. Three steps of it must be durable: submitted, claimed, finished.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use opmill_engine::{
    BucketConfig, Config, Engine, JobSpec, Parts, Processor,
    processor::{Failure as OpFailure, Report as Told, Work},
};

use crate::disk::{Disk, millis, quantile};
use crate::report::Report;
use crate::{Failure, setting};

/// Durable steps of a job that makes no file.
const STEPS: u32 = 3;
/// What the engine may need beside them.
const OWN: Duration = Duration::from_millis(1);

/// Ends every command without having done anything, and so without a file.
struct Nothing;

impl Processor for Nothing {
    fn run(&self, work: Work, report: &dyn Told) {
        for task in &work.tasks {
            report.done(task.index, Err(OpFailure::permanent("nothing was done")));
        }
    }
}

pub fn compare(dir: &Path, report: &mut Report) -> Result<(), Failure> {
    let jobs = setting("OPMILL_BENCH_ENGINE_JOBS", 400);
    report.heading(&format!(
        "the engine's own cost: {jobs} jobs whose op does nothing, one after the other, submitted to finished"
    ));
    let dir = dir.join("engine");
    std::fs::create_dir(&dir)?;
    let mut disk = Disk::new(&dir)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let (mut took, mut synced) = (Vec::new(), Vec::new());
    runtime.block_on(async {
        let mut config = Config::at(dir.join("data"));
        config
            .buckets
            .insert("bkt".to_owned(), BucketConfig::default());
        let source = dir.join("data/buckets/bkt/v.mp4");
        std::fs::create_dir_all(dir.join("data/buckets/bkt"))?;
        std::fs::write(&source, "0123456789")?;
        let parts = Parts {
            processor: Arc::new(Nothing),
            ..Parts::default()
        };
        let engine = Engine::open_with(config, parts).await?;
        for number in 0..jobs + jobs / 10 {
            let spec = JobSpec::object("bkt:v.mp4".parse()?, "avthumb/mp4");
            let started = Instant::now();
            let job = engine.submit(spec).await?.id;
            engine.wait(job).await?;
            let one = started.elapsed();
            // Tokio is told that this blocks: other tasks go on meanwhile.
            let syncs = tokio::task::block_in_place(|| disk.syncs(STEPS as usize))?;
            // The first ones warm up.
            if number >= jobs / 10 {
                took.push(one);
                synced.extend(syncs);
            }
        }
        engine.shutdown().await?;
        Ok::<_, Failure>(())
    })?;
    let (p50, p99) = (quantile(&mut took, 0.5), quantile(&mut took, 0.99));
    let sync = quantile(&mut synced, 0.5);
    let limit = sync * STEPS + OWN;
    report.line(&format!(
        "job: p50 {:.2} ms, p99 {:.2} ms; fdatasync: p50 {:.2} ms; limit {STEPS} x {:.2} + {:.0} = {:.2} ms",
        millis(p50),
        millis(p99),
        millis(sync),
        millis(sync),
        millis(OWN),
        millis(limit),
    ));
    report.at_most(
        "a job that does nothing, p50, ms",
        millis(p50),
        millis(limit),
    );
    std::fs::remove_dir_all(&dir)?;
    Ok(())
}
