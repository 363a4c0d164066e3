//! `imageView2` and the values of its parameters (wire.md 6.12).

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

/// Picture formats that a still picture can be written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum StillFormat {
    Jpg,
    Png,
    Gif,
    Webp,
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
