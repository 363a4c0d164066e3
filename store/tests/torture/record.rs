//! What a child did to its files, as fault.c wrote it down.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

/// Something that happened, in the order of the record.
#[derive(Debug, Clone)]
pub enum Event {
    Create {
        inode: u64,
        path: String,
    },
    MakeDir {
        inode: u64,
        path: String,
    },
    Write {
        inode: u64,
        at: usize,
        bytes: Vec<u8>,
    },
    Truncate {
        inode: u64,
        length: usize,
    },
    Rename {
        from: String,
        to: String,
    },
    Link {
        from: String,
        to: String,
    },
    Unlink {
        path: String,
    },
    SyncBegan {
        inode: u64,
        token: u64,
    },
    SyncEnded {
        token: u64,
    },
    SyncFailed {
        inode: u64,
    },
    Acknowledged(String),
    Full,
}

/// The events of a record; one cut short by the death of its writer is left out.
pub fn read(trace: &Path) -> Vec<Event> {
    let record = fs::read(trace).unwrap();
    let mut rest = &record[..];
    let mut events = Vec::new();
    while let Some((head, after)) = rest.split_first_chunk::<24>() {
        let number = |at: usize| u64::from_le_bytes(head[at..at + 8].try_into().unwrap());
        let (kind, length) = (number(0) & 0xffff_ffff, (number(0) >> 32) as usize);
        let (inode, number) = (number(8), number(16));
        let Some((text, after)) = after.split_at_checked(length) else {
            break;
        };
        rest = after;
        let path = || String::from_utf8(text.to_vec()).unwrap();
        let two = || {
            let path = path();
            let (from, to) = path.split_once('\0').unwrap();
            (from.to_owned(), to.to_owned())
        };
        events.push(match kind {
            1 => Event::Create {
                inode,
                path: path(),
            },
            2 => Event::MakeDir {
                inode,
                path: path(),
            },
            3 => Event::Write {
                inode,
                at: number as usize,
                bytes: text.to_vec(),
            },
            4 => Event::Truncate {
                inode,
                length: number as usize,
            },
            5 => {
                let (from, to) = two();
                Event::Rename { from, to }
            }
            6 => Event::Unlink { path: path() },
            7 => Event::SyncBegan {
                inode,
                token: number,
            },
            8 => Event::SyncEnded { token: number },
            9 => Event::SyncFailed { inode },
            10 => Event::Acknowledged(path()),
            11 => Event::Full,
            12 => {
                let (from, to) = two();
                Event::Link { from, to }
            }
            unknown => panic!("the record has an event {unknown}"),
        });
    }
    events
}

/// Syncs that were asked for.
pub fn syncs(events: &[Event]) -> usize {
    let is_sync = |event: &&Event| matches!(event, Event::SyncBegan { .. });
    events.iter().filter(is_sync).count()
}

/// By how much files had grown before each write that made one longer, and in the middle of it.
pub fn rooms(events: &[Event]) -> Vec<usize> {
    let mut lengths = HashMap::<u64, usize>::new();
    let (mut rooms, mut grown) = (Vec::new(), 0);
    for event in events {
        match event {
            Event::Create { inode, .. } => drop(lengths.insert(*inode, 0)),
            Event::Truncate { inode, length } => drop(lengths.insert(*inode, *length)),
            Event::Write { inode, at, bytes } => {
                let length = lengths.entry(*inode).or_default();
                let growth = (at + bytes.len()).saturating_sub(*length);
                if growth > 0 {
                    rooms.extend([grown, grown + growth / 2]);
                    grown += growth;
                    *length += growth;
                }
            }
            _ => {}
        }
    }
    rooms.dedup();
    rooms
}
