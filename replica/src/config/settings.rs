//! A replica's settings as they come together: its file, and before that the environment.

use super::environment::{Environment, Named};
use super::fields::{self, Field};
use super::{ConfigError, ReplicaConfig, ReplicaFile, file};
use serde::Deserialize;
use std::fmt;
use std::path::{Path, PathBuf};
use toml::de::{DeTable, DeValue, Deserializer};

/// How far from the line's start it is told where a setting comes from.
const SOURCE_COLUMN: usize = 44;

/// A replica's settings, and where each comes from. What they name is not read yet.
#[derive(Clone, Debug)]
pub struct Settings {
    path: PathBuf,
    file: ReplicaFile,
    in_file: toml::Table,
    lines: Vec<(&'static Field, usize)>,
    named: Vec<Named>,
}

/// Where a setting comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A variable of the environment.
    Variable(String),
    /// This line of the file.
    Line(usize),
    /// Nobody sets it.
    Default,
}

/// A variable that makes a difference: `HOTSTUFF_DURABILITY="os" in place of "sync"`.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    variable: String,
    value: toml::Value,
    before: Option<toml::Value>,
}

impl Settings {
    /// Reads a replica's file, but none that it names, and puts what the environment sets in its place.
    ///
    /// # Errors
    /// When the file cannot be read or is not TOML; when it has unknown fields, or lacks one that the environment
    /// does not set; when the environment has unknown names or values that do not fit.
    pub fn load(path: &Path, environment: &Environment) -> Result<Self, ConfigError> {
        let text = file::read(path)?;
        let refused = |error| file::syntax(path, &text, &error);
        let in_file: toml::Table = toml::from_str(&text).map_err(refused)?;
        // Once more with places, for the lines of errors.
        let mut spanned = DeTable::parse(&text).map_err(refused)?;
        let lines = lines(&text, spanned.get_ref());
        let named = environment.settings()?;
        let over = overlay(&named);
        lay_over(spanned.get_mut(), DeTable::parse(&over).map_err(refused)?.into_inner());
        let file = ReplicaFile::deserialize(Deserializer::from(spanned)).map_err(|error| {
            let missing =
                error.message().starts_with("missing field").then(|| missing(&lines, &named)).flatten();
            missing.map_or_else(
                || refused(error),
                |field| ConfigError::Missing {
                    path: path.to_owned(),
                    setting: field.key(),
                    variable: field.variable(),
                },
            )
        })?;
        Ok(Self { path: path.to_owned(), file, in_file, lines, named })
    }

    /// The settings. Paths of the file are relative to its folder; those of the environment are absolute.
    #[must_use]
    pub fn file(&self) -> &ReplicaFile {
        &self.file
    }

    /// Where a setting comes from.
    #[must_use]
    pub fn source(&self, field: &Field) -> Source {
        if self.named.iter().any(|named| named.field == field) {
            return Source::Variable(field.variable());
        }
        let line = self.lines.iter().find(|(other, _)| *other == field);
        line.map_or(Source::Default, |(_, line)| Source::Line(*line))
    }

    /// The variables that make a difference.
    #[must_use]
    pub fn changes(&self) -> Vec<Change> {
        let change = |Named { field, value }: &Named| {
            let before = field.of(&self.in_file).cloned().or_else(|| field.default());
            let differs = before.as_ref() != Some(value);
            differs.then(|| Change { variable: field.variable(), value: value.clone(), before })
        };
        self.named.iter().filter_map(change).collect()
    }

    /// Reads what the settings name, and checks all.
    ///
    /// # Errors
    /// The first thing that is wrong, with the variables that make a difference.
    pub fn check(self) -> Result<ReplicaConfig, ConfigError> {
        let changes = self.changes();
        ReplicaConfig::new(&self.path, self.file).map_err(|source| {
            if changes.is_empty() {
                return source;
            }
            let variables: Vec<_> = changes.into_iter().map(|change| change.variable).collect();
            ConfigError::Overridden { source: Box::new(source), variables: variables.join(", ") }
        })
    }
}

/// As a replica's file, with each setting's source beside it.
impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settings = self.file.to_settings();
        writeln!(f, "# {} and the environment.", self.path.display())?;
        for (table, _, fields) in fields::tables() {
            if !table.is_empty() {
                writeln!(f, "\n[{table}]")?;
            }
            for field in fields {
                let line = match field.of(&settings) {
                    Some(value) => format!("{} = {value}", field.name),
                    None => format!("# {} is not set", field.name),
                };
                writeln!(f, "{line:<SOURCE_COLUMN$} # {}", self.source(field))?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => f.write_str(name),
            Self::Line(number) => write!(f, "line {number}"),
            Self::Default => f.write_str("default"),
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.variable, self.value)?;
        match &self.before {
            Some(before) => write!(f, " in place of {before}"),
            None => Ok(()),
        }
    }
}

/// What the environment sets, as TOML.
fn overlay(named: &[Named]) -> String {
    let mut settings = toml::Table::new();
    for Named { field, value } in named {
        field.put(&mut settings, value.clone());
    }
    settings.to_string()
}

/// Puts `over` in the place of what `base` has. What should be a table and is none stays, and is refused with its line.
fn lay_over<'text>(base: &mut DeTable<'text>, over: DeTable<'text>) {
    for (name, value) in over {
        match (base.get_mut(name.get_ref().as_ref()).map(|held| held.get_mut()), value.into_inner()) {
            (Some(DeValue::Table(base)), DeValue::Table(over)) => lay_over(base, over),
            (Some(_), DeValue::Table(_)) => {}
            (Some(held), value) => *held = value,
            (None, value) => {
                base.insert(name, toml::Spanned::new(0..0, value));
            }
        }
    }
}

/// The first setting that must be there and that nobody sets.
fn missing(lines: &[(&'static Field, usize)], named: &[Named]) -> Option<&'static Field> {
    let is_set = |field: &Field| {
        lines.iter().any(|(other, _)| *other == field) || named.iter().any(|named| named.field == field)
    };
    fields::all().find(|field| field.is_required() && !is_set(field))
}

/// The line of each setting that the file has.
fn lines(text: &str, settings: &DeTable<'_>) -> Vec<(&'static Field, usize)> {
    let line = |field: &'static Field| {
        let table = match settings.get(field.table).map(|held| held.get_ref()) {
            Some(DeValue::Table(table)) if !field.table.is_empty() => table,
            _ if field.table.is_empty() => settings,
            _ => return None,
        };
        let value = table.get(field.name)?;
        Some((field, file::line(text, value.span().start)))
    };
    fields::all().filter_map(line).collect()
}
