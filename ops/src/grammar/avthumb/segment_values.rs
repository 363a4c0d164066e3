//! The kinds of values that the rows about HLS and DASH take.

use crate::b64u;
use crate::grammar::kind::{Kind, fixed};
use crate::grammar::values::{BIT_RATE, SIZE};
use crate::op::{
    Bandwidths, BitRate, FastStart, FolderUrl, HlsIv, HlsKey, PerRung, SegmentFormat,
    SegmentLength, SegmentPattern, Size, Url,
};

pub(super) const SEGMENT_LENGTH: Kind<SegmentLength> = Kind::Decimal {
    min: SegmentLength::MIN_MILLIS as u64,
    max: SegmentLength::MAX_MILLIS as u64,
    unit: " seconds",
    make: |n| SegmentLength::from_millis(n.try_into().ok()?),
    get: |length| length.millis().into(),
};

pub(super) const FAST_START: Kind<FastStart> = Kind::Other {
    name: "count and length",
    range: "`<M>x<N>s`, 1 to 100 segments of 1 to 120 seconds, up to 3 decimals",
    read: |text| {
        let (count, length) = text.strip_suffix('s').unwrap_or(text).split_once('x')?;
        let count = fixed(count, 0)?.try_into().ok()?;
        FastStart::new(count, SEGMENT_LENGTH.read(length)?)
    },
    write: |fast| format!("{}x{}s", fast.count(), SEGMENT_LENGTH.write(&fast.length)),
};

pub(super) const SEGMENT_FORMAT: Kind<SegmentFormat> = Kind::Names(&[
    ("ts", SegmentFormat::Ts),
    ("mp4", SegmentFormat::Mp4),
    ("m4s", SegmentFormat::M4s),
]);

pub(super) const HLS_KEY: Kind<HlsKey> = Kind::Secret {
    name: "key",
    range: "URL-safe base64 of 16 bytes or of 32 hexadecimal digits",
    read: |text| HlsKey::from_bytes(&b64u::decode(text)?),
    write: |key| b64u::encode(key.secret()),
};

pub(super) const HLS_IV: Kind<HlsIv> = Kind::Other {
    name: "vector",
    range: "32 hexadecimal digits",
    read: HlsIv::from_hex,
    write: HlsIv::to_string,
};

pub(super) const URL: Kind<Url> = Kind::Other {
    name: "address",
    range: "URL-safe base64 of an address that begins with its scheme, of at most 2000 bytes",
    read: |text| Url::new(&plain(text)?),
    write: |url| b64u::encode(url.as_str()),
};

pub(super) const FOLDER_URL: Kind<FolderUrl> = Kind::Other {
    name: "address",
    range: "URL-safe base64 of an http or https address without `?` and `#`, of at most 2000 bytes",
    read: |text| FolderUrl::new(&plain(text)?),
    write: |url| b64u::encode(url.as_str()),
};

pub(super) const SEGMENT_PATTERN: Kind<SegmentPattern> = Kind::Other {
    name: "pattern",
    range: "URL-safe base64 of a file name with one `$(count)` in it",
    read: |text| SegmentPattern::new(&plain(text)?),
    write: |pattern| b64u::encode(pattern.as_str()),
};

pub(super) const BANDWIDTHS: Kind<Bandwidths> = Kind::Other {
    name: "list of integers",
    range: "2 to 5 ascending integers of 50000 to 30000000 bits per second, joined by `:`",
    read: |text| {
        let bits = |text| fixed(text, 0)?.try_into().ok();
        Bandwidths::new(text.split(':').map(bits).collect::<Option<_>>()?)
    },
    write: |bandwidths| joined(bandwidths.get(), u32::to_string),
};

pub(super) const BIT_RATES: Kind<PerRung<BitRate>> = Kind::Other {
    name: "list of bit rates",
    range: "2 to 5 bit rates of 1k to 1000m bits per second, joined by `:`",
    read: |text| PerRung::new(each(text, &BIT_RATE)?),
    write: |rates| joined(rates.get(), |rate| BIT_RATE.write(rate)),
};

pub(super) const SIZES: Kind<PerRung<Size>> = Kind::Other {
    name: "list of sizes",
    range: "2 to 5 sizes as `s` takes them, joined by `:`",
    read: |text| PerRung::new(each(text, &SIZE)?),
    write: |sizes| joined(sizes.get(), |size| SIZE.write(size)),
};

fn plain(text: &str) -> Option<String> {
    String::from_utf8(b64u::decode(text)?).ok()
}

fn each<V: Clone + PartialEq>(text: &str, kind: &Kind<V>) -> Option<Vec<V>> {
    text.split(':').map(|value| kind.read(value)).collect()
}

fn joined<V>(values: &[V], write: impl Fn(&V) -> String) -> String {
    values.iter().map(write).collect::<Vec<_>>().join(":")
}
