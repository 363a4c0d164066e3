//! Colours as the picture's profile means them, in sRGB: what is written carries no profile, and every viewer takes that
//! for sRGB.

use image::DynamicImage;
use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};

/// Steps of 255 by which a colour may differ and still be the same: profiles of sRGB differ in the last digit.
const SAME: u8 = 2;

/// Converts coloured pixels from `profile`. A profile that cannot be read, or that is not about such pixels, is as none.
pub(super) fn to_srgb(pixels: &mut DynamicImage, profile: &[u8]) {
    let (layout, channels) = match pixels {
        DynamicImage::ImageRgb8(_) => (Layout::Rgb, 3),
        DynamicImage::ImageRgba8(_) => (Layout::Rgba, 4),
        _ => return,
    };
    let Ok(profile) = ColorProfile::new_from_slice(profile) else {
        return;
    };
    if profile.color_space != DataColorSpace::Rgb || is_srgb(&profile) {
        return;
    }
    let srgb = ColorProfile::new_srgb();
    let options = TransformOptions::default();
    let Ok(transform) = profile.create_transform_8bit(layout, &srgb, layout, options) else {
        return;
    };
    let row = pixels.width() as usize * channels;
    let bytes: &mut [u8] = match pixels {
        DynamicImage::ImageRgb8(pixels) => pixels,
        DynamicImage::ImageRgba8(pixels) => pixels,
        _ => return,
    };
    let mut converted = vec![0; row];
    for line in bytes.chunks_exact_mut(row) {
        if transform.transform(line, &mut converted).is_err() {
            return;
        }
        line.copy_from_slice(&converted);
    }
}

/// True if the profile changes no colour of a coarse palette. Most pictures say that they are sRGB, and rounding them
/// once more would do them no good.
fn is_srgb(profile: &ColorProfile) -> bool {
    const STEPS: [u8; 5] = [0, 64, 128, 192, 255];
    let mut palette = Vec::with_capacity(STEPS.len().pow(3) * 3);
    for red in STEPS {
        for green in STEPS {
            palette.extend(STEPS.iter().flat_map(|blue| [red, green, *blue]));
        }
    }
    let srgb = ColorProfile::new_srgb();
    let options = TransformOptions::default();
    let Ok(transform) = profile.create_transform_8bit(Layout::Rgb, &srgb, Layout::Rgb, options)
    else {
        return false;
    };
    let mut converted = vec![0; palette.len()];
    transform.transform(&palette, &mut converted).is_ok()
        && palette
            .iter()
            .zip(&converted)
            .all(|(before, after)| before.abs_diff(*after) <= SAME)
}
