//! Playlists of HLS (RFC 8216).

use std::fmt::Write as _;
use std::path::Path;

use super::rate::{average, peak, target_duration};
use super::{Made, Package};
use crate::av::segments::VideoFacts;
use crate::plan::ladder::Rung;

/// The list of a rendition's segments.
pub(super) fn media(package: &Package<'_>, made: &Made<'_>) -> String {
    let rendition = made.rendition;
    // A file before the segments came with version 6, fragments of MP4 are announced by 7; times with decimals by 3.
    let version = if rendition.init.is_some() { 7 } else { 3 };
    let target = target_duration(rendition);
    let mut list = format!(
        "#EXTM3U\n#EXT-X-VERSION:{version}\n#EXT-X-TARGETDURATION:{target}\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n"
    );
    if made.independent {
        list += "#EXT-X-INDEPENDENT-SEGMENTS\n";
    }
    // Writing to a String cannot fail.
    if let Some(key) = &package.key {
        let _ = write!(
            list,
            "#EXT-X-KEY:METHOD=AES-128,URI=\"{}\"",
            key.url.as_str()
        );
        let _ = match key.iv {
            Some(iv) => writeln!(list, ",IV=0x{iv}"),
            None => writeln!(list),
        };
    }
    if let Some(init) = &rendition.init {
        let _ = writeln!(list, "#EXT-X-MAP:URI=\"{}\"", package.folder.file(init));
    }
    for segment in &rendition.segments {
        let seconds = rendition.seconds(segment.length);
        let file = package.folder.file(&segment.path);
        let _ = write!(list, "#EXTINF:{seconds:.6},\n{file}\n");
    }
    list + "#EXT-X-ENDLIST\n"
}

/// The list of renditions a player may choose from.
pub(super) fn master(package: &Package<'_>) -> String {
    let fragments = package
        .layers
        .iter()
        .any(|made| made.rendition.init.is_some());
    let mut list = format!(
        "#EXTM3U\n#EXT-X-VERSION:{}\n",
        if fragments { 7 } else { 3 }
    );
    if package.layers.iter().all(|made| made.independent) {
        list += "#EXT-X-INDEPENDENT-SEGMENTS\n";
    }
    let mut sounds: Vec<usize> = package.rungs.iter().filter_map(Rung::sound).collect();
    sounds.sort_unstable();
    sounds.dedup();
    for &sound in &sounds {
        let made = &package.layers[sound];
        let _ = write!(
            list,
            "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"{}\",NAME=\"audio\",DEFAULT=YES,AUTOSELECT=YES",
            group(sound),
        );
        if let Some(audio) = &made.rendition.audio {
            let _ = write!(list, ",CHANNELS=\"{}\"", audio.channels);
        }
        let _ = writeln!(list, ",URI=\"{}\"", playlist(package, made));
    }
    for rung in package.rungs {
        let layers = || {
            rung.layers
                .iter()
                .filter_map(|layer| package.layers.get(*layer))
        };
        let Some(first) = layers().next() else {
            continue;
        };
        let needed: u64 = layers().map(|made| peak(made.rendition)).sum();
        let usual: u64 = layers().map(|made| average(made.rendition)).sum();
        // The command says what the rendition is meant for; what it needs may be more.
        let bandwidth = rung
            .bandwidth
            .map_or(needed, |bits| needed.max(bits.into()));
        let _ = write!(
            list,
            "#EXT-X-STREAM-INF:BANDWIDTH={bandwidth},AVERAGE-BANDWIDTH={usual}"
        );
        let video = layers().find_map(|made| made.rendition.video.as_ref());
        let audio = layers().find_map(|made| made.rendition.audio.as_ref());
        let codecs = [video.map(|v| &v.codec), audio.map(|a| &a.codec)];
        let codecs: Option<Vec<&str>> =
            codecs.into_iter().flatten().map(|c| c.as_deref()).collect();
        // All of them or none: a list that leaves one out is wrong.
        if let Some(codecs) = codecs {
            let _ = write!(list, ",CODECS=\"{}\"", codecs.join(","));
        }
        if let Some(video) = video {
            let (width, height) = shown(video);
            let _ = write!(list, ",RESOLUTION={width}x{height}");
            if let (num @ 1.., den @ 1..) = video.frame_rate {
                let _ = write!(list, ",FRAME-RATE={:.3}", f64::from(num) / f64::from(den));
            }
        }
        if let Some(sound) = rung.sound() {
            let _ = write!(list, ",AUDIO=\"{}\"", group(sound));
        }
        let _ = write!(list, "\n{}\n", playlist(package, first));
    }
    list
}

impl Rung {
    /// The layer that is the sound of another.
    fn sound(&self) -> Option<usize> {
        self.layers.get(1).copied()
    }
}

fn group(sound: usize) -> String {
    format!("audio{sound}")
}

fn playlist(package: &Package<'_>, made: &Made<'_>) -> String {
    package
        .folder
        .file(Path::new(&format!("{}.m3u8", made.stem)))
}

/// The size of the picture in square pixels.
fn shown(video: &VideoFacts) -> (u32, u32) {
    let width = match video.sar {
        (num @ 1.., den @ 1..) => {
            (f64::from(video.width) * f64::from(num) / f64::from(den)).round()
        }
        _ => f64::from(video.width),
    };
    (width as u32, video.height)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::av::segments::{AudioFacts, Rendition, Segment, SegmentNames};
    use crate::op::{HlsIv, Url};
    use crate::playlist::Key;
    use crate::playlist::uri::Folder;

    /// A rendition with segments of so many milliseconds and bytes.
    pub(crate) fn rendition(segments: &[(i64, u64)]) -> Rendition {
        let mut start = 0;
        let segments = segments.iter().zip(1..).map(|(&(length, bytes), number)| {
            start += length;
            Segment {
                path: format!("v_{number:06}.ts").into(),
                start: start - length,
                length,
                bytes,
            }
        });
        Rendition {
            init: None,
            segments: segments.collect(),
            names: SegmentNames {
                before: "v_".to_owned(),
                behind: ".ts".to_owned(),
            },
            base: (1, 1000),
            shift: 0,
            video: Some(VideoFacts {
                codec: Some("avc1.64001f".to_owned()),
                width: 720,
                height: 576,
                sar: (16, 15),
                frame_rate: (30_000, 1001),
            }),
            audio: Some(AudioFacts {
                codec: Some("mp4a.40.2".to_owned()),
                sample_rate: 44_100,
                channels: 2,
            }),
        }
    }

    pub(crate) fn package<'a>(rungs: &'a [Rung], renditions: &'a [Rendition]) -> Package<'a> {
        let made = renditions.iter().zip(1..).map(|(rendition, number)| Made {
            stem: format!("v_b{number}"),
            rendition,
            independent: true,
        });
        Package {
            folder: Folder::relative(),
            key: None,
            layers: made.collect(),
            rungs,
        }
    }

    fn rung(bandwidth: u32, layers: &[usize]) -> Rung {
        Rung {
            bandwidth: Some(bandwidth),
            layers: layers.to_vec(),
        }
    }

    #[test]
    fn a_list_of_segments_says_what_the_standard_asks() {
        let renditions = [rendition(&[(10_010, 9), (3_500, 9)])];
        let mut package = package(&[], &renditions);
        let plain = media(&package, &package.layers[0]);
        let expected = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:10\n#EXT-X-MEDIA-SEQUENCE:0\n\
            #EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-INDEPENDENT-SEGMENTS\n#EXTINF:10.010000,\nv_000001.ts\n\
            #EXTINF:3.500000,\nv_000002.ts\n#EXT-X-ENDLIST\n";
        assert_eq!(plain, expected);

        let url = Url::new("https://k.example/1?a=b").expect("an address");
        let iv = HlsIv::from_hex(&"0A".repeat(16)).expect("32 digits");
        package.folder = Folder::at("https://cdn.example/");
        for (iv, ending) in [
            (None, ""),
            (Some(&iv), ",IV=0x0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a"),
        ] {
            package.key = Some(Key { url: &url, iv });
            let locked = media(&package, &package.layers[0]);
            let line = format!(
                "\n#EXT-X-KEY:METHOD=AES-128,URI=\"https://k.example/1?a=b\"{ending}\n#EXTINF:10.010000,\n\
                 https://cdn.example/v_000001.ts\n"
            );
            assert!(locked.contains(&line), "{locked}");
        }
    }

    #[test]
    fn fragments_are_read_behind_their_header() {
        let renditions = [Rendition {
            init: Some("/tmp/v_init.mp4".into()),
            ..rendition(&[(1000, 9)])
        }];
        let package = package(&[], &renditions);
        let list = media(&package, &package.layers[0]);
        assert!(list.contains("#EXT-X-VERSION:7\n"), "{list}");
        assert!(
            list.contains("\n#EXT-X-MAP:URI=\"v_init.mp4\"\n#EXTINF"),
            "{list}"
        );
    }

    #[test]
    fn players_are_told_what_they_choose_from() {
        let renditions = [
            rendition(&[(10_000, 125_000)]),
            rendition(&[(10_000, 500_000)]),
        ];
        let rungs = [rung(300_000, &[0]), rung(350_000, &[1])];
        let list = master(&package(&rungs, &renditions));
        let rest = "CODECS=\"avc1.64001f,mp4a.40.2\",RESOLUTION=768x576,FRAME-RATE=29.970";
        let expected = format!(
            "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-INDEPENDENT-SEGMENTS\n\
             #EXT-X-STREAM-INF:BANDWIDTH=300000,AVERAGE-BANDWIDTH=100000,{rest}\nv_b1.m3u8\n\
             #EXT-X-STREAM-INF:BANDWIDTH=400000,AVERAGE-BANDWIDTH=400000,{rest}\nv_b2.m3u8\n"
        );
        assert_eq!(list, expected);
    }

    #[test]
    fn sound_of_its_own_is_a_group_and_counts_to_the_bandwidth() {
        let mut renditions = [
            rendition(&[(10_000, 500_000)]),
            rendition(&[(10_000, 125_000)]),
        ];
        renditions[0].audio = None;
        renditions[1].video = None;
        let rungs = [rung(50_000, &[0, 1])];
        let list = master(&package(&rungs, &renditions));
        for line in [
            "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio1\",NAME=\"audio\",DEFAULT=YES,AUTOSELECT=YES,CHANNELS=\"2\",URI=\"v_b2.m3u8\"\n",
            "#EXT-X-STREAM-INF:BANDWIDTH=500000,AVERAGE-BANDWIDTH=500000,CODECS=\"avc1.64001f,mp4a.40.2\",",
            ",AUDIO=\"audio1\"\nv_b1.m3u8\n",
        ] {
            assert!(list.contains(line), "{line} is not in {list}");
        }
        renditions[1].audio.as_mut().expect("sound").codec = None;
        let list = master(&package(&rungs, &renditions));
        assert!(!list.contains("CODECS"), "{list}");
    }
}
