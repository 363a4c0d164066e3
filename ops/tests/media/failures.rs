//! Sources and commands that cannot work: one clear sentence, and nothing left behind.

use opmill_ops::{Cancel, OpsError};

use crate::bench::{Bench, clip};

#[test]
fn a_source_that_cannot_serve_says_why() {
    for (source, ops, message) in [
        (
            "bad/not-media.mp4",
            "avthumb/mp4",
            "the source is not media",
        ),
        (
            "bad/truncated.mp4",
            "avthumb/mp4",
            "the source is not media",
        ),
        ("tone.mp3", "vframe/jpg", "the source has no video stream"),
        (
            "silent.mp4",
            "avthumb/mp3",
            "the source has no audio stream",
        ),
        (
            "tone.mp3",
            "avthumb/mp4/an/1",
            "the source has no video stream",
        ),
        (
            "b-frames.mp4",
            "avthumb/mp3/acodec/copy",
            "`copy` cannot put aac into mp3",
        ),
        ("missing.mp4", "avthumb/mp4", "cannot read"),
    ] {
        let error = Bench::error(source, ops).to_string();
        assert!(error.starts_with(message), "{source} {ops}: {error}");
    }
}

#[test]
fn a_file_that_ends_before_its_index_does_is_called_truncated() {
    let dir = tempfile::tempdir().unwrap();
    let whole = std::fs::read(clip("clip.mp4")).unwrap();
    let cut = dir.path().join("cut.mp4");
    std::fs::write(&cut, &whole[..whole.len() / 2]).unwrap();
    let bench = Bench::run(&cut, "avthumb/mp4;vframe/jpg/offset/1");
    for outcome in &bench.outcomes {
        assert!(
            matches!(outcome, Err(OpsError::Truncated { .. })),
            "{outcome:?}"
        );
    }
}

#[test]
fn a_cancelled_run_stops_and_leaves_nothing() {
    let cancel = Cancel::new();
    let bench = Bench::run_with(
        &clip("clip.mp4"),
        "avthumb/mp4/preset/placebo;avthumb/mkv",
        &cancel,
        |at| {
            if at.done_seconds > 1.0 {
                cancel.cancel();
            }
        },
    );
    for (index, outcome) in bench.outcomes.iter().enumerate() {
        assert!(matches!(outcome, Err(OpsError::Cancelled)), "{outcome:?}");
        assert!(bench.files_of(index).is_empty());
    }
    assert!(
        bench.progress.iter().all(|at| at.done_seconds < 10.0),
        "went on after the cancel"
    );
}

#[test]
fn an_output_that_cannot_be_written_is_worth_another_attempt() {
    let dir = tempfile::tempdir().unwrap();
    for ops in ["avthumb/mp4", "vframe/jpg"] {
        let command = opmill_ops::parse(ops).unwrap().remove(0);
        let task =
            opmill_ops::Task::new(0, command.pipeline.unwrap(), dir.path().join("not-there"));
        let env = opmill_ops::Environment {
            limits: &Default::default(),
            threads: 1,
            cancel: &Cancel::new(),
            progress: &|_| (),
            explain: &|_, _| (),
        };
        let mut ended = None;
        opmill_ops::run(&clip("silent.mp4"), vec![task], &env, &mut |_, outcome| {
            ended = Some(outcome)
        });
        let error = ended.unwrap().unwrap_err();
        assert_eq!(
            error.disposition(),
            opmill_ops::Disposition::Retry,
            "{error}"
        );
        assert!(error.to_string().contains("not-there"), "{error}");
    }
}
