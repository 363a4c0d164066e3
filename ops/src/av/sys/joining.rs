//! What joining parts needs of libav: samples made and cut, colours carried over, codec headers compared.

use std::os::raw::c_int;
use std::ptr;

use ffmpeg_next as ffmpeg;
use ffmpeg_next::ffi;

use super::{blank_frame, failed_with};

/// A frame of silence in planar floats; `layout` is libav's name of it.
pub(crate) fn silence(
    rate: u32,
    layout: &str,
    samples: u32,
) -> Result<ffmpeg::Frame, ffmpeg::Error> {
    let layout = std::ffi::CString::new(layout).map_err(|_| failed_with(ffmpeg::error::EINVAL))?;
    let count = c_int::try_from(samples).map_err(|_| failed_with(ffmpeg::error::EINVAL))?;
    let mut frame = blank_frame();
    // SAFETY: the fields of a fresh frame that we own are set before its buffers are made; silence is then written to
    // exactly the samples and channels those buffers were made for.
    unsafe {
        let raw = frame.as_mut_ptr();
        (*raw).format = ffi::AVSampleFormat::AV_SAMPLE_FMT_FLTP as c_int;
        (*raw).sample_rate =
            c_int::try_from(rate).map_err(|_| failed_with(ffmpeg::error::EINVAL))?;
        (*raw).nb_samples = count;
        checked(ffi::av_channel_layout_from_string(
            &mut (*raw).ch_layout,
            layout.as_ptr(),
        ))?;
        checked(ffi::av_frame_get_buffer(raw, 0))?;
        checked(ffi::av_samples_set_silence(
            (*raw).extended_data,
            0,
            count,
            (*raw).ch_layout.nb_channels,
            ffi::AVSampleFormat::AV_SAMPLE_FMT_FLTP,
        ))?;
    }
    Ok(frame)
}

/// The samples `from..from + count` of a frame of planar floats, as a frame of their own.
pub(crate) fn cut_samples(
    frame: &ffmpeg::Frame,
    from: u32,
    count: u32,
) -> Result<ffmpeg::Frame, ffmpeg::Error> {
    let mut part = blank_frame();
    // SAFETY: both frames are alive; the copy is made only of planar floats and only if the source has the samples, and
    // the target's buffers are made for exactly `count` of them in the same layout.
    unsafe {
        let (to, source) = (part.as_mut_ptr(), frame.as_ptr());
        let has = u64::from(from) + u64::from(count) <= (*source).nb_samples.max(0) as u64;
        if !has || (*source).format != ffi::AVSampleFormat::AV_SAMPLE_FMT_FLTP as c_int {
            return Err(failed_with(ffmpeg::error::EINVAL));
        }
        checked(ffi::av_frame_copy_props(to, source))?;
        (*to).format = (*source).format;
        (*to).sample_rate = (*source).sample_rate;
        (*to).nb_samples = count as c_int;
        checked(ffi::av_channel_layout_copy(
            &mut (*to).ch_layout,
            &(*source).ch_layout,
        ))?;
        checked(ffi::av_frame_get_buffer(to, 0))?;
        checked(ffi::av_samples_copy(
            (*to).extended_data,
            (*source).extended_data,
            0,
            from as c_int,
            count as c_int,
            (*source).ch_layout.nb_channels,
            ffi::AVSampleFormat::AV_SAMPLE_FMT_FLTP,
        ))?;
    }
    Ok(part)
}

/// The number of a pixel format, by libav's name of it.
pub(crate) fn pixel_format(name: &str) -> c_int {
    let number = |name: std::ffi::CString| {
        // SAFETY: the string is NUL-terminated and outlives the call.
        unsafe { ffi::av_get_pix_fmt(name.as_ptr()) as c_int }
    };
    std::ffi::CString::new(name).map_or(-1, number)
}

/// A black picture; `format` is libav's name of a pixel format.
pub(crate) fn black(width: u32, height: u32, format: &str) -> Result<ffmpeg::Frame, ffmpeg::Error> {
    let invalid = failed_with(ffmpeg::error::EINVAL);
    let format = std::ffi::CString::new(format).map_err(|_| invalid)?;
    let (width, height) = match (c_int::try_from(width), c_int::try_from(height)) {
        (Ok(width), Ok(height)) => (width, height),
        _ => return Err(invalid),
    };
    let mut frame = blank_frame();
    // SAFETY: the fields of a fresh frame that we own are set before its buffers are made; black is then written to
    // exactly the planes those buffers were made for, whose line lengths are copied to the type the function wants.
    unsafe {
        let raw = frame.as_mut_ptr();
        let pixels = ffi::av_get_pix_fmt(format.as_ptr());
        (*raw).format = pixels as c_int;
        (*raw).width = width;
        (*raw).height = height;
        checked(ffi::av_frame_get_buffer(raw, 0))?;
        let lines = [0, 1, 2, 3].map(|plane| (*raw).linesize[plane] as isize);
        checked(ffi::av_image_fill_black(
            ptr::addr_of_mut!((*raw).data).cast(),
            lines.as_ptr(),
            pixels,
            ffi::AVColorRange::AVCOL_RANGE_MPEG,
            width,
            height,
        ))?;
    }
    Ok(frame)
}

/// How the numbers of a picture stand for colours, as plain integers of libav.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Colour {
    pub(crate) range: c_int,
    pub(crate) matrix: c_int,
    pub(crate) primaries: c_int,
    pub(crate) transfer: c_int,
    pub(crate) chroma: c_int,
}

/// The colours of a picture.
pub(crate) fn colour(frame: &ffmpeg::Frame) -> Colour {
    // SAFETY: reads plain fields of a live frame, enums raw.
    unsafe {
        let raw = frame.as_ptr();
        Colour {
            range: raw!((*raw).color_range),
            matrix: raw!((*raw).colorspace),
            primaries: raw!((*raw).color_primaries),
            transfer: raw!((*raw).color_trc),
            chroma: raw!((*raw).chroma_location),
        }
    }
}

/// Says of a picture that its colours are those of another. The integers must come from [`colour`].
pub(crate) fn set_colour(frame: &mut ffmpeg::Frame, colour: Colour) {
    // SAFETY: writes enum fields of a frame we hold mutably as the integers that libav itself put into another frame.
    unsafe {
        let raw = frame.as_mut_ptr();
        let put = |place: *mut c_int, value| place.write(value);
        put(ptr::addr_of_mut!((*raw).color_range).cast(), colour.range);
        put(ptr::addr_of_mut!((*raw).colorspace).cast(), colour.matrix);
        put(
            ptr::addr_of_mut!((*raw).color_primaries).cast(),
            colour.primaries,
        );
        put(ptr::addr_of_mut!((*raw).color_trc).cast(), colour.transfer);
        put(
            ptr::addr_of_mut!((*raw).chroma_location).cast(),
            colour.chroma,
        );
    }
}

/// The headers of a codec that a container keeps beside the stream; empty where they travel in the stream.
pub(crate) fn extradata(stream: &ffmpeg::Stream) -> Vec<u8> {
    // SAFETY: the stream is borrowed from an open context; the block has the length that stands beside it.
    unsafe {
        let parameters = (*stream.as_ptr()).codecpar;
        let (data, size) = ((*parameters).extradata, (*parameters).extradata_size);
        if data.is_null() || size <= 0 {
            return Vec::new();
        }
        std::slice::from_raw_parts(data, size as usize).to_vec()
    }
}

fn checked(result: c_int) -> Result<(), ffmpeg::Error> {
    if result < 0 {
        return Err(ffmpeg::Error::from(result));
    }
    Ok(())
}
