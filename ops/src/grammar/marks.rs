//! The kinds of values of watermarks: where they lie, how large they are, how they move.

use super::kind::Kind;
use super::objects::{joined, list};
use super::values::TIME;
use crate::op::{Gravity, List, Opacity, Pixels, Seconds};

/// One anchor. The names with points of the compass are those of older clients.
pub(super) const GRAVITY: Kind<Gravity> = Kind::Names(&[
    ("TOP_LEFT", Gravity::TopLeft),
    ("NorthWest", Gravity::TopLeft),
    ("TOP_CENTER", Gravity::TopCenter),
    ("North", Gravity::TopCenter),
    ("TOP_RIGHT", Gravity::TopRight),
    ("NorthEast", Gravity::TopRight),
    ("CENTER_LEFT", Gravity::CenterLeft),
    ("West", Gravity::CenterLeft),
    ("CENTER", Gravity::Center),
    ("Center", Gravity::Center),
    ("CENTER_RIGHT", Gravity::CenterRight),
    ("East", Gravity::CenterRight),
    ("BOTTOM_LEFT", Gravity::BottomLeft),
    ("SouthWest", Gravity::BottomLeft),
    ("BOTTOM_CENTER", Gravity::BottomCenter),
    ("South", Gravity::BottomCenter),
    ("BOTTOM_RIGHT", Gravity::BottomRight),
    ("SouthEast", Gravity::BottomRight),
]);

/// An anchor for all, or one for each.
pub(super) const GRAVITIES: Kind<List<Gravity>> = Kind::Other {
    name: "names",
    range: "TOP_LEFT (NorthWest), TOP_CENTER (North), TOP_RIGHT (NorthEast), CENTER_LEFT (West), CENTER (Center), \
CENTER_RIGHT (East), BOTTOM_LEFT (SouthWest), BOTTOM_CENTER (South), BOTTOM_RIGHT (SouthEast); or one for each picture \
with `,` between",
    read: |text| list(text, |part| GRAVITY.read(part)),
    write: |gravities| joined(gravities, |gravity| GRAVITY.write(gravity)),
};

/// A distance that may be negative.
pub(super) const PIXELS: Kind<Pixels> = Kind::Other {
    name: "integer",
    range: "-3840 to 3840 pixels",
    read: pixels,
    write: |pixels| pixels.get().to_string(),
};

/// A distance for all, or one for each.
pub(super) const DISTANCES: Kind<List<Pixels>> = Kind::Other {
    name: "integers",
    range: "-3840 to 3840 pixels; or one for each picture with `,` between",
    read: |text| list(text, pixels),
    write: |distances| joined(distances, |pixels| pixels.get().to_string()),
};

fn pixels(text: &str) -> Option<Pixels> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    Pixels::new(plain.then(|| text.parse().ok())??)
}

pub(super) const OPACITY: Kind<Opacity> = Kind::Integer {
    min: 1,
    max: Opacity::FULL as u64,
    unit: " percent",
    make: |n| Opacity::new(n.try_into().ok()?),
    get: |opacity| opacity.get().into(),
};

/// How long something stays: a tenth of a second to a day.
pub(super) const INTERVAL: Kind<Seconds> = Kind::Decimal {
    min: 100,
    max: 86_400_000,
    unit: " seconds",
    make: Seconds::from_millis,
    get: |time| time.millis(),
};

/// Moments, each later than the one before.
pub(super) const MOMENTS: Kind<List<Seconds>> = Kind::Other {
    name: "times",
    range: "up to 32 ascending times above 0, in seconds with up to 3 decimals, with `,` between",
    read: |text| {
        let moments = list(text, |part| TIME.read(part))?;
        let rising = moments
            .as_slice()
            .is_sorted_by(|earlier, later| earlier < later);
        let first = moments.as_slice().first()?;
        (rising && first.millis() > 0).then_some(moments)
    },
    write: |moments| joined(moments, |moment| TIME.write(moment)),
};
