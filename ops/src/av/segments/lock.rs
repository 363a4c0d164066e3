//! AES-128 as HLS has it: every segment on its own, in CBC mode, padded as PKCS #7 says (RFC 8216, 4.3.2.4).

use aes::Aes128;
use cbc::cipher::{Block, BlockModeEncrypt as _, KeyIvInit as _};

use crate::op::{HlsIv, HlsKey};

const BLOCK: usize = 16;

/// Key and initialisation vector of a playlist.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lock {
    pub(crate) key: HlsKey,
    /// Without one, a segment has its sequence number (RFC 8216, 5.2).
    pub(crate) iv: Option<HlsIv>,
}

impl Lock {
    /// The cipher of the segment of this media sequence number.
    pub(super) fn cipher(&self, sequence: u64) -> Cipher {
        let number = u128::from(sequence).to_be_bytes();
        let iv = self.iv.as_ref().map_or(&number, HlsIv::bytes);
        Cipher {
            cbc: cbc::Encryptor::new(self.key.secret().into(), iv.into()),
            waiting: Vec::with_capacity(BLOCK),
        }
    }
}

/// The cipher of one segment at work.
pub(super) struct Cipher {
    cbc: cbc::Encryptor<Aes128>,
    /// Less than a block that was not encrypted yet.
    waiting: Vec<u8>,
}

impl Cipher {
    /// Encrypts what has come so far, in whole blocks.
    pub(super) fn update(&mut self, plain: &[u8]) -> Vec<u8> {
        let mut bytes = std::mem::take(&mut self.waiting);
        bytes.extend_from_slice(plain);
        self.waiting = bytes.split_off(bytes.len() - bytes.len() % BLOCK);
        for block in bytes.chunks_exact_mut(BLOCK) {
            if let Ok(block) = <&mut Block<Aes128>>::try_from(block) {
                self.cbc.encrypt_block(block);
            }
        }
        bytes
    }

    /// The last block.
    pub(super) fn finish(mut self) -> Vec<u8> {
        let padding = BLOCK - self.waiting.len();
        self.update(&vec![padding as u8; padding])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CBC-AES128 of NIST SP 800-38A, F.2.1.
    #[test]
    fn blocks_are_encrypted_as_the_standard_says() {
        let bytes = |hex: &str| HlsIv::from_hex(hex).expect("32 digits");
        let lock = Lock {
            key: HlsKey::from_bytes(b"2b7e151628aed2a6abf7158809cf4f3c").expect("32 digits"),
            iv: Some(bytes("000102030405060708090a0b0c0d0e0f")),
        };
        let plain = [
            "6bc1bee22e409f96e93d7e117393172a",
            "ae2d8a571e03ac9c9eb76fac45af8e51",
        ];
        let encrypted = [
            "7649abac8119b246cee98e9b12e9197d",
            "5086cb9b507219ee95db113a917678b2",
        ];
        let all = |texts: [&str; 2]| texts.map(|text| *bytes(text).bytes()).concat();
        let plain = all(plain);
        // However the bytes come, the blocks are the same.
        for pieces in [1, 7, 16, 31, 32] {
            let mut cipher = lock.cipher(3);
            let mut found: Vec<u8> = plain
                .chunks(pieces)
                .flat_map(|piece| cipher.update(piece))
                .collect();
            assert_eq!(found, all(encrypted), "{pieces}");
            found.extend(cipher.finish());
            assert_eq!(found.len(), 48, "a whole block of padding");
        }
    }

    #[test]
    fn without_a_vector_the_sequence_number_is_it() {
        let key = HlsKey::from_bytes(&[7; 16]).expect("16 bytes");
        let of_number = |iv, sequence| Lock { key, iv }.cipher(sequence).finish();
        let three = HlsIv::from_hex("0x00000000000000000000000000000003");
        assert_eq!(of_number(None, 3), of_number(three, 9));
        assert_ne!(of_number(None, 3), of_number(None, 4));
    }
}
