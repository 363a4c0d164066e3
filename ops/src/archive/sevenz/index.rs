//! The index of a 7z archive, looked at before it is read: it lies at the end, is compressed as a rule, and says itself
//! how large it becomes.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use crate::archive::unpack::Unpacking;
use crate::error::{ArchiveError, OpsError};

/// Bytes of the index for each member there may be: a name of a hundred characters, times and attributes.
const PER_MEMBER: u64 = 256;

/// Bytes before the content.
const SIGNATURE_HEADER: u64 = 32;

// Property ids of the format.
const END: u8 = 0x00;
const PACK_INFO: u8 = 0x06;
const UNPACK_INFO: u8 = 0x07;
const SIZE: u8 = 0x09;
const CRC: u8 = 0x0a;
const FOLDER: u8 = 0x0b;
const UNPACK_SIZE: u8 = 0x0c;
const ENCODED: u8 = 0x17;

/// Fails if there is no index, if it lies outside the file, or if reading it would take too much memory. Leaves
/// `source` at its first byte.
pub(super) fn check(source: &mut BufReader<File>, into: &Unpacking<'_>) -> Result<(), OpsError> {
    let limit = u64::from(into.most_members())
        .saturating_mul(PER_MEMBER)
        .max(1 << 20);
    let size = size(source, limit).map_err(|error| into.broken(None, &error))?;
    source.rewind().map_err(|error| into.broken(None, &error))?;
    match size {
        0 => Err(ArchiveError::Empty.into()),
        _ if size > limit => Err(ArchiveError::HeaderTooLarge { limit }.into()),
        _ => Ok(()),
    }
}

/// Bytes of the index in memory; more than `limit` if it takes more.
fn size(source: &mut BufReader<File>, limit: u64) -> io::Result<u64> {
    let file = source.seek(SeekFrom::End(0))?;
    source.rewind()?;
    let mut header = [0; SIGNATURE_HEADER as usize];
    source.read_exact(&mut header)?;
    let number = |at: usize| {
        header[at..]
            .first_chunk::<8>()
            .map_or(0, |bytes| u64::from_le_bytes(*bytes))
    };
    if header[8..].iter().all(|byte| *byte == 0) {
        return Err(damaged("whoever wrote it did not come to its end"));
    }
    let (offset, size) = (number(12), number(20));
    let start = SIGNATURE_HEADER.checked_add(offset);
    let end = start.and_then(|start| start.checked_add(size));
    let (Some(start), Some(_)) = (start, end.filter(|end| *end <= file)) else {
        return Err(io::ErrorKind::UnexpectedEof.into());
    };
    if size == 0 || size > limit {
        return Ok(size);
    }
    source.seek(SeekFrom::Start(start))?;
    let mut index = vec![0; usize::try_from(size).map_err(io::Error::other)?];
    source.read_exact(&mut index)?;
    match index.split_first() {
        Some((&ENCODED, rest)) => Index(rest).unpacked_size(),
        _ => Ok(size),
    }
}

fn damaged(reason: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

/// An encoded index: where it is packed, and with what.
struct Index<'a>(&'a [u8]);

impl Index<'_> {
    /// The largest size any stage of its unpacking states.
    fn unpacked_size(mut self) -> io::Result<u64> {
        let mut id = self.byte()?;
        if id == PACK_INFO {
            self.pack_info()?;
            id = self.byte()?;
        }
        if id != UNPACK_INFO || self.byte()? != FOLDER {
            return Err(damaged("its index does not say how it is packed"));
        }
        let folders = self.number()?;
        if self.byte()? != 0 {
            return Err(damaged("its index refers to another file"));
        }
        let mut streams = 0;
        for _ in 0..folders {
            streams += self.folder()?;
        }
        if self.byte()? != UNPACK_SIZE {
            return Err(damaged("its index does not say how large it is"));
        }
        let mut largest = 0;
        for _ in 0..streams {
            largest = largest.max(self.number()?);
        }
        Ok(largest)
    }

    fn pack_info(&mut self) -> io::Result<()> {
        let _position = self.number()?;
        let streams = self.number()?;
        loop {
            match self.byte()? {
                END => return Ok(()),
                SIZE => {
                    for _ in 0..streams {
                        self.number()?;
                    }
                }
                CRC => self.checksums(streams)?,
                _ => return Err(damaged("its index does not say where it is")),
            }
        }
    }

    /// Checksums of those of `count` streams that have one.
    fn checksums(&mut self, count: u64) -> io::Result<()> {
        let defined = if self.byte()? == 0 {
            let bits = self.bytes(count.div_ceil(8))?;
            bits.iter().map(|byte| u64::from(byte.count_ones())).sum()
        } else {
            count
        };
        self.bytes(defined.saturating_mul(4)).map(drop)
    }

    /// One chain of coders; returns how many sizes are stated for it later.
    fn folder(&mut self) -> io::Result<u64> {
        let (mut inputs, mut outputs) = (0_u64, 0_u64);
        for _ in 0..self.number()? {
            let flags = self.byte()?;
            self.bytes(u64::from(flags & 0x0f))?;
            let (more_inputs, more_outputs) = if flags & 0x10 == 0 {
                (1, 1)
            } else {
                (self.number()?, self.number()?)
            };
            inputs = inputs.saturating_add(more_inputs);
            outputs = outputs.saturating_add(more_outputs);
            if flags & 0x20 != 0 {
                let properties = self.number()?;
                self.bytes(properties)?;
            }
        }
        let bound = outputs
            .checked_sub(1)
            .ok_or_else(|| damaged("its index is packed with nothing"))?;
        for _ in 0..bound {
            self.number()?;
            self.number()?;
        }
        let packed = inputs
            .checked_sub(bound)
            .ok_or_else(|| damaged("its index is packed in a circle"))?;
        if packed != 1 {
            for _ in 0..packed {
                self.number()?;
            }
        }
        Ok(outputs)
    }

    fn byte(&mut self) -> io::Result<u8> {
        let (byte, rest) = self.0.split_first().ok_or(io::ErrorKind::UnexpectedEof)?;
        self.0 = rest;
        Ok(*byte)
    }

    fn bytes(&mut self, count: u64) -> io::Result<&[u8]> {
        let count = usize::try_from(count).map_err(|_| io::ErrorKind::UnexpectedEof)?;
        let (bytes, rest) = self
            .0
            .split_at_checked(count)
            .ok_or(io::ErrorKind::UnexpectedEof)?;
        self.0 = rest;
        Ok(bytes)
    }

    /// The leading ones of the first byte say how many bytes follow; the rest of it is the top of the number.
    fn number(&mut self) -> io::Result<u64> {
        let first = self.byte()?;
        let more = first.leading_ones();
        let mut number = 0;
        for at in 0..more {
            number |= u64::from(self.byte()?) << (8 * at);
        }
        if more < 7 {
            number |= u64::from(first & (0x7f >> more)) << (8 * more);
        }
        Ok(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_long_as_they_need() {
        for (bytes, number) in [
            (&[0x00][..], 0),
            (&[0x7f], 127),
            (&[0x80, 0x80], 128),
            (&[0xbf, 0xff], 0x3fff),
            (&[0xc0, 0x00, 0x40], 0x4000),
            (&[0xfe, 1, 2, 3, 4, 5, 6, 7], 0x07_0605_0403_0201),
            (&[0xff, 1, 2, 3, 4, 5, 6, 7, 8], 0x0807_0605_0403_0201),
        ] {
            assert_eq!(Index(bytes).number().unwrap(), number, "{bytes:x?}");
        }
    }
}
