//! What a container's index says of a stream before any packet is read.

use std::os::raw::c_int;

use ffmpeg_next as ffmpeg;
use ffmpeg_next::ffi;

/// The index of one stream, as far as it is known when the file is opened: whole for mp4 and mov.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Index {
    /// Packets in it.
    pub(crate) count: i64,
    /// Packets that are decoded but not shown (edit lists).
    pub(crate) hidden: i64,
    /// The first packet can be decoded alone.
    pub(crate) begins_with_key: bool,
    /// Ticks of the longest stretch from one key packet to the next.
    pub(crate) longest: i64,
}

/// Reads the index of a stream.
pub(super) fn of(stream: &ffmpeg::Stream) -> Index {
    let mut index = Index::default();
    let mut key_at = None;
    // SAFETY: the stream is alive; entries are asked by an index below the count, and are plain values.
    unsafe {
        let raw = stream.as_ptr().cast_mut();
        for number in 0..ffi::avformat_index_get_entries_count(raw) {
            let entry = ffi::avformat_index_get_entry(raw, number);
            if entry.is_null() {
                continue;
            }
            let (at, flags): (i64, c_int) = ((*entry).timestamp, (*entry).flags());
            let is_key = flags & ffi::AVINDEX_KEYFRAME as c_int != 0;
            index.begins_with_key |= number == 0 && is_key;
            index.count += 1;
            index.hidden += i64::from(flags & ffi::AVINDEX_DISCARD_FRAME as c_int != 0);
            let since = at.saturating_sub(key_at.unwrap_or(at));
            index.longest = index.longest.max(since);
            if is_key {
                key_at = Some(at);
            }
        }
    }
    index
}
