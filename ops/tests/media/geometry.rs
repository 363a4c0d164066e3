//! Sizes, turns and the shape of pixels.

use crate::bench::Bench;

#[test]
fn pictures_get_the_size_asked_for() {
    for (source, ops, width, height, sar) in [
        ("silent.mp4", "s/160x90", 160, 90, "1:1"),
        ("silent.mp4", "s/160x90/autoscale/1", 120, 90, "1:1"),
        ("silent.mp4", "s/101x", 100, 76, "1:1"),
        ("silent.mp4", "s/x120", 160, 120, "1:1"),
        ("silent.mp4", "s/640x480", 640, 480, "1:1"),
        ("sar-4-3.mp4", "an/1", 320, 240, "4:3"),
        ("sar-4-3.mp4", "s/x240", 426, 240, "1:1"),
        ("rotated-90.mp4", "an/1", 240, 320, "1:1"),
        ("rotated-90.mp4", "rotate/auto", 240, 320, "1:1"),
        ("rotated-90.mp4", "rotate/90", 320, 240, "1:1"),
        ("silent.mp4", "rotate/90", 240, 320, "1:1"),
        ("silent.mp4", "rotate/180", 320, 240, "1:1"),
        ("rotated-90.mp4", "s/120x", 120, 160, "1:1"),
    ] {
        let made = Bench::one(source, &format!("avthumb/mp4/preset/ultrafast/{ops}"));
        let video = made.stream("video");
        let size = (
            video["width"].as_u64().unwrap(),
            video["height"].as_u64().unwrap(),
        );
        assert_eq!(
            (size, video["sample_aspect_ratio"].as_str().unwrap_or("1:1")),
            ((width, height), sar),
            "{source} {ops}"
        );
        assert_eq!(
            made.output.resolution,
            Some((width as u32, height as u32)),
            "{source} {ops}"
        );
        assert_eq!(
            video["side_data_list"][0]["rotation"].as_i64(),
            None,
            "{source} {ops} is turned twice"
        );
    }
}

/// The test picture is brightest at its top left: its bars fade to blue on the right and to black at the bottom.
#[test]
fn a_turn_is_clockwise() {
    let corner = |ops: &str, x: u32, y: u32| {
        let made = Bench::one("silent.mp4", &format!("vframe/png/offset/2.5/{ops}"));
        let picture = image::open(made.path()).unwrap().to_luma8();
        let (w, h) = picture.dimensions();
        picture.get_pixel((w - 1) * x, (h - 1) * y)[0]
    };
    let bright = corner("rotate/auto", 0, 0);
    assert!(bright > 150, "{bright}");
    for (turn, x, y) in [("90", 1, 0), ("180", 1, 1), ("270", 0, 1)] {
        let found = corner(&format!("rotate/{turn}"), x, y);
        assert!(
            found.abs_diff(bright) < 12,
            "after {turn} the top left shows {found}, not {bright}"
        );
    }
}
