//! Pictures, samples and packets in memory: what they are, handles on them, marks on them.

use super::facts::layout_name;
use super::*;

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
