//! A disk and what of it is certain. The record of a child is gone through event by event; beside what the program saw,
//! the disk keeps a file's bytes when a sync of the file that began after they were written has ended, and a name when
//! a sync of its folder has. What a power cut makes of the rest is in cut.rs.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::cut::{Cut, Left};
use super::record::Event;

/// A file or a folder, by its place in [`Disk::nodes`].
pub type Node = usize;

#[derive(Clone)]
pub enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Truncate(usize),
}

#[derive(Clone, Default)]
pub struct Content {
    /// As the program sees it.
    pub memory: Vec<u8>,
    /// On the disk for certain.
    pub bytes: Vec<u8>,
    /// Not certain, oldest first.
    pub pending: Vec<Change>,
    /// How many changes came before those in `pending`.
    settled: usize,
    is_dir: bool,
    /// Of a folder: its names as the program sees them, and as they are on the disk.
    pub seen: BTreeMap<String, Node>,
    pub names: BTreeMap<String, Node>,
}

/// A name that came or went; a rename is two, with one number.
#[derive(Clone)]
pub struct Renaming {
    pub number: usize,
    pub dir: Node,
    name: String,
    pub node: Option<Node>,
}

#[derive(Clone)]
pub struct Disk {
    pub nodes: Vec<Content>,
    by_inode: HashMap<u64, Node>,
    pub renamings: Vec<Renaming>,
    pub steps: usize,
    /// Syncs under way: of which node, and how many of its changes (or of all renamings) they cover.
    syncing: HashMap<u64, (Node, usize)>,
}

const ROOT: Node = 0;

impl Disk {
    /// A folder all of which is on the disk.
    pub fn of(dir: &Path) -> Disk {
        let mut disk = Disk {
            nodes: vec![],
            by_inode: HashMap::new(),
            renamings: vec![],
            steps: 0,
            syncing: HashMap::new(),
        };
        disk.take(dir);
        disk
    }

    fn take(&mut self, path: &Path) -> Node {
        let status = fs::metadata(path).unwrap();
        let node = self.add(status.ino(), status.is_dir());
        if status.is_dir() {
            for entry in fs::read_dir(path).unwrap() {
                let entry = entry.unwrap();
                let child = self.take(&entry.path());
                let name = entry.file_name().into_string().unwrap();
                self.nodes[node].names.insert(name.clone(), child);
                self.nodes[node].seen.insert(name, child);
            }
        } else {
            self.nodes[node].bytes = fs::read(path).unwrap();
            self.nodes[node].memory = self.nodes[node].bytes.clone();
        }
        node
    }

    fn add(&mut self, inode: u64, is_dir: bool) -> Node {
        self.nodes.push(Content {
            is_dir,
            ..Content::default()
        });
        self.by_inode.insert(inode, self.nodes.len() - 1);
        self.nodes.len() - 1
    }

    /// The folder of a path and the last name in it.
    fn place<'a>(&self, path: &'a str) -> (Node, &'a str) {
        let (dir, name) = path.rsplit_once('/').unwrap_or(("", path));
        let down = |node: Node, name: &str| self.nodes[node].seen[name];
        let names = dir.split('/').filter(|name| !name.is_empty());
        (names.fold(ROOT, down), name)
    }

    fn rename(&mut self, path: &str, node: Option<Node>) {
        let (dir, name) = self.place(path);
        match node {
            Some(node) => drop(self.nodes[dir].seen.insert(name.to_owned(), node)),
            None => drop(self.nodes[dir].seen.remove(name)),
        }
        self.renamings.push(Renaming {
            number: self.steps,
            dir,
            name: name.to_owned(),
            node,
        });
    }

    fn node_at(&self, path: &str) -> Node {
        let (dir, name) = self.place(path);
        self.nodes[dir].seen[name]
    }

    fn change(&mut self, inode: u64, change: Change) {
        let content = &mut self.nodes[self.by_inode[&inode]];
        make(&mut content.memory, &change);
        content.pending.push(change);
    }

    pub fn apply(&mut self, event: &Event) {
        self.steps += 1;
        match event {
            Event::Create { inode, path } => {
                let node = self.add(*inode, false);
                self.rename(path, Some(node));
            }
            Event::MakeDir { inode, path } => {
                let node = self.add(*inode, true);
                self.rename(path, Some(node));
            }
            Event::Write { inode, at, bytes } => {
                let (at, bytes) = (*at, bytes.clone());
                self.change(*inode, Change::Write { at, bytes });
            }
            Event::Truncate { inode, length } => self.change(*inode, Change::Truncate(*length)),
            Event::Rename { from, to } => {
                let node = self.node_at(from);
                self.rename(from, None);
                self.rename(to, Some(node));
            }
            Event::Link { from, to } => {
                let node = self.node_at(from);
                self.rename(to, Some(node));
            }
            Event::Unlink { path } => self.rename(path, None),
            Event::SyncBegan { inode, token } => {
                let node = self.by_inode[inode];
                let content = &self.nodes[node];
                let covered = match content.is_dir {
                    true => self.steps,
                    false => content.settled + content.pending.len(),
                };
                self.syncing.insert(*token, (node, covered));
            }
            Event::SyncEnded { token } => {
                let (node, covered) = self.syncing.remove(token).unwrap();
                self.settle(node, covered);
            }
            // Linux marks the pages as clean: no later sync writes them.
            Event::SyncFailed { inode } => {
                let content = &mut self.nodes[self.by_inode[inode]];
                content.settled += content.pending.len();
                content.pending.clear();
            }
            Event::Acknowledged(_) | Event::Full => {}
        }
    }

    fn settle(&mut self, node: Node, covered: usize) {
        let content = &mut self.nodes[node];
        if content.is_dir {
            let names = &mut content.names;
            self.renamings.retain(|renaming| {
                let is_settled = renaming.dir == node && renaming.number < covered;
                if is_settled {
                    put(names, renaming);
                }
                !is_settled
            });
        } else {
            let count = covered.saturating_sub(content.settled);
            for change in content.pending.drain(..count) {
                make(&mut content.bytes, &change);
            }
            content.settled += count;
        }
    }

    /// Writes what a cut at this moment leaves to an empty folder.
    pub fn leave(&self, cut: Cut, dir: &Path) {
        self.leave_node(ROOT, dir, &mut Left::of(self, cut));
    }

    /// The first path below `dir` that is not as the program left it; `None` when the record has all that it did.
    pub fn differs_from(&self, dir: &Path) -> Option<PathBuf> {
        self.differs_at(ROOT, dir)
    }

    fn differs_at(&self, node: Node, path: &Path) -> Option<PathBuf> {
        let content = &self.nodes[node];
        if !content.is_dir {
            // The reserve holds blocks and no bytes, and gets them without writing.
            let is_same = path.ends_with("reserve")
                || fs::read(path).is_ok_and(|bytes| bytes == content.memory);
            return (!is_same).then(|| path.to_owned());
        }
        let names = fs::read_dir(path).map(|names| names.count());
        if !names.is_ok_and(|count| count == content.seen.len()) {
            return Some(path.to_owned());
        }
        let mut children = content.seen.iter();
        children.find_map(|(name, child)| self.differs_at(*child, &path.join(name)))
    }

    fn leave_node(&self, node: Node, path: &Path, left: &mut Left) {
        let content = &self.nodes[node];
        if !content.is_dir {
            return fs::write(path, left.bytes(content)).unwrap();
        }
        fs::create_dir_all(path).unwrap();
        for (name, child) in left.names(node, content) {
            self.leave_node(child, &path.join(name), left);
        }
    }
}

pub fn put(names: &mut BTreeMap<String, Node>, renaming: &Renaming) {
    match renaming.node {
        Some(node) => drop(names.insert(renaming.name.clone(), node)),
        None => drop(names.remove(&renaming.name)),
    }
}

pub fn make(bytes: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Write { at, bytes: new } => {
            let end = at + new.len();
            bytes.resize(bytes.len().max(end), 0);
            bytes[*at..end].copy_from_slice(new);
        }
        Change::Truncate(length) => bytes.resize(*length, 0),
    }
}
