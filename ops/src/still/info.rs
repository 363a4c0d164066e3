//! What a picture says of itself: its header, and what the camera noted (wire.md 6.10 and 6.11).

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::Path;

use exif::{Reader, Value};
use image::{ColorType, ImageDecoder as _, ImageFormat};
use serde::Serialize;

use super::decode;
use crate::{Limits, OpsError};

/// A picture by its header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImageInfo {
    /// `jpeg`, `png`, …
    pub format: &'static str,
    /// Bytes of the file, as text.
    pub size: String,
    /// Pixels, as stored.
    pub width: u32,
    /// Pixels, as stored.
    pub height: u32,
    /// How colours are kept: `ycbcr`, `rgb`, `rgba`, `gray`, `palette16`, …
    #[serde(rename = "colorModel")]
    pub color_model: &'static str,
}

/// What the camera noted under a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExifField {
    /// As people read it.
    pub val: String,
    /// The kind of value, as TIFF counts them: 2 text, 3 short, 5 fraction, ….
    #[serde(rename = "type")]
    pub kind: u16,
}

/// Reads the header of a picture.
///
/// # Errors
/// [`OpsError::NotAPicture`], [`OpsError::PictureDamaged`], [`OpsError::TooLarge`].
pub fn image_info(path: &Path, limits: &Limits) -> Result<ImageInfo, OpsError> {
    let read = decode::whole(path, limits)?;
    let (format, decoder) = decode::open(&read, limits)?;
    let (width, height) = decoder.dimensions();
    Ok(ImageInfo {
        format: match format {
            ImageFormat::Jpeg => "jpeg",
            other => other.extensions_str().first().copied().unwrap_or("unknown"),
        },
        size: read.len().to_string(),
        width,
        height,
        color_model: model(format, decoder.color_type()),
    })
}

fn model(format: ImageFormat, colours: ColorType) -> &'static str {
    let is_gray = !colours.has_color();
    match format {
        ImageFormat::Gif => "palette16",
        _ if is_gray => "gray",
        ImageFormat::Jpeg => "ycbcr",
        _ if colours.has_alpha() => "rgba",
        _ => "rgb",
    }
}

/// Longest text of a value.
const LONGEST: usize = 1000;

/// What the camera noted in a picture, by the names of its tags. `None` where it noted nothing.
///
/// # Errors
/// [`OpsError::NotAPicture`], and what reading the file may meet.
pub fn exif(path: &Path) -> Result<Option<BTreeMap<String, ExifField>>, OpsError> {
    let file = File::open(path).map_err(|error| OpsError::read_file(path, &error))?;
    // The notes stand at the beginning; a film is not read through for them.
    const FAR: u64 = 64 << 20;
    let mut start = Vec::new();
    let read = file.take(FAR).read_to_end(&mut start);
    read.map_err(|error| OpsError::read_file(path, &error))?;
    let mut bytes = BufReader::new(std::io::Cursor::new(start));
    let noted = match Reader::new().read_from_container(&mut bytes) {
        Ok(noted) => noted,
        Err(exif::Error::NotFound(_) | exif::Error::BlankValue(_)) => return Ok(None),
        Err(exif::Error::InvalidFormat(_)) => {
            return Err(OpsError::NotAPicture {
                reason: "its bytes are no picture format that can hold Exif".to_owned(),
            });
        }
        // Damaged notes are as good as none.
        Err(_) => return Ok(None),
    };
    let fields = noted.fields().map(|field| {
        let mut val = field.display_value().with_unit(&noted).to_string();
        if let Some((end, _)) = val.char_indices().nth(LONGEST) {
            val.truncate(end);
        }
        let kind = kind(&field.value);
        (field.tag.to_string(), ExifField { val, kind })
    });
    let fields: BTreeMap<_, _> = fields.collect();
    Ok(Some(fields).filter(|fields| !fields.is_empty()))
}

fn kind(value: &Value) -> u16 {
    match value {
        Value::Byte(_) => 1,
        Value::Ascii(_) => 2,
        Value::Short(_) => 3,
        Value::Long(_) => 4,
        Value::Rational(_) => 5,
        Value::SByte(_) => 6,
        Value::Undefined(..) => 7,
        Value::SShort(_) => 8,
        Value::SLong(_) => 9,
        Value::SRational(_) => 10,
        Value::Float(_) => 11,
        Value::Double(_) => 12,
        Value::Unknown(kind, ..) => *kind,
    }
}
