//! What a search for pictures asks of libav: where the key pictures of a stream are, and going to one of them.

use super::*;

/// Where the key pictures of a stream are by the container's index, in the stream's time base: without B-frames their
/// showing times, with them the decoding times, which are a few frames earlier. Pictures that an edit list hides are
/// left out. Empty where there is no index.
pub(crate) fn indexed_keys(stream: &ffmpeg::Stream) -> Vec<i64> {
    let mut keys = Vec::new();
    for_each_entry(stream, |entry| {
        let flags = entry.flags();
        if flags & ffi::AVINDEX_KEYFRAME as c_int != 0
            && flags & ffi::AVINDEX_DISCARD_FRAME as c_int == 0
        {
            keys.push(entry.timestamp);
        }
    });
    keys
}

/// How many samples the container's index lists.
pub(crate) fn indexed_count(stream: &ffmpeg::Stream) -> i64 {
    // SAFETY: the stream is alive.
    unsafe { ffi::avformat_index_get_entries_count(stream.as_ptr().cast_mut()) }.into()
}

/// Time of the last indexed sample, in the stream's time base.
pub(crate) fn indexed_last(stream: &ffmpeg::Stream) -> Option<i64> {
    let mut last = None;
    for_each_entry(stream, |entry| last = last.max(Some(entry.timestamp)));
    last
}

fn for_each_entry(stream: &ffmpeg::Stream, mut visit: impl FnMut(&ffi::AVIndexEntry)) {
    // SAFETY: the stream is alive; entries are asked by an index below the count and not kept.
    unsafe {
        let raw = stream.as_ptr().cast_mut();
        for i in 0..ffi::avformat_index_get_entries_count(raw) {
            if let Some(entry) = ffi::avformat_index_get_entry(raw, i).as_ref() {
                visit(entry);
            }
        }
    }
}

/// Goes to the last key picture of a stream that is not after `tick` of its time base, by the container's own clock.
pub(crate) fn seek(
    input: &mut ffmpeg::format::context::Input,
    stream: usize,
    tick: i64,
) -> Result<(), ffmpeg::Error> {
    let index = c_int::try_from(stream).map_err(|_| ffmpeg::Error::StreamNotFound)?;
    // SAFETY: a context we hold mutably; the callee checks the stream index.
    match unsafe { ffi::avformat_seek_file(input.as_mut_ptr(), index, i64::MIN, tick, tick, 0) } {
        error if error < 0 => Err(ffmpeg::Error::from(error)),
        _ => Ok(()),
    }
}

/// True if the stream is known to hold two fields a picture: each may then come in a packet of its own.
pub(crate) fn is_interlaced(stream: &ffmpeg::Stream) -> bool {
    // SAFETY: reads one integer of the parameters of a live stream.
    let order = unsafe { raw!((*(*stream.as_ptr()).codecpar).field_order) };
    // 0 unknown, 1 progressive.
    order > 1
}
