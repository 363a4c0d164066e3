//! What has to be known of sled's log before sled opens it: is it whole up to where the snapshot was made? If it is not,
//! sled 0.34.7 zeroes everything behind the first byte that is wrong, and only then finds that it does not fit the snapshot.
//! Asked by open.rs; salvage/mended.rs covers what is damaged, in a copy.
//!
//! ```text
//! segment   [crc32 4][place of its first byte in all that was ever written 8][on disk up to 8][message …]  524288 bytes
//! message   [crc32 4][kind 1][length][segment's number][page] [body …]              integers in one to nine bytes
//! ```
//! This format does not change any more.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

pub(crate) const SEGMENT: usize = 524_288;
const SEGMENT_HEADER: usize = 20;
/// Closer to the end of a segment there is no message.
const LONGEST_HEADER: usize = 32;
const CANCELED: u8 = 1;
const CAP: u8 = 2;
const LAST_KIND: u8 = 11;

/// The byte of the log from which on sled would zero what the newest snapshot counts on, if there is one.
///
/// Only the segment in which the snapshot was made is looked at, and only while no later one says that all of it is on disk:
/// then sled reads on behind what is wrong in it, which may be no damage at all, since a segment that is used again is
/// overwritten piece by piece.
pub(crate) fn damage(dir: &Path) -> io::Result<Option<u64>> {
    let Some(stable) = newest_snapshot(dir)? else {
        return Ok(None);
    };
    let (number, within) = (stable / SEGMENT as u64, stable % SEGMENT as u64);
    let log = File::open(dir.join("db"))?;
    let length = log.metadata()?.len();
    let mut found = None;
    for start in (0..length).step_by(SEGMENT) {
        let mut header = [0; SEGMENT_HEADER];
        if length - start < SEGMENT_HEADER as u64 {
            break;
        }
        log.read_exact_at(&mut header, start)?;
        match read_header(&header) {
            Some((this, synced)) if this >= number && synced / SEGMENT as u64 > number => {
                return Ok(None);
            }
            Some((this, _)) if this == number => found = Some(start),
            _ => {}
        }
    }
    let Some(start) = found else {
        return Ok(None);
    };
    let left = usize::try_from(length - start).unwrap_or(SEGMENT);
    let mut segment = vec![0; left.min(SEGMENT)];
    log.read_exact_at(&mut segment, start)?;
    let end = whole_up_to(&segment, number) as u64;
    Ok((end < within).then_some(start + end))
}

/// Where the newest snapshot was made: its name says it.
fn newest_snapshot(dir: &Path) -> io::Result<Option<u64>> {
    let mut newest = None;
    for entry in fs::read_dir(dir)? {
        let name = entry?.file_name();
        let place = name.to_str().and_then(|name| name.strip_prefix("snap."));
        newest = newest.max(place.and_then(|place| u64::from_str_radix(place, 16).ok()));
    }
    Ok(newest)
}

/// Where the messages of a segment end, or are damaged.
fn whole_up_to(segment: &[u8], number: u64) -> usize {
    let mut place = SEGMENT_HEADER;
    while let Some((kind, length)) = message(segment, place, number) {
        place += length;
        if kind == CAP {
            return SEGMENT;
        }
    }
    place
}

/// What to write where in a segment.
pub(crate) fn covers(segment: &[u8]) -> Vec<(usize, Vec<u8>)> {
    let mut covers = Vec::new();
    let Some((number, _)) = read_header(segment) else {
        return covers;
    };
    let end = segment.len().saturating_sub(LONGEST_HEADER);
    let mut place = SEGMENT_HEADER;
    while place <= end {
        match message(segment, place, number) {
            Some((CAP, _)) => break,
            Some((_, length)) => place += length,
            None => {
                let whole = |place: &usize| message(segment, *place, number).is_some();
                let Some(next) = (place + 1..=end).find(whole) else {
                    // The end of what was ever written here.
                    break;
                };
                covers.extend(canceled(next - place, number).map(|message| (place, message)));
                place = next;
            }
        }
    }
    covers
}

/// A segment's number, and how much of all that was ever written it knows to be on disk.
fn read_header(segment: &[u8]) -> Option<(u64, u64)> {
    let header = segment.get(..SEGMENT_HEADER)?;
    let checksum = u32::from_le_bytes(header[..4].try_into().ok()?);
    let place = |bytes: &[u8]| Some(i64::from_le_bytes(bytes.try_into().ok()?) ^ i64::MAX);
    let first = u64::try_from(place(&header[4..12])?).ok()?;
    // -1 where nothing is.
    let synced = u64::try_from(place(&header[12..])?).unwrap_or(0);
    let is_whole = crc32fast::hash(&header[4..]) == !checksum;
    is_whole.then_some((first / SEGMENT as u64, synced))
}

/// Kind and length of the message at that place, if there is one and it is whole.
fn message(segment: &[u8], place: usize, number: u64) -> Option<(u8, usize)> {
    let bytes = segment.get(place..)?;
    let kind = *bytes.get(4)?;
    if !(CANCELED..=LAST_KIND).contains(&kind) {
        return None;
    }
    let mut at = 5;
    let length = usize::try_from(integer(bytes, &mut at)?).ok()?;
    if integer(bytes, &mut at)? != number {
        return None;
    }
    integer(bytes, &mut at)?;
    let body = bytes.get(at..at.checked_add(length)?)?;
    let stored = u32::from_le_bytes(bytes[..4].try_into().ok()?);
    (checksum(&bytes[4..at], body) == stored).then_some((kind, at + length))
}

fn checksum(header: &[u8], body: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(body);
    hasher.update(header);
    !hasher.finalize()
}

/// A message of that length in all that says nothing; `None` when none has it.
fn canceled(length: usize, number: u64) -> Option<Vec<u8>> {
    // A page's number of two bytes, where one of one byte leaves a length that cannot be written.
    [0, 300].into_iter().find_map(|page| {
        (1..=9).find_map(|size| {
            let mut header = vec![0, 0, 0, 0, CANCELED];
            let rest = [encoded(number), encoded(page)].concat();
            let body = length.checked_sub(header.len() + size + rest.len())?;
            let written = encoded(body as u64);
            if written.len() != size {
                return None;
            }
            header.extend(written);
            header.extend(rest);
            let body = vec![0; body];
            let sum = checksum(&header[4..], &body);
            header[..4].copy_from_slice(&sum.to_le_bytes());
            Some([header, body].concat())
        })
    })
}

/// An integer as sled writes it, and the place after it.
fn integer(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let first = *bytes.get(*at)?;
    let byte = |n: usize| bytes.get(*at + n).copied().map(u64::from);
    let (value, size) = match first {
        0..=240 => (u64::from(first), 1),
        241..=248 => (240 + 256 * (u64::from(first) - 241) + byte(1)?, 2),
        249 => (2288 + 256 * byte(1)? + byte(2)?, 3),
        250..=255 => {
            let size = usize::from(first) - 247;
            let mut value = [0; 8];
            value[..size].copy_from_slice(bytes.get(*at + 1..*at + 1 + size)?);
            (u64::from_le_bytes(value), size + 1)
        }
    };
    *at += size;
    Some(value)
}

fn encoded(value: u64) -> Vec<u8> {
    let low = |size: usize| [&[size as u8 + 247], &value.to_le_bytes()[..size]].concat();
    match value {
        0..=240 => vec![value as u8],
        241..=2287 => vec![
            ((value - 240) / 256 + 241) as u8,
            ((value - 240) % 256) as u8,
        ],
        2288..=67823 => {
            let value = value - 2288;
            vec![249, (value / 256) as u8, (value % 256) as u8]
        }
        _ => low((3..=8)
            .find(|size| value >> (8 * size - 1) >> 1 == 0)
            .unwrap_or(8)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_read_back_in_as_few_bytes_as_sled_needs() {
        for (value, size) in [
            (0, 1),
            (240, 1),
            (241, 2),
            (2287, 2),
            (2288, 3),
            (67823, 3),
            (67824, 4),
            (0xff_ffff, 4),
            (0x100_0000, 5),
            (u64::from(u32::MAX), 5),
            (1 << 32, 6),
            (u64::MAX, 9),
        ] {
            let bytes = encoded(value);
            let mut at = 0;
            assert_eq!(
                (integer(&bytes, &mut at), at),
                (Some(value), size),
                "{value}"
            );
            assert_eq!(bytes.len(), size, "{value}");
        }
    }

    /// A segment of messages in which some are damaged reads from end to end again, with all the others in their places.
    #[test]
    fn damaged_messages_are_covered() {
        const NUMBER: u64 = 7;
        let first = (NUMBER * SEGMENT as u64) as i64 ^ i64::MAX;
        let mut segment = [&[0; 4], &first.to_le_bytes()[..], &[0; 8]].concat();
        let sum = !crc32fast::hash(&segment[4..]);
        segment[..4].copy_from_slice(&sum.to_le_bytes());
        let mut places = Vec::new();
        for length in [40, 300, 12, 2400, 77, 257, 258, 90_000] {
            places.push(segment.len());
            segment.extend(canceled(length, NUMBER).unwrap());
        }
        let end = segment.len();
        segment.resize(SEGMENT, 0);
        assert_eq!(covers(&segment), []);

        for hit in [
            vec![1],
            vec![3],
            vec![2, 3, 4],
            vec![5],
            vec![6],
            vec![0, 2],
        ] {
            let mut damaged = segment.clone();
            for n in &hit {
                damaged[places[*n] + 9] ^= 1;
            }
            for (place, message) in covers(&damaged) {
                damaged[place..place + message.len()].copy_from_slice(&message);
            }
            let mut place = SEGMENT_HEADER;
            let mut found = Vec::new();
            while let Some((_, length)) = message(&damaged, place, NUMBER) {
                found.push(place);
                place += length;
            }
            assert_eq!(place, end, "{hit:?}: it reads to its end");
            let whole = (0..places.len()).filter(|n| !hit.contains(n));
            assert!(
                whole.map(|n| places[n]).all(|place| found.contains(&place)),
                "{hit:?}"
            );
        }
    }
}
