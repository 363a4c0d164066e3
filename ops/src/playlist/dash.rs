//! The manifest of DASH (ISO/IEC 23009-1): one period, a set of representations with pictures and one with sound, segments
//! by number with their times beside.

use std::fmt::Write as _;

use super::rate::peak;
use super::uri::escaped;
use super::{Made, Package};
use crate::av::segments::Rendition;

/// The manifest of all layers.
pub(super) fn manifest(package: &Package<'_>) -> String {
    let duration = package.layers.iter().map(|made| made.rendition.duration());
    let lengths = package.layers.iter().flat_map(|made| {
        let segments = made.rendition.segments.iter();
        segments.map(|segment| made.rendition.seconds(segment.length))
    });
    let (duration, longest) = (duration.fold(0.0, f64::max), lengths.fold(0.0, f64::max));
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" profiles=\"urn:mpeg:dash:profile:isoff-live:2011\" type=\"static\" \
         mediaPresentationDuration=\"PT{duration:.3}S\" maxSegmentDuration=\"PT{longest:.3}S\" minBufferTime=\"PT{longest:.3}S\">\n"
    );
    // Writing to a String cannot fail.
    if let Some(address) = package.folder.address() {
        let _ = writeln!(
            text,
            "  <BaseURL>{}</BaseURL>",
            address.replace('&', "&amp;")
        );
    }
    text += "  <Period id=\"0\" start=\"PT0S\">\n";
    let pictures = |made: &&Made<'_>| made.rendition.video.is_some();
    let (pictures, sounds): (Vec<_>, Vec<_>) = package.layers.iter().partition(pictures);
    let sets = [("video", pictures), ("audio", sounds)];
    let sets = sets.into_iter().filter(|(_, layers)| !layers.is_empty());
    for (number, (kind, layers)) in sets.enumerate() {
        let independent = layers.iter().all(|made| made.independent);
        let starts = if independent {
            " startWithSAP=\"1\""
        } else {
            ""
        };
        let _ = writeln!(
            text,
            "    <AdaptationSet id=\"{number}\" contentType=\"{kind}\" mimeType=\"{kind}/mp4\" segmentAlignment=\"true\"{starts}>"
        );
        for made in layers {
            representation(&mut text, made);
        }
        text += "    </AdaptationSet>\n";
    }
    text + "  </Period>\n</MPD>\n"
}

fn representation(text: &mut String, made: &Made<'_>) {
    let rendition = made.rendition;
    let stem = escaped(&made.stem);
    let codec = match (&rendition.video, &rendition.audio) {
        (Some(video), _) => &video.codec,
        (None, Some(audio)) => &audio.codec,
        (None, None) => &None,
    };
    let _ = write!(
        text,
        "      <Representation id=\"{stem}\" bandwidth=\"{}\"",
        peak(rendition)
    );
    if let Some(codec) = codec {
        let _ = write!(text, " codecs=\"{codec}\"");
    }
    if let Some(video) = &rendition.video {
        let _ = write!(
            text,
            " width=\"{}\" height=\"{}\"",
            video.width, video.height
        );
        if let (num @ 1.., den @ 1..) = video.sar {
            let _ = write!(text, " sar=\"{num}:{den}\"");
        }
        if let (num @ 1.., den @ 1..) = video.frame_rate {
            let _ = write!(text, " frameRate=\"{num}/{den}\"");
        }
        *text += ">\n";
    } else if let Some(audio) = &rendition.audio {
        let _ = write!(
            text,
            " audioSamplingRate=\"{}\">\n        <AudioChannelConfiguration schemeIdUri=\"urn:mpeg:dash:23003:3:audio_channel_configuration:2011\" value=\"{}\"/>\n",
            audio.sample_rate, audio.channels
        );
    } else {
        *text += ">\n";
    }
    segments(text, rendition, &stem);
    *text += "      </Representation>\n";
}

/// The names and times of a representation's segments. Players count media from where the output begins, so what was
/// put before it is told.
fn segments(text: &mut String, rendition: &Rendition, stem: &str) {
    let (before, behind) = (
        escaped(&rendition.names.before),
        escaped(&rendition.names.behind),
    );
    let (num, den) = rendition.base;
    let scale = i64::from(den) / i64::from(num.max(1));
    let offset = match rendition.shift {
        0 => String::new(),
        shift => format!(" presentationTimeOffset=\"{shift}\""),
    };
    let _ = write!(
        text,
        "        <SegmentTemplate timescale=\"{scale}\"{offset} initialization=\"{stem}_init.mp4\" media=\"{before}$Number%06d${behind}\" startNumber=\"1\">\n          <SegmentTimeline>\n"
    );
    let mut start = rendition.segments.first().map(|first| first.start);
    for run in rendition
        .segments
        .chunk_by(|one, next| one.length == next.length)
    {
        let at = start
            .take()
            .map_or(String::new(), |at| format!(" t=\"{at}\""));
        let again = match run.len() {
            1 => String::new(),
            count => format!(" r=\"{}\"", count - 1),
        };
        let length = run.first().map_or(0, |segment| segment.length);
        let _ = writeln!(text, "            <S{at} d=\"{length}\"{again}/>");
    }
    *text += "          </SegmentTimeline>\n        </SegmentTemplate>\n";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playlist::hls::tests::{package, rendition};
    use crate::playlist::uri::Folder;

    #[test]
    fn a_manifest_names_every_segment_and_its_time() {
        let mut renditions = [
            rendition(&[(10_000, 500_000), (10_000, 400_000), (3_500, 9)]),
            rendition(&[(10_010, 9), (9_990, 9), (3_490, 9)]),
        ];
        renditions[0].audio = None;
        renditions[1].video = None;
        renditions[1].shift = 7;
        renditions[0].names.before = "my part-".to_owned();
        let mut package = package(&[], &renditions);
        package.layers[0].stem = "my film".to_owned();
        package.folder = Folder::at("https://cdn.example/a&b/");
        let text = manifest(&package);
        for line in [
            " mediaPresentationDuration=\"PT23.500S\" maxSegmentDuration=\"PT10.010S\" minBufferTime=\"PT10.010S\">\n",
            "  <BaseURL>https://cdn.example/a&amp;b/</BaseURL>\n",
            "<AdaptationSet id=\"0\" contentType=\"video\" mimeType=\"video/mp4\" segmentAlignment=\"true\" startWithSAP=\"1\">\n      \
             <Representation id=\"my%20film\" bandwidth=\"400000\" codecs=\"avc1.64001f\" width=\"720\" height=\"576\" sar=\"16:15\" frameRate=\"30000/1001\">\n",
            "<SegmentTemplate timescale=\"1000\" initialization=\"my%20film_init.mp4\" media=\"my%20part-$Number%06d$.ts\" startNumber=\"1\">\n",
            "<S t=\"0\" d=\"10000\" r=\"1\"/>\n            <S d=\"3500\"/>\n",
            "contentType=\"audio\" mimeType=\"audio/mp4\"",
            "audioSamplingRate=\"44100\">\n        <AudioChannelConfiguration",
            "<SegmentTemplate timescale=\"1000\" presentationTimeOffset=\"7\" initialization=\"v_b2_init.mp4\"",
        ] {
            assert!(text.contains(line), "{line} is not in {text}");
        }
    }
}
