//! Sheets of pictures and the list of what stands where.

use std::path::{Path, PathBuf};

use image::RgbImage;
use opmill_ops::{Limits, Name};

use crate::bench::{clip, second_of_picture, shared};
use crate::studio::{Taken, take, take_as};

/// One entry of a list: from, to, file name, place.
#[derive(Debug, PartialEq)]
struct Cue {
    start: f64,
    end: f64,
    sheet: String,
    place: [u32; 4],
}

/// Reads a list as a player does.
fn cues(path: &Path) -> Vec<Cue> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut blocks = text.split("\n\n");
    assert_eq!(blocks.next(), Some("WEBVTT"));
    let seconds = |clock: &str| {
        let parts: Vec<f64> = clock.split(':').map(|part| part.parse().unwrap()).collect();
        parts[0] * 3600.0 + parts[1] * 60.0 + parts[2]
    };
    let cue = |block: &str| {
        let (times, address) = block.trim_end().split_once('\n').unwrap();
        let (start, end) = times.split_once(" --> ").unwrap();
        let (sheet, place) = address.split_once("#xywh=").unwrap();
        let sides: Vec<u32> = place.split(',').map(|side| side.parse().unwrap()).collect();
        Cue {
            start: seconds(start),
            end: seconds(end),
            sheet: sheet.to_owned(),
            place: sides.try_into().unwrap(),
        }
    };
    blocks.map(cue).collect()
}

/// Which second the picture at a place of a sheet shows.
fn second_at(sheet: &RgbImage, [x, y, width, height]: [u32; 4], dir: &Path) -> u32 {
    let cell = image::imageops::crop_imm(sheet, x, y, width, height).to_image();
    let path = dir.join("cell.png");
    cell.save(&path).unwrap();
    second_of_picture(&path)
}

/// Every entry leads to a picture of its time.
fn the_list_is_true(taken: &Taken, name_of: impl Fn(&str) -> PathBuf, end: f64) {
    let dir = tempfile::tempdir().unwrap();
    let list = taken.outputs().last().unwrap();
    let cues = cues(&list.path);
    for (number, cue) in cues.iter().enumerate() {
        let sheet = image::open(name_of(&cue.sheet)).unwrap().into_rgb8();
        let second = second_at(&sheet, cue.place, dir.path());
        assert_eq!(f64::from(second), cue.start, "{cue:?}");
        let next = cues.get(number + 1).map_or(end, |next| next.start);
        assert_eq!(cue.end, next, "{cue:?}");
    }
}

#[test]
fn pictures_stand_on_sheets_as_the_list_says() {
    let ops = "vframe/jpg/interval/1/sprite/2x4/w/80";
    let taken = take_as(&clip("clip.mp4"), ops, "tiles.jpg", &Limits::default());
    let outputs = taken.outputs();
    let names: Vec<String> = outputs
        .iter()
        .map(|output| {
            assert_eq!(output.name, Name::Beside);
            output
                .path
                .file_name()
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    let sheets = ["tiles_000001.jpg", "tiles_000002.jpg", "tiles_000003.jpg"];
    assert_eq!(names, [&sheets[..], &["tiles.vtt"]].concat());
    for sheet in &outputs[..3] {
        assert_eq!(sheet.resolution, Some((320, 120)));
        assert_eq!(image::image_dimensions(&sheet.path).unwrap(), (320, 120));
    }
    assert_eq!(cues(&outputs[3].path).len(), 20);
    let folder = outputs[0].path.parent().unwrap();
    the_list_is_true(&taken, |name| folder.join(name), 20.0);
    // The last sheet is as large as the others; where no picture is left it is black.
    let last = image::open(&outputs[2].path).unwrap().into_rgb8();
    let empty = image::imageops::crop_imm(&last, 4, 64, 312, 52).to_image();
    assert!(
        empty
            .pixels()
            .all(|pixel| pixel.0.iter().all(|&part| part < 8))
    );
}

#[test]
fn a_sheet_alone_is_called_as_the_target() {
    let ops = "vframe/png/interval/4/sprite/3x2/w/64/h/48";
    let taken = take_as(
        &clip("clip.mp4"),
        ops,
        "film strip #1.png",
        &Limits::default(),
    );
    let [sheet, list] = taken.outputs() else {
        panic!("{:?}", taken.outputs());
    };
    assert_eq!((&sheet.name, &list.name), (&Name::Target, &Name::Beside));
    assert_eq!(sheet.resolution, Some((128, 144)));
    assert_eq!(list.path.file_name().unwrap(), "film strip #1.vtt");
    let escaped = "film%20strip%20%231.png";
    let called = |name: &str| {
        assert_eq!(name, escaped);
        sheet.path.clone()
    };
    the_list_is_true(&taken, called, 20.0);
}

#[test]
fn a_target_with_a_place_for_the_number_has_the_sheets_numbered_there() {
    let ops = "vframe/jpg/interval/5/sprite/1x2/w/40";
    let limits = Limits::default();
    let taken = take_as(&clip("clip.mp4"), ops, "s$(count)e.jpg", &limits);
    let names = taken
        .paths()
        .into_iter()
        .map(|path| path.file_name().unwrap().to_owned());
    let names: Vec<_> = names.collect();
    assert_eq!(names, ["s000001e.jpg", "s000002e.jpg", "s000001e.vtt"]);
    let folder = taken.paths()[0].parent().unwrap();
    the_list_is_true(&taken, |name| folder.join(name), 20.0);
}

#[test]
fn a_list_never_takes_the_name_of_a_sheet() {
    let ops = "vframe/jpg/interval/10/sprite/1x2/w/40";
    let taken = take_as(&clip("clip.mp4"), ops, "strange.vtt", &Limits::default());
    let list = taken.outputs().last().unwrap();
    assert_eq!(list.path.file_name().unwrap(), "strange.vtt.vtt");
    assert_eq!(cues(&list.path)[1].sheet, "strange.vtt");
}

#[test]
fn cells_have_the_shape_of_the_upright_picture() {
    for (source, ops, cell) in [
        ("rotated-90.mp4", "w/60", (60, 80)),
        ("sar-4-3.mp4", "h/60", (107, 60)),
        ("silent.mp4", "w/50/h/50/mode/1", (50, 50)),
        ("silent.mp4", "w/60/h/60/autofill/1", (60, 60)),
        ("silent.mp4", "h/60/rotate/90", (45, 60)),
    ] {
        let taken = take(
            &clip(source),
            &format!("vframe/jpg/interval/1/sprite/2x2/{ops}"),
        );
        let size = (cell.0 * 2, cell.1 * 2);
        assert_eq!(taken.outputs()[0].resolution, Some(size), "{source} {ops}");
        let places = cues(&taken.outputs()[1].path);
        assert_eq!(
            places[2].place,
            [0, cell.1, cell.0, cell.1],
            "{source} {ops}"
        );
    }
}

#[test]
fn a_sheet_that_would_be_too_large_says_what_to_change() {
    let taken = take(&clip("clip.mp4"), "vframe/jpg/interval/1/sprite/100x100");
    assert_eq!(
        taken.error(),
        "a sheet of 100 rows and 100 columns of 320x240 pictures is 32000x24000; the limit is 67108864 pixels \
         and 65535 a side: ask for smaller pictures or fewer of them on a sheet"
    );
}

#[test]
fn a_sheet_of_a_long_film_is_made_of_key_pictures() {
    let Some(film) = shared("video/long-1080p-363s-h264-aac-lowbitrate.mp4") else {
        return;
    };
    let taken = take(&film, "vframe/jpg/interval/9/sprite/7x6/w/96");
    assert!(
        taken.explained[0].contains("key frames alone"),
        "{:?}",
        taken.explained
    );
    assert_eq!(taken.outputs()[0].resolution, Some((576, 378)));
    assert_eq!(cues(&taken.outputs()[1].path).len(), 41);
}
