//! How large a picture becomes, what is cut off and what is filled up. Pure.

use crate::av::geometry::{self, Picture};
use crate::op::{Size, ViewMode};
use crate::still::crop::Area;
use crate::still::view::view;

/// What is asked of the size of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fit {
    /// That of the source, with square pixels.
    Source,
    /// This one; a side left out follows.
    Size(Size),
    /// As `imageView2` does it (wire.md 6.12).
    Mode {
        mode: ViewMode,
        width: Option<u32>,
        height: Option<u32>,
    },
    /// The whole picture in a frame of this size.
    Fill { width: u32, height: u32 },
}

/// How a picture gets its size: as the filters of `av` do it, with square pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    /// The size it is scaled to.
    pub(crate) scaled: Size,
    pub(crate) fit: geometry::Fit,
    /// What is kept of it then; `None`: all.
    pub(crate) part: Option<Area>,
    /// What comes of it.
    pub(crate) size: (u32, u32),
}

impl Fit {
    /// The shape of a picture that stands upright.
    pub(crate) fn shape(self, picture: Picture) -> Shape {
        let whole = |(width, height)| Shape {
            scaled: Size::Exact { width, height },
            fit: geometry::Fit::Stretch,
            part: None,
            size: (width, height),
        };
        match self {
            Self::Source => whole(picture.squared()),
            Self::Size(size) => whole(picture.resized(size, geometry::Fit::Stretch, (1, 1))),
            Self::Fill { width, height } => Shape {
                fit: geometry::Fit::Fill,
                ..whole((width, height))
            },
            Self::Mode {
                mode,
                width,
                height,
            } => {
                let view = view(mode, width, height, picture.squared());
                let part = |part: Area| (part.width, part.height);
                Shape {
                    part: view.part,
                    size: view.part.map_or(view.size, part),
                    ..whole(view.size)
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_fit_as_asked() {
        let phone = Picture::new(320, 568, (1, 1));
        let tv = Picture::new(1440, 1080, (4, 3));
        let exact = |width, height| Fit::Size(Size::Exact { width, height });
        let fill = |width, height| Fit::Fill { width, height };
        let mode = |mode, width, height| Fit::Mode {
            mode,
            width,
            height,
        };
        for (name, picture, fit, scaled, size) in [
            ("as it is", phone, Fit::Source, (320, 568), (320, 568)),
            ("square pixels", tv, Fit::Source, (1920, 1080), (1920, 1080)),
            ("stretched", phone, exact(100, 50), (100, 50), (100, 50)),
            (
                "one side",
                tv,
                Fit::Size(Size::Width(640)),
                (640, 360),
                (640, 360),
            ),
            ("filled up", tv, fill(640, 480), (640, 480), (640, 480)),
            (
                "inside, its pixels made square first",
                tv,
                mode(ViewMode::AtMost, Some(640), None),
                (640, 360),
                (640, 360),
            ),
            (
                "cut to a square",
                tv,
                mode(ViewMode::Fill, Some(100), None),
                (178, 100),
                (100, 100),
            ),
        ] {
            let shape = fit.shape(picture);
            let (width, height) = scaled;
            let scaled = Size::Exact { width, height };
            assert_eq!((shape.scaled, shape.size), (scaled, size), "{name}");
        }
    }
}
