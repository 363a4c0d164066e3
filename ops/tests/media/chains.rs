//! Ops that work on what the op before them made.

use opmill_ops::OpsError;

use crate::bench::{Bench, clip, second_of_picture};

#[test]
fn a_picture_is_taken_from_what_was_cut_before() {
    let made = Bench::one(
        "clip.mp4",
        "avthumb/mp4/ss/5/t/3/s/160x120/preset/ultrafast|vframe/png/offset/1.5",
    );
    assert_eq!(made.output.resolution, Some((160, 120)));
    assert_eq!(second_of_picture(made.path()), 6);
}

#[test]
fn of_a_chain_only_the_end_is_an_output() {
    let bench = Bench::run(
        &clip("silent.mp4"),
        "avthumb/mkv/preset/ultrafast|avthumb/ts/vcodec/copy",
    );
    let outputs = bench.outcomes[0].as_ref().unwrap();
    assert_eq!(outputs.len(), 1);
    let names = bench.everything_under(0);
    assert_eq!(names, [outputs[0].path.clone()], "nothing else stays");
}

#[test]
fn a_chain_ends_with_its_first_failure_and_leaves_nothing() {
    let past_end = Bench::error(
        "silent.mp4",
        "avthumb/mkv/t/1/preset/ultrafast|vframe/jpg/offset/9",
    );
    assert!(matches!(past_end, OpsError::PastEnd { .. }), "{past_end}");
    let first = Bench::error("tone.mp3", "vframe/jpg|avthumb/mp4");
    assert!(matches!(first, OpsError::NoStream { .. }), "{first}");
}
