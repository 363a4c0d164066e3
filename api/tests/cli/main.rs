//! What the command line promises, told with the real program on generated clips.
// In a test a panic is the way to say no; clippy knows that of #[test] functions only.
#![allow(clippy::unwrap_used)]

mod disk;
mod doctor;
mod eio;
mod failures;
mod interrupt;
mod jobs;
mod kill;
mod notify;
mod ops;
mod reference;
mod refuse;
mod run;
mod world;

/// Commands that keep a machine busy for some seconds with `clip.mp4`, the picture being ready early on: so there is
/// something that finished and something to interrupt.
const SLOW: &str = "avthumb/mp4/s/640x480/preset/slower|saveas/b:$(fprefix)-1.mp4;\
                    avthumb/mkv/s/640x480/preset/slower|saveas/b:$(fprefix)-2.mkv;\
                    vframe/jpg/offset/3|saveas/b:$(fprefix).jpg";
