//! Which size and which part of a picture a thumbnail shows: the modes of `imageView2` (wire.md 6.12), which `vframe`
//! shares. Pure; nothing is ever enlarged.

use super::crop::Area;
use crate::op::ViewMode;

/// What to do to a picture: scale it to `size`, then keep `part` of that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct View {
    pub(crate) size: (u32, u32),
    /// `None`: all of it.
    pub(crate) part: Option<Area>,
}

/// How a picture of `source` pixels is shown in a box of `width` and `height`. With neither it stays as it is; with one
/// of them alone the other is free in modes 0 and 2, and the same in the others.
pub(crate) fn view(
    mode: ViewMode,
    width: Option<u32>,
    height: Option<u32>,
    source: (u32, u32),
) -> View {
    let (covers, crops, by_edges) = match mode {
        ViewMode::EdgesAtMost => (false, false, true),
        ViewMode::Fill => (true, true, false),
        ViewMode::AtMost => (false, false, false),
        ViewMode::AtLeast => (true, false, false),
        ViewMode::EdgesAtLeast => (true, false, true),
        ViewMode::EdgesFill => (true, true, true),
    };
    let (width, height) = match (width, height) {
        (None, None) => {
            return View {
                size: source,
                part: None,
            };
        }
        (Some(side), None) | (None, Some(side)) if covers => (Some(side), Some(side)),
        given => given,
    };
    // The box is given as long edge and short edge.
    let (width, height) = match by_edges && source.0 < source.1 {
        true => (height, width),
        false => (width, height),
    };
    // As a fraction of one of the source's own sides: how far the picture shrinks.
    let (to, from) = match (width, height) {
        (Some(width), Some(height)) => {
            let wider =
                u64::from(width) * u64::from(source.1) > u64::from(height) * u64::from(source.0);
            match wider == covers {
                true => (width, source.0),
                false => (height, source.1),
            }
        }
        (Some(width), None) => (width, source.0),
        (None, Some(height)) => (height, source.1),
        (None, None) => (1, 1),
    };
    let size = match to < from {
        true => (scaled(source.0, to, from), scaled(source.1, to, from)),
        false => source,
    };
    let part =
        crops.then(|| Area::centred(size, (width.unwrap_or(size.0), height.unwrap_or(size.1))));
    View {
        size,
        part: part.filter(|part| (part.width, part.height) != size),
    }
}

/// `side` × `to` / `from`, to the nearest pixel, at least one.
fn scaled(side: u32, to: u32, from: u32) -> u32 {
    let from = u64::from(from.max(1));
    let scaled = (u64::from(side) * u64::from(to) + from / 2) / from;
    u32::try_from(scaled).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::ViewMode::*;
    use super::*;

    #[test]
    fn every_mode_shows_what_it_promises() {
        let whole = |width, height| View {
            size: (width, height),
            part: None,
        };
        let part = |size, x, y, width, height| View {
            size,
            part: Some(Area {
                x,
                y,
                width,
                height,
            }),
        };
        for (row, mode, width, height, source, expected) in [
            (
                "the example of wire.md 6.2",
                AtMost,
                None,
                Some(200),
                (320, 568),
                whole(113, 200),
            ),
            (
                "inside a box, wide",
                AtMost,
                Some(200),
                Some(200),
                (400, 300),
                whole(200, 150),
            ),
            (
                "inside a box, tall",
                AtMost,
                Some(200),
                Some(200),
                (300, 400),
                whole(150, 200),
            ),
            (
                "inside a box, exactly",
                AtMost,
                Some(200),
                Some(150),
                (400, 300),
                whole(200, 150),
            ),
            (
                "width alone",
                AtMost,
                Some(100),
                None,
                (400, 300),
                whole(100, 75),
            ),
            (
                "never enlarged",
                AtMost,
                Some(800),
                Some(800),
                (400, 300),
                whole(400, 300),
            ),
            (
                "never enlarged by one side",
                AtMost,
                None,
                Some(301),
                (400, 300),
                whole(400, 300),
            ),
            ("no side", AtMost, None, None, (400, 300), whole(400, 300)),
            (
                "at least one pixel",
                AtMost,
                Some(10),
                None,
                (4000, 3),
                whole(10, 1),
            ),
            ("a line", AtMost, Some(100), None, (5000, 1), whole(100, 1)),
            (
                "fill, wide source",
                Fill,
                Some(100),
                Some(100),
                (400, 300),
                part((133, 100), 16, 0, 100, 100),
            ),
            (
                "fill, tall source",
                Fill,
                Some(100),
                Some(100),
                (300, 400),
                part((100, 133), 0, 16, 100, 100),
            ),
            (
                "fill, same aspect",
                Fill,
                Some(200),
                Some(150),
                (400, 300),
                whole(200, 150),
            ),
            (
                "fill, one side is a square",
                Fill,
                Some(150),
                None,
                (400, 300),
                part((200, 150), 25, 0, 150, 150),
            ),
            (
                "fill, other side too",
                Fill,
                None,
                Some(150),
                (400, 300),
                part((200, 150), 25, 0, 150, 150),
            ),
            (
                "fill, box wider than the source",
                Fill,
                Some(500),
                Some(100),
                (400, 300),
                part((400, 300), 0, 100, 400, 100),
            ),
            (
                "fill, box larger than the source",
                Fill,
                Some(500),
                Some(500),
                (400, 300),
                whole(400, 300),
            ),
            (
                "cover",
                AtLeast,
                Some(100),
                Some(100),
                (400, 300),
                whole(133, 100),
            ),
            (
                "cover, one side is a square",
                AtLeast,
                Some(100),
                None,
                (300, 400),
                whole(100, 133),
            ),
            (
                "cover, never enlarged",
                AtLeast,
                Some(300),
                Some(300),
                (400, 300),
                whole(400, 300),
            ),
            (
                "edges, wide",
                EdgesAtMost,
                Some(200),
                Some(100),
                (400, 300),
                whole(133, 100),
            ),
            (
                "edges, tall",
                EdgesAtMost,
                Some(200),
                Some(100),
                (300, 400),
                whole(100, 133),
            ),
            (
                "long edge alone, tall",
                EdgesAtMost,
                Some(200),
                None,
                (300, 400),
                whole(150, 200),
            ),
            (
                "short edge alone, tall",
                EdgesAtMost,
                None,
                Some(150),
                (300, 400),
                whole(150, 200),
            ),
            (
                "no edge",
                EdgesAtMost,
                None,
                None,
                (300, 400),
                whole(300, 400),
            ),
            (
                "edges at least, tall",
                EdgesAtLeast,
                Some(200),
                Some(100),
                (300, 400),
                whole(150, 200),
            ),
            (
                "edges at least, one",
                EdgesAtLeast,
                Some(100),
                None,
                (300, 400),
                whole(100, 133),
            ),
            (
                "edges fill, tall",
                EdgesFill,
                Some(200),
                Some(100),
                (300, 400),
                part((150, 200), 25, 0, 100, 200),
            ),
            (
                "edges fill, wide",
                EdgesFill,
                Some(200),
                Some(100),
                (400, 300),
                part((200, 150), 0, 25, 200, 100),
            ),
        ] {
            assert_eq!(view(mode, width, height, source), expected, "{row}");
        }
    }

    #[test]
    fn no_size_is_too_odd() {
        for mode in [EdgesAtMost, Fill, AtMost, AtLeast, EdgesAtLeast, EdgesFill] {
            for source in [(1, 1), (1, 65_535), (65_535, 1), (8192, 8192), (3, 2)] {
                for (width, height) in [
                    (Some(1), Some(1)),
                    (Some(9999), Some(1)),
                    (None, Some(7)),
                    (Some(2), None),
                ] {
                    let View { size, part } = view(mode, width, height, source);
                    let text =
                        format!("{mode:?} {width:?} {height:?} {source:?} {size:?} {part:?}");
                    assert!(
                        size.0 >= 1 && size.1 >= 1 && size.0 <= source.0 && size.1 <= source.1,
                        "{text}"
                    );
                    if let Some(part) = part {
                        assert!(part.width >= 1 && part.height >= 1, "{text}");
                        assert!(
                            part.x + part.width <= size.0 && part.y + part.height <= size.1,
                            "{text}"
                        );
                    }
                }
            }
        }
    }
}
