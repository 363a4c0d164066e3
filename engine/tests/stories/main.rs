//! Stories told through the public door of the engine. Processor, clock and transport are scripted, so each story
//! decides who fails, when time passes and what the receiver answers.
#![allow(clippy::unwrap_used)] // The plumbing is test code as well.

mod recorder;
mod script;
mod world;

mod calling_back;
mod cancelling;
mod crashes;
mod delivering;
mod encoding;
mod failing;
mod forgetting;
mod killed;
mod lanes;
mod poison;
mod power;
mod publishing;
mod receiver;
mod remembering;
mod room;
mod sharing;
mod space;
mod storing;
mod submitting;
