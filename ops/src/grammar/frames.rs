//! The kinds of values that `vframe` and `vsample` have beside those of `values`.

use super::colours::colour;
use super::kind::{Kind, fixed, thousandths};
use super::lettering::COLOUR;
use crate::b64u;
use crate::op::{
    Cells, Colour, Count, FrameFormat, Gap, Grid, Interval, Offsets, Pattern, Picture, Seconds,
    ViewMode,
};

pub(super) const FRAME_FORMAT: Kind<FrameFormat> = Kind::AnyCase(&[
    ("jpg", FrameFormat::Picture(Picture::Jpg)),
    ("jpeg", FrameFormat::Picture(Picture::Jpg)),
    ("png", FrameFormat::Picture(Picture::Png)),
    ("gif", FrameFormat::Gif),
]);

pub(super) const MODE: Kind<ViewMode> = Kind::Names(&[
    ("1", ViewMode::Fill),
    ("2", ViewMode::AtMost),
    ("3", ViewMode::AtLeast),
]);

pub(super) const OFFSETS: Kind<Offsets> = Kind::Other {
    name: "times",
    range: "ascending times of 0 to 1000000 seconds, up to 3 decimals, with `:` between them, as `1:2.5:10`",
    read: |text| {
        let times = text
            .split(':')
            .map(|time| Seconds::from_millis(fixed(time, 3)?));
        Offsets::new(times.collect::<Option<_>>()?)
    },
    write: |offsets| {
        let times = offsets
            .times()
            .iter()
            .map(|time| thousandths(time.millis()));
        times.collect::<Vec<_>>().join(":")
    },
};

pub(super) const INTERVAL: Kind<Interval> = Kind::Decimal {
    min: Interval::MIN_MILLIS,
    max: Seconds::MAX_MILLIS,
    unit: " seconds",
    make: Interval::from_millis,
    get: |interval| interval.millis(),
};

pub(super) const TENTHS: Kind<Interval> = Kind::Other {
    name: "decimal",
    range: "0.1 to 1000000 seconds, in tenths",
    read: |text| Interval::from_millis(fixed(text, 1)?.checked_mul(100)?),
    write: |interval| thousandths(interval.millis()),
};

pub(super) const COUNT: Kind<Count> = Kind::Integer {
    min: 1,
    max: Count::MAX as u64,
    unit: " pictures",
    make: |n| Count::new(n.try_into().ok()?),
    get: |count| count.get().into(),
};

pub(super) const GRID: Kind<Grid> = Kind::Other {
    name: "grid",
    range: "`<rows>x<columns>`, 1 to 100 each",
    read: |text| {
        let (rows, columns) = text.split_once(['x', 'X'])?;
        let side = |text| u8::try_from(fixed(text, 0)?).ok();
        Grid::new(side(rows)?, side(columns)?)
    },
    write: |grid| format!("{}x{}", grid.rows(), grid.columns()),
};

pub(super) const CELLS: Kind<Cells> = Kind::Integer {
    min: 1,
    max: Grid::MAX as u64,
    unit: "",
    make: |n| Cells::new(n.try_into().ok()?),
    get: |side| side.get().into(),
};

pub(super) const GAP: Kind<Gap> = Kind::Integer {
    min: 0,
    max: Gap::MAX as u64,
    unit: " pixels",
    make: |n| Gap::new(n.try_into().ok()?),
    get: |gap| gap.get().into(),
};

/// As in other ops, or without base64: a word of another service.
pub(super) const PLAIN_COLOUR: Kind<Colour> = Kind::Other {
    name: "colour",
    range: "a colour name of CSS or `#RRGGBB`, plain or in URL-safe base64",
    read: |text| colour(text).or_else(|| COLOUR.read(text)),
    write: |Colour([red, green, blue])| format!("#{red:02X}{green:02X}{blue:02X}"),
};

pub(super) const PATTERN: Kind<Pattern> = Kind::Other {
    name: "pattern",
    range: "URL-safe base64 of a key with `$(count)` in it",
    read: |text| {
        let bytes = b64u::decode(text)?;
        Pattern::new(std::str::from_utf8(&bytes).ok()?)
    },
    write: |pattern| b64u::encode(pattern.as_str()),
};
