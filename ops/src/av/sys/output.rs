//! Files being written: what a container takes, its streams before the header, its bytes.

use super::*;

/// False if the muxer is known not to hold the codec. Some muxers do not say; those refuse when their header is written.
pub(crate) fn container_takes(output: &ffmpeg::format::context::Output, codec_id: c_int) -> bool {
    type Query = unsafe extern "C" fn(*const ffi::AVOutputFormat, c_int, c_int) -> c_int;
    type Tag = unsafe extern "C" fn(*const *const ffi::AVCodecTag, c_int, *mut u32) -> c_int;
    // SAFETY: a C enum parameter is passed exactly like an int, so calling through these types are the same calls, without
    // a Rust enum that the id might not be a member of. The muxer description is static, its list of tags may be null.
    unsafe {
        let query: Query = std::mem::transmute(ffi::avformat_query_codec as *const ());
        let tag: Tag = std::mem::transmute(ffi::av_codec_get_tag2 as *const ());
        let muxer = (*output.as_ptr()).oformat;
        let quicktime = [ffi::avformat_get_mov_video_tags(), ptr::null()];
        let lists = [(*muxer).codec_tag, quicktime.as_ptr()];
        let has_tag = || lists.iter().any(|&list| tag(list, codec_id, &mut 0) != 0);
        query(muxer, codec_id, ffi::FF_COMPLIANCE_NORMAL as c_int) != 0
            // Matroska holds what is not in its own list under the tags of AVI or QuickTime, but says so to the lenient only.
            || query(muxer, codec_id, ffi::FF_COMPLIANCE_UNOFFICIAL) == 1 && has_tag()
    }
}

/// True if encoders must put their headers beside the stream instead of into it.
pub(crate) fn wants_global_header(output: &ffmpeg::format::context::Output) -> bool {
    // SAFETY: reads one plain field of the static muxer description.
    unsafe { (*(*output.as_ptr()).oformat).flags & ffi::AVFMT_GLOBALHEADER as c_int != 0 }
}

/// Sets what a new output stream carries beside its codec parameters.
pub(crate) fn shape_output_stream(
    output: &mut ffmpeg::format::context::Output,
    index: usize,
    time_base: (i32, i32),
    frame_rate: (i32, i32),
    tag: u32,
) {
    if index >= output.nb_streams() as usize {
        return;
    }
    // SAFETY: the index is below the stream count of a context we hold mutably, before its header is written.
    unsafe {
        let stream = *(*output.as_mut_ptr()).streams.add(index);
        (*stream).time_base = ffi::AVRational {
            num: time_base.0,
            den: time_base.1,
        };
        (*stream).avg_frame_rate = ffi::AVRational {
            num: frame_rate.0,
            den: frame_rate.1,
        };
        (*stream).sample_aspect_ratio = (*(*stream).codecpar).sample_aspect_ratio;
        (*(*stream).codecpar).codec_tag = tag;
    }
}

/// Says whether players choose this stream of its kind unless told otherwise.
pub(crate) fn set_default(
    output: &mut ffmpeg::format::context::Output,
    index: usize,
    is_default: bool,
) {
    if index >= output.nb_streams() as usize {
        return;
    }
    // SAFETY: the index is below the stream count of a context we hold mutably, before its header is written.
    unsafe {
        let stream = *(*output.as_mut_ptr()).streams.add(index);
        (*stream).disposition = match is_default {
            true => ffi::AV_DISPOSITION_DEFAULT as c_int,
            false => 0,
        };
    }
}

/// Copies a source stream's codec parameters and what it says of its display onto an output stream, for packets that are
/// copied.
pub(crate) fn copy_stream(
    output: &mut ffmpeg::format::context::Output,
    index: usize,
    source: &ffmpeg::Stream,
    display_matrix: Option<&[i32; 9]>,
    mastering: Option<Mastering>,
) -> Result<(), ffmpeg::Error> {
    if index >= output.nb_streams() as usize {
        return Err(ffmpeg::Error::StreamNotFound);
    }
    // SAFETY: both streams are alive, the output's header is not written yet.
    unsafe {
        let stream = *(*output.as_mut_ptr()).streams.add(index);
        match ffi::avcodec_parameters_copy((*stream).codecpar, (*source.as_ptr()).codecpar) {
            error if error < 0 => return Err(ffmpeg::Error::from(error)),
            _ => (*(*stream).codecpar).sample_aspect_ratio = (*source.as_ptr()).sample_aspect_ratio,
        }
        if (*(*stream).codecpar).sample_aspect_ratio.num == 0 {
            (*(*stream).codecpar).sample_aspect_ratio =
                (*(*source.as_ptr()).codecpar).sample_aspect_ratio;
        }
        #[cfg(not(ffmpeg_8_0))]
        if let Some(matrix) = display_matrix {
            let bytes: Vec<u8> = matrix.iter().flat_map(|cell| cell.to_ne_bytes()).collect();
            let kind = ffi::AVPacketSideDataType::AV_PKT_DATA_DISPLAYMATRIX;
            picture::add_side_data(stream, kind, &bytes)?;
        }
        #[cfg(not(ffmpeg_8_0))]
        for (kind, bytes) in mastering.iter().flat_map(Mastering::side_data) {
            picture::add_side_data(stream, kind, &bytes)?;
        }
        #[cfg(ffmpeg_8_0)]
        let _ = (display_matrix, mastering); // they travel with the codec parameters since FFmpeg 8
    }
    Ok(())
}

/// Time base the muxer chose for a stream when it wrote the header.
pub(crate) fn output_time_base(
    output: &ffmpeg::format::context::Output,
    index: usize,
) -> (i32, i32) {
    if index >= output.nb_streams() as usize {
        return (1, 1000);
    }
    // SAFETY: the index is below the stream count of a live context.
    unsafe { pair((**(*output.as_ptr()).streams.add(index)).time_base) }
}

/// Bytes written to the output so far.
pub(crate) fn bytes_written(output: &ffmpeg::format::context::Output) -> i64 {
    // SAFETY: the context was opened with an AVIOContext, which lives as long as it.
    unsafe {
        let io = (*output.as_ptr()).pb;
        if io.is_null() {
            0
        } else {
            ffi::avio_seek(io, 0, 1 /* SEEK_CUR */).max(0)
        }
    }
}

/// Flushes what the muxer wrote and reports the first error writing met (a full disk shows here).
pub(crate) fn flush_output(
    output: &mut ffmpeg::format::context::Output,
) -> Result<(), ffmpeg::Error> {
    // SAFETY: as above; avio_flush has no result, the sticky error field tells.
    unsafe {
        let io = (*output.as_mut_ptr()).pb;
        if io.is_null() {
            return Ok(());
        }
        ffi::avio_flush(io);
        match (*io).error {
            error if error < 0 => Err(ffmpeg::Error::from(error)),
            _ => Ok(()),
        }
    }
}
