//! The kinds of values that are about the picture.

use crate::grammar::kind::{Kind, fixed};
use crate::op::{Flip, Gop, H264Level, H264Profile, Ratio, Side};

pub(in crate::grammar) const GOP: Kind<Gop> = Kind::Integer {
    min: Gop::MIN as u64,
    max: Gop::MAX as u64,
    unit: " frames",
    make: |n| Gop::new(n.try_into().ok()?),
    get: |gop| gop.get().into(),
};

/// A length: 0 would be nothing.
pub(in crate::grammar) const SIDE: Kind<Side> = Kind::Integer {
    min: 1,
    max: Side::MAX as u64,
    unit: " pixels",
    make: |n| Side::new(n.try_into().ok()?),
    get: |side| side.get().into(),
};

/// A place: 0 is the edge.
pub(in crate::grammar) const PLACE: Kind<Side> = Kind::Integer {
    min: 0,
    max: Side::MAX as u64,
    unit: " pixels",
    make: |n| Side::new(n.try_into().ok()?),
    get: |place| place.get().into(),
};

pub(in crate::grammar) const RATIO: Kind<Ratio> = Kind::Other {
    name: "ratio",
    range: "`<W>:<H>` of whole numbers from 1 to 10000, neither more than 20 times the other",
    read: |text| {
        let (width, height) = text.split_once(':')?;
        let side = |text| fixed(text, 0)?.try_into().ok();
        Ratio::new(side(width)?, side(height)?)
    },
    write: |ratio| {
        let (width, height) = ratio.get();
        format!("{width}:{height}")
    },
};

pub(in crate::grammar) const FLIP: Kind<Flip> = Kind::Names(&[
    ("h", Flip::Horizontal),
    ("horizontal", Flip::Horizontal),
    ("v", Flip::Vertical),
    ("vertical", Flip::Vertical),
]);

pub(in crate::grammar) const H264_PROFILE: Kind<H264Profile> = Kind::Names(&[
    ("baseline", H264Profile::Baseline),
    ("main", H264Profile::Main),
    ("high", H264Profile::High),
]);

pub(in crate::grammar) const H264_LEVEL: Kind<H264Level> = Kind::Names(H264Level::ALL);
