//! Pictures of 256 colours for GIF. The colours are chosen from the pictures themselves, which must wait until all are
//! seen; so that memory stays bounded they are chosen anew after some.

/// Bytes of pictures that may wait for their palette.
const HELD: usize = 64 << 20;

/// The filters from any pictures to pictures with a palette.
pub(super) const FILTERS: &str = "format=pix_fmts=bgra,split[seen][kept];[seen]palettegen[palette];\
                                  [kept][palette]paletteuse=diff_mode=rectangle";

/// How many pictures of this size may share a palette.
pub(super) fn pictures(width: u32, height: u32) -> usize {
    let bytes = 4 * width.max(1) as usize * height.max(1) as usize;
    (HELD / bytes).max(2)
}
