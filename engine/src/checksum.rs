//! Checksums of uploaded bytes that clients compare with their own: MD5 and CRC-32 of a chunk (wire.md 2.3), and
//! CRC-64 of a whole object where a put policy asks for it (3.4).

use crc::{CRC_32_ISO_HDLC, CRC_64_XZ, Crc};
use md5::{Digest, Md5};

use crate::notify::sign::hex;

static CRC32: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);
const CRC64: Crc<u64> = Crc::<u64>::new(&CRC_64_XZ);

/// What the answer to a chunk says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChunkSum {
    /// Lower-case hexadecimal MD5.
    pub md5: String,
    /// CRC-32 (IEEE).
    pub crc32: u32,
}

impl ChunkSum {
    /// Of one chunk, as received.
    pub fn of(chunk: &[u8]) -> Self {
        Self {
            md5: hex(&Md5::digest(chunk)),
            crc32: CRC32.checksum(chunk),
        }
    }
}

/// The checksum of a chunk that is still coming.
#[derive(Clone)]
pub struct Summing {
    md5: Md5,
    crc32: crc::Digest<'static, u32>,
}

impl Default for Summing {
    fn default() -> Self {
        Self {
            md5: Md5::new(),
            crc32: CRC32.digest(),
        }
    }
}

impl Summing {
    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.md5.update(bytes);
        self.crc32.update(bytes);
    }

    /// The sums of all of them.
    pub fn finish(self) -> ChunkSum {
        ChunkSum {
            md5: hex(&self.md5.finalize()),
            crc32: self.crc32.finalize(),
        }
    }
}

/// `crc64ecma`: CRC-64/XZ, printed by the protocol as an unsigned decimal number.
pub fn crc64ecma(bytes: &[u8]) -> u64 {
    CRC64.checksum(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c_30_of_chunks() {
        for (chunk, md5, crc32) in [
            (
                &b"hello"[..],
                "5d41402abc4b2a76b9719d911017c592",
                907_060_870,
            ),
            (
                b"123456789",
                "25f9e794323b453885f5181f1b624d0b",
                3_421_780_262,
            ),
            (
                &[0; 1 << 10],
                "0f343b0931126a20f133d67c2b018a3b",
                4_021_661_486,
            ),
            (
                &vec![0; 1 << 20],
                "b6d81b360a5672d80c27430f39153e2c",
                2_805_525_020,
            ),
            (
                &vec![0; 4 << 20],
                "b5cfa9d6c8febd618f91ac2843d50a1c",
                289_882_218,
            ),
        ] {
            let sum = ChunkSum::of(chunk);
            assert_eq!(
                (sum.md5.as_str(), sum.crc32),
                (md5, crc32),
                "{} bytes",
                chunk.len()
            );
        }
    }

    #[test]
    fn c_30b_of_objects() {
        for (bytes, sum) in [
            ("123456789", 11_051_210_869_376_104_954),
            ("hello", 11_177_612_005_948_864_433),
            ("", 0),
        ] {
            assert_eq!(crc64ecma(bytes.as_bytes()), sum, "{bytes:?}");
        }
    }
}
