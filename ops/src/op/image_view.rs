//! `imageView2` and the values of its parameters (wire.md 6.12).

/// `imageView2`: a smaller picture, or one in another format. Parameters as given.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageView2 {
    /// The first segment.
    pub form: ViewForm,
    /// `mode`, where the first segment does not name it.
    pub mode: Option<ViewMode>,
    /// `width` (`w`).
    pub width: Option<ViewSide>,
    /// `height` (`h`).
    pub height: Option<ViewSide>,
    /// `quality` (`q`).
    pub quality: Option<Quality>,
    /// `format`, where the first segment does not name it.
    pub format: Option<StillFormat>,
}

/// The two ways to begin: `imageView2/jpg/mode/2/…` and Qiniu's `imageView2/2/…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ViewForm {
    /// The output format.
    Format(StillFormat),
    /// The mode.
    Mode(ViewMode),
}

/// How a thumbnail fits its box. The digits are Qiniu's; 1 to 3 are wire.md's, and `vframe`'s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ViewMode {
    /// 0: long edge at most `width`, short edge at most `height`.
    EdgesAtMost,
    /// 1: at least the box, what is beyond it cut off on both sides.
    Fill,
    /// 2: inside the box.
    AtMost,
    /// 3: at least the box.
    AtLeast,
    /// 4: long edge at least `width`, short edge at least `height`.
    EdgesAtLeast,
    /// 5: as 4, what is beyond cut off on both sides.
    EdgesFill,
}

/// A side of a thumbnail's box, 1 to 9999 pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ViewSide(pub(crate) u16);

/// Quality of an encoded picture, 1 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quality(pub(crate) u8);

/// Picture formats that a still picture can be written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum StillFormat {
    Jpg,
    Png,
    Gif,
    Webp,
}

impl ImageView2 {
    /// `imageView2/<form>` without any parameter.
    pub fn new(form: ViewForm) -> Self {
        Self {
            form,
            mode: None,
            width: None,
            height: None,
            quality: None,
            format: None,
        }
    }

    /// The mode, wherever it is named.
    pub fn mode(&self) -> Option<ViewMode> {
        match self.form {
            ViewForm::Mode(mode) => Some(mode),
            ViewForm::Format(_) => self.mode,
        }
    }

    /// The output format, wherever it is named; `None` is that of the source.
    pub fn format(&self) -> Option<StillFormat> {
        match self.form {
            ViewForm::Format(format) => Some(format),
            ViewForm::Mode(_) => self.format,
        }
    }
}

impl ViewSide {
    /// Pixels.
    pub const MAX: u16 = 9999;

    /// `None` outside 1 to 9999.
    pub fn new(pixels: u16) -> Option<Self> {
        (1..=Self::MAX).contains(&pixels).then_some(Self(pixels))
    }
    /// Pixels.
    pub fn get(self) -> u32 {
        self.0.into()
    }
}

impl Quality {
    /// The best.
    pub const MAX: u8 = 100;

    /// `None` outside 1 to 100.
    pub fn new(quality: u8) -> Option<Self> {
        (1..=Self::MAX).contains(&quality).then_some(Self(quality))
    }
    /// 1 to 100.
    pub fn get(self) -> u8 {
        self.0
    }
}

impl StillFormat {
    /// The file suffix of the format, also its name in the op string.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Jpg => "jpg",
            Self::Png => "png",
            Self::Gif => "gif",
            Self::Webp => "webp",
        }
    }
}
