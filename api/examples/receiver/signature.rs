//! The check a receiver makes, written from the protocol's text and independent of the sender's code:
//! `Authorization: AK:b64u(hex(HMAC-SHA1(SK, url LF body)))`, over the body exactly as it came (`wire.md` 1.4, 7.1).

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE;
use hmac::{Hmac, Mac};
use sha1::Sha1;

/// What both sides know.
#[derive(Clone)]
pub struct KeyPair {
    pub access_key: String,
    pub secret_key: String,
}

/// Holds when `authorization` is this key pair's signature of `url` and `body`.
pub fn verify(keys: &KeyPair, url: &str, body: &[u8], authorization: &str) -> Result<(), String> {
    let (access_key, signature) = authorization
        .split_once(':')
        .ok_or_else(|| format!("Authorization is not AK:signature: {authorization}"))?;
    if access_key != keys.access_key {
        return Err(format!(
            "signed with the key {access_key}, not with {}",
            keys.access_key
        ));
    }
    // The text that was signed over is the hexadecimal print of the digest, not its bytes.
    let hex = BASE64_URL_SAFE
        .decode(signature)
        .map_err(|e| format!("signature is not base64url: {e}"))?;
    let digest = unhex(&hex).ok_or("signature does not decode to hexadecimal digits")?;

    let mut mac =
        Hmac::<Sha1>::new_from_slice(keys.secret_key.as_bytes()).map_err(|e| e.to_string())?;
    mac.update(url.as_bytes());
    mac.update(b"\n");
    mac.update(body);
    mac.verify_slice(&digest)
        .map_err(|_| format!("signature does not match the body for {url}"))
}

fn unhex(digits: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(digits)
        .ok()
        .filter(|text| text.len() % 2 == 0 && text.is_ascii())?;
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "http://127.0.0.1:9000/notify";
    const BODY: &[u8] = b"eyJpZCI6IjIwMDUwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMSIsImNvZGUiOjMsImRlc2MiOiJmaWxlT3BlcmF0ZVN1Y2NlZWQiLCJzZXBhcmF0ZSI6MCwiaW5wdXRrZXkiOiJ2Lm1wNCIsImlucHV0YnVja2V0IjoiYmt0IiwiaW5wdXRmc2l6ZSI6MTAwMCwiaXRlbXMiOltdfQ==";
    const SIGN: &str = "YjA5ZWYwNzE4OTEyNzhjMDNhY2M2MGZkMTk1NTliYjYzZDgwZGI4Mg==";

    /// The protocol's own vector C-32, and what must not pass for it.
    #[test]
    fn only_the_signature_of_this_url_and_body_by_this_key_holds() {
        let keys = KeyPair {
            access_key: "testak".into(),
            secret_key: "testsk".into(),
        };
        let signed = format!("testak:{SIGN}");
        assert_eq!(verify(&keys, URL, BODY, &signed), Ok(()));

        let decoded_json_signed = "testak:ZmZhNTQwNWFkMTQ0NDg1NzA4ZTQyODk5ZDcwODIyZWQ4YWU2ZWIzZQ==";
        let other_key = KeyPair {
            access_key: "testak".into(),
            secret_key: "other".into(),
        };
        for (name, keys, url, body, authorization) in [
            (
                "over the decoded JSON",
                &keys,
                URL,
                BODY,
                decoded_json_signed,
            ),
            (
                "for another address",
                &keys,
                "http://127.0.0.1:9000/notify?x",
                BODY,
                &signed,
            ),
            ("of another body", &keys, URL, &BODY[1..], &signed),
            ("by another secret", &other_key, URL, BODY, &signed),
            (
                "by another access key",
                &keys,
                URL,
                BODY,
                &format!("else:{SIGN}"),
            ),
            ("without a key", &keys, URL, BODY, SIGN),
            (
                "of the raw digest",
                &keys,
                URL,
                BODY,
                "testak:sJ7wcYkSeMA6zGD9GVWbtj2A24I=",
            ),
            ("none", &keys, URL, BODY, ""),
        ] {
            assert!(verify(keys, url, body, authorization).is_err(), "{name}");
        }
    }
}
