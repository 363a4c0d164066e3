//! Colours: high dynamic range, full range, opacity, and the notes that say which colours are meant.

use serde_json::Value;

use crate::bench::{Bench, ffmpeg, shared, utf8};
use crate::look::{Clip, Frame, Shown, has_encoder, has_filter, plays, video};

/// Pictures of ten bits with these notes about their colours.
fn noted(source: &str, transfer: &str, primaries: &str, matrix: &str) -> Clip {
    Clip::make(
        "noted.mkv",
        &[
            "-f",
            "lavfi",
            "-i",
            source,
            "-c:v",
            "ffv1",
            "-pix_fmt",
            "yuv420p10le",
            "-color_trc",
            transfer,
            "-color_primaries",
            primaries,
            "-colorspace",
            matrix,
            "-color_range",
            "tv",
        ],
    )
}

const PATTERN: &str = "testsrc2=size=320x240:rate=10:duration=0.5";

fn hdr10() -> Clip {
    noted(PATTERN, "smpte2084", "bt2020", "bt2020nc")
}

/// Range, matrix, transfer and primaries as ffprobe names them.
fn notes(video: &Value) -> [String; 4] {
    [
        "color_range",
        "color_space",
        "color_transfer",
        "color_primaries",
    ]
    .map(|name| video[name].as_str().unwrap_or("-").to_owned())
}

/// The filters that film people use for it, as ffmpeg's own documentation has them.
const REFERENCE: &str = "zscale=t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=hable:desat=0,\
                         zscale=t=bt709:m=bt709:r=tv,format=yuv420p";

#[test]
fn high_dynamic_range_is_mapped_where_it_cannot_be_kept() {
    if !has_filter("zscale") {
        return;
    }
    for (name, transfer) in [("HDR10", "smpte2084"), ("HLG", "arib-std-b67")] {
        let source = noted(PATTERN, transfer, "bt2020", "bt2020nc");
        let reference = Frame::through(source.path(), 0.2, REFERENCE);
        let untouched = Frame::of(source.path(), 0.2);
        assert!(reference.distance(&untouched) > 15.0, "{name} is no test");
        for (ops, encoder, matrix) in [
            ("mp4/crf/4/preset/ultrafast", "libx264", "bt709"),
            ("webm/crf/4/preset/ultrafast", "libvpx-vp9", "bt709"),
            (
                "webm/vcodec/vp8/crf/4/preset/ultrafast",
                "libvpx",
                "smpte170m",
            ),
            ("mpg/crf/1", "mpeg2video", "bt709"),
            ("avi/crf/1", "mpeg4", "-"),
        ] {
            if !has_encoder(encoder) {
                continue;
            }
            let made = source.run(&format!("avthumb/{ops}"));
            let frame = made.frame(0.2);
            let apart = frame.distance(&reference);
            assert!(apart < 10.0, "{name} {ops}: {apart}");
            let brighter = frame.brightness() - reference.brightness();
            assert!(brighter.abs() < 3.0, "{name} {ops}: {brighter}");
            assert_eq!(made.video()["pix_fmt"], "yuv420p", "{name} {ops}");
            if matrix != "-" {
                let expected = ["tv", matrix, "bt709", "bt709"];
                assert_eq!(notes(&made.video()), expected, "{name} {ops}");
            }
        }
        let picture = source.run("vframe/png/offset/0.2");
        let apart = Frame::of(picture.path(), 0.0).distance(&reference);
        assert!(apart < 6.0, "{name} picture: {apart}");
        let gif = source.run("avthumb/gif/r/10");
        assert!(
            (gif.frame(0.2).brightness() - reference.brightness()).abs() < 8.0,
            "{name} gif"
        );
    }
}

#[test]
fn high_dynamic_range_survives_scaling_and_padding_on_its_way() {
    if !has_filter("zscale") {
        return;
    }
    let source = hdr10();
    let made = source.run("avthumb/mp4/crf/4/preset/ultrafast/s/160x160/autofill/1");
    let filters = format!("scale=160:120,{REFERENCE},pad=160:160:0:20");
    let reference = Frame::through(source.path(), 0.2, &filters);
    let apart = made.frame(0.2).distance(&reference);
    assert!(apart < 8.0, "{apart}");
}

#[test]
fn odd_sizes_do_not_stop_it() {
    if has_filter("zscale") {
        let source = noted(
            "testsrc=size=161x121:rate=10:duration=0.5,format=yuv420p10le",
            "smpte2084",
            "bt2020",
            "bt2020nc",
        );
        let made = source.run("avthumb/mp4/preset/ultrafast");
        assert_eq!(made.output.resolution, Some((160, 120)));
        let picture = source.run("vframe/jpg/offset/0.2");
        assert_eq!(picture.output.resolution, Some((161, 121)));
    }
}

/// Notes may be missing but for the one that says that it is high dynamic range.
#[test]
fn half_of_the_notes_is_enough() {
    if has_filter("zscale") {
        let source = noted(PATTERN, "smpte2084", "unknown", "unknown");
        let made = source.run("avthumb/mp4/crf/4/preset/ultrafast");
        assert_eq!(notes(&made.video()), ["tv", "bt709", "bt709", "bt709"]);
        let whole = hdr10().run("avthumb/mp4/crf/4/preset/ultrafast");
        let apart = made.frame(0.2).distance(&whole.frame(0.2));
        assert!(apart < 2.0, "{apart}");
    }
}

#[test]
fn ten_bits_and_their_notes_are_kept_where_players_know_them() {
    for (name, transfer) in [("HDR10", "smpte2084"), ("HLG", "arib-std-b67")] {
        let source = noted(PATTERN, transfer, "bt2020", "bt2020nc");
        for (ops, encoder) in [
            ("avthumb/mp4/vcodec/libx265/preset/ultrafast", "libx265"),
            ("avthumb/mkv/vcodec/libsvtav1/preset/ultrafast", "libsvtav1"),
            ("avthumb/webm/vcodec/av1/preset/ultrafast", "libsvtav1"),
        ] {
            if has_encoder(encoder) {
                let video = source.run(ops).video();
                assert_eq!(video["pix_fmt"], "yuv420p10le", "{name} {ops}");
                assert_eq!(
                    notes(&video),
                    ["tv", "bt2020nc", transfer, "bt2020"],
                    "{name} {ops}"
                );
            }
        }
    }
}

/// Ten bits of ordinary pictures lose two of them and nothing else.
#[test]
fn ordinary_pictures_of_ten_bits_are_not_mapped() {
    let source = noted(PATTERN, "bt709", "bt709", "bt709");
    let made = source.run("avthumb/mp4/crf/4/preset/ultrafast");
    let apart = made.frame(0.2).distance(&Frame::of(source.path(), 0.2));
    assert!(apart < 4.0, "{apart}");
    assert_eq!(made.video()["pix_fmt"], "yuv420p");
    if has_encoder("libx265") {
        let made = source.run("avthumb/mp4/vcodec/libx265/preset/ultrafast");
        assert_eq!(made.video()["pix_fmt"], "yuv420p10le");
    }
}

/// The display an HDR10 film was made on, as x265 writes it into the stream: P3 colours, 1000 candela.
#[test]
fn the_display_a_film_was_made_on_is_passed_on() {
    if !has_encoder("libx265") {
        return;
    }
    let display = "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50):max-cll=900,300:log-level=none";
    let source = Clip::make(
        "mastered.mp4",
        &[
            "-f",
            "lavfi",
            "-i",
            PATTERN,
            "-c:v",
            "libx265",
            "-preset",
            "ultrafast",
            "-pix_fmt",
            "yuv420p10le",
            "-color_trc",
            "smpte2084",
            "-color_primaries",
            "bt2020",
            "-colorspace",
            "bt2020nc",
            "-x265-params",
            display,
        ],
    );
    for (ops, encoder) in [
        ("avthumb/mp4/vcodec/libx265/preset/ultrafast", "libx265"),
        ("avthumb/mkv/vcodec/libx265/preset/ultrafast", "libx265"),
        ("avthumb/mp4/vcodec/libsvtav1/preset/ultrafast", "libsvtav1"),
    ] {
        if !has_encoder(encoder) {
            continue;
        }
        let made = source.run(ops);
        let (display, light) = display_of(&made.video());
        let points = [
            "red_x",
            "green_y",
            "blue_y",
            "white_point_x",
            "max_luminance",
        ];
        let found = points.map(|name| ratio(&display[name]));
        for (found, wanted) in found.into_iter().zip([0.68, 0.69, 0.06, 0.3127, 1000.0]) {
            assert!((found / wanted - 1.0).abs() < 0.01, "{ops}: {display}");
        }
        assert_eq!(
            (&light["max_content"], &light["max_average"]),
            (&900.into(), &300.into()),
            "{ops}"
        );
    }
    if has_filter("zscale") {
        let made = source.run("avthumb/mp4/preset/ultrafast");
        assert_eq!(
            display_of(&made.video()).0,
            Value::Null,
            "bt709 has no such display"
        );
    }
}

fn display_of(video: &Value) -> (Value, Value) {
    let side_data = video["side_data_list"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let named = |name: &str| {
        let found = side_data.iter().find(|side| side["side_data_type"] == name);
        found.cloned().unwrap_or(Value::Null)
    };
    (
        named("Mastering display metadata"),
        named("Content light level metadata"),
    )
}

fn ratio(value: &Value) -> f64 {
    let (num, den) = value.as_str().unwrap().split_once('/').unwrap();
    num.parse::<f64>().unwrap() / den.parse::<f64>().unwrap()
}

#[test]
fn films_of_high_dynamic_range_in_the_wild() {
    for name in [
        "video/hdr10-pq-720p-vp9-mdcv.webm",
        "video/hdr10-pq-720x1280-av1-aac.mp4",
        "video/hlg-1080p-hevc-main10-aac.mp4",
        "video/dolby-vision-hlg-iphone-rot90.mov",
    ] {
        let Some(source) = shared(name).filter(|_| has_filter("zscale")) else {
            continue;
        };
        let before = video(&source);
        let made = Shown::of(&source, "avthumb/mp4/t/0.3/s/x240/an/1/preset/ultrafast");
        assert!(plays(made.path()) > 0, "{name}");
        assert_eq!(
            notes(&made.video()),
            ["tv", "bt709", "bt709", "bt709"],
            "{name}"
        );
        let picture = Shown::of(&source, "vframe/png/offset/0/h/240");
        let (film, still) = (made.frame(0.0), Frame::of(picture.path(), 0.0));
        assert!(
            (film.brightness() - still.brightness()).abs() < 6.0,
            "{name}"
        );
        if has_encoder("libx265") {
            let kept = Shown::of(
                &source,
                "avthumb/mkv/vcodec/libx265/t/0.3/s/x240/an/1/preset/ultrafast",
            );
            assert_eq!(notes(&kept.video()), notes(&before), "{name}");
            assert_eq!(display_of(&kept.video()).1, display_of(&before).1, "{name}");
        }
        let copied = Shown::of(&source, "avthumb/mkv/vcodec/copy/an/1");
        assert_eq!(
            display_of(&copied.video()).1,
            display_of(&before).1,
            "{name}"
        );
    }
}

/// Black at 0 and white at 255: kept with a note where the codec has one, and made smaller where it has not.
#[test]
fn the_full_range_of_values_stays_what_it_is() {
    // In one the container says so, in the other the pixel format does.
    for codec in ["ffv1", "mjpeg"] {
        let source = Clip::make(
            "full.mkv",
            &[
                "-f",
                "lavfi",
                "-i",
                PATTERN,
                "-vf",
                "scale=out_range=pc,format=yuvj420p",
                "-c:v",
                codec,
                "-q:v",
                "1",
                "-color_range",
                "pc",
            ],
        );
        for (ops, encoder, range) in [
            ("mp4/crf/4/preset/ultrafast", "libx264", "pc"),
            ("mp4/vcodec/libx265/crf/4/preset/ultrafast", "libx265", "pc"),
            ("webm/crf/4/preset/ultrafast", "libvpx-vp9", "pc"),
            ("mp4/vcodec/av1/crf/4/preset/ultrafast", "libsvtav1", "pc"),
            ("webm/vcodec/libvpx/crf/4/preset/ultrafast", "libvpx", "tv"),
            ("mpg/crf/1", "mpeg2video", "tv"),
            ("avi/crf/1", "mpeg4", "-"),
            ("ogg/crf/1", "libtheora", "-"),
            ("gif", "gif", "-"),
        ] {
            if !has_encoder(encoder) {
                continue;
            }
            let made = source.run(&format!("avthumb/{ops}"));
            let apart = made.frame(0.2).distance(&Frame::of(source.path(), 0.2));
            assert!(apart < 9.0, "{codec} {ops}: {apart}");
            let found = notes(&made.video())[0].clone();
            assert!(found == range || range == "-", "{codec} {ops}: {found}");
        }
        let small = source.run("avthumb/mp4/crf/4/preset/ultrafast/s/160x120");
        let wanted = Frame::through(source.path(), 0.2, "scale=160:120");
        let apart = small.frame(0.2).distance(&wanted);
        assert!(apart < 9.0, "{codec}: {apart}");
        let padded = source.run("avthumb/mp4/crf/4/preset/ultrafast/padW/400");
        let black = padded.frame(0.2).pixel(10, 120);
        assert!(
            black.into_iter().all(|sample| sample <= 4),
            "{codec}: {black:?}"
        );
    }
}

/// Red, green and blue become what HD players take them for, and are noted as that.
#[test]
fn pictures_of_red_green_and_blue_keep_their_colours() {
    let source = Clip::make(
        "rgb.mkv",
        &[
            "-f",
            "lavfi",
            "-i",
            "color=0xd04010:size=160x120:rate=10:duration=0.5,format=gbrp",
            "-c:v",
            "ffv1",
        ],
    );
    for (ops, encoder) in [
        ("avthumb/mp4/crf/4/preset/ultrafast", "libx264"),
        ("avthumb/webm/crf/4/preset/ultrafast", "libvpx-vp9"),
        (
            "avthumb/mp4/vcodec/libx265/crf/4/preset/ultrafast",
            "libx265",
        ),
    ] {
        if has_encoder(encoder) {
            let made = source.run(ops);
            assert_eq!(notes(&made.video())[..2], ["tv", "bt709"], "{ops}");
            let frame = made.frame(0.2);
            assert!(
                frame.shows(80, 60, [0xd0, 0x40, 0x10]),
                "{ops}: {:?}",
                frame.pixel(80, 60)
            );
        }
    }
}

/// VP8, Theora, MPEG-1 and old MPEG-4 players know the colours of standard definition alone: they get those.
#[test]
fn colours_look_the_same_in_every_codec() {
    let source = noted(PATTERN, "bt709", "bt709", "bt709");
    let wanted = Frame::of(source.path(), 0.2);
    for (ops, encoder) in [
        ("mp4/crf/4/preset/ultrafast", "libx264"),
        ("mp4/vcodec/hevc/crf/4/preset/ultrafast", "libx265"),
        ("webm/crf/4/preset/ultrafast", "libvpx-vp9"),
        ("webm/vcodec/vp8/crf/4/preset/ultrafast", "libvpx"),
        ("webm/vcodec/av1/crf/4/preset/ultrafast", "libsvtav1"),
        ("ogg/crf/1", "libtheora"),
        ("avi/crf/1", "mpeg4"),
        ("mkv/vcodec/mpeg4/crf/1", "mpeg4"),
        ("mpg/crf/1", "mpeg2video"),
        ("mpg/vcodec/mpeg1video/crf/1", "mpeg1video"),
        ("gif", "gif"),
    ] {
        if has_encoder(encoder) {
            let frame = source.run(&format!("avthumb/{ops}")).frame(0.2);
            let brighter = frame.brightness() - wanted.brightness();
            assert!(brighter.abs() < 2.0, "{ops}: {brighter}");
            let apart = frame.distance(&wanted);
            assert!(apart < 8.0, "{ops}: {apart}");
        }
    }
}

/// Whatever lies under transparent pixels must not come to light.
#[test]
fn what_is_transparent_is_black() {
    let see_through = "color=0xff8000:size=160x120:rate=10:duration=0.5,format=rgba,\
                       geq=r='r(X,Y)':g='g(X,Y)':b='b(X,Y)':a='if(lt(X,80),0,255)'";
    let source = Clip::make(
        "alpha.mkv",
        &["-f", "lavfi", "-i", see_through, "-c:v", "ffv1"],
    );
    assert_eq!(video(source.path())["pix_fmt"], "bgra");
    for ops in [
        "avthumb/mp4/crf/4/preset/ultrafast",
        "avthumb/webm/crf/4/preset/ultrafast",
        "vframe/png/offset/0.2",
    ] {
        let made = source.run(ops);
        let at = if ops.starts_with("vframe") { 0.0 } else { 0.2 };
        let frame = made.frame(at);
        assert!(
            frame.shows(30, 60, [0, 0, 0]),
            "{ops}: {:?}",
            frame.pixel(30, 60)
        );
        assert!(
            frame.shows(130, 60, [255, 128, 0]),
            "{ops}: {:?}",
            frame.pixel(130, 60)
        );
    }
    // A GIF has transparent pixels of its own.
    let gif = source.run("avthumb/gif");
    let dir = tempfile::tempdir().unwrap();
    let picture = dir.path().join("first.png");
    let said = ffmpeg(&[
        "-i",
        utf8(gif.path()),
        "-frames:v",
        "1",
        "-pix_fmt",
        "rgba",
        utf8(&picture),
    ]);
    let picture = image::open(&picture)
        .unwrap_or_else(|_| panic!("{said}"))
        .to_rgba8();
    assert_eq!(
        (picture.get_pixel(30, 60)[3], picture.get_pixel(130, 60)[3]),
        (0, 255)
    );
}

#[test]
fn a_source_with_opacity_in_the_wild() {
    if let Some(source) = shared("video/alpha-vp9-200x200-vorbis.webm") {
        let made = Shown::of(&source, "avthumb/mp4/an/1/t/1/preset/ultrafast");
        assert!(plays(made.path()) > 0);
    }
    // Pictures with a palette say that they may have opacity.
    let source = Bench::one("silent.mp4", "avthumb/gif/t/1");
    let again = Shown::of(source.path(), "avthumb/mp4/preset/ultrafast/crf/10");
    let apart = again.frame(0.5).distance(&Frame::of(source.path(), 0.5));
    assert!(apart < 8.0, "{apart}");
}
