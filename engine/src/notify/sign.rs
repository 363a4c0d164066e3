//! The signature of everything opmill sends (wire.md 1.1 and 1.4): base64url of the *printed hexadecimal* of HMAC-SHA1.
//!
//! Vendor prose leaves the hex step out; its samples and every published SDK have it.

use std::fmt::Write as _;

use hmac::{Hmac, Mac};
use opmill_ops::b64u;
use sha1::Sha1;
use subtle::ConstantTimeEq as _;

use crate::config::KeyPair;

/// `b64u(hex(HMAC-SHA1(secret, message)))`: 56 characters that end in `==`.
pub fn sign(secret: &[u8], message: &[u8]) -> String {
    b64u::encode(hex(&digest(&[message], secret)))
}

/// The `Authorization` value of a notification: `AccessKey:sign` over the address as the client gave it, a line feed
/// and the body as sent.
pub fn authorization(pair: &KeyPair, url: &str, body: &str) -> String {
    let parts = [url.as_bytes(), b"\n", body.as_bytes()];
    let digest = digest(&parts, pair.secret_key.expose().as_bytes());
    format!("{}:{}", pair.access_key, b64u::encode(hex(&digest)))
}

/// True if `sign` is that of these bytes, one after the other. Takes as long for a wrong one as for the right one; padding
/// may be missing.
pub fn is_signed(pair: &KeyPair, parts: &[&[u8]], sign: &str) -> bool {
    let expected = hex(&digest(parts, pair.secret_key.expose().as_bytes()));
    let given = b64u::decode(sign).unwrap_or_default();
    given.ct_eq(expected.as_bytes()).into()
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

fn digest(parts: &[&[u8]], secret: &[u8]) -> [u8; 20] {
    // HMAC takes a key of any length, so this arm is never left by an error.
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(secret) else {
        unreachable!("HMAC keys have no length limit")
    };
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c_08_a_vendor_sample_decodes_to_forty_hex_digits() {
        let sample = "OTQzNzU5YWVjOTZlNTRlMWIwYmQzZTA2ZDhjMTFhOWEyNGM1ZjIzZg==";
        let decoded = b64u::decode(sample).unwrap();
        assert_eq!(decoded, b"943759aec96e54e1b0bd3e06d8c11a9a24c5f23f");
        // Ours have the same shape: 56 characters around 40 lower-case hex digits.
        let ours = sign(b"secret", b"message");
        let inner = b64u::decode(&ours).unwrap();
        assert_eq!((ours.len(), inner.len()), (sample.len(), 40));
        assert!(
            inner
                .iter()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        );
    }

    #[test]
    fn c_09_of_the_quick_brown_fox() {
        let message = b"The quick brown fox jumps over the lazy dog";
        assert_eq!(
            hex(&digest(&[message], b"key")),
            "de7c9b85b8b78aa6bc8a7a36f70a90701c9db4d9"
        );
        assert_eq!(
            sign(b"key", message),
            "ZGU3YzliODViOGI3OGFhNmJjOGE3YTM2ZjcwYTkwNzAxYzlkYjRkOQ=="
        );
    }

    #[test]
    fn c_10_of_a_path_without_a_body() {
        let pair = KeyPair::new("UMU", "Blog");
        assert_eq!(
            authorization(&pair, "/2017/08/09/reconstructionism-poet-keep-secret/", ""),
            "UMU:MDE2ZWM0MzY0M2RjN2YwZDA5YjFkMmY3OGVkNjdhYjIyMWZkODdjMQ=="
        );
    }

    #[test]
    fn c_11_of_a_path_with_a_body() {
        let pair = KeyPair::new("UMU", "Blog");
        assert_eq!(
            authorization(&pair, "/2018/02/15/be-pretentious-unwittingly/", "UMUTech"),
            "UMU:ODI3ZDY4NjI2ZGZjN2VlYWZiZTJiODA3YzFmNTZlMmEyYTYzNDA3Nw=="
        );
    }
}
