//! The protocol's `b64u`: RFC 4648 URL-safe base64. Padding is written, and accepted when it is missing (wire.md).

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

const B64U: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The text of `bytes`, with padding.
pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    B64U.encode(bytes)
}

/// The bytes of `text`, padded or not; `None` if it is no base64url.
pub fn decode(text: impl AsRef<[u8]>) -> Option<Vec<u8>> {
    B64U.decode(text).ok()
}
