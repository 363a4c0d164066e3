//! The rows of `avthumb` about HLS and DASH.

use super::segment_values::{
    BANDWIDTHS, BIT_RATES, FAST_START, FOLDER_URL, HLS_IV, HLS_KEY, SEGMENT_FORMAT, SEGMENT_LENGTH,
    SEGMENT_PATTERN, SIZES, URL,
};
use crate::grammar::rule::Rule;
use crate::grammar::table::{Group, parameter};
use crate::grammar::values::FLAG;
use crate::op::{AudioCodec, Avthumb, Bandwidths, Container, PerRung, SegmentFormat, VideoCodec};

pub(super) const ROWS: Group<Avthumb> = &[
    parameter!("segtime" => segments.length: SEGMENT_LENGTH, default "10", example "segtime/5",
        "Length of a segment of m3u8 and mpd; encoded video gets a key picture at every boundary, copied video is cut at the next one"),
    parameter!("segFirstTime" => segments.first: SEGMENT_LENGTH, default "that of `segtime`", example "segFirstTime/2",
        "Length of the first segment"),
    parameter!("fastStartSeg" => segments.fast_start: FAST_START, default "none", example "fastStartSeg/3x2s",
        "So many segments of another length first, so that playback starts sooner"),
    parameter!("segtype" => segments.format: SEGMENT_FORMAT, default "ts, or m4s for mpd", example "segtype/mp4",
        "What a segment is: an MPEG transport stream, or a fragment of MP4 in a file called .mp4 or .m4s"),
    parameter!("savePattern" | "pattern" => segments.names: SEGMENT_PATTERN, default "the name of the list, numbered", example "savePattern/cGFydC0kKGNvdW50KQ==",
        "Names of the segments, beside their list: six digits take the place of $(count); the suffix and, in a ladder, the rendition are put behind"),
    parameter!("hlsKey" => segments.key: HLS_KEY, default "segments are not encrypted", example "hlsKey/MDEyMzQ1Njc4OWFiY2RlZg==/hlsKeyUrl/aHR0cHM6Ly9rZXlzLmV4YW1wbGUvMQ==",
        "Encrypts the transport streams of m3u8 with this key of AES-128"),
    parameter!("hlsKeyUrl" => segments.key_url: URL, default "none; `hlsKey` needs it", example "hlsKey/MDEyMzQ1Njc4OWFiY2RlZg==/hlsKeyUrl/aHR0cHM6Ly9rZXlzLmV4YW1wbGUvMQ==",
        "Where players get the key: it stands in the playlist"),
    parameter!("hlsIV" => segments.iv: HLS_IV, default "each segment's sequence number", example "hlsKey/MDEyMzQ1Njc4OWFiY2RlZg==/hlsKeyUrl/aHR0cHM6Ly9rZXlzLmV4YW1wbGUvMQ==/hlsIV/000102030405060708090a0b0c0d0e0f",
        "Initialisation vector of all segments: it stands in the playlist"),
    parameter!("envBandWidth" => segments.bandwidths: BANDWIDTHS, default "one rendition", example "envBandWidth/500000:1500000",
        "A rendition for each of these bandwidths, in one list for players to choose from; without `multiVb`, `vb` and `crf` the video is as good as the bandwidth allows"),
    parameter!("multiVb" => segments.video_rates: BIT_RATES, default "`vb`, or what the bandwidth leaves", example "envBandWidth/500000:1500000/multiVb/400k:1.2m",
        "Video bit rate of each rendition"),
    parameter!("multiAb" => segments.audio_rates: BIT_RATES, default "`ab`, or a quarter of the bandwidth at most", example "envBandWidth/500000:1500000/multiAb/48k:96k",
        "Audio bit rate of each rendition"),
    parameter!("multiResolution" => segments.sizes: SIZES, default "`s`", example "envBandWidth/500000:1500000/multiResolution/640x360:1280x720",
        "Picture size of each rendition"),
    parameter!("noDomain" => segments.no_domain: FLAG, default "1, or 0 beside `domain`", example "noDomain/1",
        "1 names segments relative to their list, so that the files can be moved together; 0 names them by the whole address of the target's folder"),
    parameter!("domain" => segments.domain: FOLDER_URL, default "names are relative", example "domain/aHR0cHM6Ly9jZG4uZXhhbXBsZS92aWRlby8=",
        "Names segments by whole addresses in the folder of this address"),
    parameter!("dash_hls_playlist" => segments.hls_too: FLAG, default "0", example "dash_hls_playlist/1",
        "1 writes HLS lists for the segments of mpd as well"),
];

/// Every row of this group.
const ALL: &[&str] = &[
    "segtime",
    "segFirstTime",
    "fastStartSeg",
    "segtype",
    "savePattern",
    "hlsKey",
    "hlsKeyUrl",
    "hlsIV",
    "envBandWidth",
    "multiVb",
    "multiAb",
    "multiResolution",
    "noDomain",
    "domain",
    "dash_hls_playlist",
];

pub(super) const RULES: &[Rule<Avthumb>] = &[
    Rule::Excludes {
        with: "container",
        when: |op| !op.container.is_segmented(),
        parameters: ALL,
        why: "only m3u8 and mpd are made of segments",
    },
    Rule::Excludes {
        with: "container",
        when: |op| op.container == Container::M3u8,
        parameters: &["dash_hls_playlist"],
        why: "it is about mpd, and m3u8 is HLS anyway",
    },
    Rule::Excludes {
        with: "container",
        when: |op| op.container == Container::Mpd,
        parameters: &["hlsKey", "hlsKeyUrl", "hlsIV"],
        why: "AES-128 is for m3u8 alone",
    },
    Rule::Excludes {
        with: "container",
        when: |op| op.container == Container::Mpd && op.segments.format == Some(SegmentFormat::Ts),
        parameters: &["segtype"],
        why: "its segments are fragments of MP4",
    },
    Rule::Clash {
        parameter: "vcodec",
        with: &["segtype", "container"],
        why: |op| {
            let is_ts = op.container == Container::M3u8
                && matches!(op.segments.format, None | Some(SegmentFormat::Ts));
            let alien = matches!(op.video.codec?, VideoCodec::Av1 | VideoCodec::Vp9);
            (is_ts && alien).then(|| {
                "transport streams hold H.264 and H.265; with segtype/mp4 there is more".to_owned()
            })
        },
    },
    Rule::Excludes {
        with: "segFirstTime",
        when: |op| op.segments.first.is_some(),
        parameters: &["fastStartSeg"],
        why: "both say how long the first segment is",
    },
    Rule::Excludes {
        with: "segtype",
        when: |op| {
            matches!(
                op.segments.format,
                Some(SegmentFormat::Mp4 | SegmentFormat::M4s)
            )
        },
        parameters: &["hlsKey", "hlsKeyUrl", "hlsIV"],
        why: "only transport streams are encrypted with AES-128",
    },
    Rule::Needs {
        parameter: "hlsKey",
        needs: "hlsKeyUrl",
        hint: "players get the key there",
    },
    Rule::Needs {
        parameter: "hlsKeyUrl",
        needs: "hlsKey",
        hint: "without it nothing is encrypted",
    },
    Rule::Needs {
        parameter: "hlsIV",
        needs: "hlsKey",
        hint: "without it nothing is encrypted",
    },
    Rule::Needs {
        parameter: "multiVb",
        needs: "envBandWidth",
        hint: "it has a bandwidth for each rendition",
    },
    Rule::Needs {
        parameter: "multiAb",
        needs: "envBandWidth",
        hint: "it has a bandwidth for each rendition",
    },
    Rule::Needs {
        parameter: "multiResolution",
        needs: "envBandWidth",
        hint: "it has a bandwidth for each rendition",
    },
    Rule::Excludes {
        with: "envBandWidth",
        when: |op| counts_differ(op, op.segments.video_rates.as_ref()),
        parameters: &["multiVb"],
        why: "each must have as many values as the other",
    },
    Rule::Excludes {
        with: "envBandWidth",
        when: |op| counts_differ(op, op.segments.audio_rates.as_ref()),
        parameters: &["multiAb"],
        why: "each must have as many values as the other",
    },
    Rule::Excludes {
        with: "envBandWidth",
        when: |op| counts_differ(op, op.segments.sizes.as_ref()),
        parameters: &["multiResolution"],
        why: "each must have as many values as the other",
    },
    Rule::Excludes {
        with: "multiVb",
        when: |op| op.segments.video_rates.is_some(),
        parameters: &["vb", "crf"],
        why: "both say how many bits the video takes",
    },
    Rule::Clash {
        parameter: "maxrate",
        with: &["multiVb"],
        why: |op| {
            let (most, rates) = (op.video.max_rate?, op.segments.video_rates.as_ref()?);
            let higher = rates.get().iter().any(|rate| *rate > most);
            higher.then(|| "a bit rate cannot be higher than the most it may be".to_owned())
        },
    },
    Rule::Excludes {
        with: "multiAb",
        when: |op| op.segments.audio_rates.is_some(),
        parameters: &["ab"],
        why: "both say how many bits the audio takes",
    },
    Rule::Excludes {
        with: "multiResolution",
        when: |op| op.segments.sizes.is_some(),
        parameters: &["s"],
        why: "both say how large the picture is",
    },
    Rule::Excludes {
        with: "vcodec",
        when: |op| op.video.codec == Some(VideoCodec::Copy),
        parameters: &["envBandWidth", "multiVb", "multiResolution"],
        why: "copied video is the same in every rendition",
    },
    Rule::Excludes {
        with: "acodec",
        when: |op| op.audio.codec == Some(AudioCodec::Copy),
        parameters: &["multiAb"],
        why: "copied audio is not encoded again",
    },
    Rule::Excludes {
        with: "vn",
        when: |op| op.vn,
        parameters: &["multiVb", "multiResolution"],
        why: "the video is dropped",
    },
    Rule::Excludes {
        with: "an",
        when: |op| op.an,
        parameters: &["multiAb"],
        why: "the audio is dropped",
    },
    Rule::Excludes {
        with: "noDomain",
        when: |op| op.segments.no_domain == Some(true),
        parameters: &["domain"],
        why: "one asks for relative names, the other for whole addresses",
    },
];

fn counts_differ<V>(op: &Avthumb, values: Option<&PerRung<V>>) -> bool {
    let bandwidths = op.segments.bandwidths.as_ref().map(Bandwidths::get);
    match (bandwidths, values) {
        (Some(bandwidths), Some(values)) => bandwidths.len() != values.get().len(),
        _ => false,
    }
}
