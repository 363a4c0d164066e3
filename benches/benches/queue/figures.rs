//! How a child process tells its figures: a line each, `name value`.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use crate::Failure;

pub struct Figures(BTreeMap<String, f64>);

impl Figures {
    /// Runs a child to its end and reads what it tells.
    pub fn of(child: &mut Command) -> Result<Figures, Failure> {
        let out = child
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()?;
        if !out.status.success() {
            return Err(format!("{child:?}: {}", out.status).into());
        }
        let text = String::from_utf8(out.stdout)?;
        let figure = |line: &str| {
            let (name, value) = line.split_once(' ')?;
            Some((name.to_owned(), value.parse().ok()?))
        };
        Ok(Figures(text.lines().filter_map(figure).collect()))
    }

    pub fn get(&self, name: &str) -> Result<f64, Failure> {
        let value = self.0.get(name).copied();
        value.ok_or_else(|| format!("the child told no {name}").into())
    }

    /// The child's side.
    pub fn print(name: &str, value: f64) {
        println!("{name} {value}");
    }
}
