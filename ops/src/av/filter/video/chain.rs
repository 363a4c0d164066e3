//! The filters between source and sink as libav reads them.

use super::colour::colours;
use super::{Fields, VideoChain};
use crate::OpsError;
use crate::av::geometry::{Canvas, Fit, Picture, even};
use crate::av::sys::PictureShape;
use crate::op::{Ratio, Size};
use crate::still::crop::Area;

/// The filters from pictures of this shape to those that `chain` asks for; numbers and names of ours only. `interlaced` when
/// pictures of fields were seen, `settled` the size and pixel aspect that has to come out.
pub(super) fn video_chain(
    chain: &VideoChain,
    shape: &PictureShape,
    interlaced: bool,
    settled: Option<(u32, u32, (i32, i32))>,
) -> Result<String, OpsError> {
    let picture = Picture::new(
        shape.width.max(1) as u32,
        shape.height.max(1) as u32,
        shape.sar,
    )
    .turned(chain.turn);
    let now = (picture.width, picture.height);
    let wanted = wanted_size(chain, picture);
    let canvas = match chain.size {
        Some(Size::Exact { width, height }) if chain.fit == Fit::Fill => {
            let all = on_grid((width, height), chain.even);
            Some(Canvas::filled(wanted, all, chain.even))
        }
        _ if chain.pad.is_given() => Some(Canvas::padded(wanted, chain.pad, chain.even)?),
        _ => None,
    };
    // Two lines of one field share their colour, so fields go by four lines of the picture.
    let by_four = |lines: u32| lines.is_multiple_of(4);
    let stays = by_four(now.1) && by_four(wanted.1) || now == wanted;
    let stays = stays && canvas.is_none_or(|canvas| by_four(canvas.at.1));
    let keeps_fields = interlaced && stays && chain.fields == Fields::Keep;

    let mut filters = Vec::<String>::new();
    // Less than that is no picture for the filter, and nothing that was ever interlaced.
    let is_tiny = shape.width < 4 || shape.height < 4;
    if interlaced && !keeps_fields && !is_tiny {
        filters.push(match chain.fields {
            // Between two moments, what did not move is taken from both fields. One picture says nothing of that.
            Fields::Keep | Fields::Join => {
                "bwdif=mode=send_frame:parity=auto:deint=interlaced".into()
            }
            Fields::JoinAlone => "estdif=mode=frame:parity=auto:deint=interlaced".into(),
        });
    }
    filters.extend(chain.turn.filters().into_iter().map(String::from));
    if let Some((num, den)) = chain.frame_rate {
        filters.push(format!("fps=fps={num}/{den}"));
    }
    filters.extend(sized(chain, now, wanted, keeps_fields));
    filters.extend(colours(chain, shape, wanted.1, canvas.is_some())?);
    let now = chain.part.map_or(wanted, |part| (part.width, part.height));
    // After the colours: where two pixels share one, an odd place would be off by half.
    if let Some(Area {
        x,
        y,
        width,
        height,
    }) = chain.part
    {
        filters.push(format!("crop={width}:{height}:{x}:{y}:exact=1"));
    }
    let ((width, height), (x, y)) = canvas.map_or((now, (0, 0)), |canvas| (canvas.size, canvas.at));
    if (width, height) != now {
        filters.push(format!("pad={width}:{height}:{x}:{y}:color=black"));
    }
    match (settled, chain.sar, chain.aspect) {
        (Some((wide, high, (num, den))), ..) => {
            if (wide, high) != (width, height) {
                filters.push(format!("scale={wide}:{high}:flags=bicubic"));
                filters.push(format!("format=pix_fmts={}", chain.pixel_formats));
            }
            filters.push(format!("setsar={}/{}", num.max(0), den.max(1)));
        }
        (None, Some(sar), _) => {
            let (num, den) = sar.get();
            filters.push(format!("setsar={num}/{den}"));
        }
        (None, None, Some(aspect)) => {
            let (num, den) = aspect.get();
            filters.push(format!("setdar={num}/{den}"));
        }
        (None, None, None) if chain.size.is_some() || chain.square => {
            filters.push("setsar=1".into());
        }
        (None, None, None) => {}
    }
    Ok(filters.join(","))
}

/// The size of the picture itself.
fn wanted_size(chain: &VideoChain, picture: Picture) -> (u32, u32) {
    let wanted = match chain.size {
        Some(size) => picture.resized(size, chain.fit, chain.sar.map_or((1, 1), Ratio::get)),
        None if chain.square => picture.squared(),
        None => (picture.width, picture.height),
    };
    on_grid(wanted, chain.even)
}

/// The filter that gives the picture this size, if it needs one.
fn sized(
    chain: &VideoChain,
    now: (u32, u32),
    wanted: (u32, u32),
    keeps_fields: bool,
) -> Option<String> {
    let (width, height) = wanted;
    if keeps_fields && now.1.is_multiple_of(4) {
        // Each field for itself, and if it is only that their colours come down to half the lines.
        return Some(format!("scale={width}:{height}:flags=bicubic:interl=1"));
    }
    if wanted == now {
        return None;
    }
    // A line is cut off rather than every pixel being smeared over a fraction of its neighbour.
    let is_cut = chain.size.is_none() && !chain.square && width <= now.0 && height <= now.1;
    Some(match is_cut {
        true => format!("crop={width}:{height}:0:0"),
        false => format!("scale={width}:{height}:flags=bicubic"),
    })
}

fn on_grid((width, height): (u32, u32), to_even: bool) -> (u32, u32) {
    if to_even {
        (even(width), even(height))
    } else {
        (width, height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::av::geometry::Turn;

    fn shape(width: i32, height: i32, sar: (i32, i32)) -> PictureShape {
        PictureShape {
            width,
            height,
            format: 0,
            sar,
            range: 0,
            matrix: 2,
            primaries: 2,
            transfer: 2,
        }
    }

    fn plain() -> VideoChain {
        VideoChain {
            even: true,
            ..VideoChain::into_format("yuv420p")
        }
    }

    #[test]
    fn video_chains_do_what_the_parameters_say() {
        let quarter = Turn {
            quarters: 1,
            mirrored: false,
        };
        for (name, chain, shape, settled, expected) in [
            (
                "nothing to do",
                plain(),
                shape(640, 360, (1, 1)),
                None,
                "format=pix_fmts=yuv420p",
            ),
            (
                "odd size loses a line",
                plain(),
                shape(161, 121, (1, 1)),
                None,
                "crop=160:120:0:0,format=pix_fmts=yuv420p",
            ),
            (
                "a single pixel grows",
                plain(),
                shape(1, 1, (1, 1)),
                None,
                "scale=2:2:flags=bicubic,format=pix_fmts=yuv420p",
            ),
            (
                "phone video is turned before it is sized",
                VideoChain {
                    turn: quarter,
                    size: Some(Size::Width(180)),
                    ..plain()
                },
                shape(1280, 720, (1, 1)),
                None,
                "transpose=clock,scale=180:320:flags=bicubic,format=pix_fmts=yuv420p,setsar=1",
            ),
            (
                "a frame rate is set before pixels are touched",
                VideoChain {
                    frame_rate: Some((15, 1)),
                    ..plain()
                },
                shape(640, 360, (1, 1)),
                None,
                "fps=fps=15/1,format=pix_fmts=yuv420p",
            ),
            (
                "a size change in the middle keeps the first size",
                plain(),
                shape(320, 240, (1, 1)),
                Some((640, 480, (4, 3))),
                "format=pix_fmts=yuv420p,scale=640:480:flags=bicubic,format=pix_fmts=yuv420p,setsar=4/3",
            ),
            (
                "a picture gets square pixels",
                VideoChain {
                    square: true,
                    even: false,
                    pixel_formats: "rgb24",
                    ..plain()
                },
                shape(1440, 1080, (4, 3)),
                None,
                "scale=1920:1080:flags=bicubic,format=pix_fmts=rgb24,setsar=1",
            ),
        ] {
            let filters = video_chain(&chain, &shape, false, settled).ok();
            assert_eq!(filters.as_deref(), Some(expected), "{name}");
        }
    }
}
