//! `multiSeeks`: parts of one source in one output.

use opmill_ops::{Cancel, OpsError, Phase};

use crate::bench::{Bench, Made, clip, packets, seconds};
use crate::measure::{beeps, clapper, flashes, pictures, silences};

fn one(ops: &str) -> Made {
    Bench::one("clip.mp4", &format!("{ops}/preset/ultrafast"))
}

#[test]
fn ranges_are_joined_in_the_order_given() {
    for (ranges, lasts, frames, shown) in [
        // Time in the output, second of the source that shows there.
        (
            "5:3,10:2",
            5.0,
            125,
            vec![(0.0, 5), (2.96, 7), (3.0, 10), (4.9, 11)],
        ),
        (
            "10:2,5:2",
            4.0,
            100,
            vec![(0.0, 10), (1.96, 11), (2.0, 5), (3.9, 6)],
        ),
        ("2:2,3:2", 4.0, 100, vec![(1.5, 3), (2.0, 3), (3.5, 4)]),
        ("4:1,4:1,4:1", 3.0, 75, vec![(0.5, 4), (1.5, 4), (2.5, 4)]),
        ("0:1,19:-1", 2.0, 50, vec![(0.5, 0), (1.0, 19), (1.9, 19)]),
        ("18:100,0:1", 3.0, 75, vec![(0.5, 18), (1.5, 19), (2.1, 0)]),
        (
            "18.4:-1,0:0.4,7:1",
            3.0,
            75,
            vec![(0.0, 18), (1.7, 0), (2.0, 7)],
        ),
    ] {
        let made = one(&format!("avthumb/mp4/multiSeeks/{ranges}"));
        assert!(
            (made.output.duration - lasts).abs() < 0.06,
            "{ranges}: {}",
            made.output.duration
        );
        assert!(
            (made.duration() - lasts).abs() < 0.06,
            "{ranges}: {}",
            made.duration()
        );
        assert_eq!(pictures(made.path()).len(), frames, "{ranges}");
        for (at, second) in shown {
            assert_eq!(made.second_shown_at(at), second, "{ranges} at {at}");
        }
        made.decodes_clean();
    }
}

#[test]
fn every_container_takes_joined_ranges() {
    for ops in [
        "avthumb/mkv",
        "avthumb/ts",
        "avthumb/flv",
        "avthumb/mov/r/10",
    ] {
        let made = one(&format!("{ops}/multiSeeks/3:1.5,12:1.5"));
        assert!(
            (made.duration() - 3.0).abs() < 0.1,
            "{ops}: {}",
            made.duration()
        );
        assert_eq!(
            [0.1, 1.4, 1.6, 2.9].map(|at| made.second_shown_at(at)),
            [3, 4, 12, 13],
            "{ops}"
        );
        made.decodes_clean();
    }
    let made = Bench::one("clip.mp4", "avthumb/mp3/multiSeeks/3:1.5,12:1.5");
    assert!((made.duration() - 3.0).abs() < 0.1, "{}", made.duration());
    made.decodes_clean();
}

#[test]
fn one_range_is_a_cut() {
    let hashes = |ops: &str| {
        let made = one(ops);
        (packets(made.path(), "0:v"), packets(made.path(), "0:a"))
    };
    assert_eq!(
        hashes("avthumb/mp4/multiSeeks/5:1.5"),
        hashes("avthumb/mp4/ss/5/t/1.5")
    );
}

#[test]
fn sound_goes_on_across_the_joins() {
    let made = one("avthumb/mp4/multiSeeks/1:1.01,6:0.77,3:1.3,9:0.92");
    assert_eq!(silences(made.path(), 0.005), [], "the tone never stops");
    let lasts = seconds(&made.stream("audio")["duration"]);
    assert!((lasts - 4.0).abs() < 0.05, "{lasts}");
}

/// Flash and beep of every second stay together however many joins came before.
#[test]
fn nothing_adds_up_over_ten_joins() {
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("clapper.mp4");
    clapper(&source, 16.0, "", &["-c:a", "aac"]);
    // Beginnings and ends off the frames, off the samples and off the packets.
    let ranges: Vec<String> = (0..11).map(|n| format!("{}.777:1.013", 12 - n)).collect();
    let bench = Bench::run(
        &source,
        &format!(
            "avthumb/mp4/preset/ultrafast/multiSeeks/{}",
            ranges.join(",")
        ),
    );
    let made = &bench.outcomes[0].as_ref().unwrap()[0];
    let (flashes, beeps) = (flashes(&made.path), beeps(&made.path));
    assert_eq!(
        (flashes.len(), beeps.len()),
        (11, 11),
        "{flashes:?} {beeps:?}"
    );
    for (n, (flash, beep)) in flashes.iter().zip(&beeps).enumerate() {
        let expected = 1.013 * n as f64 + 0.223;
        assert!(
            (beep - expected).abs() < 0.005,
            "beep {n}: {beep} for {expected}"
        );
        assert!(
            (flash - expected).abs() < 0.04,
            "flash {n}: {flash} for {expected}"
        );
    }
}

#[test]
fn sources_without_sound_or_picture_have_ranges_too() {
    let silent = Bench::one(
        "silent.mp4",
        "avthumb/mp4/preset/ultrafast/multiSeeks/2:1,0:1",
    );
    assert_eq!(pictures(silent.path()).len(), 50);
    assert_eq!([0.5, 1.5].map(|at| silent.second_shown_at(at)), [2, 0]);
    let tone = Bench::one("tone.mp3", "avthumb/m4a/multiSeeks/1.5:1,0:0.5,2:-1");
    assert!((tone.duration() - 2.5).abs() < 0.06, "{}", tone.duration());
    assert_eq!(silences(tone.path(), 0.005), []);
}

#[test]
fn a_recording_that_begins_late_or_hides_its_start_is_counted_from_its_first_picture() {
    let late = Bench::one(
        "start-offset.ts",
        "avthumb/mp4/preset/ultrafast/multiSeeks/2:1,1:1",
    );
    assert_eq!([0.5, 1.5].map(|at| late.second_shown_at(at)), [2, 1]);
    // It begins with second 1.5 of its picture.
    let hidden = Bench::one(
        "edit-list.mp4",
        "avthumb/mp4/preset/ultrafast/multiSeeks/2:0.8,0:0.4",
    );
    assert_eq!(
        [0.1, 0.7, 0.9, 1.1].map(|at| hidden.second_shown_at(at)),
        [3, 4, 1, 1]
    );
}

#[test]
fn a_range_behind_the_end_says_where_the_end_is() {
    let error = Bench::error("clip.mp4", "avthumb/mp4/multiSeeks/1:2,25:1,3:1");
    assert_eq!(
        error.to_string(),
        "`start in multiSeeks` is 25.000 s, but the source ends at 20.000 s"
    );
    let error = Bench::error("clip.mp4", "avthumb/mp4/multiSeeks/20:-1");
    assert!(matches!(error, OpsError::PastEnd { .. }), "{error}");
}

#[test]
fn progress_counts_the_ranges_together() {
    let bench = Bench::run(
        &clip("clip.mp4"),
        "avthumb/mp4/preset/ultrafast/multiSeeks/15:-1,2:3,18:9",
    );
    let progress = &bench.progress;
    assert!(
        progress
            .windows(2)
            .all(|pair| pair[0].done_seconds <= pair[1].done_seconds)
    );
    assert!(progress.iter().all(|at| at.total_seconds == Some(10.0)));
    let last = progress.last().unwrap();
    assert_eq!(last.phase, Phase::Finalising);
    assert!((last.done_seconds - 10.0).abs() < 0.1, "{last:?}");
}

#[test]
fn a_stop_between_the_ranges_is_heard() {
    let cancel = Cancel::new();
    let bench = Bench::run_with(
        &clip("clip.mp4"),
        "avthumb/mp4/preset/slow/multiSeeks/0:3,10:3,5:3,1:9",
        &cancel,
        |at| {
            if at.done_seconds > 4.0 {
                cancel.cancel();
            }
        },
    );
    assert!(matches!(bench.outcomes[0], Err(OpsError::Cancelled)));
    assert!(bench.files_of(0).is_empty());
    assert!(bench.progress.iter().all(|at| at.done_seconds < 7.0));
}
