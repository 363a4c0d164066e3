//! The rows of `avthumb` about watermarks.

use crate::grammar::lettering::{BORDER, COLOUR, FONT, FONT_SIZE, TEXT};
use crate::grammar::marks::{DISTANCES, GRAVITIES, GRAVITY, INTERVAL, MOMENTS, OPACITY, PIXELS};
use crate::grammar::objects::OBJECTS;
use crate::grammar::rule::Rule;
use crate::grammar::table::{Group, parameter};
use crate::grammar::values::FLAG;
use crate::grammar::values::picture::SIDE;
use crate::op::{Avthumb, List, VideoCodec};

pub(super) const ROWS: Group<Avthumb> = &[
    parameter!("wmImage2" => watermark.pictures: OBJECTS, default "none", example "wmImage2/dGVzdDoxLnBuZw==",
        "Watermarks: pictures or videos laid over the picture, the first one lowest; a video plays from the start, without its sound, and over again"),
    parameter!("wmGravity" => watermark.gravity: GRAVITIES, default "BOTTOM_RIGHT", example "wmImage2/dGVzdDoxLnBuZw==/wmGravity/TOP_LEFT",
        "Where the watermarks lie"),
    parameter!("wmdx" => watermark.dx: DISTANCES, default "10", example "wmImage2/dGVzdDoxLnBuZw==/wmdx/20",
        "Space between a watermark and the left or right edge; in the middle, how far to the right; below 0 it leaves the picture"),
    parameter!("wmdy" => watermark.dy: DISTANCES, default "10", example "wmImage2/dGVzdDoxLnBuZw==/wmdy/20",
        "Space between a watermark and the upper or lower edge; in the middle, how far down; below 0 it leaves the picture"),
    parameter!("wmOffsetX" => watermark.shift_x: PIXELS, default "0", example "wmImage2/dGVzdDoxLnBuZw==/wmOffsetX/-40",
        "Moves the watermarks to the right from where `wmdx` puts them, below 0 to the left"),
    parameter!("wmOffsetY" => watermark.shift_y: PIXELS, default "0", example "wmImage2/dGVzdDoxLnBuZw==/wmOffsetY/40",
        "Moves the watermarks down from where `wmdy` puts them, below 0 up"),
    parameter!("wmauto" => watermark.auto: FLAG, default "0", example "wmImage2/dGVzdDoxLnBuZw==/wmauto/1",
        "1 scales watermarks and their margins with the picture: what is given is meant for a picture whose longer side has 1280 pixels"),
    parameter!("wmWidth" => watermark.width: SIDE, default "its own, or what keeps the aspect ratio", example "wmImage2/dGVzdDoxLnBuZw==/wmWidth/120",
        "Width of the watermarks"),
    parameter!("wmHeight" => watermark.height: SIDE, default "its own, or what keeps the aspect ratio", example "wmImage2/dGVzdDoxLnBuZw==/wmHeight/60",
        "Height of the watermarks"),
    parameter!("wmDissolve" => watermark.opacity: OPACITY, default "100", example "wmImage2/dGVzdDoxLnBuZw==/wmDissolve/50",
        "How opaque the watermarks are"),
    parameter!("wmInterval" => watermark.interval: INTERVAL, default "they stay", example "wmImage2/dGVzdDoxLnBuZw==/wmInterval/5",
        "Moves the watermarks every so often to the next anchor, clockwise along the edge of the picture"),
    parameter!("wmText" => watermark.text.text: TEXT, default "none", example "wmText/wqkgMjAyNQ==",
        "A text laid over the picture, lines longer than the picture broken"),
    parameter!("wmFont" => watermark.text.font: FONT, default "a sans-serif font that is installed", example "wmText/wqkgMjAyNQ==/wmFont/RGVqYVZ1IFNhbnM=",
        "Its font; one that is installed where opmill runs"),
    parameter!("wmFontColor" => watermark.text.colour: COLOUR, default "I0ZGRkZGRg== (white)", example "wmText/wqkgMjAyNQ==/wmFontColor/cmVk",
        "Its colour"),
    parameter!("wmFontSize" => watermark.text.size: FONT_SIZE, default "30", example "wmText/wqkgMjAyNQ==/wmFontSize/48",
        "Its size, in pixels of the picture that is made"),
    parameter!("wmFontDissolve" => watermark.text.opacity: OPACITY, default "100", example "wmText/wqkgMjAyNQ==/wmFontDissolve/50",
        "How opaque it is"),
    parameter!("wmFontBorderWidth" => watermark.text.border: BORDER, default "0", example "wmText/wqkgMjAyNQ==/wmFontBorderWidth/2",
        "Width of the line around its letters"),
    parameter!("wmFontBorderColor" => watermark.text.border_colour: COLOUR, default "IzAwMDAwMA== (black)", example "wmText/wqkgMjAyNQ==/wmFontBorderWidth/2/wmFontBorderColor/Ymx1ZQ==",
        "Colour of the line around its letters"),
    parameter!("wmFontBold" => watermark.text.bold: FLAG, default "0", example "wmText/wqkgMjAyNQ==/wmFontBold/1",
        "1 writes it in bold"),
    parameter!("wmTextGravity" | "wmGravityText" => watermark.text.gravity: GRAVITY, default "BOTTOM_RIGHT", example "wmText/wqkgMjAyNQ==/wmTextGravity/TOP_CENTER",
        "Where it lies"),
    parameter!("wmtextdx" => watermark.text.dx: PIXELS, default "10", example "wmText/wqkgMjAyNQ==/wmtextdx/20",
        "As `wmdx`"),
    parameter!("wmtextdy" => watermark.text.dy: PIXELS, default "10", example "wmText/wqkgMjAyNQ==/wmtextdy/20",
        "As `wmdy`"),
    parameter!("wmTextInterval" => watermark.text.interval: INTERVAL, default "it stays", example "wmText/wqkgMjAyNQ==/wmTextInterval/5",
        "As `wmInterval`"),
    parameter!("multiConvertTime" => watermark.moves: MOMENTS, default "they stay", example "wmText/wqkgMjAyNQ==/multiConvertTime/5,20,60",
        "Times of the result at which watermarks and text move to the next anchor"),
];

/// Lists that hold neither one value nor one for each picture.
fn uneven<T>(op: &Avthumb, list: &Option<List<T>>) -> bool {
    let pictures = op.watermark.objects().count();
    let given = list.as_ref().map_or(1, |list| list.as_slice().len());
    given != 1 && given != pictures
}

const PICTURES: &str = "it takes one value, or as many as there are pictures";
const NO_PICTURE: &str = "`wmImage2` names the pictures it is about";
const NO_TEXT: &str = "`wmText` is the text it is about";

pub(super) const RULES: &[Rule<Avthumb>] = &[
    Rule::Excludes {
        with: "container",
        when: |op| op.container.is_audio_only(),
        parameters: &["wmImage2", "wmText"],
        why: "the container holds audio alone",
    },
    Rule::Excludes {
        with: "vn",
        when: |op| op.vn,
        parameters: &["wmImage2", "wmText"],
        why: "without video there is no picture to lay it over",
    },
    Rule::Excludes {
        with: "vcodec",
        when: |op| op.video.codec == Some(VideoCodec::Copy),
        parameters: &["wmImage2", "wmText"],
        why: "copied video is not encoded again",
    },
    needs_picture("wmGravity"),
    needs_picture("wmdx"),
    needs_picture("wmdy"),
    needs_picture("wmOffsetX"),
    needs_picture("wmOffsetY"),
    needs_picture("wmauto"),
    needs_picture("wmWidth"),
    needs_picture("wmHeight"),
    needs_picture("wmDissolve"),
    needs_picture("wmInterval"),
    needs_text("wmFont"),
    needs_text("wmFontColor"),
    needs_text("wmFontSize"),
    needs_text("wmFontDissolve"),
    needs_text("wmFontBorderWidth"),
    Rule::Needs {
        parameter: "wmFontBorderColor",
        needs: "wmFontBorderWidth",
        hint: "without a width there is no border",
    },
    needs_text("wmFontBold"),
    needs_text("wmTextGravity"),
    needs_text("wmtextdx"),
    needs_text("wmtextdy"),
    needs_text("wmTextInterval"),
    Rule::NeedsOne {
        parameter: "multiConvertTime",
        needs: &["wmImage2", "wmText"],
        hint: "it says when they move",
    },
    Rule::Excludes {
        with: "multiConvertTime",
        when: |op| op.watermark.moves.is_some(),
        parameters: &["wmInterval", "wmTextInterval"],
        why: "one moves at given times, the other every so often",
    },
    Rule::Excludes {
        with: "wmImage2",
        when: |op| uneven(op, &op.watermark.gravity),
        parameters: &["wmGravity"],
        why: PICTURES,
    },
    Rule::Excludes {
        with: "wmImage2",
        when: |op| uneven(op, &op.watermark.dx),
        parameters: &["wmdx"],
        why: PICTURES,
    },
    Rule::Excludes {
        with: "wmImage2",
        when: |op| uneven(op, &op.watermark.dy),
        parameters: &["wmdy"],
        why: PICTURES,
    },
];

const fn needs_picture(parameter: &'static str) -> Rule<Avthumb> {
    Rule::Needs {
        parameter,
        needs: "wmImage2",
        hint: NO_PICTURE,
    }
}

const fn needs_text(parameter: &'static str) -> Rule<Avthumb> {
    Rule::Needs {
        parameter,
        needs: "wmText",
        hint: NO_TEXT,
    }
}
