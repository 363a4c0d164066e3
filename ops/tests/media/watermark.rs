//! Watermarks: pictures, videos and text over the picture.

use std::path::Path;

use opmill_ops::b64u;
use opmill_ops::{OpsError, Output};

use crate::bench::{Bench, clip, ffprobe, seconds, shared};
use crate::look::{self, Frame};
use crate::pixels::{Workshop, is_like};

const RED: [u8; 4] = [255, 0, 0, 255];
const BLUE: [u8; 4] = [0, 0, 255, 255];

fn is_red(colour: [u8; 3]) -> bool {
    is_like(colour, [255, 0, 0], 60)
}

fn is_blue(colour: [u8; 3]) -> bool {
    is_like(colour, [0, 0, 255], 60)
}

/// The result of a command, and the folder that keeps it.
struct Marked(Bench);

impl Marked {
    fn output(&self, command: usize) -> &Output {
        match &self.0.outcomes[command] {
            Ok(outputs) => &outputs[0],
            Err(error) => panic!("command {command}: {error}"),
        }
    }

    fn picture(&self, command: usize, at: f64) -> Frame {
        Frame::of(&self.output(command).path, at)
    }
}

/// Runs commands of nothing but watermark parameters.
fn marked(source: &Path, parameters: &[&str], objects: &[(&str, &Path)]) -> Marked {
    let command = |parameters: &&str| format!("avthumb/mp4/preset/ultrafast/crf/4/{parameters}");
    let ops: Vec<String> = parameters.iter().map(command).collect();
    Marked(Bench::run_beside(source, &ops.join(";"), objects))
}

fn refused(source: &Path, ops: &str, objects: &[(&str, &Path)]) -> OpsError {
    let bench = Bench::run_beside(source, ops, objects);
    assert!(bench.files_of(0).is_empty(), "{ops} left a file");
    match bench.outcomes.into_iter().next().unwrap() {
        Err(error) => error,
        Ok(outputs) => panic!("{ops} made {outputs:?}"),
    }
}

#[test]
fn a_watermark_lies_at_its_anchor() {
    let shop = Workshop::open();
    let source = shop.grey("grey.mp4", "320x240", 1);
    let logo = shop.picture("logo.png", 40, 20, RED);
    let places = [
        ("TOP_LEFT", (20, 10)),
        ("TOP_CENTER", (160, 10)),
        ("TOP_RIGHT", (260, 10)),
        ("CENTER_LEFT", (20, 120)),
        ("CENTER", (160, 120)),
        ("CENTER_RIGHT", (260, 120)),
        ("BOTTOM_LEFT", (20, 210)),
        ("BOTTOM_CENTER", (160, 210)),
        ("BOTTOM_RIGHT", (260, 210)),
    ];
    let given: Vec<String> = places
        .iter()
        .map(|(gravity, _)| format!("wmImage2/wm:logo.png/wmGravity/{gravity}/wmdx/20/wmdy/10"))
        .collect();
    let given: Vec<&str> = given.iter().map(String::as_str).collect();
    let made = marked(&source, &given, &[("wm:logo.png", &logo)]);
    for (command, (gravity, (x, y))) in places.into_iter().enumerate() {
        let picture = made.picture(command, 0.5);
        let area = picture.area(is_red).unwrap();
        assert!(area.is_near((x, y, 40, 20)), "{gravity}: {area:?}");
        let outside = picture
            .area(|colour| !is_like(colour, [128, 128, 128], 4))
            .unwrap();
        assert!(
            outside.is_near((x, y, 40, 20)),
            "{gravity} touches {outside:?}"
        );
    }
}

#[test]
fn places_may_be_given_for_each_picture_and_leave_the_picture() {
    let shop = Workshop::open();
    let source = shop.grey("grey.mp4", "320x240", 1);
    let (red, blue) = (
        shop.picture("red.png", 40, 20, RED),
        shop.picture("blue.png", 40, 20, BLUE),
    );
    let objects: &[(&str, &Path)] = &[("wm:red.png", &red), ("wm:blue.png", &blue)];
    let made = marked(
        &source,
        &[
            "wmImage2/wm:red.png,wm:blue.png/wmGravity/TOP_LEFT,BOTTOM_RIGHT/wmdx/0,30",
            "wmImage2/wm:red.png,wm:blue.png/wmGravity/CENTER/wmdx/0,20/wmdy/0",
            "wmImage2/wm:red.png/wmdx/-20/wmdy/-10",
            "wmImage2/wm:red.png/wmGravity/NorthEast/wmOffsetX/-40/wmOffsetY/40",
            "wmImage2/wm:red.png",
        ],
        objects,
    );
    let of =
        |command, colour: fn([u8; 3]) -> bool| made.picture(command, 0.5).area(colour).unwrap();
    assert!(of(0, is_red).is_near((0, 10, 40, 20)));
    assert!(of(0, is_blue).is_near((250, 210, 40, 20)));
    // The later picture lies over the earlier one.
    assert!(of(1, is_red).is_near((140, 110, 20, 20)));
    assert!(of(1, is_blue).is_near((160, 110, 40, 20)));
    assert!(of(2, is_red).is_near((300, 230, 20, 10)));
    assert!(of(3, is_red).is_near((230, 50, 40, 20)));
    assert!(
        of(4, is_red).is_near((270, 210, 40, 20)),
        "the default place"
    );
}

#[test]
fn what_is_transparent_lets_the_picture_through() {
    let shop = Workshop::open();
    let source = shop.grey("grey.mp4", "320x240", 1);
    let logo = shop.drawn("logo.png", 60, 20, |x, _| match x {
        0..20 => [0, 0, 0, 0],
        20..40 => [255, 0, 0, 128],
        _ => RED,
    });
    let made = marked(
        &source,
        &[
            "wmImage2/wm:logo.png/wmGravity/TOP_LEFT/wmdx/0/wmdy/0",
            "wmImage2/wm:logo.png/wmGravity/TOP_LEFT/wmdx/0/wmdy/0/wmDissolve/25",
            "wmImage2/wm:logo.png/wmGravity/TOP_LEFT/wmdx/0/wmdy/0/wmWidth/240",
        ],
        &[("wm:logo.png", &logo)],
    );
    // Grey is 128: what lies over it with opacity a shows 128 (1 - a) + 255 a in red, 128 (1 - a) in the others.
    let blend = |alpha: f64| [128.0 + 127.0 * alpha, 128.0 * (1.0 - alpha)];
    for (command, column, alpha) in [
        (0, 4, 0.0),
        (0, 24, 0.5),
        (0, 44, 1.0),
        (1, 4, 0.0),
        (1, 24, 0.125),
        (1, 44, 0.25),
        (2, 16, 0.0),
        (2, 96, 0.5),
        (2, 176, 1.0),
    ] {
        let [red, green, blue] = made.picture(command, 0.5).mean(column, 6, 12, 8);
        let [as_red, as_others] = blend(alpha);
        assert!((red - as_red).abs() < 5.0, "{command} {column}: red {red}");
        assert!(
            (green - as_others).abs() < 5.0,
            "{command} {column}: green {green}"
        );
        assert!(
            (blue - as_others).abs() < 5.0,
            "{command} {column}: blue {blue}"
        );
    }
    // What hides in transparent pixels (black here) does not tint the edge when it is sized.
    let darkest = made.picture(2, 0.5).area(|[red, ..]| red < 112);
    assert_eq!(darkest, None);
}

#[test]
fn a_watermark_gets_the_size_asked_for() {
    let shop = Workshop::open();
    let source = shop.grey("grey.mp4", "320x240", 1);
    let logo = shop.picture("logo.png", 80, 40, RED);
    let made = marked(
        &source,
        &[
            "wmImage2/wm:l/wmGravity/TOP_LEFT/wmWidth/40",
            "wmImage2/wm:l/wmGravity/TOP_LEFT/wmHeight/80",
            "wmImage2/wm:l/wmGravity/TOP_LEFT/wmWidth/100/wmHeight/20",
            "wmImage2/wm:l/wmGravity/TOP_LEFT/wmauto/1/wmdx/40/wmdy/40",
            "s/640x480/wmImage2/wm:l/wmGravity/TOP_LEFT/wmauto/1/wmdx/40/wmdy/40",
            "s/640x480/wmImage2/wm:l/wmGravity/TOP_LEFT/wmauto/1/wmWidth/640",
            "wmImage2/wm:l/wmGravity/TOP_LEFT/wmWidth/3840",
        ],
        &[("wm:l", &logo)],
    );
    for (command, expected) in [
        (0, (10, 10, 40, 20)),
        (1, (10, 10, 160, 80)),
        (2, (10, 10, 100, 20)),
        (3, (10, 10, 20, 10)),
        (4, (20, 20, 40, 20)),
        (5, (5, 5, 320, 160)),
        (6, (10, 10, 310, 230)),
    ] {
        let area = made.picture(command, 0.5).area(is_red).unwrap();
        assert!(area.is_near(expected), "{command}: {area:?}");
    }
}

#[test]
fn a_watermark_moves_clockwise_from_anchor_to_anchor() {
    let shop = Workshop::open();
    let source = shop.grey("grey.mp4", "320x240", 3);
    let logo = shop.picture("logo.png", 40, 20, RED);
    let made = marked(
        &source,
        &[
            "wmImage2/wm:l/wmGravity/TOP_RIGHT/wmdx/0/wmdy/0/wmInterval/0.4",
            "wmImage2/wm:l/wmGravity/CENTER/wmdx/0/wmdy/0/multiConvertTime/1,2.52",
        ],
        &[("wm:l", &logo)],
    );
    let right = [
        (280, 0),
        (280, 110),
        (280, 220),
        (140, 220),
        (0, 220),
        (0, 110),
        (0, 0),
    ];
    for (at, (x, y)) in right.into_iter().enumerate() {
        // On the very first frame at the new anchor and in the middle of its time.
        for moment in [0.4 * at as f64, 0.4 * at as f64 + 0.2] {
            let area = made.picture(0, moment).area(is_red).unwrap();
            assert!(area.is_near((x, y, 40, 20)), "{moment} s: {area:?}");
        }
    }
    for (moment, x, y) in [
        (0.0, 140, 110),
        (0.96, 140, 110),
        (1.0, 0, 0),
        (2.48, 0, 0),
        (2.52, 140, 0),
        (2.9, 140, 0),
    ] {
        let area = made.picture(1, moment).area(is_red).unwrap();
        assert!(area.is_near((x, y, 40, 20)), "{moment} s: {area:?}");
    }
}

#[test]
fn a_video_plays_as_a_watermark_and_over_again() {
    let shop = Workshop::open();
    let source = shop.grey("grey.mp4", "320x240", 3);
    // A second of red, then a second of blue.
    let film = "color=red:size=40x20:rate=10:duration=1[a];color=blue:size=40x20:rate=10:duration=1[b];[a][b]concat";
    let mp4 = shop.make(
        "film.mp4",
        &[
            "-f", "lavfi", "-i", film, "-c:v", "libx264", "-qp", "0", "-pix_fmt", "yuv420p",
        ],
    );
    let gif = shop.make("film.gif", &["-f", "lavfi", "-i", film, "-r", "10"]);
    let made = marked(
        &source,
        &[
            "wmImage2/wm:film.mp4",
            "wmImage2/wm:film.gif/wmWidth/80",
            "r/10/wmImage2/wm:film.mp4",
        ],
        &[("wm:film.mp4", &mp4), ("wm:film.gif", &gif)],
    );
    for (command, expected) in [
        (0, (270, 210, 40, 20)),
        (1, (230, 190, 80, 40)),
        (2, (270, 210, 40, 20)),
    ] {
        for (at, colour) in [
            (0.0, "red"),
            (0.9, "red"),
            (1.0, "blue"),
            (1.9, "blue"),
            (2.0, "red"),
            (2.9, "red"),
        ] {
            let picture = made.picture(command, at);
            let wanted = if colour == "red" { is_red } else { is_blue };
            let area = picture
                .area(wanted)
                .unwrap_or_else(|| panic!("{command} at {at} s is not {colour}"));
            assert!(area.is_near(expected), "{command} at {at} s: {area:?}");
        }
        let frames = ffprobe(&made.output(command).path)["streams"][0]["nb_frames"].clone();
        assert_eq!(frames, if command == 2 { "30" } else { "75" }, "{command}");
    }
}

#[test]
fn a_watermark_lies_on_the_final_picture() {
    let shop = Workshop::open();
    let source = shop.grey("grey.mp4", "320x240", 1);
    let turned = shop.make(
        "turned.mp4",
        &[
            "-i",
            source.to_str().unwrap(),
            "-c",
            "copy",
            "-metadata:s:v:0",
            "rotate=270",
        ],
    );
    let phone = if ffprobe(&turned)["streams"][0]["side_data_list"].is_array() {
        turned
    } else {
        clip("rotated-90.mp4")
    };
    let logo = shop.drawn("logo.png", 40, 20, |x, _| if x < 20 { RED } else { BLUE });
    let made = marked(
        &phone,
        &[
            "wmImage2/wm:l/wmGravity/TOP_LEFT",
            "rotate/90/wmImage2/wm:l/wmGravity/TOP_LEFT",
            "s/120x160/wmImage2/wm:l/wmGravity/TOP_LEFT",
        ],
        &[("wm:l", &logo)],
    );
    for (command, size) in [(0, (240, 320)), (1, (320, 240)), (2, (120, 160))] {
        let picture = made.picture(command, 0.5);
        assert_eq!((picture.width, picture.height), size, "{command}");
        assert!(
            is_red(picture.pixel(15, 20)) && is_red(picture.pixel(26, 20)),
            "{command}: left half"
        );
        assert!(
            is_blue(picture.pixel(34, 20)) && is_blue(picture.pixel(46, 26)),
            "{command}: right half"
        );
    }
}

#[test]
fn colours_are_those_of_the_file_in_every_kind_of_picture() {
    let shop = Workshop::open();
    let logo = shop.picture("logo.png", 64, 64, [200, 60, 30, 255]);
    let tagged = |name: &str, size: &str, more: &[&str]| {
        let source = format!("color=gray:size={size}:rate=25:duration=0.2");
        let lossless = ["-c:v", "libx264", "-preset", "ultrafast", "-qp", "0"];
        shop.make(
            name,
            &[&["-f", "lavfi", "-i", &source], &lossless[..], more].concat(),
        )
    };
    for (name, size, more, codec) in [
        (
            "plain.mp4",
            "320x240",
            &["-pix_fmt", "yuv420p"][..],
            "libx264",
        ),
        (
            "full.mp4",
            "320x240",
            &["-pix_fmt", "yuvj420p"][..],
            "libx264",
        ),
        (
            "hd.mp4",
            "1280x720",
            &[
                "-pix_fmt",
                "yuv420p",
                "-colorspace",
                "bt709",
                "-color_primaries",
                "bt709",
                "-color_trc",
                "bt709",
            ][..],
            "libx264",
        ),
        (
            "deep.mp4",
            "320x240",
            &["-pix_fmt", "yuv420p10le"][..],
            "libx265",
        ),
    ] {
        let source = tagged(name, size, more);
        let ops = format!(
            "avthumb/mp4/vcodec/{codec}/preset/ultrafast/crf/4/wmImage2/wm:l/wmGravity/TOP_LEFT"
        );
        let made = Marked(Bench::run_beside(&source, &ops, &[("wm:l", &logo)]));
        let [red, green, blue] = made.picture(0, 0.1).mean(20, 20, 40, 40);
        assert!(
            (red - 200.0).abs() < 5.0 && (green - 60.0).abs() < 5.0 && (blue - 30.0).abs() < 5.0,
            "{name}: {red} {green} {blue}"
        );
    }
}

#[test]
fn a_watermark_keeps_its_shape_on_broad_pixels() {
    let shop = Workshop::open();
    let logo = shop.picture("logo.png", 80, 60, RED);
    let made = marked(
        &clip("sar-4-3.mp4"),
        &[
            "wmImage2/wm:l/wmGravity/TOP_LEFT",
            "s/426x240/wmImage2/wm:l/wmGravity/TOP_LEFT",
        ],
        &[("wm:l", &logo)],
    );
    let stored = made
        .picture(0, 0.5)
        .area(|colour| is_like(colour, [255, 0, 0], 30))
        .unwrap();
    assert!(stored.is_near((10, 10, 60, 60)), "{stored:?}");
    let square = made
        .picture(1, 0.5)
        .area(|colour| is_like(colour, [255, 0, 0], 30))
        .unwrap();
    assert!(square.is_near((10, 10, 80, 60)), "{square:?}");
}

#[test]
fn a_watermark_stays_when_the_source_changes_its_size() {
    let shop = Workshop::open();
    let (large, small) = (
        shop.grey("large.ts", "320x240", 1),
        shop.make(
            "small.ts",
            &[
                "-i",
                shop.grey("small.mp4", "160x120", 1).to_str().unwrap(),
                "-c",
                "copy",
                "-output_ts_offset",
                "1",
            ],
        ),
    );
    let both = [std::fs::read(large).unwrap(), std::fs::read(small).unwrap()].concat();
    let source = shop.text("both.ts", both);
    let (logo, film) = (
        shop.picture("logo.png", 40, 20, RED),
        shop.make(
            "film.gif",
            &[
                "-f",
                "lavfi",
                "-i",
                "color=blue:size=20x20:rate=10:duration=0.5",
            ],
        ),
    );
    let made = marked(
        &source,
        &["wmImage2/wm:l,wm:f/wmGravity/TOP_LEFT,TOP_RIGHT/wmText/4paI/wmFontColor/Z3JlZW4="],
        &[("wm:l", &logo), ("wm:f", &film)],
    );
    for at in [0.2, 0.8, 1.2, 1.8] {
        let picture = made.picture(0, at);
        assert!(
            picture.area(is_red).unwrap().is_near((10, 10, 40, 20)),
            "{at} s"
        );
        assert!(
            picture.area(is_blue).unwrap().is_near((290, 10, 20, 20)),
            "{at} s"
        );
        assert!(
            picture
                .area(|colour| is_like(colour, [0, 128, 0], 40))
                .is_some(),
            "{at} s"
        );
    }
}

#[test]
fn text_is_written_in_its_colour_and_nowhere_else() {
    let shop = Workshop::open();
    let source = shop.grey("grey.mp4", "320x240", 1);
    let text = b64u::encode("opmill");
    let (red, blue, font) = (
        b64u::encode("red"),
        b64u::encode("#0000FF"),
        b64u::encode("DejaVu Sans"),
    );
    let made = marked(
        &source,
        &[
            &format!("wmText/{text}/wmFontColor/{red}/wmFont/{font}/wmTextGravity/TOP_LEFT"),
            &format!(
                "wmText/{text}/wmFontColor/{red}/wmFont/{font}/wmTextGravity/TOP_LEFT/wmFontSize/60/wmtextdx/0/wmtextdy/40"
            ),
            &format!(
                "wmText/{text}/wmFontColor/{red}/wmFont/{font}/wmFontSize/60/wmFontBorderWidth/4/wmFontBorderColor/{blue}"
            ),
            &format!(
                "wmText/{text}/wmFontColor/{red}/wmFont/{font}/wmFontSize/60/wmFontBold/1/wmTextGravity/TOP_LEFT/wmtextdx/0/wmtextdy/40"
            ),
            &format!(
                "wmText/{}/wmFontColor/{red}/wmFontSize/60/wmFontDissolve/50/wmTextGravity/CENTER/wmtextdx/0/wmtextdy/0",
                b64u::encode("\u{2588}")
            ),
            &format!("wmText/{text}/wmTextGravity/TOP_LEFT/wmTextInterval/0.4"),
        ],
        &[],
    );
    let touched = |command| {
        let area = made
            .picture(command, 0.1)
            .area(|colour| !is_like(colour, [128, 128, 128], 8));
        area.unwrap_or_else(|| panic!("{command} wrote nothing"))
    };
    let (small, large) = (touched(0), touched(1));
    assert!(
        small.left.abs_diff(10) <= 2 && small.top.abs_diff(10) <= 2,
        "{small:?}"
    );
    assert!(
        (70..120).contains(&(small.right - small.left))
            && (20..40).contains(&(small.bottom - small.top)),
        "{small:?}"
    );
    assert!(
        large.left <= 2 && large.top.abs_diff(40) <= 2 && large.right - large.left > 150,
        "{large:?}"
    );
    // Letters are strokes: red is to be found, but not everywhere.
    let picture = made.picture(0, 0.1);
    let pixels =
        (small.top..small.bottom).flat_map(|y| (small.left..small.right).map(move |x| (x, y)));
    let all = (small.right - small.left) * (small.bottom - small.top);
    let red = pixels
        .filter(|&(x, y)| picture.pixel(x, y)[0] > 190 && picture.pixel(x, y)[1] < 90)
        .count();
    assert!(
        red * 10 > all && red * 2 < all,
        "{red} of {all} pixels are red"
    );
    // The line around it is blue and four pixels wide on every side; at the lower right it keeps its distance.
    let framed = made.picture(2, 0.1);
    let (inner, outer) = (framed.area(is_red).unwrap(), touched(2));
    assert!(
        inner.left.abs_diff(outer.left + 4) <= 2 && outer.bottom.abs_diff(inner.bottom + 4) <= 2,
        "{inner:?} in {outer:?}"
    );
    assert!(
        outer.right.abs_diff(310) <= 2 && outer.bottom.abs_diff(230) <= 2,
        "{outer:?}"
    );
    assert!(framed.area(is_blue).is_some());
    assert!(touched(3).right > large.right + 5, "bold is broader");
    let [r, g, _] = made.picture(4, 0.1).mean(154, 100, 8, 30);
    assert!(
        (r - 191.5).abs() < 6.0 && (g - 64.0).abs() < 6.0,
        "half red over grey: {r} {g}"
    );
    let later = made
        .picture(5, 0.5)
        .area(|colour| !is_like(colour, [128, 128, 128], 8))
        .unwrap();
    assert!(later.left > 60, "moved on: {later:?}");
}

#[test]
fn a_hostile_text_is_but_text() {
    let shop = Workshop::open();
    let source = shop.grey("grey.mp4", "320x240", 1);
    for text in [
        "':,;[]\\%{}\n':,;[]\\",
        "[out];movie=/etc/passwd[x]",
        "%{pts}{\\b1}\\N$(count)",
        "\u{202e}abc",
        "-y",
    ] {
        let made = marked(
            &source,
            &[&format!("wmText/{}/wmFontSize/12", b64u::encode(text))],
            &[],
        );
        let picture = made.picture(0, 0.5);
        assert!(
            picture.area(|[red, ..]| red > 200).is_some(),
            "{text:?} is not to be seen"
        );
        assert_eq!((picture.width, picture.height), (320, 240));
        assert!((made.output(0).duration - 1.0).abs() < 0.1);
    }
}

#[test]
fn a_hostile_name_is_but_a_name() {
    let shop = Workshop::open();
    let source = shop.grey("grey.mp4", "320x240", 1);
    let name = "':,;[]\\%d{}";
    let logo = shop.picture("plain.png", 40, 20, RED);
    let odd = shop.path(name);
    std::fs::rename(logo, &odd).unwrap();
    let object = format!("wm:{name}");
    let ops = format!("wmImage2/{}", b64u::encode(&object));
    let made = marked(&source, &[&ops], &[(&object, &odd)]);
    assert!(
        made.picture(0, 0.5)
            .area(is_red)
            .unwrap()
            .is_near((270, 210, 40, 20))
    );
}

#[test]
fn what_cannot_be_laid_over_is_refused_by_its_name() {
    let shop = Workshop::open();
    let source = shop.grey("grey.mp4", "320x240", 1);
    let letter = shop.text(
        "letter.txt",
        "Dear reader, this is no picture.\n".repeat(50),
    );
    let playlist = shop.text(
        "list.png",
        "#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\ngrey.mp4\n#EXT-X-ENDLIST\n",
    );
    let empty = shop.text("empty.png", "");
    let tone = clip("tone.mp3");
    let missing = refused(&source, "avthumb/mp4/wmImage2/wm:logo.png", &[]);
    assert_eq!(missing.to_string(), "the object wm:logo.png is not there");
    for (file, expected) in [
        (
            &letter,
            "the watermark wm:x cannot be used: it is not media",
        ),
        (
            &playlist,
            "the watermark wm:x cannot be used: it is not media",
        ),
        (&empty, "the watermark wm:x cannot be used: it is not media"),
        (
            &tone,
            "the watermark wm:x cannot be used: it has no video stream",
        ),
        (
            &shop.path("nowhere.png"),
            "the watermark wm:x cannot be used: cannot read",
        ),
    ] {
        let error = refused(&source, "avthumb/mp4/wmImage2/wm:x", &[("wm:x", file)]).to_string();
        assert!(error.starts_with(expected), "{error}");
    }
    let tall = shop.picture("tall.png", 1, 3000, RED);
    let error = refused(
        &source,
        "avthumb/mp4/preset/ultrafast/wmImage2/wm:x/wmWidth/3840",
        &[("wm:x", &tall)],
    );
    assert!(error.to_string().contains("the limit is"), "{error}");
}

#[test]
fn a_font_or_letter_that_is_missing_is_named() {
    let shop = Workshop::open();
    let source = shop.grey("grey.mp4", "320x240", 1);
    let font = b64u::encode("No Such Font");
    let error = refused(
        &source,
        &format!("avthumb/mp4/wmText/YQ==/wmFont/{font}"),
        &[],
    );
    assert!(
        matches!(&error, OpsError::FontMissing { name } if name == "No Such Font"),
        "{error}"
    );
    let error = refused(
        &source,
        &format!("avthumb/mp4/wmText/{}", b64u::encode("a\u{378}")),
        &[],
    );
    assert!(
        matches!(
            error,
            OpsError::GlyphMissing {
                character: '\u{378}',
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn sound_alone_has_nothing_to_lay_a_watermark_over() {
    let error = refused(&clip("tone.mp3"), "avthumb/m4a/wmText/YQ==", &[]);
    assert!(
        matches!(error, OpsError::NoStream { kind: "video" }),
        "{error}"
    );
}

#[test]
fn a_command_with_a_bad_watermark_fails_alone() {
    let shop = Workshop::open();
    let source = shop.grey("grey.mp4", "320x240", 1);
    let logo = shop.picture("logo.png", 40, 20, RED);
    let made = marked(
        &source,
        &["wmImage2/wm:none", "wmImage2/wm:l", "r/10"],
        &[("wm:l", &logo)],
    );
    assert!(made.0.outcomes[0].is_err());
    assert!(made.picture(1, 0.5).area(is_red).is_some());
    assert!(made.picture(2, 0.5).area(is_red).is_none());
}

#[test]
fn cameras_and_browsers_pictures_serve_as_watermarks() {
    let shop = Workshop::open();
    let source = shop.grey("grey.mp4", "640x480", 1);
    for (name, size) in [
        ("image/exif-orientation-6-landscape.jpg", (4, 3)),
        ("image/webp-alpha.webp", (0, 0)),
        ("image/gif-animated-transparent.gif", (0, 0)),
        ("image/bmp-24bit.bmp", (0, 0)),
        ("image/png-16bit-rgba.png", (0, 0)),
        ("image/png-1bit-palette.png", (0, 0)),
        ("image/jpeg-cmyk-no-profile.jpg", (0, 0)),
        ("video/alpha-vp9-200x200-vorbis.webm", (0, 0)),
    ] {
        let Some(original) = shared(name) else { return };
        // Fetched objects have no name that tells what they are.
        let file = shop.text("object", std::fs::read(original).unwrap());
        let made = marked(
            &source,
            &["wmImage2/wm:x/wmGravity/CENTER/wmHeight/120"],
            &[("wm:x", &file)],
        );
        let picture = made.picture(0, 0.5);
        let area = picture.area(|colour| !is_like(colour, [128, 128, 128], 8));
        let area = area.unwrap_or_else(|| panic!("{name} is not to be seen"));
        assert!(area.bottom - area.top <= 124, "{name}: {area:?}");
        if size.0 > 0 {
            let wide = (area.right - area.left) as f64 / (area.bottom - area.top) as f64;
            assert!(
                (wide - f64::from(size.0) / f64::from(size.1)).abs() < 0.05,
                "{name} lies on its side: {area:?}"
            );
        }
        let duration = seconds(&ffprobe(&made.output(0).path)["format"]["duration"]);
        assert!((duration - 1.0).abs() < 0.05, "{name}: {duration} s");
    }
}

#[test]
fn a_watermark_changes_no_time() {
    for name in [
        "vfr.mp4",
        "b-frames.mp4",
        "edit-list.mp4",
        "start-offset.ts",
    ] {
        let made = marked(&clip(name), &["wmText/YQ==", "stripmeta/0"], &[]);
        let times = |command: usize| -> Vec<String> {
            let frames = look::frames(&made.output(command).path);
            let time = |frame: &serde_json::Value| {
                let duration = frame["pkt_duration_time"]
                    .as_str()
                    .or(frame["duration_time"].as_str());
                format!("{} {duration:?}", frame["best_effort_timestamp_time"])
            };
            frames.iter().map(time).collect()
        };
        assert!(times(0).len() > 10, "{name}");
        assert_eq!(times(0), times(1), "{name}");
    }
}

#[test]
fn a_gif_has_its_watermark_before_it_loses_its_colours() {
    let shop = Workshop::open();
    let source = shop.grey("grey.mp4", "320x240", 1);
    let logo = shop.picture("logo.png", 40, 20, [255, 120, 0, 255]);
    let ops = "avthumb/gif/wmImage2/wm:l/wmText/YQ==/wmTextGravity/TOP_LEFT/wmFontColor/Ymx1ZQ==";
    let made = Marked(Bench::run_beside(&source, ops, &[("wm:l", &logo)]));
    let picture = made.picture(0, 0.5);
    let area = picture
        .area(|colour| is_like(colour, [255, 120, 0], 20))
        .unwrap();
    assert!(area.is_near((270, 210, 40, 20)), "{area:?}");
    assert!(picture.area(is_blue).unwrap().left < 15);
    assert!(is_like(picture.pixel(160, 120), [128, 128, 128], 8));
}

#[test]
fn white_is_no_glare_on_pictures_of_high_dynamic_range() {
    let shop = Workshop::open();
    let white = shop.picture("white.png", 64, 64, [255, 255, 255, 255]);
    let words = shop.text(
        "a.srt",
        "1\n00:00:00,000 --> 00:00:01,000\n\u{2588}\u{2588}\u{2588}\u{2588}\n",
    );
    // White of 203 candela per square metre (ITU-R BT.2408), in ten bits of limited range.
    for (transfer, expected) in [("smpte2084", 573), ("arib-std-b67", 721)] {
        let params =
            format!("log-level=none:colorprim=bt2020:transfer={transfer}:colormatrix=bt2020nc");
        let source = shop.make(
            &format!("{transfer}.mp4"),
            &[
                "-f",
                "lavfi",
                "-i",
                "color=black:size=320x240:rate=25:duration=0.4",
                "-c:v",
                "libx265",
                "-preset",
                "ultrafast",
                "-pix_fmt",
                "yuv420p10le",
                "-color_trc",
                transfer,
                "-color_primaries",
                "bt2020",
                "-colorspace",
                "bt2020nc",
                "-x265-params",
                &params,
            ],
        );
        let ops = "avthumb/mp4/vcodec/libx265/preset/ultrafast/crf/4/wmImage2/wm:w/wmGravity/TOP_LEFT/subtitle/s:a/subtitleType/2";
        let made = Marked(Bench::run_beside(
            &source,
            ops,
            &[("wm:w", &white), ("s:a", &words)],
        ));
        let out = std::process::Command::new("ffmpeg")
            .args([
                "-nostdin",
                "-v",
                "error",
                "-i",
                made.output(0).path.to_str().unwrap(),
                "-ss",
                "0.2",
            ])
            .args([
                "-frames:v",
                "1",
                "-f",
                "rawvideo",
                "-pix_fmt",
                "yuv420p10le",
                "-",
            ])
            .output()
            .unwrap();
        let luma = |x: usize, y: usize| {
            let at = (y * 320 + x) * 2;
            u16::from_le_bytes([out.stdout[at], out.stdout[at + 1]])
        };
        assert!(
            luma(40, 40).abs_diff(expected) <= 4,
            "{transfer}: the mark is {}",
            luma(40, 40)
        );
        let brightest = (120..240)
            .flat_map(|y| (0..320).map(move |x| (x, y)))
            .map(|(x, y)| luma(x, y))
            .max()
            .unwrap();
        assert!(
            brightest.abs_diff(expected) <= 6,
            "{transfer}: the words are {brightest}"
        );
        assert!(
            luma(160, 100) <= 70,
            "{transfer}: the picture is {}",
            luma(160, 100)
        );
    }
}

#[test]
fn every_rung_of_a_ladder_has_its_watermark_and_its_words() {
    let shop = Workshop::open();
    let source = shop.grey("grey.mp4", "640x480", 2);
    let logo = shop.picture("logo.png", 160, 80, RED);
    let words = shop.text("a.srt", "1\n00:00:01,000 --> 00:00:02,000\nHello\n");
    let objects: &[(&str, &Path)] = &[("wm:l", &logo), ("s:a", &words)];
    let marks =
        "wmImage2/wm:l/wmGravity/TOP_LEFT/wmauto/1/wmdx/40/wmdy/40/subtitle/s:a/subtitleType/2";
    for container in ["m3u8", "mpd"] {
        let ops = format!(
            "avthumb/{container}/segtime/1/preset/ultrafast/envBandWidth/400000:900000/multiResolution/320x240:640x480/{marks}"
        );
        let bench = Bench::run_beside(&source, &ops, objects);
        let outputs = match &bench.outcomes[0] {
            Ok(outputs) => outputs,
            Err(error) => panic!("{container}: {error}"),
        };
        assert!(
            !bench
                .files_of(0)
                .iter()
                .any(|file| file.extension().is_some_and(|suffix| suffix == "ass")),
            "{container}: the words stay behind"
        );
        let playlist = &outputs[0].path;
        for (rung, scale) in [(0, 1), (1, 2)] {
            let shown = |at: &str| {
                let picture = shop.path("rung.png");
                let map = format!("0:v:{rung}");
                let said = crate::bench::ffmpeg(&[
                    "-allowed_extensions",
                    "ALL",
                    "-i",
                    playlist.to_str().unwrap(),
                    "-map",
                    &map,
                    "-ss",
                    at,
                    "-frames:v",
                    "1",
                    picture.to_str().unwrap(),
                ]);
                assert!(picture.exists(), "{container}: {said}");
                Frame::of(&picture, 0.0)
            };
            let picture = shown("0.5");
            let area = picture.area(is_red).unwrap();
            let place = [10, 10, 40, 20].map(|pixels| pixels * scale);
            assert!(
                area.is_near((place[0], place[1], place[2], place[3])),
                "{container} {rung}: {area:?}"
            );
            let white = |[red, green, blue]: [u8; 3]| red.min(green).min(blue) > 200;
            assert_eq!(picture.area(white), None, "{container} {rung}");
            assert!(shown("1.5").area(white).is_some(), "{container} {rung}");
        }
    }
}
