//! The results of a job as a table for people. Printed by `run` at its end and by `jobs show`.

use std::path::{Path, PathBuf};

use opmill_engine::ops::{BucketName, Entry};
use opmill_engine::{Item, ItemStatus, Job};

use super::text::{self, Align};

/// A row for each output of each command; below a command that failed, the reason, and below one that has something to tell, that. `out` is the folder of the results
/// as it shall be printed.
pub fn table(job: &Job, out: Option<&Path>) -> String {
    let rows: Vec<Row> = job.items.iter().flat_map(|item| rows(item, out)).collect();
    let cells: Vec<_> = rows.iter().map(|row| row.cells.clone()).collect();
    let align = [
        Align::Left,
        Align::Left,
        Align::Left,
        Align::Right,
        Align::Right,
        Align::Right,
    ];
    let mut printed = String::new();
    for (line, row) in text::columns(2, align, &cells).lines().zip(&rows) {
        printed.extend([line, "\n"]);
        if let Some(reason) = &row.reason {
            printed.extend(["          ", reason, "\n"]);
        }
    }
    printed
}

struct Row {
    cells: [String; 6],
    reason: Option<String>,
}

fn rows(item: &Item, out: Option<&Path>) -> Vec<Row> {
    let body = &item.body;
    let command = command(&body.cmd);
    if body.detail.is_empty() {
        let cells = [
            word(item.status).into(),
            command,
            String::new(),
            String::new(),
            String::new(),
            String::new(),
        ];
        return vec![Row {
            cells,
            reason: body.error.clone(),
        }];
    }
    let row = |output: &opmill_engine::OutputBody| {
        let length = if output.duration > 0.0 {
            text::length(output.duration)
        } else {
            String::new()
        };
        let path = shown(&output.key, out);
        let resolution = output.resolution.to_lowercase();
        let cells = [
            word(item.status).into(),
            command.clone(),
            path,
            text::bytes(output.fsize),
            length,
            resolution,
        ];
        Row {
            cells,
            reason: None,
        }
    };
    let mut rows: Vec<Row> = body.detail.iter().map(row).collect();
    if let Some(first) = rows.first_mut() {
        // What there is to tell of a success follows the protocol's fixed word.
        first.reason = body.desc.split_once("; ").map(|(_, told)| told.to_owned());
    }
    rows
}

/// How a status reads in a table.
pub fn word(status: ItemStatus) -> &'static str {
    match status {
        ItemStatus::Pending => "waiting",
        ItemStatus::Running => "running",
        ItemStatus::Succeeded => "ok",
        ItemStatus::Failed | ItemStatus::FailedTransient => "failed",
        ItemStatus::Cancelled => "cancelled",
    }
}

/// The command without its target, which has a column of its own and is base64 besides.
fn command(text: &str) -> String {
    let stages: Vec<_> = text
        .split('|')
        .filter(|stage| !stage.trim_start().starts_with("saveas/"))
        .collect();
    stages.join("|")
}

/// The file an entry is below `out`: buckets are folders in it, results without `saveas` are in the folder itself.
pub fn place(entry: &Entry, out: &Path) -> PathBuf {
    if entry.bucket == BucketName::out() {
        out.join(entry.key.as_str())
    } else {
        out.join(entry.bucket.as_str()).join(entry.key.as_str())
    }
}

/// `bucket:key` as the engine prints it, as a file if there is a folder.
fn shown(entry: &str, out: Option<&Path>) -> String {
    // Through serde, because the engine's own buckets cannot be typed.
    match (serde_json::from_value::<Entry>(entry.into()), out) {
        (Ok(entry), Some(out)) => place(&entry, out).display().to_string(),
        _ => entry.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_file_below_out() {
        for (entry, out, expected) in [
            ("bucket:a/b.mp4", Some("out"), "out/bucket/a/b.mp4"),
            (
                "@out:clip_0123abcd.mp4",
                Some("out"),
                "out/clip_0123abcd.mp4",
            ),
            ("bucket:a.mp4", None, "bucket:a.mp4"),
            ("", Some("out"), ""),
        ] {
            assert_eq!(shown(entry, out.map(Path::new)), expected, "{entry}");
        }
    }

    #[test]
    fn a_command_is_shown_without_its_target() {
        assert_eq!(
            command("avthumb/mp4/vb/64k|saveas/YnVja2V0OmtleQ=="),
            "avthumb/mp4/vb/64k"
        );
        assert_eq!(command("vframe/jpg"), "vframe/jpg");
    }
}
