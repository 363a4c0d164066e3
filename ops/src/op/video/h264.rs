//! What only H.264 has: profiles and levels (ITU-T H.264, annex A).

/// `h264Profile`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum H264Profile {
    Baseline,
    Main,
    High,
}

/// `h264Level`: what a player must be able to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct H264Level {
    /// As people write it.
    pub(crate) name: &'static str,
    /// Macroblocks of a picture (MaxFS).
    pub(crate) blocks: u32,
    /// Macroblocks in a second (MaxMBPS).
    pub(crate) blocks_a_second: u32,
    /// Macroblocks of all the pictures that others may refer to (MaxDpbMbs).
    pub(crate) blocks_kept: u32,
    /// Bits per second in Baseline and Main; High has a quarter more (MaxBR).
    pub(crate) bit_rate: u32,
}

macro_rules! levels {
    ($($name:literal: $blocks_a_second:literal $blocks:literal $blocks_kept:literal $kilobits:literal;)*) => {
        impl H264Level {
            /// Table A-1 up to level 5.1, by name.
            pub(crate) const ALL: &[(&'static str, Self)] = &[$(($name, Self {
                name: $name,
                blocks: $blocks,
                blocks_a_second: $blocks_a_second,
                blocks_kept: $blocks_kept,
                bit_rate: $kilobits * 1000,
            })),*];
        }
    };
}

levels! {
    "1": 1_485 99 396 64;
    "1.1": 3_000 396 900 192;
    "1.2": 6_000 396 2_376 384;
    "1.3": 11_880 396 2_376 768;
    "2": 11_880 396 2_376 2_000;
    "2.1": 19_800 792 4_752 4_000;
    "2.2": 20_250 1_620 8_100 4_000;
    "3": 40_500 1_620 8_100 10_000;
    "3.1": 108_000 3_600 18_000 14_000;
    "3.2": 216_000 5_120 20_480 20_000;
    "4": 245_760 8_192 32_768 20_000;
    "4.1": 245_760 8_192 32_768 50_000;
    "4.2": 522_240 8_704 34_816 50_000;
    "5": 589_824 22_080 110_400 135_000;
    "5.1": 983_040 36_864 184_320 240_000;
}
