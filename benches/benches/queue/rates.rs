//! Jobs per second of each queue, as a ratio to the disk's bare syncs per second, side by side in every round.

use std::path::Path;

use crate::disk::{Disk, median};
use crate::peers::beanstalkd::Beanstalkd;
use crate::peers::opmill::Opmill;
use crate::peers::postgresql::Postgresql;
use crate::peers::redis::Redis;
use crate::peers::{self, Peer};
use crate::report::Report;
use crate::{CLIENTS, Failure, setting};

/// What each client does in a round: together about as much for few clients as for many.
const fn jobs_each(clients: usize) -> usize {
    match clients {
        1 => 200,
        8 => 50,
        _ => 20,
    }
}

/// Bare syncs before each measurement.
const SYNCS: usize = 100;

pub fn compare(dir: &Path, report: &mut Report) -> Result<(), Failure> {
    let rounds = setting("OPMILL_BENCH_ROUNDS", 7);
    report.heading(&format!(
        "jobs per bare fdatasync: enqueue, claim and finish, each acknowledged; median of {rounds} interleaved rounds"
    ));
    let dir = dir.join("rates");
    std::fs::create_dir(&dir)?;
    let mut disk = Disk::new(&dir)?;
    let peers: [Box<dyn Peer>; 4] = [
        Box::new(Opmill::start(&dir.join("opmill"))?),
        Box::new(Beanstalkd::start(&dir.join("beanstalkd"))?),
        Box::new(Redis::start(&dir.join("redis"))?),
        Box::new(Postgresql::start(&dir.join("postgresql"))?),
    ];
    for peer in &peers {
        // Files grow and caches fill before anything counts.
        peers::run(&**peer, 8, 20)?;
    }
    for clients in CLIENTS {
        let mut rounds = Rounds::new(peers.len(), rounds);
        for round in 0..rounds.count {
            // Nobody is always the first.
            for turn in 0..peers.len() {
                let peer = (round + turn) % peers.len();
                let before = disk.rate(SYNCS)?;
                let took = peers::run(&*peers[peer], clients, jobs_each(clients))?;
                let raw = f64::midpoint(before, disk.rate(SYNCS)?);
                let rate = (clients * jobs_each(clients)) as f64 / took.as_secs_f64();
                rounds.add(peer, rate, rate / raw);
            }
        }
        report.line(&format!(
            "{clients} client{}",
            if clients == 1 { "" } else { "s" }
        ));
        for (number, peer) in peers.iter().enumerate() {
            report.line(&format!(
                "  {:<28} {:8.0} jobs/s   {:6.3} of the disk   opmill is {:5.2} times as fast",
                peer.name(),
                rounds.rate(number),
                rounds.ratio(number),
                rounds.ahead(number),
            ));
        }
        for (number, name, wanted) in [
            (1, "beanstalkd", true),
            (3, "PostgreSQL", true),
            (2, "Redis", clients == 8),
        ] {
            if wanted {
                let what = format!("opmill / {name}, {clients} clients");
                report.at_least(&what, rounds.ahead(number), 1.0);
            }
        }
    }
    drop(peers);
    std::fs::remove_dir_all(&dir)?;
    Ok(())
}

/// What was measured at one number of clients: of each peer a value a round.
struct Rounds {
    count: usize,
    rates: Vec<Vec<f64>>,
    ratios: Vec<Vec<f64>>,
}

impl Rounds {
    fn new(peers: usize, count: usize) -> Rounds {
        Rounds {
            count,
            rates: vec![Vec::new(); peers],
            ratios: vec![Vec::new(); peers],
        }
    }

    fn add(&mut self, peer: usize, rate: f64, ratio: f64) {
        self.rates[peer].push(rate);
        self.ratios[peer].push(ratio);
    }

    fn rate(&self, peer: usize) -> f64 {
        median(&mut self.rates[peer].clone())
    }

    fn ratio(&self, peer: usize) -> f64 {
        median(&mut self.ratios[peer].clone())
    }

    /// How many times as fast ours, the first, is: round by round, so that what slows a round down slows both.
    fn ahead(&self, peer: usize) -> f64 {
        let pairs = self.rates[0].iter().zip(&self.rates[peer]);
        median(
            &mut pairs
                .map(|(ours, theirs)| ours / theirs)
                .collect::<Vec<_>>(),
        )
    }
}
