//! What the ops make of real files, read back with ffprobe and ffmpeg.
#![allow(clippy::unwrap_used)] // a test that cannot go on says so by panicking

mod archives;
mod avthumb;
mod bench;
mod chains;
mod covers;
mod cutting;
mod facts;
mod failures;
mod frames_files;
mod frames_keys;
mod frames_moments;
mod frames_sheets;
mod geometry;
mod hostile;
mod joining;
mod look;
mod measure;
mod pictures;
mod pixels;
mod ranges;
mod segments;
mod segments_dash;
mod segments_hls;
mod segments_ladder;
mod segments_locked;
mod studio;
mod subtitles;
mod vframe;
mod video_colours;
mod video_containers;
mod video_fields;
mod video_quality;
mod video_shape;
mod vsample;
mod watermark;
