//! What cutting an output into files needs of libavformat.

use std::os::raw::c_int;
use std::ptr;

use ffmpeg_next as ffmpeg;
use ffmpeg_next::ffi;

use super::{Medium, pair};

/// Writes out what the muxer holds back: a fragment of MP4, packets of sound that a transport stream collects.
pub(crate) fn flush_muxer(
    output: &mut ffmpeg::format::context::Output,
) -> Result<(), ffmpeg::Error> {
    // SAFETY: the header is written, so a null packet is the muxer's signal to flush; the context is held mutably.
    match unsafe { ffi::av_write_frame(output.as_mut_ptr(), ptr::null_mut()) } {
        error if error < 0 => Err(ffmpeg::Error::from(error)),
        _ => Ok(()),
    }
}

/// Has the transport stream muxer repeat its tables before the next packet, so that a file of its own can begin there.
pub(crate) fn repeat_tables(
    output: &mut ffmpeg::format::context::Output,
) -> Result<(), ffmpeg::Error> {
    // SAFETY: the private data of an open muxer begins with its class, as av_opt_set demands; a muxer without the option
    // answers with an error.
    unsafe {
        let private = (*output.as_mut_ptr()).priv_data;
        if private.is_null() {
            return Err(ffmpeg::Error::OptionNotFound);
        }
        match ffi::av_opt_set(
            private,
            c"mpegts_flags".as_ptr(),
            c"resend_headers".as_ptr(),
            0,
        ) {
            0 => Ok(()),
            error => Err(ffmpeg::Error::from(error)),
        }
    }
}

/// Lets the muxer put packets into its own form, as it does unless it is to write its header late.
pub(crate) fn adapt_packets(output: &mut ffmpeg::format::context::Output) {
    // SAFETY: writes one plain field of a context we hold mutably; it is read packet by packet.
    unsafe { (*output.as_mut_ptr()).flags |= ffi::AVFMT_FLAG_AUTO_BSF as c_int }
}

/// A stream of an output, as far as a list of segments describes it.
#[derive(Debug, Clone)]
pub(crate) struct OutputStream {
    pub(crate) medium: Medium,
    pub(crate) codec_id: c_int,
    pub(crate) profile: c_int,
    /// What decoders are told before the first packet.
    pub(crate) headers: Vec<u8>,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) sar: (i32, i32),
    pub(crate) frame_rate: (i32, i32),
    pub(crate) sample_rate: u32,
    pub(crate) channels: u32,
}

/// Describes a stream of an output.
pub(crate) fn output_stream(
    output: &ffmpeg::format::context::Output,
    index: usize,
) -> Option<OutputStream> {
    if index >= output.nb_streams() as usize {
        return None;
    }
    // SAFETY: the index is below the stream count of a live context, whose streams own their parameters; headers have the
    // length that stands beside them; enums are read raw.
    unsafe {
        let stream = *(*output.as_ptr()).streams.add(index);
        let parameters = (*stream).codecpar;
        Some(OutputStream {
            medium: match raw!((*parameters).codec_type) {
                0 => Medium::Video,
                1 => Medium::Audio,
                3 => Medium::Subtitle,
                _ => Medium::Other,
            },
            codec_id: raw!((*parameters).codec_id),
            profile: (*parameters).profile,
            headers: match ((*parameters).extradata, (*parameters).extradata_size) {
                (data, size) if !data.is_null() && size > 0 => {
                    std::slice::from_raw_parts(data, size as usize).to_vec()
                }
                _ => Vec::new(),
            },
            width: (*parameters).width.max(0) as u32,
            height: (*parameters).height.max(0) as u32,
            sar: pair((*parameters).sample_aspect_ratio),
            frame_rate: pair((*stream).avg_frame_rate),
            sample_rate: (*parameters).sample_rate.max(0) as u32,
            channels: (*parameters).ch_layout.nb_channels.max(0) as u32,
        })
    }
}
