//! `vsample`: pictures of a part of a film, in the spelling of another service.

use opmill_ops::Name;

use crate::bench::{clip, second_of_picture};
use crate::studio::{film, take};

fn seconds_of(ops: &str) -> Vec<u32> {
    let taken = take(&clip("clip.mp4"), ops);
    taken.paths().into_iter().map(second_of_picture).collect()
}

#[test]
fn a_part_is_sampled_in_its_rhythm() {
    for (ops, seconds) in [
        ("", &[0, 5, 10, 15][..]),
        ("/interval/4", &[0, 4, 8, 12, 16]),
        ("/ss/7/t/10", &[7, 12]),
        ("/ss/7/t/10/interval/2.5", &[7, 9, 12, 14]),
        ("/ss/16/interval/3", &[16, 19]),
        ("/frames/4", &[0, 5, 10, 15]),
        ("/ss/10/frames/5", &[10, 12, 14, 16, 18]),
        ("/ss/10/t/5/frames/5", &[10, 11, 12, 13, 14]),
        ("/ss/10/t/500/frames/2", &[10, 15]),
    ] {
        assert_eq!(seconds_of(&format!("vsample/jpg{ops}")), seconds, "{ops}");
    }
}

#[test]
fn there_are_no_more_pictures_than_the_film_has() {
    let dir = tempfile::tempdir().unwrap();
    let film = film(
        dir.path(),
        "slow.mp4",
        &["-t", "2", "-r", "4", "-preset", "ultrafast"],
    );
    let taken = take(&film, "vsample/jpg/frames/100");
    assert_eq!(taken.outputs().len(), 8);
    // By the clock the same picture may come again.
    let taken = take(&film, "vsample/jpg/interval/0.1");
    assert_eq!(taken.outputs().len(), 20);
}

#[test]
fn a_pattern_names_the_pictures() {
    // thumbs/v-$(count).jpg
    let ops = "vsample/jpg/interval/10/savePattern/dGh1bWJzL3YtJChjb3VudCkuanBn";
    let taken = take(&clip("clip.mp4"), ops);
    let names: Vec<&Name> = taken.outputs().iter().map(|output| &output.name).collect();
    let key = |key: &str| Name::Key(key.parse().unwrap());
    let expected = [key("thumbs/v-000001.jpg"), key("thumbs/v-000002.jpg")];
    assert_eq!(names, [&expected[0], &expected[1]]);
    let taken = take(&clip("clip.mp4"), "vsample/jpg/interval/10");
    assert!(
        taken
            .outputs()
            .iter()
            .all(|output| output.name == Name::Numbered)
    );
}

#[test]
fn sizes_and_turns_are_those_of_the_other_ops() {
    for (ops, size) in [
        ("s/100x50", (100, 50)),
        ("s/100x", (100, 75)),
        ("s/x60", (80, 60)),
        ("s/x60/rotate/90", (45, 60)),
    ] {
        let taken = take(&clip("silent.mp4"), &format!("vsample/png/frames/2/{ops}"));
        for output in taken.outputs() {
            assert_eq!(output.resolution, Some(size), "{ops}");
            assert_eq!(
                image::image_dimensions(&output.path).unwrap(),
                size,
                "{ops}"
            );
        }
    }
}

#[test]
fn sheets_have_their_gaps_and_their_colour() {
    // sheet-$(count).png
    let ops = "vsample/jpg/interval/4/spriteFormat/png/cellSize/40x30/lines/2/columns/2/padding/3/margin/5/color/white\
               /saveSpritePattern/c2hlZXQtJChjb3VudCkucG5n";
    let taken = take(&clip("clip.mp4"), ops);
    let [first, second] = taken.outputs() else {
        panic!("{:?}", taken.outputs());
    };
    let key = |key: &str| Name::Key(key.parse().unwrap());
    assert_eq!(first.name, key("sheet-000001.png"));
    assert_eq!(second.name, key("sheet-000002.png"));
    assert_eq!(
        first.resolution,
        Some((5 + 40 + 3 + 40 + 5, 5 + 30 + 3 + 30 + 5))
    );
    let sheet = image::open(&second.path).unwrap().into_rgb8();
    for (x, y) in [(2, 2), (46, 20), (20, 36), (60, 20), (90, 70)] {
        assert_eq!(sheet.get_pixel(x, y).0, [255; 3], "{x},{y}");
    }
    // The fifth picture is that of 16 s.
    let dir = tempfile::tempdir().unwrap();
    let cell = dir.path().join("cell.png");
    let picture = image::imageops::crop_imm(&sheet, 5, 5, 40, 30).to_image();
    picture.save(&cell).unwrap();
    assert_eq!(second_of_picture(&cell), 16);
}

#[test]
fn sheets_and_single_pictures_may_be_kept_both() {
    let ops = "vsample/jpg/interval/5/lines/1/columns/4/cellSize/32x24/s/64x48/savePattern/JChjb3VudCkuanBn";
    let taken = take(&clip("clip.mp4"), ops);
    let sizes: Vec<_> = taken
        .outputs()
        .iter()
        .map(|output| output.resolution)
        .collect();
    let single = Some((64, 48));
    assert_eq!(sizes, [Some((128, 24)), single, single, single, single]);
    assert_eq!(taken.outputs()[0].name, Name::Numbered);
}

#[test]
fn a_part_behind_the_end_is_refused() {
    for ops in ["ss/20", "ss/21/frames/3", "ss/500/interval/1"] {
        let error = take(&clip("clip.mp4"), &format!("vsample/jpg/{ops}")).error();
        assert!(
            error.ends_with("s, but the source ends at 20.000 s"),
            "{error}"
        );
        assert!(error.starts_with("`ss` is "), "{error}");
    }
}
