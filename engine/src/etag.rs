//! The content hash of an object (wire.md 3.1), computed while the bytes stream by. Called when an output is published
//! and when an object changed underneath its record.
//!
//! Up to 4 MiB it is `0x16 ‖ SHA1(data)`; above, `0x96 ‖ SHA1(SHA1(block 0) ‖ SHA1(block 1) ‖ …)` over blocks of 4 MiB;
//! either way base64url without padding, because 21 bytes need none.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use opmill_ops::b64u;
use sha1::{Digest, Sha1};

/// Bytes per hashed block.
pub const BLOCK: usize = 4 << 20;

const ONE_BLOCK: u8 = 0x16;
const MANY_BLOCKS: u8 = 0x96;

/// A hash under construction. Feed it in pieces of any size.
#[derive(Clone, Default)]
pub struct Etag {
    /// The block being filled. It is closed only when a byte arrives that no longer fits, so that exactly 4 MiB stay
    /// the small form.
    block: Sha1,
    filled: usize,
    blocks: Sha1,
    closed: u64,
}

impl Etag {
    /// The hash of nothing so far.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes of the content.
    pub fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.filled == BLOCK {
                self.close_block();
            }
            let (now, later) = bytes.split_at(bytes.len().min(BLOCK - self.filled));
            self.block.update(now);
            self.filled += now.len();
            bytes = later;
        }
    }

    /// The 28 characters clients compare.
    pub fn finish(mut self) -> String {
        let mut raw = [0; 21];
        if self.closed == 0 {
            raw[0] = ONE_BLOCK;
            raw[1..].copy_from_slice(&self.block.finalize());
        } else {
            self.close_block();
            raw[0] = MANY_BLOCKS;
            raw[1..].copy_from_slice(&self.blocks.finalize());
        }
        b64u::encode(raw)
    }

    /// The hash and length of everything `reader` has left.
    pub fn of_reader(mut reader: impl Read) -> io::Result<(String, u64)> {
        let mut etag = Self::new();
        let mut size = 0;
        let mut buffer = vec![0; 256 << 10];
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => return Ok((etag.finish(), size)),
                Ok(read) => {
                    etag.update(&buffer[..read]);
                    size += read as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The hash and length of a file.
    pub fn of_file(path: &Path) -> io::Result<(String, u64)> {
        Self::of_reader(File::open(path)?)
    }

    fn close_block(&mut self) {
        self.blocks.update(self.block.finalize_reset());
        self.closed += 1;
        self.filled = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn etag(parts: &[&[u8]]) -> String {
        let mut etag = Etag::new();
        parts.iter().for_each(|part| etag.update(part));
        etag.finish()
    }

    fn pattern(length: usize) -> Vec<u8> {
        (0..=u8::MAX).cycle().take(length).collect()
    }

    #[test]
    fn c_25_of_no_bytes() {
        assert_eq!(etag(&[]), "Fto5o-5ea0sNMlW_75VgGJCv2AcJ");
    }

    #[test]
    fn c_26_of_short_texts() {
        for (text, expected) in [
            ("a", "Fob35Df6paf84V0d3Lnq6uo3dme4"),
            ("hello", "Fqr0xh3cxeii2r7eDztILNmuqUNN"),
            ("UMUTech@qq.com", "FpAEzHGOWdh-QAYhattxl1vqHLMw"),
        ] {
            assert_eq!(etag(&[text.as_bytes()]), expected, "{text}");
        }
    }

    #[test]
    fn c_27_of_zeros_around_the_block_size() {
        for (length, expected) in [
            (4194303, "FojtiN9WHTdzhzAV4wrBC76RaWV0"),
            (4194304, "FivMvS848VwT631aif2dhfWV4jvD"),
            (4194305, "lhCFgki5yzon0rjN9uJusf6qtsF6"),
            (5242880, "lrMhp7oU8rzWSRlmUeGJ73Q2pVa-"),
            (8388608, "lsCVE24-Immdd6zm-ffVVhsWYcDG"),
            (8388609, "ljw1EdDAXqxjBRbylrCwR_xmDXdU"),
        ] {
            assert_eq!(etag(&[&vec![0; length]]), expected, "{length} zeros");
        }
    }

    #[test]
    fn c_28_of_a_pattern() {
        for (length, tail, expected) in [
            (4194304, &b""[..], "FtaXAk7ZP_YlMw0FA5Gt6ZzVy92t"),
            (4194304, &[0], "lvZaaqqoPggoRo61yE2jdqWTRxML"),
            (8388608, b"", "lvfFX88CA4Zj-SHFf7pOcuSoG_3j"),
            (10485760, b"abc", "lnXJCQ0oLikHSOD2zNZoNM9-cHlf"),
        ] {
            assert_eq!(
                etag(&[&pattern(length), tail]),
                expected,
                "{length} + {tail:?}"
            );
        }
    }

    #[test]
    fn c_29_of_two_letters_and_a_digit() {
        let halves = [vec![b'U'; 2 << 20], vec![b'M'; 2 << 20]];
        assert_eq!(
            etag(&[&halves[0], &halves[1], b"0"]),
            "ljQoZqmvLKtOnK_5OHnMRw1djggC"
        );
    }

    #[test]
    fn the_size_of_the_pieces_does_not_matter() {
        let content = pattern(BLOCK + 70_001);
        let whole = etag(&[&content]);
        for piece in [4099, 1 << 20, BLOCK - 1, BLOCK] {
            let pieces: Vec<&[u8]> = content.chunks(piece).collect();
            assert_eq!(etag(&pieces), whole, "in pieces of {piece}");
        }
        assert_eq!(
            Etag::of_reader(&content[..]).unwrap(),
            (whole, content.len() as u64)
        );
    }
}
