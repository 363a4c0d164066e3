//! Reads a table of settings key by key: what is wrong is noted and reading goes on, and what nobody asked for is wrong as
//! well.

use std::cell::RefCell;
use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use toml::{Table, Value};

/// What is wrong, in the order it was found.
#[derive(Debug, Default)]
pub struct Problems(RefCell<Vec<String>>);

impl Problems {
    pub fn push(&self, problem: String) {
        self.0.borrow_mut().push(problem);
    }

    pub fn extend(&self, problems: Vec<String>) {
        self.0.borrow_mut().extend(problems);
    }

    pub fn into_inner(self) -> Vec<String> {
        self.0.into_inner()
    }
}

/// A table, and the variables of the environment that stand over it.
pub struct Section<'a> {
    path: String,
    table: Table,
    environment: &'a dyn Fn(&str) -> Option<String>,
    problems: &'a Problems,
    /// Names that were asked for, to find what a wrong one was meant to be.
    known: Vec<&'static str>,
}

impl<'a> Section<'a> {
    pub fn root(
        table: Table,
        environment: &'a dyn Fn(&str) -> Option<String>,
        problems: &'a Problems,
    ) -> Self {
        Self {
            path: String::new(),
            table,
            environment,
            problems,
            known: Vec::new(),
        }
    }

    fn inner(&self, path: String, table: Table) -> Self {
        Self {
            path,
            table,
            known: Vec::new(),
            ..*self
        }
    }

    pub fn problem(&self, problem: String) {
        self.problems.push(problem);
    }

    fn name(&self, name: &str) -> String {
        match self.path.as_str() {
            "" => name.to_owned(),
            path => format!("{path}.{name}"),
        }
    }

    /// The value of a key: that of the environment, else that of the file.
    fn value(&mut self, name: &'static str) -> Option<Value> {
        self.known.push(name);
        let from_file = self.table.remove(name);
        // Lists of tables have no names in the environment.
        if self.path.contains('[')
            || self.path.starts_with("buckets.")
            || self.path.starts_with("ufop.")
        {
            return from_file;
        }
        let variable = format!(
            "OPMILL_{}",
            self.name(name).to_ascii_uppercase().replace('.', "_")
        );
        match (self.environment)(&variable) {
            Some(text) if !text.is_empty() => Some(Value::String(text)),
            _ => from_file,
        }
    }

    fn wrong(&self, name: &str, value: &Value, allowed: &str) {
        let name = self.name(name);
        self.problem(format!("{name} is {value}; it is {allowed}"));
    }

    pub fn text(&mut self, name: &'static str) -> Option<String> {
        match self.value(name)? {
            Value::String(text) => Some(text),
            other => {
                self.wrong(name, &other, "a text");
                None
            }
        }
    }

    pub fn required(&mut self, name: &'static str) -> String {
        let is_there = self.table.contains_key(name);
        let text = self.text(name);
        if !is_there {
            self.problem(format!("{} is missing", self.name(name)));
        }
        text.unwrap_or_default()
    }

    pub fn texts(&mut self, name: &'static str) -> Option<Vec<String>> {
        let value = self.value(name)?;
        let list = value.as_array().and_then(|list| {
            let text = |value: &Value| value.as_str().map(str::to_owned);
            list.iter().map(text).collect()
        });
        if list.is_none() {
            self.wrong(name, &value, "a list of texts");
        }
        list
    }

    pub fn parsed<T: FromStr>(&mut self, name: &'static str, allowed: &str) -> Option<T> {
        let text = self.text(name)?;
        let parsed = text.parse().ok();
        if parsed.is_none() {
            self.wrong(name, &Value::String(text), allowed);
        }
        parsed
    }

    /// A whole number that fits.
    pub fn number<T: FromStr>(&mut self, name: &'static str) -> Option<T> {
        let value = self.value(name)?;
        let number = match &value {
            Value::Integer(number) => number.to_string().parse().ok(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        if number.is_none() {
            self.wrong(name, &value, "a whole number");
        }
        number
    }

    /// Sets a number that is given.
    pub fn set<T: FromStr + Display>(&mut self, name: &'static str, to: &mut T) {
        if let Some(number) = self.number(name) {
            *to = number;
        }
    }

    pub fn flag(&mut self, name: &'static str, to: &mut bool) {
        match self.value(name) {
            None => {}
            Some(Value::Boolean(flag)) => *to = flag,
            Some(Value::String(text)) if text == "true" || text == "1" => *to = true,
            Some(Value::String(text)) if text == "false" || text == "0" => *to = false,
            Some(other) => self.wrong(name, &other, "true or false"),
        }
    }

    /// Sets a length of time that is given in seconds.
    pub fn seconds(&mut self, name: &'static str, to: &mut Duration) {
        let Some(value) = self.value(name) else {
            return;
        };
        let seconds = match &value {
            Value::Integer(seconds) => Some(*seconds as f64),
            Value::Float(seconds) => Some(*seconds),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        match seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()) {
            Some(time) => *to = time,
            None => self.wrong(name, &value, "a number of seconds"),
        }
    }

    /// A number of bytes: plain, or with a unit.
    pub fn bytes(&mut self, name: &'static str) -> Option<u64> {
        let value = self.value(name)?;
        let bytes = match &value {
            Value::Integer(bytes) => u64::try_from(*bytes).ok(),
            Value::String(text) => with_unit(text),
            _ => None,
        };
        if bytes.is_none() {
            self.wrong(
                name,
                &value,
                "a number of bytes, such as 1000000, 64MiB or 2GB",
            );
        }
        bytes
    }

    pub fn section(&mut self, name: &'static str) -> Section<'a> {
        self.known.push(name);
        let path = self.name(name);
        let table = match self.table.remove(name) {
            Some(Value::Table(table)) => table,
            None => Table::new(),
            Some(other) => {
                self.wrong(name, &other, "a table");
                Table::new()
            }
        };
        self.inner(path, table)
    }

    /// The tables of a list, `[[name]]`.
    pub fn sections(&mut self, name: &'static str) -> Vec<Section<'a>> {
        self.known.push(name);
        let path = self.name(name);
        let list = match self.table.remove(name) {
            None => Vec::new(),
            Some(Value::Array(list)) => list,
            Some(other) => {
                self.wrong(name, &other, "a list of tables, each begun by [[…]]");
                Vec::new()
            }
        };
        let mut sections = Vec::new();
        for (number, value) in list.into_iter().enumerate() {
            match value {
                Value::Table(table) => {
                    sections.push(self.inner(format!("{path}[{number}]"), table));
                }
                other => self.wrong(name, &other, "a list of tables, each begun by [[…]]"),
            }
        }
        sections
    }

    /// The tables in a table, with their names.
    pub fn named_sections(&mut self, name: &'static str) -> Vec<(String, Section<'a>)> {
        let outer = self.section(name);
        let mut sections = Vec::new();
        for (own, value) in outer.table.clone() {
            let path = outer.name(&own);
            match value {
                Value::Table(table) => sections.push((own, outer.inner(path, table))),
                other => outer.wrong(&own, &other, "a table"),
            }
        }
        sections
    }

    /// Everything that is left was not asked for.
    pub fn end(self) {
        for name in self.table.keys() {
            let near = |known: &&&str| strsim::jaro_winkler(known, name) > 0.85;
            let meant = self.known.iter().find(near);
            let hint = meant.map_or_else(String::new, |meant| format!("; did you mean {meant}?"));
            self.problem(format!("{} is no setting{hint}", self.name(name)));
        }
    }
}

/// `64MiB`, `2 GB`, `1k`: powers of 1024 with an `i`, of 1000 without.
fn with_unit(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor: u64 = match unit.trim().to_ascii_lowercase().trim_end_matches('b') {
        "" => 1,
        "k" => 1000,
        "m" => 1000_u64.pow(2),
        "g" => 1000_u64.pow(3),
        "t" => 1000_u64.pow(4),
        "ki" => 1 << 10,
        "mi" => 1 << 20,
        "gi" => 1 << 30,
        "ti" => 1 << 40,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}
