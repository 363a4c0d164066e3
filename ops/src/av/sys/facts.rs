//! What libav found out about a source: its container and its streams, in plain values.

use super::*;

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

/// The name of a channel layout as ffprobe prints it ("stereo", "5.1(side)").
pub(super) fn layout_name(layout: *const ffi::AVChannelLayout) -> String {
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
