//! The HLS and DASH parameters of `avthumb` (wire.md 6.1, "HLS / DASH").

use std::fmt;

use super::{BitRate, Pattern, Size};

/// How HLS and DASH are cut into files.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Segments {
    /// `segtime`: length of a segment; 10 s when absent.
    pub length: Option<SegmentLength>,
    /// `segFirstTime`: length of the first segment.
    pub first: Option<SegmentLength>,
    /// `fastStartSeg`: how many segments of another length come first.
    pub fast_start: Option<FastStart>,
    /// `segtype`: what a segment is; MPEG-TS for HLS when absent.
    pub format: Option<SegmentFormat>,
    /// `hlsKey`: segments are encrypted with this key.
    pub key: Option<HlsKey>,
    /// `hlsKeyUrl`: where players get the key.
    pub key_url: Option<Url>,
    /// `hlsIV`: the initialisation vector of every segment; without it each has its sequence number (RFC 8216, 5.2).
    pub iv: Option<HlsIv>,
    /// `envBandWidth`: bandwidths in bits per second that there is a rendition for each.
    pub bandwidths: Option<Bandwidths>,
    /// `multiVb`: video bit rate of each rendition.
    pub video_rates: Option<PerRung<BitRate>>,
    /// `multiAb`: audio bit rate of each rendition.
    pub audio_rates: Option<PerRung<BitRate>>,
    /// `multiResolution`: picture size of each rendition.
    pub sizes: Option<PerRung<Size>>,
    /// `noDomain`: `true` names files relative to the playlist, as is done anyway; `false` names them by whole addresses.
    pub no_domain: Option<bool>,
    /// `domain`: address of the folder the files are going to be found in.
    pub domain: Option<FolderUrl>,
    /// `savePattern`: names of segments; those of the playlist, numbered, when absent.
    pub names: Option<SegmentPattern>,
    /// `dash_hls_playlist`: write HLS playlists for the segments of DASH.
    pub hls_too: bool,
}

/// What a segment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SegmentFormat {
    /// An MPEG transport stream.
    Ts,
    /// A fragment of MP4 in a file called `.mp4`.
    Mp4,
    /// A fragment of MP4 in a file called `.m4s`.
    M4s,
}

impl SegmentFormat {
    /// The file suffix of segments.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Ts => "ts",
            Self::Mp4 => "mp4",
            Self::M4s => "m4s",
        }
    }
}

/// The file name of a segment, with `$(count)` where its number goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentPattern(Pattern);

impl SegmentPattern {
    /// Reads a pattern; `None` unless it makes names of files, each with its number in one place.
    pub fn new(text: &str) -> Option<Self> {
        let pattern = Pattern::new(text)?;
        let once = text.matches(Pattern::COUNT).count() == 1;
        (once && !text.contains('/')).then_some(Self(pattern))
    }
    /// The pattern as text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
    /// What is before and behind the number.
    pub(crate) fn around(&self) -> (&str, &str) {
        let text = self.as_str();
        text.split_once(Pattern::COUNT).unwrap_or((text, ""))
    }
}

/// 1 to 120 seconds, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentLength(pub(crate) u32);

impl SegmentLength {
    /// 1 s.
    pub const MIN_MILLIS: u32 = 1_000;
    /// 120 s.
    pub const MAX_MILLIS: u32 = 120_000;
    /// What `segtime` is when it is absent: 10 s.
    pub const DEFAULT: Self = Self(10_000);

    /// `None` outside 1 to 120 s.
    pub fn from_millis(millis: u32) -> Option<Self> {
        (Self::MIN_MILLIS..=Self::MAX_MILLIS)
            .contains(&millis)
            .then_some(Self(millis))
    }
    /// Whole milliseconds.
    pub fn millis(self) -> u32 {
        self.0
    }
}

/// `<M>x<N>s`: so many segments of another length before those of `segtime`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FastStart {
    count: u8,
    /// Their length.
    pub length: SegmentLength,
}

impl FastStart {
    /// Most short segments.
    pub const MAX_COUNT: u8 = 100;

    /// `None` unless there are 1 to 100 of them.
    pub fn new(count: u8, length: SegmentLength) -> Option<Self> {
        (1..=Self::MAX_COUNT)
            .contains(&count)
            .then_some(Self { count, length })
    }
    /// 1 to 100.
    pub fn count(self) -> u8 {
        self.count
    }
}

/// The key of AES-128. It is never printed, but for the canonical text of the op string.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct HlsKey([u8; 16]);

impl HlsKey {
    /// From 16 bytes, or 32 hexadecimal digits.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        match <[u8; 16]>::try_from(bytes) {
            Ok(raw) => Some(Self(raw)),
            Err(_) => hex(std::str::from_utf8(bytes).ok()?).map(Self),
        }
    }
    /// The key itself.
    pub fn secret(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Debug for HlsKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HlsKey([redacted])")
    }
}

/// An initialisation vector. It stands in the playlist, so it is no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HlsIv(pub(crate) [u8; 16]);

impl HlsIv {
    /// From 32 hexadecimal digits, `0x` before them or not.
    pub fn from_hex(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("0x").or(text.strip_prefix("0X"));
        hex(digits.unwrap_or(text)).map(Self)
    }
    /// The vector.
    pub fn bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// 32 lower-case hexadecimal digits.
impl fmt::Display for HlsIv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

fn hex(digits: &str) -> Option<[u8; 16]> {
    let is_hex = digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_hexdigit());
    let number = is_hex.then(|| u128::from_str_radix(digits, 16).ok());
    number.flatten().map(u128::to_be_bytes)
}

/// An address that begins with its scheme, at most 2000 bytes, of nothing but what an address may be written with: it
/// goes into playlists between quotation marks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url(String);

impl Url {
    /// Longest address, in bytes.
    pub const MAX_BYTES: usize = 2000;

    /// `None` if it is none.
    pub fn new(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once(':')?;
        let mut letters = scheme.bytes();
        let is_scheme = letters.next().is_some_and(|b| b.is_ascii_alphabetic())
            && letters.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
        let plain = |b: u8| b.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&b);
        let is_url = is_scheme
            && text.len() <= Self::MAX_BYTES
            && !rest.trim_start_matches('/').is_empty()
            && text.bytes().all(plain);
        is_url.then(|| Self(text.to_owned()))
    }
    /// As given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The address of a folder on a web server, with a slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderUrl(String);

impl FolderUrl {
    /// `None` unless it is a [`Url`] of http or https without query or fragment. The slash at its end may be missing.
    pub fn new(text: &str) -> Option<Self> {
        let url = Url::new(text)?;
        let (scheme, rest) = url.0.split_once("://")?;
        let is_web = ["http", "https"]
            .iter()
            .any(|web| scheme.eq_ignore_ascii_case(web));
        let is_folder = is_web && !rest.starts_with('/') && !rest.contains(['?', '#']);
        let slash = if rest.ends_with('/') { "" } else { "/" };
        is_folder.then(|| Self(format!("{}{slash}", url.0)))
    }
    /// With a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// 2 to 5 bandwidths of 50 000 to 30 000 000 bits per second, each above the one before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bandwidths(Vec<u32>);

impl Bandwidths {
    /// Bits per second.
    pub const MIN: u32 = 50_000;
    /// Bits per second.
    pub const MAX: u32 = 30_000_000;

    /// `None` if there are too few or too many, or one is out of range or not above the one before.
    pub fn new(bandwidths: Vec<u32>) -> Option<Self> {
        let all = bandwidths
            .iter()
            .all(|bits| (Self::MIN..=Self::MAX).contains(bits));
        let ascending = bandwidths.windows(2).all(|pair| pair[0] < pair[1]);
        (is_ladder(bandwidths.len()) && all && ascending).then_some(Self(bandwidths))
    }
    /// Bits per second, ascending.
    pub fn get(&self) -> &[u32] {
        &self.0
    }
}

/// A value for each rendition, 2 to 5 of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PerRung<V>(Vec<V>);

impl<V> PerRung<V> {
    /// `None` if there are too few or too many.
    pub fn new(values: Vec<V>) -> Option<Self> {
        is_ladder(values.len()).then_some(Self(values))
    }
    /// In the order of the bandwidths.
    pub fn get(&self) -> &[V] {
        &self.0
    }
}

/// Renditions a ladder may have.
fn is_ladder(count: usize) -> bool {
    (2..=5).contains(&count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_never_printed() {
        let key = HlsKey::from_bytes(b"a very secretkey").expect("16 bytes");
        let segments = Segments {
            key: Some(key),
            ..Segments::default()
        };
        let printed = format!("{segments:?} {segments:#?}");
        assert!(printed.contains("[redacted]"), "{printed}");
        assert!(
            !printed.contains("97") && !printed.contains("secretkey"),
            "{printed}"
        );
    }

    #[test]
    fn a_key_may_be_written_in_two_ways() {
        let raw = HlsKey::from_bytes(&[0xAB; 16]);
        assert_eq!(raw, HlsKey::from_bytes("aB".repeat(16).as_bytes()));
        for wrong in [&b"short"[..], &[b'g'; 32], &[0; 17], &[0xFF; 32]] {
            assert_eq!(HlsKey::from_bytes(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn addresses_are_told_from_other_texts() {
        for (text, is_url, is_folder) in [
            ("https://k.example/a?b=c&d", true, false),
            ("https://k.example/a", true, true),
            ("HTTP://k.example", true, true),
            ("file:///srv/key", true, false),
            ("skd://one", true, false),
            ("k.example/a", false, false),
            ("https://", false, false),
            ("https:///a", true, false),
            ("https://a\"b", false, false),
            ("https://a b", false, false),
            ("https://\u{e9}", false, false),
            ("1a:b", false, false),
            (":b", false, false),
            ("", false, false),
        ] {
            assert_eq!(Url::new(text).is_some(), is_url, "{text}");
            assert_eq!(FolderUrl::new(text).is_some(), is_folder, "{text}");
        }
        assert!(Url::new(&format!("https://{}", "a".repeat(2000))).is_none());
    }
}
