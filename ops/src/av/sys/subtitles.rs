//! libav's interface for subtitles, which is its old one: one call a packet, results in a struct that must be released.

use std::ffi::CString;
use std::os::raw::c_int;
use std::ptr;

use ffmpeg_next as ffmpeg;
use ffmpeg_next::ffi;
use ffmpeg_next::packet::Ref as _;

use super::text;

/// What a subtitle packet holds.
pub(crate) struct RawCue {
    /// Microseconds; `None` if neither the packet nor the codec says.
    pub(crate) start: Option<i64>,
    /// Microseconds, `None` until further notice.
    pub(crate) length: Option<i64>,
    /// Event lines of ASS: `ReadOrder,Layer,Style,Name,MarginL,MarginR,MarginV,Effect,Text`.
    pub(crate) lines: Vec<String>,
}

/// True if subtitles of this codec are text, not pictures.
pub(crate) fn is_text(codec_id: c_int) -> bool {
    let mut cursor: *const ffi::AVCodecDescriptor = ptr::null();
    loop {
        // SAFETY: iteration starts from null and continues from what the last call returned; descriptors are static.
        unsafe {
            cursor = ffi::avcodec_descriptor_next(cursor);
            if cursor.is_null() {
                return false;
            }
            if raw!((*cursor).id) == codec_id {
                return (*cursor).props & ffi::AV_CODEC_PROP_TEXT_SUB as c_int != 0;
            }
        }
    }
}

/// An open subtitle decoder.
pub(crate) struct SubtitleDecoder(ffmpeg::decoder::Subtitle);

impl SubtitleDecoder {
    /// Opens the decoder of a stream.
    pub(crate) fn open(stream: &ffmpeg::Stream) -> Result<Self, ffmpeg::Error> {
        let context = ffmpeg::codec::Context::from_parameters(stream.parameters())?;
        let mut decoder = context.decoder();
        decoder.set_packet_time_base(stream.time_base());
        decoder.subtitle().map(Self)
    }

    /// Script information and styles in the text of ASS, once the decoder is open.
    pub(crate) fn header(&self) -> String {
        // SAFETY: the context is open; the header has the size that stands beside it.
        unsafe {
            let raw = self.0.as_ptr();
            if (*raw).subtitle_header.is_null() || (*raw).subtitle_header_size <= 0 {
                return String::new();
            }
            let size = (*raw).subtitle_header_size as usize;
            let bytes = std::slice::from_raw_parts((*raw).subtitle_header, size);
            String::from_utf8_lossy(bytes)
                .trim_end_matches('\0')
                .to_owned()
        }
    }

    /// Decodes one packet; `None` if nothing is to be shown.
    pub(crate) fn decode(
        &mut self,
        packet: &ffmpeg::Packet,
    ) -> Result<Option<RawCue>, ffmpeg::Error> {
        // SAFETY: `subtitle` is filled by the decoder and released by avsubtitle_free before the function ends; its rects
        // are as many as it says, and their texts are terminated strings or null. The packet is only read, although the
        // parameter is not const.
        unsafe {
            let mut subtitle: ffi::AVSubtitle = std::mem::zeroed();
            let mut got = 0;
            let result = ffi::avcodec_decode_subtitle2(
                self.0.as_mut_ptr(),
                &mut subtitle,
                &mut got,
                packet.as_ptr().cast_mut(),
            );
            if result < 0 {
                return Err(ffmpeg::Error::from(result));
            }
            if got == 0 {
                return Ok(None);
            }
            let rects = (0..subtitle.num_rects as usize).map(|i| *subtitle.rects.add(i));
            let lines = rects
                .filter(|rect| !rect.is_null() && !(**rect).ass.is_null())
                .map(|rect| text((*rect).ass))
                .collect();
            let millis = |time: u32| i64::from(time) * 1000;
            let (from, to) = (subtitle.start_display_time, subtitle.end_display_time);
            let start = super::present(subtitle.pts).map(|pts| pts.saturating_add(millis(from)));
            let open_end = to == 0 || to == u32::MAX || to <= from;
            ffi::avsubtitle_free(&mut subtitle);
            Ok(Some(RawCue {
                start,
                length: (!open_end).then(|| millis(to - from)),
                lines,
            }))
        }
    }
}

/// An open subtitle encoder.
pub(crate) struct SubtitleEncoder(ffmpeg::encoder::subtitle::Encoder);

impl SubtitleEncoder {
    /// Opens `codec` for events with these styles. Its packets count milliseconds.
    pub(crate) fn open(codec: ffmpeg::Codec, header: &str) -> Result<Self, ffmpeg::Error> {
        let mut context = ffmpeg::codec::Context::new_with_codec(codec);
        context.set_time_base((1, 1000));
        // SAFETY: the block is allocated by libav, which frees it with the context, and is one byte longer than the text,
        // as the encoders read it as a terminated string.
        unsafe {
            let raw = context.as_mut_ptr();
            let copy = ffi::av_mallocz(header.len() + 1).cast::<u8>();
            if copy.is_null() {
                return Err(ffmpeg::Error::Other {
                    errno: ffmpeg::error::ENOMEM,
                });
            }
            ptr::copy_nonoverlapping(header.as_ptr(), copy, header.len());
            (*raw).subtitle_header = copy;
            (*raw).subtitle_header_size = header.len() as c_int;
        }
        let encoder = context.encoder().subtitle()?;
        encoder.open_as(codec).map(Self)
    }

    /// What the codec makes, to describe the output stream.
    pub(crate) fn parameters(&self) -> ffmpeg::codec::Parameters {
        ffmpeg::codec::Parameters::from(&self.0)
    }

    /// The packet of one event line, shown for `length` milliseconds.
    pub(crate) fn encode(&mut self, line: &str, length: u32) -> Result<Vec<u8>, ffmpeg::Error> {
        let invalid = ffmpeg::Error::Other {
            errno: ffmpeg::error::EINVAL,
        };
        let line = CString::new(line).map_err(|_| invalid)?;
        // No codec makes more of an event than its text with every character written as an entity.
        let mut buffer = vec![0_u8; line.as_bytes().len() * 8 + 1024];
        // SAFETY: the encoder only reads the subtitle, whose one rect and line live on this stack frame; it writes at most
        // as many bytes as it is told the buffer has.
        let written = unsafe {
            let mut rect: ffi::AVSubtitleRect = std::mem::zeroed();
            rect.type_ = ffi::AVSubtitleType::SUBTITLE_ASS;
            rect.ass = line.as_ptr().cast_mut();
            let mut rects = [ptr::addr_of_mut!(rect)];
            let mut subtitle: ffi::AVSubtitle = std::mem::zeroed();
            subtitle.format = 1;
            subtitle.end_display_time = length;
            subtitle.num_rects = 1;
            subtitle.rects = rects.as_mut_ptr();
            ffi::avcodec_encode_subtitle(
                self.0.as_mut_ptr(),
                buffer.as_mut_ptr(),
                buffer.len() as c_int,
                &subtitle,
            )
        };
        if written < 0 {
            return Err(ffmpeg::Error::from(written));
        }
        buffer.truncate(written as usize);
        Ok(buffer)
    }
}
