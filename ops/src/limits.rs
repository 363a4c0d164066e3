//! How much a source may ask of the machine. Asked before memory is given, by `probe`, `plan` and `av`.

/// Bounds on one source and on what is made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Pixels of one picture, source or result (default 8192 × 8192).
    pub pixels: u64,
    /// Streams a source may declare (default 64).
    pub streams: u32,
    /// Length of a source in seconds (default 24 h).
    pub seconds: u64,
    /// Bytes of one output file, or of all segments of one (default 64 GiB).
    pub output_bytes: u64,
    /// Files one command may cut its output into (default 100 000).
    pub files: u64,
    /// Members of an archive to unpack, folders and links among them (default 10 000).
    pub members: u32,
    /// Bytes of all members of an archive together, unpacked (default 64 GiB).
    pub unpacked_bytes: u64,
    /// How many times its own size an archive may become, unpacked; asked from 16 MiB on (default 200).
    pub unpack_ratio: u32,
    /// Pictures that one command may take out of a film (default 10 000).
    pub pictures: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            pixels: 8192 * 8192,
            streams: 64,
            seconds: 24 * 3600,
            output_bytes: 64 << 30,
            files: 100_000,
            members: 10_000,
            unpacked_bytes: 64 << 30,
            unpack_ratio: 200,
            pictures: 10_000,
        }
    }
}
