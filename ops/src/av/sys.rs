//! The one room that may say `unsafe`: what `ffmpeg-next` does not wrap, or wraps through Rust enums that a crafted file
//! could push out of range. Every function here is safe to call; enumerations are read as plain integers.
#![allow(unsafe_code)]

mod index;
mod picture;
mod rewrite;

use std::ffi::CStr;
use std::os::raw::{c_char, c_int};
use std::ptr;

use ffmpeg_next as ffmpeg;
use ffmpeg_next::ffi;
use ffmpeg_next::packet::{Mut as _, Ref as _};

pub(crate) use index::Index;
pub(crate) use picture::{
    Mastering, aim_at_quality, describe_display, first_field_is_top, mastering_of_frame, samples,
    set_fields,
};
pub(crate) use rewrite::Rewriter;

/// What kind of stream this is, judged from the raw integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Medium {
    Video,
    Audio,
    Subtitle,
    Other,
}

/// One stream as the container and `find_stream_info` describe it.
#[derive(Debug, Clone)]
pub(crate) struct RawStream {
    pub(crate) index: usize,
    pub(crate) medium: Medium,
    pub(crate) codec_id: c_int,
    pub(crate) codec_name: String,
    pub(crate) codec_long_name: String,
    pub(crate) profile: Option<String>,
    /// What the container calls the codec.
    pub(crate) codec_tag: u32,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) pixel_format: c_int,
    pub(crate) sar: (i32, i32),
    /// Pictures are stored whole, not as two fields.
    pub(crate) progressive: bool,
    pub(crate) sample_rate: u32,
    /// Bits of a sample as stored, 0 where that means nothing.
    pub(crate) sample_bits: u32,
    pub(crate) channels: u32,
    pub(crate) channel_layout: String,
    pub(crate) bit_rate: i64,
    pub(crate) time_base: (i32, i32),
    pub(crate) start: Option<i64>,
    pub(crate) duration: Option<i64>,
    pub(crate) frames: i64,
    pub(crate) r_frame_rate: (i32, i32),
    pub(crate) avg_frame_rate: (i32, i32),
    pub(crate) attached_picture: bool,
    pub(crate) default: bool,
    /// The 3×3 display matrix of the container, if it has one.
    pub(crate) display_matrix: Option<[i32; 9]>,
    /// Pictures come in another order than they are shown in.
    pub(crate) is_reordered: bool,
    /// The display that high dynamic range was made on, if the container tells.
    pub(crate) mastering: Option<Mastering>,
    /// Its packets, as the index tells.
    pub(crate) packets: Index,
    pub(crate) metadata: Vec<(String, String)>,
}

impl RawStream {
    /// What every container wants to know of a stream and the source does not say.
    pub(crate) fn not_described(&self) -> Option<&'static str> {
        match self.medium {
            Medium::Video if self.width == 0 || self.height == 0 => {
                Some("the size of its pictures")
            }
            Medium::Audio if self.sample_rate == 0 => Some("its sample rate"),
            _ => None,
        }
    }

    /// The codec's name for a message; of one that libav does not know, what the container calls it.
    pub(crate) fn codec_label(&self) -> String {
        match (self.codec_name.as_str(), self.codec_tag) {
            ("unknown", 0) => "a codec without a name".into(),
            ("unknown", tag) if tag.to_le_bytes().iter().all(u8::is_ascii_graphic) => {
                let tag = tag.to_le_bytes().map(char::from);
                format!("the codec `{}`", String::from_iter(tag))
            }
            ("unknown", tag) => format!("the codec number {tag:#x}"),
            (name, _) => name.into(),
        }
    }
}

/// What the container says of itself.
#[derive(Debug, Clone)]
pub(crate) struct RawFormat {
    pub(crate) name: String,
    pub(crate) long_name: String,
    /// Microseconds.
    pub(crate) start: Option<i64>,
    /// Microseconds.
    pub(crate) duration: Option<i64>,
    pub(crate) bit_rate: i64,
    pub(crate) size: Option<i64>,
    /// Timestamps of this format may jump (transport streams).
    pub(crate) discontinuous: bool,
    pub(crate) metadata: Vec<(String, String)>,
    pub(crate) chapters: Vec<RawChapter>,
}

/// One chapter of the source.
#[derive(Debug, Clone)]
pub(crate) struct RawChapter {
    pub(crate) id: i64,
    pub(crate) time_base: (i32, i32),
    pub(crate) start: i64,
    pub(crate) end: i64,
    pub(crate) title: String,
}

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

/// Reads an enum field as the integer it is in C: a value outside the Rust enum must never become one. For use inside
/// `unsafe` blocks: C enums are c_int-sized, and the place must belong to a live struct.
macro_rules! raw {
    ($place:expr) => {
        ptr::addr_of!($place).cast::<c_int>().read()
    };
}

mod joining;
pub(crate) use joining::{
    Colour, black, colour, cut_samples, extradata, pixel_format, set_colour, silence,
};

pub(crate) mod segments;

fn failed_with(errno: c_int) -> ffmpeg::Error {
    ffmpeg::Error::Other { errno }
}
// Below the macro, which it uses.
pub(crate) mod subtitles;

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

/// The name of a channel layout as ffprobe prints it ("stereo", "5.1(side)").
fn layout_name(layout: *const ffi::AVChannelLayout) -> String {
    let mut buffer = [0 as c_char; 128];
    // SAFETY: the buffer's length is passed along; describe always terminates what it writes.
    let written =
        unsafe { ffi::av_channel_layout_describe(layout, buffer.as_mut_ptr(), buffer.len()) };
    if written < 0 {
        String::new()
    } else {
        text(buffer.as_ptr())
    }
}

/// Everything the planner needs to know of the container.
pub(crate) fn format_facts(input: &ffmpeg::format::context::Input) -> RawFormat {
    // SAFETY: the context is open and borrowed for the whole function; the arrays have the lengths that stand beside them.
    unsafe {
        let context = input.as_ptr();
        let demuxer = (*context).iformat;
        let chapters = (0..(*context).nb_chapters as usize).map(|i| {
            let chapter = *(*context).chapters.add(i);
            RawChapter {
                id: (*chapter).id,
                time_base: pair((*chapter).time_base),
                start: (*chapter).start,
                end: (*chapter).end,
                title: entries((*chapter).metadata)
                    .into_iter()
                    .find_map(|(key, value)| key.eq_ignore_ascii_case("title").then_some(value))
                    .unwrap_or_default(),
            }
        });
        RawFormat {
            name: text((*demuxer).name),
            long_name: text((*demuxer).long_name),
            start: present((*context).start_time),
            duration: present((*context).duration).filter(|&us| us > 0),
            bit_rate: (*context).bit_rate,
            size: input.io_size(),
            discontinuous: (*demuxer).flags & ffi::AVFMT_TS_DISCONT as c_int != 0,
            metadata: entries((*context).metadata),
            chapters: chapters.collect(),
        }
    }
}

/// Everything the planner needs to know of one stream.
pub(crate) fn stream_facts(stream: &ffmpeg::Stream) -> RawStream {
    let mut display_matrix = None;
    let mut mastering = Mastering::default();
    // SAFETY: the stream is borrowed from an open context, so it, its parameters and its side data are alive; enums are read raw.
    unsafe {
        for_each_side_data(stream, |kind, data| {
            if kind == ffi::AVPacketSideDataType::AV_PKT_DATA_DISPLAYMATRIX as c_int
                && data.len() >= 36
            {
                let mut matrix = [0; 9];
                for (cell, bytes) in matrix.iter_mut().zip(data.chunks_exact(4)) {
                    *cell = i32::from_ne_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
                }
                display_matrix = Some(matrix);
            }
            let is = |wanted: ffi::AVPacketSideDataType| kind == wanted as c_int;
            let is_display = is(ffi::AVPacketSideDataType::AV_PKT_DATA_MASTERING_DISPLAY_METADATA);
            if is_display || is(ffi::AVPacketSideDataType::AV_PKT_DATA_CONTENT_LIGHT_LEVEL) {
                mastering.take(is_display, data);
            }
        });
        let raw = stream.as_ptr();
        let parameters = (*raw).codecpar;
        let codec_id = raw!((*parameters).codec_id);
        let profile = (*parameters).profile;
        let medium = match raw!((*parameters).codec_type) {
            0 => Medium::Video,
            1 => Medium::Audio,
            3 => Medium::Subtitle,
            _ => Medium::Other,
        };
        let (name, long_name, profile) = codec_texts(codec_id, profile);
        RawStream {
            index: stream.index(),
            medium,
            codec_id,
            codec_name: name,
            codec_long_name: long_name,
            profile,
            codec_tag: (*parameters).codec_tag,
            width: (*parameters).width.max(0) as u32,
            height: (*parameters).height.max(0) as u32,
            pixel_format: if medium == Medium::Video {
                (*parameters).format
            } else {
                -1
            },
            sar: match pair((*raw).sample_aspect_ratio) {
                (0, _) => pair((*parameters).sample_aspect_ratio),
                sar => sar,
            },
            progressive: raw!((*parameters).field_order)
                == ffi::AVFieldOrder::AV_FIELD_PROGRESSIVE as c_int,
            sample_rate: (*parameters).sample_rate.max(0) as u32,
            sample_bits: (*parameters)
                .bits_per_raw_sample
                .max((*parameters).bits_per_coded_sample)
                .max(0) as u32,
            channels: (*parameters).ch_layout.nb_channels.max(0) as u32,
            channel_layout: layout_name(&(*parameters).ch_layout),
            bit_rate: (*parameters).bit_rate,
            time_base: pair((*raw).time_base),
            start: present((*raw).start_time),
            duration: present((*raw).duration).filter(|&d| d > 0),
            frames: (*raw).nb_frames,
            r_frame_rate: pair((*raw).r_frame_rate),
            avg_frame_rate: pair((*raw).avg_frame_rate),
            attached_picture: (*raw).disposition & ffi::AV_DISPOSITION_ATTACHED_PIC as c_int != 0,
            default: (*raw).disposition & ffi::AV_DISPOSITION_DEFAULT as c_int != 0,
            display_matrix,
            is_reordered: (*parameters).video_delay > 0,
            mastering: mastering.known(),
            packets: index::of(stream),
            metadata: entries((*raw).metadata),
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

/// Codec name, long name and profile name for an id that may be no member of the Rust enum.
fn codec_texts(codec_id: c_int, profile: c_int) -> (String, String, Option<String>) {
    let mut cursor: *const ffi::AVCodecDescriptor = ptr::null();
    loop {
        // SAFETY: iteration starts from null and continues from what the last call returned; descriptors are static.
        unsafe {
            cursor = ffi::avcodec_descriptor_next(cursor);
            if cursor.is_null() {
                return ("unknown".into(), String::new(), None);
            }
            if raw!((*cursor).id) != codec_id {
                continue;
            }
            let mut named = (*cursor).profiles;
            let mut found = None;
            while !named.is_null() && (*named).profile != PROFILE_UNKNOWN {
                if (*named).profile == profile {
                    found = Some(text((*named).name));
                    break;
                }
                named = named.add(1);
            }
            return (text((*cursor).name), text((*cursor).long_name), found);
        }
    }
}

/// Name of a pixel format by its integer.
pub(crate) fn pixel_format_name(format: c_int) -> Option<String> {
    let mut cursor: *const ffi::AVPixFmtDescriptor = ptr::null();
    let mut id = 0;
    loop {
        // SAFETY: iteration over a static table, from null to null; ids count from 0 in the same order.
        unsafe {
            cursor = ffi::av_pix_fmt_desc_next(cursor);
            if cursor.is_null() {
                return None;
            }
            if id == format {
                return Some(text((*cursor).name));
            }
        }
        id += 1;
    }
}

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

/// An empty frame, neither picture nor samples yet.
pub(crate) fn blank_frame() -> ffmpeg::Frame {
    // SAFETY: the frame is owned by the returned value; libav's frame calls accept an empty one.
    unsafe { ffmpeg::Frame::empty() }
}

/// A second handle on the same picture or samples: the buffers are counted, not copied.
pub(crate) fn share(frame: &ffmpeg::Frame) -> Result<ffmpeg::Frame, ffmpeg::Error> {
    // SAFETY: the new frame is owned by the returned value from its allocation on; av_frame_ref leaves it clean on error.
    unsafe {
        let mut copy = ffmpeg::Frame::empty();
        match ffi::av_frame_ref(copy.as_mut_ptr(), frame.as_ptr()) {
            0 => Ok(copy),
            error => Err(ffmpeg::Error::from(error)),
        }
    }
}

/// A second handle on the same packet.
pub(crate) fn share_packet(packet: &ffmpeg::Packet) -> Result<ffmpeg::Packet, ffmpeg::Error> {
    let mut copy = ffmpeg::Packet::empty();
    // SAFETY: `copy` is blank, as av_packet_ref demands of its target.
    match unsafe { ffi::av_packet_ref(copy.as_mut_ptr(), packet.as_ptr()) } {
        0 => Ok(copy),
        error => Err(ffmpeg::Error::from(error)),
    }
}

/// True if the packet's samples are encrypted and nobody gave a key.
pub(crate) fn is_encrypted(packet: &ffmpeg::Packet) -> bool {
    // SAFETY: the packet is alive; its side data array has the length that stands beside it.
    unsafe {
        let raw = packet.as_ptr();
        (0..(*raw).side_data_elems.max(0) as usize).any(|i| {
            let side = (*raw).side_data.add(i);
            raw!((*side).type_) == ffi::AVPacketSideDataType::AV_PKT_DATA_ENCRYPTION_INFO as c_int
        })
    }
}

/// True if the demuxer marked the packet as decoded but not shown (edit lists).
pub(crate) fn is_hidden(packet: &ffmpeg::Packet) -> bool {
    // SAFETY: reads one integer of a live packet.
    unsafe { (*packet.as_ptr()).flags & ffi::AV_PKT_FLAG_DISCARD as c_int != 0 }
}

/// What a decoded picture is; the filter graph is built from it and rebuilt when it changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct PictureShape {
    pub(crate) width: i32,
    pub(crate) height: i32,
    pub(crate) format: c_int,
    pub(crate) sar: (i32, i32),
    pub(crate) range: c_int,
    pub(crate) matrix: c_int,
    pub(crate) primaries: c_int,
    pub(crate) transfer: c_int,
}

impl PictureShape {
    /// True of high dynamic range as HDR10 has it (SMPTE ST 2084, "PQ").
    pub(crate) fn is_pq(&self) -> bool {
        self.transfer == ffi::AVColorTransferCharacteristic::AVCOL_TRC_SMPTE2084 as c_int
    }

    /// True of high dynamic range as broadcasters have it (ARIB STD-B67, "HLG").
    pub(crate) fn is_hlg(&self) -> bool {
        self.transfer == ffi::AVColorTransferCharacteristic::AVCOL_TRC_ARIB_STD_B67 as c_int
    }

    /// True if the full range of values is used, from black at 0 on.
    pub(crate) fn is_full_range(&self) -> bool {
        self.range == ffi::AVColorRange::AVCOL_RANGE_JPEG as c_int
            || samples(self.format).is_full_range
    }
}

/// Reads the shape of a decoded picture.
pub(crate) fn picture_shape(frame: &ffmpeg::Frame) -> PictureShape {
    // SAFETY: reads plain fields of a live frame, enums raw.
    unsafe {
        let raw = frame.as_ptr();
        PictureShape {
            width: (*raw).width,
            height: (*raw).height,
            format: (*raw).format,
            sar: pair((*raw).sample_aspect_ratio),
            range: raw!((*raw).color_range),
            matrix: raw!((*raw).colorspace),
            primaries: raw!((*raw).color_primaries),
            transfer: raw!((*raw).color_trc),
        }
    }
}

/// The 3×3 display matrix a decoder found with the picture itself (EXIF), if there is one.
pub(crate) fn frame_matrix(frame: &ffmpeg::Frame) -> Option<[i32; 9]> {
    // SAFETY: reads the side data of a live frame; the size is checked before the nine integers are read.
    unsafe {
        let side = ffi::av_frame_get_side_data(
            frame.as_ptr(),
            ffi::AVFrameSideDataType::AV_FRAME_DATA_DISPLAYMATRIX,
        );
        let whole = !side.is_null() && (*side).size >= 36 && !(*side).data.is_null();
        whole.then(|| (*side).data.cast::<[i32; 9]>().read_unaligned())
    }
}

/// Bytes of memory a decoded picture takes, rows padded.
pub(crate) fn picture_bytes(frame: &ffmpeg::Frame) -> usize {
    // SAFETY: reads plain fields of a live frame.
    unsafe {
        let raw = frame.as_ptr();
        let rows = (*raw).height.max(0) as usize;
        let planes = (*raw).data.iter().zip((*raw).linesize);
        let used = planes.filter(|(data, _)| !data.is_null());
        used.map(|(_, row)| row.unsigned_abs() as usize * rows)
            .sum()
    }
}

/// Overrides the pixel aspect of a picture (the container's word beats the codec's).
pub(crate) fn set_sar(frame: &mut ffmpeg::Frame, sar: (i32, i32)) {
    // SAFETY: writes one plain field of a frame we hold mutably.
    unsafe {
        (*frame.as_mut_ptr()).sample_aspect_ratio = ffi::AVRational {
            num: sar.0,
            den: sar.1,
        }
    }
}

/// Clears the picture type: the encoder decides anew which pictures are key pictures.
pub(crate) fn forget_picture_type(frame: &mut ffmpeg::Frame) {
    // SAFETY: writes one plain field of a frame we hold mutably.
    unsafe { (*frame.as_mut_ptr()).pict_type = ffi::AVPictureType::AV_PICTURE_TYPE_NONE }
}

/// Asks the encoder to make a key picture of this one.
pub(crate) fn ask_for_key_picture(frame: &mut ffmpeg::Frame) {
    // SAFETY: writes one plain field of a frame we hold mutably.
    unsafe { (*frame.as_mut_ptr()).pict_type = ffi::AVPictureType::AV_PICTURE_TYPE_I }
}

/// How long the frame is shown, in its time base; 0 when unknown.
pub(crate) fn frame_duration(frame: &ffmpeg::Frame) -> i64 {
    // SAFETY: reads one plain field of a live frame.
    unsafe {
        #[cfg(not(ffmpeg_6_0))]
        return (*frame.as_ptr()).pkt_duration;
        #[cfg(ffmpeg_6_0)]
        return (*frame.as_ptr()).duration;
    }
}

/// Sets how long the frame is shown, in its time base.
pub(crate) fn set_frame_duration(frame: &mut ffmpeg::Frame, duration: i64) {
    // SAFETY: writes one plain field of a frame we hold mutably.
    unsafe {
        #[cfg(not(ffmpeg_6_0))]
        {
            (*frame.as_mut_ptr()).pkt_duration = duration;
        }
        #[cfg(ffmpeg_6_0)]
        {
            (*frame.as_mut_ptr()).duration = duration;
        }
    }
}

/// When the frame is shown, by the decoder's best guess.
pub(crate) fn best_timestamp(frame: &ffmpeg::Frame) -> Option<i64> {
    // SAFETY: reads one plain field of a live frame.
    present(unsafe { (*frame.as_ptr()).best_effort_timestamp })
}

/// What decoded samples are; the filter graph is built from it and rebuilt when it changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SampleShape {
    pub(crate) rate: i32,
    pub(crate) format: c_int,
    pub(crate) channels: i32,
    pub(crate) layout: String,
    pub(crate) samples: i32,
}

/// Reads the shape of decoded samples. An unspecified layout is named by libav's default for its channel count.
pub(crate) fn sample_shape(frame: &ffmpeg::Frame) -> SampleShape {
    // SAFETY: reads plain fields of a live frame; the default layout is a plain value that needs no release.
    unsafe {
        let raw = frame.as_ptr();
        let channels = (*raw).ch_layout.nb_channels;
        let layout = if raw!((*raw).ch_layout.order)
            == ffi::AVChannelOrder::AV_CHANNEL_ORDER_UNSPEC as c_int
        {
            let mut default: ffi::AVChannelLayout = std::mem::zeroed();
            ffi::av_channel_layout_default(&mut default, channels);
            layout_name(&default)
        } else {
            layout_name(&(*raw).ch_layout)
        };
        SampleShape {
            rate: (*raw).sample_rate,
            format: (*raw).format,
            channels,
            layout,
            samples: (*raw).nb_samples,
        }
    }
}

/// Gives an unspecified channel layout its default, so that the frame matches the graph made from [`sample_shape`].
pub(crate) fn settle_layout(frame: &mut ffmpeg::Frame) {
    // SAFETY: the layout of a frame we hold mutably; an unspecified layout owns no memory, so it can be overwritten.
    unsafe {
        let raw = frame.as_mut_ptr();
        if raw!((*raw).ch_layout.order) == ffi::AVChannelOrder::AV_CHANNEL_ORDER_UNSPEC as c_int {
            let channels = (*raw).ch_layout.nb_channels;
            ffi::av_channel_layout_default(&mut (*raw).ch_layout, channels);
        }
    }
}

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

/// Sets the flag that [`wants_global_header`] asks for.
pub(crate) fn set_global_header(context: &mut ffmpeg::codec::Context) {
    // SAFETY: writes one plain field of a context we hold mutably, before it is opened.
    unsafe { (*context.as_mut_ptr()).flags |= ffi::AV_CODEC_FLAG_GLOBAL_HEADER as c_int }
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

mod film;
pub(crate) use film::*;

#[cfg(test)]
impl RawStream {
    /// A 25 fps H.264 stream to vary in tests.
    pub(crate) fn sample() -> Self {
        Self {
            index: 0,
            medium: Medium::Video,
            codec_id: 27,
            codec_name: "h264".into(),
            codec_long_name: String::new(),
            profile: None,
            codec_tag: 0,
            width: 640,
            height: 360,
            pixel_format: 0,
            sar: (1, 1),
            progressive: true,
            sample_rate: 0,
            sample_bits: 0,
            channels: 0,
            channel_layout: String::new(),
            bit_rate: 500_000,
            time_base: (1, 12_800),
            start: Some(0),
            duration: None,
            frames: 0,
            r_frame_rate: (25, 1),
            avg_frame_rate: (25, 1),
            attached_picture: false,
            default: true,
            display_matrix: None,
            is_reordered: false,
            mastering: None,
            packets: Index::default(),
            metadata: Vec::new(),
        }
    }
}
