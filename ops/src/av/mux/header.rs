//! The beginning of a file, written once every stream is known: what it says of itself, and what the muxer is told.

use std::collections::HashMap;

use ffmpeg_next as ffmpeg;

use super::Muxer;
use crate::OpsError;
use crate::av::segments::Segmenter;
use crate::av::{AvError, sys};
use crate::op::Container;

impl Muxer {
    pub(super) fn start_when_complete(&mut self) -> Result<(), OpsError> {
        if self.started || self.streams.is_empty() || self.streams.len() < self.expected {
            return Ok(());
        }
        let texts = std::mem::take(&mut self.subtitles);
        for (at, track) in texts.iter().enumerate() {
            self.add_text(track, at == 0)?;
        }
        self.subtitles = texts;
        let mut metadata = ffmpeg::Dictionary::new();
        for (key, value) in &self.extras.metadata {
            // The wrapper makes C strings of these and would panic on a NUL.
            if !key.contains('\0') && !value.contains('\0') {
                metadata.set(key, value);
            }
        }
        self.context.set_metadata(metadata);
        for chapter in &self.extras.chapters {
            let title = chapter.title.replace('\0', "");
            self.context
                .add_chapter(
                    chapter.id,
                    chapter.time_base,
                    chapter.start,
                    chapter.end,
                    title,
                )
                .map_err(|error| OpsError::Write {
                    path: self.path.clone(),
                    reason: AvError(error),
                })?;
        }
        let mut options = ffmpeg::Dictionary::new();
        if self.extras.faststart && self.container.is_mp4_like() {
            options.set("movflags", "+faststart");
        }
        if self.container == Container::Ts {
            // In microseconds; that of the ffmpeg program. So long may frames of sound wait for others to share a packet:
            // without it a stream of sound is twice as large.
            options.set("max_delay", "700000");
        }
        for (name, value) in self.segmenter.iter().flat_map(Segmenter::options) {
            options.set(name, value);
        }
        self.context
            .write_header_with(options)
            .map_err(|error| OpsError::Mux {
                container: self.container.suffix(),
                reason: AvError(error),
            })?;
        self.started = true;
        for (index, track) in self.streams.iter_mut().enumerate() {
            track.time_base = sys::output_time_base(&self.context, index);
        }
        if let Some(segmenter) = &mut self.segmenter {
            segmenter.start(&mut self.context);
        }
        for (index, packet, base) in std::mem::take(&mut self.waiting) {
            self.write_as_is(index, packet, base)?;
        }
        Ok(())
    }
}

/// libav's muxer for a container.
pub(super) fn muxer_name(container: Container, has_video: bool) -> &'static str {
    match container {
        Container::Mp4 => "mp4",
        Container::Mov => "mov",
        // `m4a` means "MPEG-4 container" (`wire.md` 6.1); the brand says audio only where that is true.
        Container::M4a if has_video => "mp4",
        Container::M4a => "ipod",
        Container::Flv => "flv",
        Container::F4v => "f4v",
        Container::Mkv => "matroska",
        Container::Webm => "webm",
        Container::Avi => "avi",
        // A program stream as MPEG-2 has it, which holds MPEG-1 as well.
        Container::Mpg => "vob",
        Container::ThreeGp => "3gp",
        Container::Ogg => "ogg",
        Container::Gif => "gif",
        Container::Ts => "mpegts",
        Container::Mp3 => "mp3",
        Container::Aac => "adts",
        Container::Opus => "opus",
        Container::Flac => "flac",
        Container::Wav => "wav",
        // What a segment is depends on more; see `segments`.
        Container::M3u8 => "mpegts",
        Container::Mpd => "mp4",
    }
}

/// Metadata worth carrying: what the muxer writes itself and where a picture was taken stay behind.
pub(crate) fn carried(metadata: &[(String, String)]) -> Vec<(String, String)> {
    let unwanted = |key: &str| {
        let key = key.to_ascii_lowercase();
        matches!(
            key.as_str(),
            "encoder"
                | "duration"
                | "major_brand"
                | "minor_version"
                | "compatible_brands"
                | "creation_time"
        ) || key.contains("location")
            || key.contains("gps")
    };
    let unique: HashMap<_, _> = metadata.iter().map(|(key, value)| (key, value)).collect();
    let mut carried: Vec<_> = unique
        .into_iter()
        .filter(|(key, _)| !unwanted(key))
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect();
    carried.sort();
    carried
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_never_travels_along() {
        let metadata = [
            ("title", "Trip"),
            ("location-eng", "+48.1+011.5/"),
            ("com.apple.quicktime.location.ISO6709", "x"),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(
            carried(&metadata),
            [("title".to_owned(), "Trip".to_owned())]
        );
    }
}
