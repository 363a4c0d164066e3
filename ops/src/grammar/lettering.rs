//! The kinds of values of text watermarks.

use super::colours::colour;
use super::kind::Kind;
use super::objects::decoded;
use crate::b64u;
use crate::op::{BorderWidth, Colour, FontName, FontSize, Text};

pub(super) const TEXT: Kind<Text> = Kind::Other {
    name: "text",
    range: "URL-safe base64 of 1 to 1000 characters, some of them visible; no control characters but line breaks",
    read: |text| Text::new(&decoded(text)?),
    write: |text| b64u::encode(text.as_str()),
};

pub(super) const FONT: Kind<FontName> = Kind::Other {
    name: "text",
    range: "URL-safe base64 of the name of a font family, 1 to 100 characters",
    read: |text| FontName::new(&decoded(text)?),
    write: |name| b64u::encode(name.as_str()),
};

pub(super) const COLOUR: Kind<Colour> = Kind::Other {
    name: "colour",
    range: "URL-safe base64 of a colour name of CSS (`red`) or of `#RRGGBB`",
    read: |text| colour(&decoded(text)?),
    write: |Colour([red, green, blue])| b64u::encode(format!("#{red:02X}{green:02X}{blue:02X}")),
};

pub(super) const FONT_SIZE: Kind<FontSize> = Kind::Integer {
    min: FontSize::MIN as u64,
    max: FontSize::MAX as u64,
    unit: " pixels",
    make: |n| FontSize::new(n.try_into().ok()?),
    get: |size| size.get().into(),
};

pub(super) const BORDER: Kind<BorderWidth> = Kind::Integer {
    min: 0,
    max: BorderWidth::MAX as u64,
    unit: " pixels",
    make: |n| BorderWidth::new(n.try_into().ok()?),
    get: |width| width.get().into(),
};
