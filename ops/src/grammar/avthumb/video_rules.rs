//! Which parameters about the picture go together.

use crate::grammar::rule::Rule;
use crate::grammar::values::VIDEO_CODEC;
use crate::op::{Avthumb, Container, Rotate, Side, Size, VideoCodec};

/// Everything about the picture but `vb`, which wire.md 6.1 lets stand where there is none.
const ABOUT_PICTURES: &[&str] = &[
    "vcodec",
    "maxrate",
    "r",
    "s",
    "autoscale",
    "autofill",
    "padW",
    "padH",
    "padVideoX",
    "padVideoY",
    "sar",
    "aspect",
    "rotate",
    "flip",
    "deinterlace",
    "preset",
    "crf",
    "GOPInterval",
    "h264Profile",
    "h264Level",
];

/// Two hundredths of a second a picture; browsers take less for ten.
const GIF_RATE: u32 = 50;

pub(super) const RULES: &[Rule<Avthumb>] = &[
    Rule::Excludes {
        with: "container",
        when: |op| op.container.is_audio_only(),
        parameters: ABOUT_PICTURES,
        why: "the container holds audio alone",
    },
    Rule::Clash {
        parameter: "vcodec",
        with: &["container"],
        why: not_held,
    },
    Rule::Excludes {
        with: "vcodec",
        when: |op| op.video.codec == Some(VideoCodec::Copy),
        parameters: &[
            "s",
            "r",
            "vb",
            "crf",
            "preset",
            "maxrate",
            "autofill",
            "padW",
            "padH",
            "sar",
            "aspect",
            "flip",
            "deinterlace",
            "GOPInterval",
            "h264Profile",
            "h264Level",
        ],
        why: "copied video is not encoded again",
    },
    Rule::Excludes {
        with: "vcodec",
        when: |op| {
            op.video.codec == Some(VideoCodec::Copy) && op.video.rotate != Some(Rotate::Auto)
        },
        parameters: &["rotate"],
        why: "copied video is not encoded again; allowed: rotate/auto",
    },
    Rule::Excludes {
        with: "container",
        when: |op| op.container == Container::Gif,
        parameters: &["vb", "maxrate", "crf", "preset", "GOPInterval"],
        why: "a GIF is as large as its pictures make it",
    },
    Rule::Excludes {
        with: "container",
        when: |op| op.container == Container::Gif,
        parameters: &["sar", "aspect"],
        why: "the pixels of a GIF are square",
    },
    Rule::Excludes {
        with: "container",
        when: |op| op.container == Container::Gif,
        parameters: &["vn", "acodec", "ab", "ar", "ac"],
        why: "a GIF holds pictures alone",
    },
    Rule::Clash {
        parameter: "r",
        with: &["container"],
        why: |op| {
            let (num, den) = op.video.rate?.ratio();
            (op.container == Container::Gif && num > GIF_RATE * den).then(|| {
                format!("players show a GIF of more than {GIF_RATE} frames per second slowly")
            })
        },
    },
    Rule::Clash {
        parameter: "r",
        with: &["vcodec", "container"],
        why: |op| {
            let named = op.video.rate?;
            let limited = matches!(op.pictures()?, VideoCodec::Mpeg1 | VideoCodec::Mpeg2);
            (limited && named.standard().is_none()).then(|| {
                "MPEG-1 and MPEG-2 know 23.976, 24, 25, 29.97, 30, 50, 59.94 and 60 alone"
                    .to_owned()
            })
        },
    },
    Rule::Excludes {
        with: "crf",
        when: |op| op.video.crf.is_some(),
        parameters: &["vb"],
        why: "one asks for a constant quality, the other for a bit rate",
    },
    Rule::Clash {
        parameter: "maxrate",
        with: &["vb"],
        why: |op| {
            let (most, mean) = (op.video.max_rate?, op.video.bit_rate?);
            (most < mean).then(|| "a bit rate cannot be higher than the most it may be".to_owned())
        },
    },
    Rule::Clash {
        parameter: "maxrate",
        with: &["vcodec", "container"],
        why: |op| {
            (op.pictures() == Some(VideoCodec::Theora))
                .then(|| "Theora has no limit to its bit rate; `vb` is its mean".to_owned())
        },
    },
    Rule::Clash {
        parameter: "preset",
        with: &["vcodec", "container"],
        why: |op| {
            let codec = op.pictures().filter(|codec| !codec.has_speeds())?;
            Some(format!("{} has one speed", VIDEO_CODEC.write(&codec)))
        },
    },
    Rule::Clash {
        parameter: "h264Profile",
        with: &["vcodec", "container"],
        why: not_h264,
    },
    Rule::Clash {
        parameter: "h264Level",
        with: &["vcodec", "container"],
        why: not_h264,
    },
    Rule::Clash {
        parameter: "h264Profile",
        with: &["crf"],
        why: |op| {
            (op.video.crf?.get() == 0)
                .then(|| "0 loses nothing, which no such profile knows".to_owned())
        },
    },
    Rule::NeedsOne {
        parameter: "autoscale",
        needs: &["s", "multiResolution"],
        hint: "that is the size the picture is to fit in",
    },
    Rule::NeedsOne {
        parameter: "autofill",
        needs: &["s", "multiResolution"],
        hint: "that is the size the picture is to fill",
    },
    Rule::Excludes {
        with: "autofill",
        when: |op| op.video.autofill,
        parameters: &["autoscale"],
        why: "one fills what is left of `s` with black, the other leaves it out",
    },
    Rule::Clash {
        parameter: "autofill",
        with: &["s"],
        why: |op| {
            let one_side = matches!(op.video.size?, Size::Width(_) | Size::Height(_));
            one_side.then(|| {
                "a side that follows leaves nothing to fill; allowed: s/<W>x<H>".to_owned()
            })
        },
    },
    Rule::Excludes {
        with: "autofill",
        when: |op| op.video.autofill,
        parameters: &["padW", "padH"],
        why: "each says how large the black is that the picture is laid on",
    },
    Rule::Needs {
        parameter: "padVideoX",
        needs: "padW",
        hint: "`padW` is the width of what the picture is laid on",
    },
    Rule::Needs {
        parameter: "padVideoY",
        needs: "padH",
        hint: "`padH` is the height of what the picture is laid on",
    },
    Rule::Clash {
        parameter: "padW",
        with: &["s"],
        why: |op| {
            let side = match op.video.size? {
                Size::Exact { width, .. } if !op.video.autoscale => width,
                Size::Width(width) => width,
                _ => return None,
            };
            outside(side, op.video.pad.width?, op.video.pad.x, "wide")
        },
    },
    Rule::Clash {
        parameter: "padH",
        with: &["s"],
        why: |op| {
            let side = match op.video.size? {
                Size::Exact { height, .. } if !op.video.autoscale => height,
                Size::Height(height) => height,
                _ => return None,
            };
            outside(side, op.video.pad.height?, op.video.pad.y, "high")
        },
    },
    Rule::Excludes {
        with: "aspect",
        when: |op| op.video.aspect.is_some(),
        parameters: &["sar"],
        why: "each says what shape players give the picture",
    },
    Rule::Excludes {
        with: "aspect",
        when: |op| op.video.aspect.is_some(),
        parameters: &["autoscale", "autofill"],
        why: "it keeps the aspect ratio the picture has",
    },
];

/// The codec is none of the container's.
fn not_held(op: &Avthumb) -> Option<String> {
    let held = op.container.pictures();
    let wanted = op.video.codec.filter(|&codec| codec != VideoCodec::Copy)?;
    if held.contains(&wanted) {
        return None;
    }
    let names: Vec<String> = held.iter().map(|codec| VIDEO_CODEC.write(codec)).collect();
    let container = op.container.suffix();
    Some(format!("{container} takes {}", names.join(", ")))
}

fn not_h264(op: &Avthumb) -> Option<String> {
    let codec = op.pictures().filter(|&codec| codec != VideoCodec::X264)?;
    Some(format!(
        "it is about H.264, not what {} makes",
        VIDEO_CODEC.write(&codec)
    ))
}

/// A picture of this length does not lie inside a canvas of that one.
fn outside(length: u32, canvas: Side, place: Option<Side>, measure: &str) -> Option<String> {
    let place = place.map_or(0, Side::get);
    let beyond = place + length > canvas.get();
    beyond.then(|| match place {
        0 => format!("the picture is {length} pixels {measure}"),
        _ => format!("the picture is {length} pixels {measure} and begins at {place}"),
    })
}
