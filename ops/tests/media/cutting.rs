//! Time: cuts, offsets, edit lists.

use crate::bench::{Bench, seconds};
use crate::measure::silences;

#[test]
fn a_cut_begins_and_ends_where_it_should() {
    for (ops, lasts, first, last) in [
        ("avthumb/mp4/ss/5/t/3", 3.0, 5, 7),
        ("avthumb/mp4/ss/7.25/t/2.5", 2.5, 7, 9),
        ("avthumb/mkv/t/2", 2.0, 0, 1),
        ("avthumb/ts/ss/17", 3.0, 17, 19),
        ("avthumb/flv/ss/18/t/100", 2.0, 18, 19),
    ] {
        let made = Bench::one("clip.mp4", &format!("{ops}/preset/ultrafast"));
        assert!(
            (made.output.duration - lasts).abs() < 0.1,
            "{ops}: {}",
            made.output.duration
        );
        assert!(
            (made.duration() - lasts).abs() < 0.1,
            "{ops}: {}",
            made.duration()
        );
        assert_eq!(
            (made.second_shown_at(0.0), made.second_shown_at(lasts - 0.2)),
            (first, last),
            "{ops}"
        );
        made.decodes_clean();
    }
}

/// A transport stream has no index: libav lands anywhere between two key pictures.
#[test]
fn a_transport_stream_is_cut_where_it_should_be_too() {
    let made = Bench::one(
        "start-offset.ts",
        "avthumb/mp4/ss/1.2/t/1.4/preset/ultrafast",
    );
    let video = made.stream("video");
    assert_eq!(video["nb_frames"], "35", "{video}");
    assert_eq!(
        [0.1, 0.7, 0.9].map(|at| made.second_shown_at(at)),
        [1, 1, 2]
    );
}

/// The frames of layer 3 borrow from those before them, which the cut leaves out.
#[test]
fn sound_is_whole_from_the_first_moment_of_a_cut() {
    for source in ["tone.mp3", "tone.m4a", "clip.mp4"] {
        let made = Bench::one(source, "avthumb/mp3/ab/128k/ss/1/t/1");
        assert_eq!(silences(made.path(), 0.002), [], "{source}");
    }
}

#[test]
fn sound_is_cut_to_the_sample() {
    let made = Bench::one("tone.wav", "avthumb/mp4/ss/0.25/t/0.5");
    let audio = made.stream("audio");
    assert!((seconds(&audio["duration"]) - 0.5).abs() < 0.07, "{audio}");
}

#[test]
fn an_output_begins_at_zero_whatever_the_source_begins_at() {
    for ops in [
        "avthumb/mp4/preset/ultrafast",
        "avthumb/mkv/preset/ultrafast",
        "avthumb/mp4/vcodec/copy/acodec/copy",
    ] {
        let made = Bench::one("start-offset.ts", ops);
        let start = seconds(&made.probe()["format"]["start_time"]);
        assert!(start.abs() < 0.05, "{ops} starts at {start}");
        assert!(
            (made.duration() - 3.0).abs() < 0.1,
            "{ops} lasts {}",
            made.duration()
        );
        let apart = seconds(&made.stream("video")["start_time"])
            - seconds(&made.stream("audio")["start_time"]);
        // 23 ms in the source, and a frame of AAC before the first sample that is heard.
        assert!(
            apart.abs() < 0.08,
            "{ops}: sound and picture are {apart} s apart"
        );
    }
}

#[test]
fn what_an_edit_list_hides_stays_hidden() {
    let made = Bench::one("edit-list.mp4", "avthumb/mp4/preset/ultrafast");
    // ffmpeg decodes 3.24 s: the cut took the frames along that later ones refer to.
    assert!((made.duration() - 3.24).abs() < 0.1, "{}", made.duration());
    // The cut was at 1.5 s, so second 2 of the picture begins half a second in.
    assert_eq!(
        [0.1, 0.4, 0.6, 2.4].map(|at| made.second_shown_at(at)),
        [1, 1, 2, 3]
    );
}

#[test]
fn a_cut_behind_the_end_says_where_the_end_is() {
    let error = Bench::error("clip.mp4", "avthumb/mp4/ss/25");
    assert_eq!(
        error.to_string(),
        "`ss` is 25.000 s, but the source ends at 20.000 s"
    );
}
