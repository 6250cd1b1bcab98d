//! Reads a JSON value field by field and collects every problem with the path of its value, instead of stopping at the first.

use serde_json::{Map, Value};
use std::fmt;
use std::net::SocketAddr;
use std::path::Path;

/// One thing wrong with a configuration.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// The path of the value, like `markets[0].name`.
    pub path: String,
    /// What is wrong and what would be right.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.what)
    }
}

/// Why a configuration is refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file can't be read.
    #[error("{path}: can't be read ({source}); name an existing file with --config")]
    Read {
        /// The file.
        path: String,
        /// The cause.
        source: std::io::Error,
    },
    /// The file is no JSON.
    #[error("{path}: is not JSON ({source}); compare it with config.example.json")]
    Json {
        /// The file.
        path: String,
        /// The cause.
        source: serde_json::Error,
    },
    /// Values are wrong.
    #[error("{path}: {} problem(s):\n{}", .problems.len(), lines(.problems))]
    Invalid {
        /// The file.
        path: String,
        /// All of them.
        problems: Vec<Problem>,
    },
}

/// Reads the JSON file at `path` and lets `check` make a configuration of it; `check` is given the file's folder too, from which
/// relative paths are taken.
///
/// # Errors
/// The file can't be read, is no JSON, or `check` found problems.
pub fn load<T>(
    path: &Path,
    check: impl FnOnce(&Value, &Path) -> Result<T, Vec<Problem>>,
) -> Result<T, ConfigError> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
        path: name.clone(),
        source,
    })?;
    let value: Value = serde_json::from_str(&text).map_err(|source| ConfigError::Json {
        path: name.clone(),
        source,
    })?;
    let base = path.parent().unwrap_or(Path::new("."));
    check(&value, base).map_err(|problems| ConfigError::Invalid {
        path: name,
        problems,
    })
}

/// The problems found so far.
#[derive(Default)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    /// Notes a problem of the value at `path`.
    pub fn add(&mut self, path: &str, what: impl Into<String>) {
        self.0.push(Problem {
            path: path.to_owned(),
            what: what.into(),
        });
    }
}

/// An object that is read key by key; [`Object::finish`] reports the keys nobody asked for.
pub struct Object<'a> {
    path: String,
    map: Option<&'a Map<String, Value>>,
    asked: Vec<&'static str>,
}

impl<'a> Object<'a> {
    /// The object at `path`; anything else is a problem, and then every key reads as absent without a further problem.
    pub fn new(path: &str, value: &'a Value, problems: &mut Problems) -> Self {
        let map = value.as_object();
        if map.is_none() {
            let at = if path.is_empty() { "the file" } else { path };
            problems.add(at, format!("is {}, not an object", kind(value)));
        }
        Self {
            path: path.to_owned(),
            map,
            asked: Vec::new(),
        }
    }

    /// The path of the value under `key`.
    pub fn path(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    fn get(&mut self, key: &'static str) -> Option<&'a Value> {
        self.asked.push(key);
        self.map?.get(key).filter(|value| !value.is_null())
    }

    fn need(&mut self, key: &'static str, problems: &mut Problems) -> Option<&'a Value> {
        let value = self.get(key);
        if value.is_none() && self.map.is_some() {
            problems.add(&self.path(key), "is missing");
        }
        value
    }

    /// A required, non-empty string; empty where it is wrong.
    pub fn string(&mut self, key: &'static str, problems: &mut Problems) -> String {
        match self.need(key, problems) {
            None => String::new(),
            Some(value) => self.as_string(key, value, problems),
        }
    }

    /// An optional string.
    pub fn optional_string(
        &mut self,
        key: &'static str,
        problems: &mut Problems,
    ) -> Option<String> {
        let value = self.get(key)?;
        Some(self.as_string(key, value, problems))
    }

    fn as_string(&self, key: &str, value: &Value, problems: &mut Problems) -> String {
        match value.as_str() {
            Some("") => problems.add(&self.path(key), "is empty"),
            Some(text) => return text.to_owned(),
            None => problems.add(&self.path(key), format!("is {}, not a string", kind(value))),
        }
        String::new()
    }

    /// A required integer within `low..=high`; `low` where it is wrong.
    pub fn integer(
        &mut self,
        key: &'static str,
        low: u64,
        high: u64,
        problems: &mut Problems,
    ) -> u64 {
        match self.need(key, problems) {
            None => low,
            Some(value) => self.as_integer(key, value, low, high, problems),
        }
    }

    /// An integer within `low..=high`, or `default` where it is absent.
    pub fn integer_or(
        &mut self,
        key: &'static str,
        default: u64,
        low: u64,
        high: u64,
        problems: &mut Problems,
    ) -> u64 {
        match self.get(key) {
            None => default,
            Some(value) => self.as_integer(key, value, low, high, problems),
        }
    }

    fn as_integer(
        &self,
        key: &str,
        value: &Value,
        low: u64,
        high: u64,
        problems: &mut Problems,
    ) -> u64 {
        match value.as_u64() {
            Some(number) if (low..=high).contains(&number) => number,
            _ => {
                problems.add(
                    &self.path(key),
                    format!("is {value}, not an integer from {low} to {high}"),
                );
                low
            }
        }
    }

    /// A flag, or `default` where it is absent.
    pub fn flag_or(&mut self, key: &'static str, default: bool, problems: &mut Problems) -> bool {
        match self.get(key) {
            None => default,
            Some(Value::Bool(flag)) => *flag,
            Some(value) => {
                problems.add(
                    &self.path(key),
                    format!("is {}, not true or false", kind(value)),
                );
                default
            }
        }
    }

    /// An optional number.
    pub fn optional_number(&mut self, key: &'static str, problems: &mut Problems) -> Option<f64> {
        let value = self.get(key)?;
        let number = value.as_f64();
        if number.is_none() {
            problems.add(&self.path(key), format!("is {}, not a number", kind(value)));
        }
        number
    }

    /// A required socket address; a free port of 127.0.0.1 where it is wrong.
    pub fn address(&mut self, key: &'static str, problems: &mut Problems) -> SocketAddr {
        let text = self.string(key, problems);
        let found = (!text.is_empty()).then(|| parse_address(&self.path(key), &text, problems));
        found
            .flatten()
            .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0)))
    }

    /// An optional socket address.
    pub fn optional_address(
        &mut self,
        key: &'static str,
        problems: &mut Problems,
    ) -> Option<SocketAddr> {
        let text = self.optional_string(key, problems)?;
        if text.is_empty() {
            return None;
        }
        parse_address(&self.path(key), &text, problems)
    }

    /// A list with the paths of its elements; empty where it is absent or wrong.
    pub fn list(
        &mut self,
        key: &'static str,
        required: bool,
        problems: &mut Problems,
    ) -> Vec<(String, &'a Value)> {
        let value = if required {
            self.need(key, problems)
        } else {
            self.get(key)
        };
        let Some(value) = value else {
            return Vec::new();
        };
        let path = self.path(key);
        match value.as_array() {
            Some(list) => list
                .iter()
                .enumerate()
                .map(|(i, element)| (format!("{path}[{i}]"), element))
                .collect(),
            None => {
                problems.add(&path, format!("is {}, not a list", kind(value)));
                Vec::new()
            }
        }
    }

    /// An optional object, as its path and value.
    pub fn object(&mut self, key: &'static str) -> Option<(String, &'a Value)> {
        let value = self.get(key)?;
        Some((self.path(key), value))
    }

    /// Reports every key that was never asked for.
    pub fn finish(self, problems: &mut Problems) {
        let Some(map) = self.map else { return };
        for key in map.keys() {
            if !self.asked.contains(&key.as_str()) {
                problems.add(
                    &self.path(key),
                    format!("is not a known key (known: {})", self.asked.join(", ")),
                );
            }
        }
    }
}

/// The socket address at `path`; anything else is a problem.
pub fn parse_address(path: &str, text: &str, problems: &mut Problems) -> Option<SocketAddr> {
    let found = text.parse().ok();
    if found.is_none() {
        problems.add(path, format!("{text:?} is not an address like 127.0.0.1:0"));
    }
    found
}

/// The problems one a line, as error messages list them.
fn lines(problems: &[Problem]) -> String {
    let lines: Vec<String> = problems.iter().map(|p| format!("  {p}")).collect();
    lines.join("\n")
}

/// What a value is, for messages.
pub fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
