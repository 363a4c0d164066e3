//! The rows of `imageView2` (wire.md 6.12), for both ways to begin it.

use super::kind::Kind;
use super::rule::Rule;
use super::table::{Group, Head, Table, parameter};
use crate::op::{ImageView2, Op, Quality, StillFormat, ViewForm, ViewMode, ViewSide};

pub(super) static TABLE: Table<ImageView2> = Table {
    name: "imageView2",
    summary: "Makes a picture smaller, never larger, or gives it another format; of an animation the first frame is taken.",
    head: Head {
        name: "format or mode",
        range: || format!("{}, or a mode: {}", FORMAT.range(), MODE.range()),
        default: "none, it must be given",
        example: "jpg",
        about: "Output format; or, as others write it, the mode: imageView2/2/w/640/q/75/format/jpg",
        make: |text| {
            let format = FORMAT.read(text).map(ViewForm::Format);
            let form = format.or_else(|| MODE.read(text).map(ViewForm::Mode));
            form.map(ImageView2::new)
        },
        get: |op| match &op.form {
            ViewForm::Format(format) => FORMAT.write(format),
            ViewForm::Mode(mode) => MODE.write(mode),
        },
    },
    groups: &[("", ROWS)],
    tail: None,
    rules: &[RULES],
    wrap: Op::ImageView2,
};

const ROWS: Group<ImageView2> = &[
    parameter!("mode" => mode: MODE, default "the first segment, if that is a mode", example "mode/2/width/640",
        "1 fills the box and cuts off what is beyond it, 2 stays inside it, 3 covers it; 0, 4 and 5 are as 2, 3 and 1 for a \
         box given as long edge (`width`) and short edge (`height`)"),
    parameter!("width" | "w" => width: SIDE, default "follows `height`", example "mode/2/width/640",
        "Width of the box; alone it makes a square of it in modes 1, 3, 4 and 5"),
    parameter!("height" | "h" => height: SIDE, default "follows `width`", example "mode/2/height/480",
        "Height of the box; alone it makes a square of it in modes 1, 3, 4 and 5"),
    parameter!("quality" | "q" => quality: QUALITY, default "85", example "quality/75",
        "Quality of jpg and webp; a JPEG of lower quality keeps its own"),
    parameter!("format" => format: FORMAT, default "the first segment, if that is a format, or that of the source", example "format/jpg",
        "Output format"),
];

const RULES: &[Rule<ImageView2>] = &[
    Rule::Excludes {
        with: "format or mode",
        when: |op| matches!(op.form, ViewForm::Mode(mode) if op.mode.is_some_and(|other| other != mode)),
        parameters: &["mode"],
        why: "the first segment names another mode already",
    },
    Rule::Excludes {
        with: "format or mode",
        when: |op| matches!(op.form, ViewForm::Format(format) if op.format.is_some_and(|other| other != format)),
        parameters: &["format"],
        why: "the first segment names another format already",
    },
    Rule::Lacks {
        when: |op| op.mode().is_none() && (op.width.is_some() || op.height.is_some()),
        what: "a `mode` that says how the picture fits its box",
        hint: "write `mode/2` to stay inside it",
    },
];

pub(super) const FORMAT: Kind<StillFormat> = Kind::AnyCase(&[
    ("jpg", StillFormat::Jpg),
    ("jpeg", StillFormat::Jpg),
    ("png", StillFormat::Png),
    ("gif", StillFormat::Gif),
    ("webp", StillFormat::Webp),
]);

const MODE: Kind<ViewMode> = Kind::Names(&[
    ("0", ViewMode::EdgesAtMost),
    ("1", ViewMode::Fill),
    ("2", ViewMode::AtMost),
    ("3", ViewMode::AtLeast),
    ("4", ViewMode::EdgesAtLeast),
    ("5", ViewMode::EdgesFill),
]);

const SIDE: Kind<ViewSide> = Kind::Integer {
    min: 1,
    max: ViewSide::MAX as u64,
    unit: " pixels",
    make: |n| ViewSide::new(n.try_into().ok()?),
    get: |side| side.get().into(),
};

const QUALITY: Kind<Quality> = Kind::Integer {
    min: 1,
    max: Quality::MAX as u64,
    unit: "",
    make: |n| Quality::new(n.try_into().ok()?),
    get: |quality| quality.get().into(),
};
