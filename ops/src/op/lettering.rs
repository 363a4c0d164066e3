//! The parameters of a text watermark (wire.md 6.1, "Watermarks inside avthumb").

use super::{Gravity, Opacity, Pixels, Seconds};

/// A text to lay over the picture, and what it looks like.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Lettering {
    /// `wmText`.
    pub text: Option<Text>,
    /// `wmFont`: a family that is installed.
    pub font: Option<FontName>,
    /// `wmFontColor`.
    pub colour: Option<Colour>,
    /// `wmFontSize`: pixels of the picture that is written.
    pub size: Option<FontSize>,
    /// `wmFontDissolve`.
    pub opacity: Option<Opacity>,
    /// `wmFontBorderWidth`.
    pub border: Option<BorderWidth>,
    /// `wmFontBorderColor`.
    pub border_colour: Option<Colour>,
    /// `wmFontBold`.
    pub bold: bool,
    /// `wmTextGravity`.
    pub gravity: Option<Gravity>,
    /// `wmtextdx`.
    pub dx: Option<Pixels>,
    /// `wmtextdy`.
    pub dy: Option<Pixels>,
    /// `wmTextInterval`: how long the text stays at an anchor.
    pub interval: Option<Seconds>,
}

/// 1 to 1000 characters, some of them visible; line breaks are `\n`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(String);

impl Text {
    /// Characters.
    pub const MAX: usize = 1000;

    /// `None` for text without a visible character, too long, or with control characters other than line breaks.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.replace("\r\n", "\n");
        let fits = text.chars().count() <= Self::MAX;
        let plain = !text.chars().any(|c| c.is_control() && c != '\n');
        (fits && plain && !text.trim().is_empty()).then_some(Self(text))
    }
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The name of a font family, 1 to 100 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FontName(String);

impl FontName {
    /// Characters.
    pub const MAX: usize = 100;

    /// `None` for blank names, long ones, and such with control characters.
    pub fn new(name: &str) -> Option<Self> {
        let name = name.trim();
        let fits = (1..=Self::MAX).contains(&name.chars().count());
        (fits && !name.chars().any(char::is_control)).then(|| Self(name.to_owned()))
    }
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Red, green and blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour(pub [u8; 3]);

/// 4 to 500 pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FontSize(u16);

impl FontSize {
    /// Letters smaller than this are dots.
    pub const MIN: u16 = 4;
    /// Pixels.
    pub const MAX: u16 = 500;

    /// `None` outside 4 to 500.
    pub fn new(pixels: u16) -> Option<Self> {
        (Self::MIN..=Self::MAX)
            .contains(&pixels)
            .then_some(Self(pixels))
    }
    /// 4 to 500.
    pub fn get(self) -> u16 {
        self.0
    }
}

/// 0 to 20 pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BorderWidth(u8);

impl BorderWidth {
    /// Pixels.
    pub const MAX: u8 = 20;

    /// `None` above 20.
    pub fn new(pixels: u8) -> Option<Self> {
        (pixels <= Self::MAX).then_some(Self(pixels))
    }
    /// 0 to 20.
    pub fn get(self) -> u8 {
        self.0
    }
}
