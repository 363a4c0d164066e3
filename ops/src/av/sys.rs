//! The one room that may say `unsafe`: what `ffmpeg-next` does not wrap, or wraps through Rust enums that a crafted file
//! could push out of range. Every function here is safe to call; enumerations are read as plain integers.
#![allow(unsafe_code)]

/// Reads an enum field as the integer it is in C: a value outside the Rust enum must never become one. For use inside
/// `unsafe` blocks: C enums are c_int-sized, and the place must belong to a live struct.
macro_rules! raw {
    ($place:expr) => {
        ptr::addr_of!($place).cast::<c_int>().read()
    };
}

// Below the macro, which they use.
mod encoder;
mod facts;
mod film;
mod frames;
mod index;
mod joining;
mod output;
mod picture;
mod rewrite;
pub(crate) mod segments;
pub(crate) mod subtitles;

use std::ffi::CStr;
use std::os::raw::{c_char, c_int};
use std::ptr;

use ffmpeg_next as ffmpeg;
use ffmpeg_next::ffi;
use ffmpeg_next::packet::{Mut as _, Ref as _};

pub(crate) use encoder::*;
pub(crate) use facts::*;
pub(crate) use film::*;
pub(crate) use frames::*;
pub(crate) use index::Index;
pub(crate) use joining::{
    Colour, black, colour, cut_samples, extradata, pixel_format, set_colour, silence,
};
pub(crate) use output::*;
pub(crate) use picture::{
    Mastering, aim_at_quality, describe_display, first_field_is_top, mastering_of_frame, samples,
    set_fields,
};
pub(crate) use rewrite::Rewriter;

/// Prepares libav once: its own log is silenced, because errors travel as values here.
///
/// Panics if the program was compiled for another libavcodec major than the one it runs on: every struct layout would be wrong.
pub(crate) fn init() {
    const BUILT_FOR: u32 = ffi::LIBAVCODEC_VERSION_MAJOR as u32;
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        // SAFETY: both are plain functions without preconditions; av_log_set_level writes one atomic integer.
        let running = unsafe {
            ffi::av_log_set_level(ffi::AV_LOG_QUIET as c_int);
            ffi::avcodec_version() >> 16
        };
        assert_eq!(
            running, BUILT_FOR,
            "opmill was built for libavcodec {BUILT_FOR} but runs with {running}: rebuild it against the installed FFmpeg"
        );
        // Fills the table of error texts that `ffmpeg::Error` prints from.
        let _ = ffmpeg::init();
    });
}

/// Text of a C string that may be null or not UTF-8.
fn text(pointer: *const c_char) -> String {
    if pointer.is_null() {
        return String::new();
    }
    // SAFETY: non-null, and libav's strings are NUL-terminated and outlive the call.
    unsafe { CStr::from_ptr(pointer) }
        .to_string_lossy()
        .into_owned()
}

fn failed_with(errno: c_int) -> ffmpeg::Error {
    ffmpeg::Error::Other { errno }
}

fn present(value: i64) -> Option<i64> {
    (value != ffi::AV_NOPTS_VALUE).then_some(value)
}

fn pair(q: ffi::AVRational) -> (i32, i32) {
    (q.num, q.den)
}

/// Copies a dictionary, invalid UTF-8 replaced.
fn entries(dictionary: *const ffi::AVDictionary) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut entry: *const ffi::AVDictionaryEntry = ptr::null();
    loop {
        // SAFETY: a null dictionary is allowed; the iteration pointer is the one the last call returned.
        unsafe {
            entry = ffi::av_dict_get(
                dictionary,
                c"".as_ptr(),
                entry,
                ffi::AV_DICT_IGNORE_SUFFIX as c_int,
            );
            if entry.is_null() {
                return found;
            }
            found.push((text((*entry).key), text((*entry).value)));
        }
    }
}

/// Walks a stream's side data with the kind as an integer.
///
/// # Safety
/// `stream` must be borrowed from an open format context.
unsafe fn for_each_side_data(stream: &ffmpeg::Stream, mut visit: impl FnMut(c_int, &[u8])) {
    // SAFETY: by the caller's promise the arrays are alive and have the lengths that stand beside them.
    unsafe {
        #[cfg(not(ffmpeg_8_0))]
        let (first, count) = (
            (*stream.as_ptr()).side_data,
            (*stream.as_ptr()).nb_side_data,
        );
        #[cfg(ffmpeg_8_0)]
        let (first, count) = {
            let parameters = (*stream.as_ptr()).codecpar;
            (
                (*parameters).coded_side_data,
                (*parameters).nb_coded_side_data,
            )
        };
        for i in 0..count.max(0) as usize {
            let side = first.add(i);
            if !(*side).data.is_null() {
                visit(
                    raw!((*side).type_),
                    std::slice::from_raw_parts((*side).data, (*side).size),
                );
            }
        }
    }
}

/// `FF_PROFILE_UNKNOWN`, renamed `AV_PROFILE_UNKNOWN` in FFmpeg 7.
const PROFILE_UNKNOWN: c_int = -99;

/// True if this libavcodec can decode the codec.
pub(crate) fn has_decoder(codec_id: c_int) -> bool {
    let mut cursor = ptr::null_mut();
    loop {
        // SAFETY: the opaque cursor starts null and is only handed back; codecs are static.
        unsafe {
            let codec = ffi::av_codec_iterate(&mut cursor);
            if codec.is_null() {
                return false;
            }
            if raw!((*codec).id) == codec_id && ffi::av_codec_is_decoder(codec) != 0 {
                return true;
            }
        }
    }
}

/// Calls `visit` with the end of every indexed sample, in bytes.
fn for_each_indexed(stream: &ffmpeg::Stream, mut visit: impl FnMut(i64)) {
    // SAFETY: the stream is alive; entries are asked by an index below the count.
    unsafe {
        let raw = stream.as_ptr().cast_mut();
        for i in 0..ffi::avformat_index_get_entries_count(raw) {
            let entry = ffi::avformat_index_get_entry(raw, i);
            if !entry.is_null() {
                visit((*entry).pos.saturating_add((*entry).size().into()));
            }
        }
    }
}

/// The end of the last indexed sample in bytes, for formats that index the whole file up front (mp4, mov).
pub(crate) fn indexed_end(stream: &ffmpeg::Stream) -> Option<i64> {
    let mut last = None;
    for_each_indexed(stream, |end| last = last.max(Some(end)));
    last
}

/// How many indexed samples end after byte `size`.
pub(crate) fn indexed_past(stream: &ffmpeg::Stream, size: i64) -> usize {
    let mut past = 0;
    for_each_indexed(stream, |end| past += usize::from(end > size));
    past
}

/// Name and title of the format the first bytes of a file look like, if they do so more than by chance.
pub(crate) fn guess_format(head: &[u8]) -> Option<(String, String)> {
    let mut padded = head.to_vec();
    padded.resize(head.len() + ffi::AVPROBE_PADDING_SIZE as usize, 0);
    let data = ffi::AVProbeData {
        filename: c"".as_ptr(),
        buf: padded.as_mut_ptr(),
        buf_size: c_int::try_from(head.len()).ok()?,
        mime_type: ptr::null(),
    };
    // SAFETY: the buffer lives through the call and has the zeroed padding behind `buf_size` that it demands; formats are
    // static.
    unsafe {
        let mut score = ffi::AVPROBE_SCORE_MAX as c_int / 4;
        let format = ffi::av_probe_input_format2(&data, 1, &mut score);
        (!format.is_null()).then(|| (text((*format).name), text((*format).long_name)))
    }
}

/// SVT-AV1 greets on stderr unless this variable tells it not to; libav has no word for it.
pub(crate) fn quiet_svt() {
    const VARIABLE: &str = "SVT_LOG";
    const ERRORS: &str = "1";
    let alone = std::fs::read_dir("/proc/self/task").is_ok_and(|tasks| tasks.count() == 1);
    if alone && std::env::var_os(VARIABLE).is_none() {
        // SAFETY: the process has no other thread that could read the environment meanwhile, as was just counted.
        unsafe { std::env::set_var(VARIABLE, ERRORS) };
    }
}

/// Tells the demuxer whether packets of this stream are wanted.
pub(crate) fn set_wanted(input: &mut ffmpeg::format::context::Input, index: usize, wanted: bool) {
    if index >= input.nb_streams() as usize {
        return;
    }
    // SAFETY: the index is below the stream count of a context we hold mutably.
    unsafe {
        let stream = *(*input.as_mut_ptr()).streams.add(index);
        (*stream).discard = if wanted {
            ffi::AVDiscard::AVDISCARD_DEFAULT
        } else {
            ffi::AVDiscard::AVDISCARD_ALL
        };
    }
}

/// Sets how many threads a filter graph may use. To be called before the graph is configured.
pub(crate) fn set_graph_threads(graph: &mut ffmpeg::filter::Graph, threads: usize) {
    // SAFETY: writes one plain field of a graph we hold mutably.
    unsafe { (*graph.as_mut_ptr()).nb_threads = threads.clamp(1, 64) as c_int }
}

/// True if buffer sources of this libavfilter take the colour matrix and range of their input (FFmpeg 7 and later).
pub(crate) fn graphs_know_colour() -> bool {
    // SAFETY: a plain function without preconditions.
    unsafe { ffi::avfilter_version() >> 16 >= 10 }
}
