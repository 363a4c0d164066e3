//! What a decoded picture tells of itself beside its pixels: fields, samples, the display it was made for.

use std::os::raw::c_int;
use std::ptr;

use ffmpeg_next as ffmpeg;
use ffmpeg_next::ffi;

/// How the samples of a pixel format lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Samples {
    /// Bits of the deepest component, 0 when unknown.
    pub(crate) depth: u32,
    /// Red, green and blue instead of brightness and colour.
    pub(crate) is_rgb: bool,
    /// There is an opacity beside the colour.
    pub(crate) has_alpha: bool,
    /// The format itself says that the full range of values is used (`yuvj420p` and its kind).
    pub(crate) is_full_range: bool,
}

/// How the samples of a pixel format lie, by its integer.
pub(crate) fn samples(format: c_int) -> Samples {
    let mut cursor: *const ffi::AVPixFmtDescriptor = ptr::null();
    let mut id = 0;
    loop {
        // SAFETY: iteration over a static table, from null to null; ids count from 0 in the same order; a descriptor has at
        // most four components and a name.
        unsafe {
            cursor = ffi::av_pix_fmt_desc_next(cursor);
            if cursor.is_null() {
                return Samples::default();
            }
            if id == format {
                let flags = (*cursor).flags;
                let depths = (*cursor).comp.iter().map(|c| c.depth.max(0) as u32);
                return Samples {
                    depth: depths.max().unwrap_or(0),
                    is_rgb: flags & ffi::AV_PIX_FMT_FLAG_RGB as u64 != 0,
                    has_alpha: flags & ffi::AV_PIX_FMT_FLAG_ALPHA as u64 != 0,
                    is_full_range: super::text((*cursor).name).starts_with("yuvj"),
                };
            }
        }
        id += 1;
    }
}

/// Which field of an interlaced picture comes first; `None` for a whole picture.
pub(crate) fn first_field_is_top(frame: &ffmpeg::Frame) -> Option<bool> {
    // SAFETY: reads plain fields of a live frame.
    unsafe {
        let raw = frame.as_ptr();
        #[cfg(not(ffmpeg_7_0))]
        let (interlaced, top) = ((*raw).interlaced_frame != 0, (*raw).top_field_first != 0);
        #[cfg(ffmpeg_7_0)]
        let (interlaced, top) = (
            (*raw).flags & ffi::AV_FRAME_FLAG_INTERLACED as c_int != 0,
            (*raw).flags & ffi::AV_FRAME_FLAG_TOP_FIELD_FIRST as c_int != 0,
        );
        interlaced.then_some(top)
    }
}

/// Tells a video encoder that its pictures are pairs of fields.
pub(crate) fn set_fields(context: &mut ffmpeg::codec::Context, top_first: bool) {
    let flags = ffi::AV_CODEC_FLAG_INTERLACED_DCT | ffi::AV_CODEC_FLAG_INTERLACED_ME;
    // SAFETY: writes plain fields of a context we hold mutably, before it is opened.
    unsafe {
        let to = context.as_mut_ptr();
        (*to).flags |= flags as c_int;
        (*to).field_order = if top_first {
            ffi::AVFieldOrder::AV_FIELD_TT
        } else {
            ffi::AVFieldOrder::AV_FIELD_BB
        };
    }
}

/// Gives a picture the quality its encoder was opened with: some encoders look for it here.
pub(crate) fn aim_at_quality(frame: &mut ffmpeg::Frame, context: &ffmpeg::codec::Context) {
    // SAFETY: copies one plain field between a live context and a frame we hold mutably.
    unsafe { (*frame.as_mut_ptr()).quality = (*context.as_ptr()).global_quality }
}

/// The display that high dynamic range was made on (SMPTE ST 2086) and how bright it gets (CTA-861.3), as libav keeps them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Mastering {
    /// `AVMasteringDisplayMetadata`: numerator and denominator of x and y of red, green, blue and white, of the lowest
    /// and the highest luminance, then whether there are colours and whether there are luminances.
    display: Option<[i32; DISPLAY]>,
    /// `AVContentLightMetadata`: the brightest pixel and the brightest mean of a picture, in candela per square metre.
    light: Option<[u32; LIGHT]>,
}

const DISPLAY: usize = 22;
const LIGHT: usize = 2;

impl Mastering {
    /// Takes side data of a stream or frame; of another kind it takes nothing.
    pub(crate) fn take(&mut self, is_display: bool, data: &[u8]) {
        let words = |cells: &mut [i32]| {
            for (cell, bytes) in cells.iter_mut().zip(data.chunks_exact(4)) {
                *cell = i32::from_ne_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
            }
        };
        if is_display && data.len() >= DISPLAY * 4 {
            let mut display = [0; DISPLAY];
            words(&mut display);
            self.display = Some(display);
        } else if !is_display && data.len() >= LIGHT * 4 {
            let mut light = [0; LIGHT];
            words(&mut light);
            self.light = Some(light.map(|level| level.max(0) as u32));
        }
    }

    /// `None` if nothing was taken.
    pub(crate) fn known(self) -> Option<Self> {
        (self != Self::default()).then_some(self)
    }

    /// x265's parameters: colours in fifty thousandths, luminance in ten thousandths of a candela per square metre.
    pub(crate) fn x265(&self) -> String {
        let mut text = String::new();
        if let Some([r, g, b, w, dark, bright]) = self.display_points() {
            let point = |(x, y): (f64, f64)| format!("({:.0},{:.0})", x * 50_000.0, y * 50_000.0);
            text = format!(
                ":master-display=G{}B{}R{}WP{}L({:.0},{:.0})",
                point(g),
                point(b),
                point(r),
                point(w),
                bright.0 * 10_000.0,
                dark.0 * 10_000.0
            );
        }
        if let Some([most, mean]) = self.light {
            text += &format!(":max-cll={most},{mean}");
        }
        text
    }

    /// SVT-AV1's parameters, in plain units.
    pub(crate) fn svt(&self) -> String {
        let mut text = String::new();
        if let Some([r, g, b, w, dark, bright]) = self.display_points() {
            let point = |(x, y): (f64, f64)| format!("({x:.5},{y:.5})");
            text = format!(
                ":mastering-display=G{}B{}R{}WP{}L({:.4},{:.4})",
                point(g),
                point(b),
                point(r),
                point(w),
                bright.0,
                dark.0
            );
        }
        if let Some([most, mean]) = self.light {
            text += &format!(":content-light={most},{mean}");
        }
        text
    }

    /// Red, green, blue and white as x and y, then the luminances as x alone; `None` unless all are there and make sense.
    fn display_points(&self) -> Option<[(f64, f64); 6]> {
        let cells = self.display?;
        let ratio = |at: usize| f64::from(cells[at]) / f64::from(cells[at + 1]);
        let point = |at: usize| (ratio(at), ratio(at + 2));
        let points = [point(0), point(4), point(8), point(12)];
        let (dark, bright) = (ratio(16), ratio(18));
        let sane = cells[20] != 0
            && cells[21] != 0
            && points
                .iter()
                .all(|(x, y)| (0.0..=1.0).contains(x) && (0.0..=1.0).contains(y))
            && (0.0..bright).contains(&dark)
            && bright <= 10_000.0;
        let [r, g, b, w] = points;
        sane.then_some([r, g, b, w, (dark, 0.0), (bright, 0.0)])
    }

    /// The side data an output stream gets.
    pub(super) fn side_data(&self) -> Vec<(ffi::AVPacketSideDataType, Vec<u8>)> {
        use ffi::AVPacketSideDataType::{
            AV_PKT_DATA_CONTENT_LIGHT_LEVEL, AV_PKT_DATA_MASTERING_DISPLAY_METADATA,
        };
        let display = self.display_points().and(self.display).map(|cells| {
            let bytes = cells.iter().flat_map(|cell| cell.to_ne_bytes()).collect();
            (AV_PKT_DATA_MASTERING_DISPLAY_METADATA, bytes)
        });
        let light = self.light.map(|levels| {
            let bytes = levels
                .iter()
                .flat_map(|level| level.to_ne_bytes())
                .collect();
            (AV_PKT_DATA_CONTENT_LIGHT_LEVEL, bytes)
        });
        display.into_iter().chain(light).collect()
    }
}

/// What a decoded picture says of the display it was made on.
pub(crate) fn mastering_of_frame(frame: &ffmpeg::Frame) -> Option<Mastering> {
    use ffi::AVFrameSideDataType::{
        AV_FRAME_DATA_CONTENT_LIGHT_LEVEL, AV_FRAME_DATA_MASTERING_DISPLAY_METADATA,
    };
    let mut mastering = Mastering::default();
    for (kind, is_display) in [
        (AV_FRAME_DATA_MASTERING_DISPLAY_METADATA, true),
        (AV_FRAME_DATA_CONTENT_LIGHT_LEVEL, false),
    ] {
        // SAFETY: the frame is live; side data that is found lives as long as it and has the length that stands beside it.
        unsafe {
            let side = ffi::av_frame_get_side_data(frame.as_ptr(), kind);
            if !side.is_null() && !(*side).data.is_null() {
                let data = std::slice::from_raw_parts((*side).data, (*side).size);
                mastering.take(is_display, data);
            }
        }
    }
    mastering.known()
}

/// Says in the container what display the pictures of an encoded stream were made on.
pub(crate) fn describe_display(
    output: &mut ffmpeg::format::context::Output,
    index: usize,
    mastering: &Mastering,
) -> Result<(), ffmpeg::Error> {
    if index >= output.nb_streams() as usize {
        return Err(ffmpeg::Error::StreamNotFound);
    }
    for (kind, bytes) in mastering.side_data() {
        // SAFETY: the index is below the stream count of a context we hold mutably, before its header is written.
        unsafe {
            let stream = *(*output.as_mut_ptr()).streams.add(index);
            add_side_data(stream, kind, &bytes)?;
        }
    }
    Ok(())
}

/// Attaches side data to an output stream.
///
/// # Safety
/// `stream` must be a live stream of an output whose header is not written yet.
pub(super) unsafe fn add_side_data(
    stream: *mut ffi::AVStream,
    kind: ffi::AVPacketSideDataType,
    bytes: &[u8],
) -> Result<(), ffmpeg::Error> {
    // SAFETY: by the caller's promise the stream is alive; libav allocates the block for exactly the bytes written to it.
    unsafe {
        #[cfg(not(ffmpeg_8_0))]
        let data = ffi::av_stream_new_side_data(stream, kind, bytes.len());
        #[cfg(ffmpeg_8_0)]
        let data = {
            let parameters = (*stream).codecpar;
            let side = ffi::av_packet_side_data_new(
                &mut (*parameters).coded_side_data,
                &mut (*parameters).nb_coded_side_data,
                kind,
                bytes.len(),
                0,
            );
            if side.is_null() {
                ptr::null_mut()
            } else {
                (*side).data
            }
        };
        if data.is_null() {
            return Err(ffmpeg::Error::Other {
                errno: ffmpeg::error::ENOMEM,
            });
        }
        ptr::copy_nonoverlapping(bytes.as_ptr(), data, bytes.len());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn p3_display() -> Mastering {
        let mut cells = Vec::new();
        for hundredths in [68, 32, 26, 69, 15, 6, 31, 33] {
            cells.extend([hundredths, 100]);
        }
        cells.extend([5, 10_000, 1000, 1, 1, 1]);
        let bytes: Vec<u8> = cells
            .iter()
            .flat_map(|cell: &i32| cell.to_ne_bytes())
            .collect();
        let mut mastering = Mastering::default();
        mastering.take(true, &bytes);
        let light: Vec<u8> = [1000u32, 400]
            .iter()
            .flat_map(|n| n.to_ne_bytes())
            .collect();
        mastering.take(false, &light);
        mastering
    }

    #[test]
    fn encoders_are_told_of_the_display_in_their_own_units() {
        assert_eq!(
            p3_display().x265(),
            ":master-display=G(13000,34500)B(7500,3000)R(34000,16000)WP(15500,16500)L(10000000,5):max-cll=1000,400"
        );
        assert_eq!(
            p3_display().svt(),
            ":mastering-display=G(0.26000,0.69000)B(0.15000,0.06000)R(0.68000,0.32000)WP(0.31000,0.33000)L(1000.0000,0.0005):content-light=1000,400"
        );
    }

    #[test]
    fn a_display_that_makes_no_sense_is_not_passed_on() {
        let mut mastering = Mastering::default();
        mastering.take(true, &[0; DISPLAY * 4]);
        assert_eq!(
            (mastering.x265(), mastering.svt()),
            (String::new(), String::new())
        );
        assert!(mastering.side_data().is_empty());
        assert_eq!(Mastering::default().known(), None);
    }

    #[test]
    fn pixel_formats_are_known_by_their_samples() {
        let format = |name| {
            (0..400).find(|&id| super::super::pixel_format_name(id).as_deref() == Some(name))
        };
        for (name, depth, rgb, alpha, full) in [
            ("yuv420p", 8, false, false, false),
            ("yuvj420p", 8, false, false, true),
            ("yuv420p10le", 10, false, false, false),
            ("rgba", 8, true, true, false),
            ("gbrp", 8, true, false, false),
        ] {
            let expected = Samples {
                depth,
                is_rgb: rgb,
                has_alpha: alpha,
                is_full_range: full,
            };
            assert_eq!(format(name).map(samples), Some(expected), "{name}");
        }
        assert_eq!(samples(-1), Samples::default());
    }
}
