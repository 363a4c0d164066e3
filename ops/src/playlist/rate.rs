//! Bits per second of segments as HLS counts them (RFC 8216, 4.1).

use crate::av::segments::Rendition;

/// The length of segments a list announces: the longest, in whole seconds as RFC 8216, 4.3.3.1 rounds.
pub(super) fn target_duration(rendition: &Rendition) -> u64 {
    let seconds = rendition
        .segments
        .iter()
        .map(|segment| rendition.seconds(segment.length).round() as u64);
    seconds.max().unwrap_or(0).max(1)
}

/// Most bits per second of any segments in a row that last 0.5 to 1.5 target durations together; of all if there are none.
pub(super) fn peak(rendition: &Rendition) -> u64 {
    let target = target_duration(rendition) as f64;
    let segments: Vec<(f64, f64)> = rendition
        .segments
        .iter()
        .map(|segment| {
            (
                segment.bytes as f64 * 8.0,
                rendition.seconds(segment.length),
            )
        })
        .collect();
    let mut most: Option<f64> = None;
    for first in 0..segments.len() {
        let (mut bits, mut seconds) = (0.0, 0.0);
        for (more_bits, more_seconds) in &segments[first..] {
            bits += more_bits;
            seconds += more_seconds;
            if seconds > target * 1.5 {
                break;
            }
            if seconds >= target * 0.5 {
                most = Some(most.unwrap_or(0.0).max(bits / seconds));
            }
        }
    }
    most.map_or_else(|| average(rendition), |most| most.ceil() as u64)
}

/// Bits per second of all of them.
pub(super) fn average(rendition: &Rendition) -> u64 {
    let seconds = rendition.duration();
    match seconds > 0.0 {
        true => (rendition.bytes() as f64 * 8.0 / seconds).ceil() as u64,
        false => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playlist::hls::tests::rendition;

    #[test]
    fn a_peak_is_what_a_player_must_be_able_to_load() {
        for (name, segments, target, most, all) in [
            ("alike", &[(10_000, 1000), (10_000, 1000)][..], 10, 800, 800),
            // The last one is too short to count alone, but not with the one before it.
            (
                "a short one",
                &[(10_000, 1000), (1_000, 1000)],
                10,
                1455,
                1455,
            ),
            (
                "one peak",
                &[(10_000, 1000), (10_000, 3000), (10_000, 2000)],
                10,
                2400,
                1600,
            ),
            ("only short", &[(400, 100)], 1, 2000, 2000),
            ("rounded", &[(10_499, 0), (9_500, 0)], 10, 0, 0),
        ] {
            let rendition = rendition(segments);
            assert_eq!(target_duration(&rendition), target, "{name}");
            assert_eq!(peak(&rendition), most, "{name}");
            assert_eq!(average(&rendition), all, "{name}");
        }
    }
}
