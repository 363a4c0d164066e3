//! How alike two pictures are: mean structural similarity of luma, in windows of 8 by 8 pixels.

use image::GrayImage;

const WINDOW: u32 = 8;

/// 1 for the same picture; pictures have the same size.
pub fn ssim(a: &GrayImage, b: &GrayImage) -> f64 {
    assert_eq!(a.dimensions(), b.dimensions());
    let (width, height) = a.dimensions();
    let places = |side: u32| (0..=side.saturating_sub(WINDOW)).step_by(WINDOW as usize);
    let (mut sum, mut count) = (0.0, 0.0);
    for y in places(height) {
        for x in places(width) {
            sum += window(a, b, x, y);
            count += 1.0;
        }
    }
    sum / count
}

fn window(a: &GrayImage, b: &GrayImage, x: u32, y: u32) -> f64 {
    // As in the paper: (0.01 L)² and (0.03 L)² for levels up to L.
    const C1: f64 = 2.55 * 2.55;
    const C2: f64 = 7.65 * 7.65;
    let (right, bottom) = ((x + WINDOW).min(a.width()), (y + WINDOW).min(a.height()));
    let [mut n, mut sa, mut sb, mut saa, mut sbb, mut sab] = [0.0; 6];
    for y in y..bottom {
        for x in x..right {
            let [p, q] = [a, b].map(|picture| f64::from(picture.get_pixel(x, y).0[0]));
            n += 1.0;
            sa += p;
            sb += q;
            saa += p * p;
            sbb += q * q;
            sab += p * q;
        }
    }
    let (ma, mb) = (sa / n, sb / n);
    let (va, vb, cov) = (saa / n - ma * ma, sbb / n - mb * mb, sab / n - ma * mb);
    (2.0 * ma * mb + C1) * (2.0 * cov + C2) / ((ma * ma + mb * mb + C1) * (va + vb + C2))
}

#[test]
fn the_measure_tells_pictures_apart() {
    let picture = |f: fn(u32, u32) -> u8| GrayImage::from_fn(64, 48, |x, y| image::Luma([f(x, y)]));
    let bars = picture(|x, _| (x * 4) as u8);
    assert!((ssim(&bars, &bars) - 1.0).abs() < 1e-9);
    assert!(ssim(&bars, &picture(|x, _| (x * 4 + 2) as u8)) > 0.98);
    assert!(ssim(&bars, &picture(|x, y| (x * 4) as u8 ^ (y * 5) as u8)) < 0.9);
    assert!(ssim(&bars, &picture(|_, y| (y * 5) as u8)) < 0.5);
}
