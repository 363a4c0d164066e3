//! `opmill doctor`: is everything in the queue as it should be, and if not, what can be done?

use std::path::PathBuf;

use opmill_engine::upkeep::{self, Diagnosis, Finding, Remedy};
use serde::Serialize;

use super::{CliError, Outcome, open, text};

/// Checks every record of the queue, names what is wrong, and mends what can be mended.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  opmill doctor
  opmill doctor --data /srv/opmill --json
  cp -a /srv/opmill/store /srv/opmill/store.before && opmill doctor --data /srv/opmill --repair

Without --repair no record is changed. It works on a queue that `opmill run` refuses to open:
files that keep it from opening are put aside in DIR/store, and not deleted; where the log itself
is damaged, it is read from a copy, which needs as much room again.

With --repair, entries that follow from other records are written anew, and records that do not
read or belong to nothing are removed. A copy of each stays in DIR/store/aside.<time>.jsonl, a
line of JSON a record. What can be neither read nor mended stays and is named: `opmill export`
saves everything else, and `opmill import` makes a queue of it.

Exit codes: 0 nothing is wrong (any more), 1 something is, 2 wrong usage.")]
pub struct Args {
    /// Folder of the queue.
    #[arg(long, value_name = "DIR", default_value = "./.opmill")]
    data: PathBuf,
    /// Mend what can be mended.
    #[arg(long)]
    repair: bool,
    /// Print a line of JSON for each finding and one for the whole.
    #[arg(long)]
    json: bool,
}

/// The last line.
#[derive(Serialize)]
struct Summary<'a> {
    sound: bool,
    #[serde(flatten)]
    diagnosis: &'a Diagnosis,
}

pub fn doctor(args: &Args) -> Result<Outcome, CliError> {
    open::must_exist(&args.data)?;
    let mut printed = Ok(());
    let mut mendable = 0;
    let mut report = |finding: &Finding| {
        mendable += usize::from(matches!(finding.remedy, Remedy::Restore | Remedy::PutAside));
        let line = match args.json {
            true => json(finding),
            false => Ok(format!("{finding}{}", remark(finding.remedy, args.repair))),
        };
        let said = line.and_then(|line| text::print(&format!("{line}\n")));
        if printed.is_ok() {
            printed = said;
        }
    };
    let diagnosis = upkeep::doctor(&args.data, args.repair, &mut report);
    let diagnosis = diagnosis.map_err(|error| open::in_use(error, &args.data))?;
    printed?;
    let sound = diagnosis.is_sound();
    let last = match args.json {
        true => json(&Summary {
            sound,
            diagnosis: &diagnosis,
        })?,
        false => sentence(&diagnosis, mendable, args.repair),
    };
    text::print(&format!("{last}\n"))?;
    Ok(match sound {
        true => Outcome::Succeeded,
        false => Outcome::Failed,
    })
}

fn json(value: &impl Serialize) -> std::io::Result<String> {
    Ok(serde_json::to_string(value)?)
}

fn remark(remedy: Remedy, repair: bool) -> &'static str {
    match (remedy, repair) {
        (Remedy::Restore, true) => " (restored)",
        (Remedy::Restore, false) => " (--repair restores it)",
        (Remedy::PutAside, true) => " (put aside)",
        (Remedy::PutAside, false) => " (--repair puts it aside)",
        (Remedy::None, _) => " (cannot be mended here)",
        _ => "",
    }
}

fn sentence(diagnosis: &Diagnosis, mendable: usize, repair: bool) -> String {
    let Diagnosis {
        records,
        findings,
        repaired,
        aside,
    } = diagnosis;
    let left = findings - repaired;
    let found = text::count(*findings as usize, "finding");
    let mut said = format!("checked {records} records: ");
    said += &match (findings, left) {
        (0, _) => "nothing is wrong".to_owned(),
        (_, 0) => format!("{found}, mended"),
        (_, _) if repair => {
            format!("{found}, {repaired} mended; `opmill export` saves all that reads")
        }
        (_, _) => format!("{found}; `opmill doctor --repair` mends {mendable}"),
    };
    if let Some(aside) = aside {
        said += &format!("\ncopies of what was removed are in {}", aside.display());
    }
    said
}
