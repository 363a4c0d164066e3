//! Edits the file before all segments. The muxer puts a late start of a stream into an edit list, as a pause, and into the
//! times of the fragments as well: the former would come on top of the latter. Browsers overlook such pauses, so it is
//! they that go.

use std::ops::Range;

/// Takes the pause at the beginning out of every edit list. What is left free is filled, so nothing moves.
pub(super) fn without_pauses(init: &mut [u8]) {
    let whole = 0..init.len();
    let lists: Vec<Range<usize>> = inside(init, whole, b"moov")
        .flat_map(|moov| inside(init, moov, b"trak"))
        .flat_map(|track| inside(init, track, b"edts"))
        .flat_map(|edits| inside(init, edits, b"elst"))
        .collect();
    for list in lists {
        let _ = drop_pause(init, list);
    }
}

/// The insides of the boxes of this type among those of a range.
fn inside<'a>(
    bytes: &'a [u8],
    mut range: Range<usize>,
    kind: &'a [u8; 4],
) -> impl Iterator<Item = Range<usize>> + 'a {
    let boxes = std::iter::from_fn(move || {
        let head = bytes.get(range.clone())?.get(..8)?;
        let size = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let end = range.start.checked_add(size)?;
        if size < 8 || end > range.end {
            return None;
        }
        let found = (&head[4..] == kind, range.start + 8..end);
        range.start = end;
        Some(found)
    });
    boxes.filter_map(|(wanted, inside)| wanted.then_some(inside))
}

/// Of an edit list that begins with a pause, the pause; what follows takes its place, and a free box the rest.
fn drop_pause(init: &mut [u8], list: Range<usize>) -> Option<()> {
    const HEAD: usize = 8; // version, flags, count
    let version = *init.get(list.start)?;
    // A length, a time and a rate; the former two are twice as long in version 1.
    let (entry, length) = if version == 1 { (20, 8) } else { (12, 4) };
    let entries = list.start + HEAD..list.end;
    let count = init.get(list.start + 4..entries.start)?;
    let count = u32::from_be_bytes([count[0], count[1], count[2], count[3]]);
    let time = init.get(entries.clone())?.get(length..2 * length)?;
    let is_pause =
        count > 1 && entries.len() == entry * count as usize && time.iter().all(|b| *b == 0xFF);
    if !is_pause {
        return None;
    }
    init.copy_within(entries.start + entry..entries.end, entries.start);
    let free = init.get_mut(entries.end - entry..entries.end)?;
    free.fill(0);
    free[..4].copy_from_slice(&(entry as u32).to_be_bytes());
    free[4..8].copy_from_slice(b"free");
    init[list.start + 4..entries.start].copy_from_slice(&(count - 1).to_be_bytes());
    let size = (list.len() + 8 - entry) as u32;
    init[list.start - 8..list.start - 4].copy_from_slice(&size.to_be_bytes());
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(kind: &[u8; 4], inside: &[u8]) -> Vec<u8> {
        let size = (inside.len() as u32 + 8).to_be_bytes();
        [&size[..], kind, inside].concat()
    }

    /// A film of one track with this edit list.
    fn film(list: &[u8]) -> Vec<u8> {
        let track = [
            boxed(b"tkhd", &[7; 4]),
            boxed(b"edts", list),
            boxed(b"mdia", b"end"),
        ]
        .concat();
        [
            boxed(b"ftyp", b"iso6"),
            boxed(b"moov", &boxed(b"trak", &track)),
        ]
        .concat()
    }

    fn list(version: u8, entries: &[(u64, i64)]) -> Vec<u8> {
        let mut bytes = vec![version, 0, 0, 0];
        bytes.extend((entries.len() as u32).to_be_bytes());
        for &(length, time) in entries {
            match version {
                1 => bytes.extend([length.to_be_bytes(), time.to_be_bytes()].concat()),
                _ => bytes
                    .extend([(length as u32).to_be_bytes(), (time as i32).to_be_bytes()].concat()),
            }
            bytes.extend([0, 1, 0, 0]);
        }
        boxed(b"elst", &bytes)
    }

    #[test]
    fn only_a_pause_at_the_beginning_goes() {
        for (version, entry) in [(0, 12), (1, 20)] {
            let mut edited = film(&list(version, &[(500, -1), (0, 1024)]));
            without_pauses(&mut edited);
            let filled = boxed(b"free", &vec![0; entry - 8]);
            let expected = film(&[list(version, &[(0, 1024)]), filled].concat());
            assert_eq!(edited, expected, "version {version}");
        }
        for other in [
            list(0, &[(0, 1024)]),
            list(0, &[(9, 0), (0, -1)]),
            list(0, &[(500, -1)]),
            boxed(b"elst", &[0, 0, 0, 0, 0, 0, 0, 9, 1]),
            boxed(b"elst", &[0]),
        ] {
            let mut edited = film(&other);
            without_pauses(&mut edited);
            assert_eq!(edited, film(&other));
        }
        let mut torn = film(&list(0, &[(500, -1), (0, 1024)]));
        torn.truncate(torn.len() - 20);
        without_pauses(&mut torn);
    }
}
