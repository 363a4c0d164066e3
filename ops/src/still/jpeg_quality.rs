//! The quality a JPEG was encoded with, told from its quantisation table. A copy of a better quality would be larger and
//! look no better.

use std::io::{self, Read};

/// Luminance table of the standard (ITU T.81, table K.1), which encoders scale by their quality.
#[rustfmt::skip]
const LUMINANCE: [u32; 64] = [
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55,
    14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62,
    18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
];

/// 1 to 100, on the scale of libjpeg; `None` if the file has no table before its first scan. Encoders with tables of
/// their own are given the quality whose table weighs as much.
pub(super) fn estimate(mut file: &[u8]) -> Option<u8> {
    // Out of memory nothing can fail but for the end, and a file that ends there has no table.
    weight(&mut file).ok().flatten().map(nearest)
}

/// The quality whose table has this sum.
fn nearest(weight: u32) -> u8 {
    (1..=100)
        .min_by_key(|quality| table_of(*quality).abs_diff(weight))
        .unwrap_or(100)
}

/// Sum of the table that libjpeg makes of a quality.
fn table_of(quality: u8) -> u32 {
    let quality = u32::from(quality);
    let scale = if quality < 50 {
        5000 / quality
    } else {
        200 - 2 * quality
    };
    LUMINANCE
        .iter()
        .map(|step| ((step * scale + 50) / 100).clamp(1, 255))
        .sum()
}

/// Sum of the file's table of luminance.
fn weight(file: &mut impl Read) -> io::Result<Option<u32>> {
    const START: [u8; 2] = [0xff, 0xd8];
    const TABLES: u8 = 0xdb;
    const SCAN: u8 = 0xda;
    if array::<2>(file)? != START {
        return Ok(None);
    }
    loop {
        let [marker] = match array::<2>(file)? {
            [0xff, 0xff] => continue_fill(file)?,
            [0xff, marker] => [marker],
            _ => return Ok(None),
        };
        match marker {
            SCAN => return Ok(None),
            // Markers that stand alone.
            0x01 | 0xd0..=0xd9 => continue,
            _ => {}
        }
        let length = usize::from(u16::from_be_bytes(array(file)?));
        let mut segment = vec![0; length.saturating_sub(2)];
        file.read_exact(&mut segment)?;
        if marker == TABLES
            && let Some(weight) = luminance(&segment)
        {
            return Ok(Some(weight));
        }
    }
}

/// The marker behind any number of fill bytes.
fn continue_fill(file: &mut impl Read) -> io::Result<[u8; 1]> {
    loop {
        match array::<1>(file)? {
            [0xff] => {}
            marker => return Ok(marker),
        }
    }
}

/// Sum of table 0 of a segment of tables, if it is there.
fn luminance(mut tables: &[u8]) -> Option<u32> {
    while let [kind, rest @ ..] = tables {
        let wide = kind >> 4 != 0;
        let (table, rest) = rest.split_at_checked(if wide { 128 } else { 64 })?;
        if kind & 0x0f == 0 {
            return Some(match wide {
                false => table.iter().map(|step| u32::from(*step)).sum(),
                true => table
                    .chunks_exact(2)
                    .map(|step| u32::from(step[0]) << 8 | u32::from(step[1]))
                    .sum(),
            });
        }
        tables = rest;
    }
    None
}

fn array<const N: usize>(file: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use image::codecs::jpeg::JpegEncoder;

    use super::*;

    #[test]
    fn the_quality_of_a_standard_table_is_told_exactly() {
        for quality in [1, 10, 30, 49, 50, 75, 85, 90, 99, 100] {
            let mut jpeg = Vec::new();
            let grey = image::DynamicImage::new_rgb8(8, 8);
            JpegEncoder::new_with_quality(&mut jpeg, quality)
                .encode_image(&grey)
                .unwrap();
            assert_eq!(
                weight(&mut jpeg.as_slice()).unwrap().map(nearest),
                Some(quality)
            );
        }
    }

    #[test]
    fn tables_are_found_where_they_may_be() {
        let table = |kind: u8, step: u8| [vec![kind], vec![step; 64]].concat();
        let segment = |tables: &[u8]| [&[0xff, 0xdb, 0, tables.len() as u8 + 2], tables].concat();
        let start = [0xff, 0xd8];
        for (row, file, expected) in [
            (
                "alone",
                [&start[..], &segment(&table(0, 2))].concat(),
                Some(128),
            ),
            (
                "second of a segment",
                [&start[..], &segment(&[table(1, 9), table(0, 3)].concat())].concat(),
                Some(192),
            ),
            (
                "after fill bytes",
                [&start[..], &[0xff, 0xff], &segment(&table(0, 1))].concat(),
                Some(64),
            ),
            (
                "after a comment",
                [
                    &start[..],
                    &[0xff, 0xfe, 0, 3, b'x'],
                    &segment(&table(0, 1)),
                ]
                .concat(),
                Some(64),
            ),
            (
                "two bytes a step",
                [
                    &start[..],
                    &segment(&[vec![0x10], [1, 0].repeat(64)].concat()),
                ]
                .concat(),
                Some(64 * 256),
            ),
            (
                "none before the scan",
                [&start[..], &[0xff, 0xda, 0, 2]].concat(),
                None,
            ),
            ("no JPEG", b"GIF89a".to_vec(), None),
        ] {
            assert_eq!(weight(&mut file.as_slice()).unwrap(), expected, "{row}");
        }
    }
}
