//! Encoders before they are opened: shaped after the first frame they will get.

use super::*;

/// Shapes a video encoder after the first picture it will get: size, pixel format, pixel aspect, colour.
pub(crate) fn shape_video_encoder(context: &mut ffmpeg::codec::Context, frame: &ffmpeg::Frame) {
    // SAFETY: copies plain fields between two live structs; enum fields keep the bits libav itself put there.
    unsafe {
        let (to, from) = (context.as_mut_ptr(), frame.as_ptr());
        (*to).width = (*from).width;
        (*to).height = (*from).height;
        ptr::addr_of_mut!((*to).pix_fmt)
            .cast::<c_int>()
            .write((*from).format);
        (*to).sample_aspect_ratio = (*from).sample_aspect_ratio;
        (*to).color_range = (*from).color_range;
        (*to).color_primaries = (*from).color_primaries;
        (*to).color_trc = (*from).color_trc;
        (*to).colorspace = (*from).colorspace;
        (*to).chroma_sample_location = (*from).chroma_location;
    }
}

/// Shapes an audio encoder: rate, channel layout and sample format, the latter two by libav's names of them.
pub(crate) fn shape_audio_encoder(
    context: &mut ffmpeg::codec::Context,
    rate: u32,
    layout: &str,
    format: &str,
) -> Result<(), ffmpeg::Error> {
    let invalid = ffmpeg::Error::Other {
        errno: ffmpeg::error::EINVAL,
    };
    let layout = std::ffi::CString::new(layout).map_err(|_| invalid)?;
    let format = std::ffi::CString::new(format).map_err(|_| invalid)?;
    // SAFETY: writes plain fields of a context we hold mutably before it is opened; the layout of a fresh context owns
    // nothing. libav gives a member of its own enum for any text.
    unsafe {
        let to = context.as_mut_ptr();
        (*to).sample_rate = c_int::try_from(rate).map_err(|_| invalid)?;
        (*to).sample_fmt = ffi::av_get_sample_fmt(format.as_ptr());
        match ffi::av_channel_layout_from_string(&mut (*to).ch_layout, layout.as_ptr()) {
            0 => Ok(()),
            error => Err(ffmpeg::Error::from(error)),
        }
    }
}

/// Samples an audio encoder takes per frame, 0 when it takes any number.
pub(crate) fn encoder_frame_size(context: &ffmpeg::codec::Context) -> u32 {
    // SAFETY: reads plain fields of a live context.
    unsafe {
        let raw = context.as_ptr();
        let variable = !(*raw).codec.is_null()
            && (*(*raw).codec).capabilities & ffi::AV_CODEC_CAP_VARIABLE_FRAME_SIZE as c_int != 0;
        if variable {
            0
        } else {
            (*raw).frame_size.max(0) as u32
        }
    }
}

/// Sets the flag that [`wants_global_header`] asks for.
pub(crate) fn set_global_header(context: &mut ffmpeg::codec::Context) {
    // SAFETY: writes one plain field of a context we hold mutably, before it is opened.
    unsafe { (*context.as_mut_ptr()).flags |= ffi::AV_CODEC_FLAG_GLOBAL_HEADER as c_int }
}
