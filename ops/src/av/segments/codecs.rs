//! Names of codecs as lists of segments have them (RFC 6381 and the registrations of each codec), read from the stream's
//! own headers: what is told to players is what they get.

use std::os::raw::c_int;

use ffmpeg_next::ffi::AVCodecID;

use crate::av::sys::segments::OutputStream;

/// The name of the video codec of a stream. `init` is what stands before the segments, if something does, `sample` the
/// first key picture.
pub(super) fn video(stream: &OutputStream, init: &[u8], sample: &[u8]) -> Option<String> {
    if !init.is_empty() {
        return named(stream.codec_id, init, &[]);
    }
    // The headers of a copied stream may be those of MP4, though its samples will be written as a byte stream.
    match stream.headers.first() {
        Some(1) => {
            let boxes = [&b"avcC"[..], &stream.headers, b"hvcC", &stream.headers];
            named(stream.codec_id, &boxes.concat(), &[])
        }
        _ => named(stream.codec_id, &[], &[&stream.headers, sample].concat()),
    }
}

fn named(codec_id: c_int, init: &[u8], sample: &[u8]) -> Option<String> {
    let is = |id: AVCodecID| codec_id == id as c_int;
    if is(AVCodecID::AV_CODEC_ID_H264) {
        let config = boxed(init, b"avcC").and_then(|bytes| bytes.get(1..4).map(<[u8]>::to_vec));
        let header = || {
            unit(sample, |byte| byte & 0x1F == 7)?
                .get(1..4)
                .map(<[u8]>::to_vec)
        };
        let bytes = config.or_else(header)?;
        return Some(format!(
            "avc1.{:02x}{:02x}{:02x}",
            bytes[0], bytes[1], bytes[2]
        ));
    }
    if is(AVCodecID::AV_CODEC_ID_HEVC) {
        let config = boxed(init, b"hvcC").and_then(|bytes| bytes.get(1..13).map(<[u8]>::to_vec));
        // Two bytes of the unit's header, one with the number of the parameter set.
        let header = || {
            unit(sample, |byte| byte >> 1 & 0x3F == 33)?
                .get(3..15)
                .map(<[u8]>::to_vec)
        };
        return Some(hevc(&config.or_else(header)?));
    }
    if is(AVCodecID::AV_CODEC_ID_AV1) {
        let config = boxed(init, b"av1C")?;
        let (level, flags) = (*config.get(1)?, *config.get(2)?);
        let tier = if flags & 0x80 == 0 { 'M' } else { 'H' };
        let depth = match (flags & 0x40 != 0, flags & 0x20 != 0) {
            (true, true) => 12,
            (true, false) => 10,
            _ => 8,
        };
        let (profile, level) = (level >> 5, level & 0x1F);
        return Some(format!("av01.{profile}.{level:02}{tier}.{depth:02}"));
    }
    if is(AVCodecID::AV_CODEC_ID_VP9) {
        let config = boxed(init, b"vpcC")?;
        let (profile, level, depth) = (config.get(4)?, config.get(5)?, config.get(6)? >> 4);
        return Some(format!("vp09.{profile:02}.{level:02}.{depth:02}"));
    }
    None
}

/// The name of an audio codec.
pub(super) fn audio(codec_id: c_int, profile: c_int) -> Option<String> {
    let is = |id: AVCodecID| codec_id == id as c_int;
    let name = if is(AVCodecID::AV_CODEC_ID_AAC) {
        // libav counts object types from 0, the standard from 1; without a word on it, it is low complexity.
        return Some(format!(
            "mp4a.40.{}",
            if profile < 0 { 2 } else { profile + 1 }
        ));
    } else if is(AVCodecID::AV_CODEC_ID_MP3) {
        "mp4a.40.34"
    } else if is(AVCodecID::AV_CODEC_ID_AC3) {
        "ac-3"
    } else if is(AVCodecID::AV_CODEC_ID_EAC3) {
        "ec-3"
    } else if is(AVCodecID::AV_CODEC_ID_OPUS) {
        "opus"
    } else if is(AVCodecID::AV_CODEC_ID_FLAC) {
        "fLaC"
    } else {
        return None;
    };
    Some(name.to_owned())
}

/// ISO/IEC 14496-15, annex E, from the 12 bytes of a profile, tier and level.
fn hevc(bytes: &[u8]) -> String {
    let space = ["", "A", "B", "C"][usize::from(bytes[0] >> 6)];
    let tier = if bytes[0] & 0x20 == 0 { 'L' } else { 'H' };
    let compatible = u32::from_be_bytes([bytes[1], bytes[2], bytes[3], bytes[4]]).reverse_bits();
    let (profile, level) = (bytes[0] & 0x1F, bytes[11]);
    let mut name = format!("hvc1.{space}{profile}.{compatible:X}.{tier}{level}");
    let constraints = &bytes[5..11];
    let said = constraints.iter().rposition(|byte| *byte != 0);
    for byte in &constraints[..said.map_or(0, |last| last + 1)] {
        name += &format!(".{byte:X}");
    }
    name
}

/// What a box holds, found by its name: `init` is small and written by our own muxer.
fn boxed<'a>(init: &'a [u8], name: &[u8; 4]) -> Option<&'a [u8]> {
    let at = init.windows(4).position(|bytes| bytes == name)?;
    init.get(at + 4..)
}

/// The first unit of an H.264 or H.265 byte stream whose first byte is as wanted, without its protection against false
/// start codes.
fn unit(stream: &[u8], wanted: impl Fn(u8) -> bool) -> Option<Vec<u8>> {
    let starts = stream.windows(4).enumerate();
    let mut units = starts.filter(|(_, bytes)| bytes.starts_with(&[0, 0, 1]) && wanted(bytes[3]));
    let (at, _) = units.next()?;
    let mut bytes = Vec::new();
    // The part that is of interest stands at the beginning.
    for &byte in stream[at + 3..].iter().take(64) {
        if byte == 3 && bytes.ends_with(&[0, 0]) {
            continue;
        }
        bytes.push(byte);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const H264: c_int = AVCodecID::AV_CODEC_ID_H264 as c_int;
    const HEVC: c_int = AVCodecID::AV_CODEC_ID_HEVC as c_int;

    #[test]
    fn codecs_are_called_what_their_headers_say() {
        let avcc = b"\0\0\0\x20avcC\x01\x64\x00\x1f\xff";
        let annex_b = [0, 0, 0, 1, 9, 0xF0, 0, 0, 1, 0x67, 0x42, 0xC0, 0x1E, 0xD9];
        // Main profile, level 3.1, progressive: the usual example.
        let ptl = [1, 0x60, 0, 0, 0, 0xB0, 0, 0, 0, 0, 0, 93];
        let hvcc = [&b"hvcC\x01"[..], &ptl].concat();
        // The same as a unit, with the bytes that keep start codes out.
        let escaped = [1, 0x60, 0, 0, 3, 0, 0xB0, 0, 0, 3, 0, 0, 3, 0, 93];
        let sps = [&[0, 0, 0, 1, 0x42, 1, 1][..], &escaped].concat();
        for (name, codec, init, sample, expected) in [
            ("avcC", H264, &avcc[..], &[][..], Some("avc1.64001f")),
            ("Annex B", H264, &[], &annex_b, Some("avc1.42c01e")),
            ("hvcC", HEVC, &hvcc, &[], Some("hvc1.1.6.L93.B0")),
            ("HEVC in a stream", HEVC, &[], &sps, Some("hvc1.1.6.L93.B0")),
            (
                "AV1",
                AVCodecID::AV_CODEC_ID_AV1 as c_int,
                b"av1C\x81\x08\x4c",
                &[],
                Some("av01.0.08M.10"),
            ),
            (
                "VP9",
                AVCodecID::AV_CODEC_ID_VP9 as c_int,
                b"vpcC\x01\0\0\0\x00\x1f\x82",
                &[],
                Some("vp09.00.31.08"),
            ),
            ("nothing told", H264, &[], &[], None),
            ("cut short", HEVC, b"hvcC\x01", &[0, 0, 1, 0x42], None),
            ("of no name", 2, &avcc[..], &annex_b, None),
        ] {
            assert_eq!(named(codec, init, sample).as_deref(), expected, "{name}");
        }
        let aac = AVCodecID::AV_CODEC_ID_AAC as c_int;
        for (profile, expected) in [(1, "mp4a.40.2"), (-99, "mp4a.40.2"), (4, "mp4a.40.5")] {
            assert_eq!(audio(aac, profile).as_deref(), Some(expected));
        }
    }
}
