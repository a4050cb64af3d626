//! Every setting of `replica.toml`, once: its unit, what it is for, and what happens beyond it. The file's
//! comments, the variables of the environment, the help and the documentation are made of these rows.

mod consensus;
mod kind;
mod links;
mod own;
mod tables;

pub use kind::Kind;
pub use tables::{documentation, help};

use super::ReplicaFile;

/// What the names of all variables begin with.
pub const PREFIX: &str = "HOTSTUFF_";

/// One setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// The table that it stands in; empty for those that stand in none.
    pub table: &'static str,
    /// Its name there.
    pub name: &'static str,
    /// What values it takes.
    pub kind: Kind,
    /// What it is for: sentences.
    pub about: &'static str,
    /// What happens beyond it, or without it.
    pub beyond: &'static str,
    /// A value to show where it need not be set and has no default.
    pub example: Option<&'static str>,
}

impl Field {
    const fn new(
        table: &'static str,
        name: &'static str,
        kind: Kind,
        about: &'static str,
        beyond: &'static str,
    ) -> Self {
        Self { table, name, kind, about, beyond, example: None }
    }

    const fn optional(mut self, example: &'static str) -> Self {
        self.example = Some(example);
        self
    }

    /// Its name with the table's: `links.observers`.
    #[must_use]
    pub fn key(&self) -> String {
        if self.table.is_empty() { self.name.to_owned() } else { format!("{}.{}", self.table, self.name) }
    }

    /// The variable that sets it: `HOTSTUFF_LINKS__OBSERVERS`.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("{PREFIX}{}", self.key().replace('.', "__").to_ascii_uppercase())
    }

    /// Its value in a table of settings.
    #[must_use]
    pub fn of<'a>(&self, settings: &'a toml::Table) -> Option<&'a toml::Value> {
        let table = if self.table.is_empty() { settings } else { settings.get(self.table)?.as_table()? };
        table.get(self.name)
    }

    /// Puts a value for it into a table of settings.
    pub fn put(&self, settings: &mut toml::Table, value: toml::Value) {
        if self.table.is_empty() {
            settings.insert(self.name.to_owned(), value);
            return;
        }
        let table = settings.entry(self.table).or_insert_with(|| toml::Table::new().into());
        if let Some(table) = table.as_table_mut() {
            table.insert(self.name.to_owned(), value);
        }
    }

    /// Its default, where it has one.
    #[must_use]
    pub fn default(&self) -> Option<toml::Value> {
        self.of(&defaults()).cloned()
    }

    /// Whether it must be set.
    #[must_use]
    pub fn is_required(&self) -> bool {
        self.example.is_none() && self.default().is_none()
    }

    /// Its default with its unit, or that it has none: a sentence.
    #[must_use]
    pub fn default_in_words(&self) -> String {
        match self.default() {
            Some(value) => format!("Default: {}.", self.kind.in_words(&value)),
            None if self.example.is_some() => "Not set by default.".to_owned(),
            None => "No default.".to_owned(),
        }
    }
}

/// All settings, in the order in which files have them.
pub fn all() -> impl Iterator<Item = &'static Field> {
    tables().flat_map(|(_, _, fields)| fields)
}

/// The tables in order: name, what it holds, its settings. The first has no name.
pub fn tables() -> impl Iterator<Item = (&'static str, &'static str, &'static [Field])> {
    [
        ("", "One replica's own settings.", own::OWN),
        ("listen", "Where this replica listens.", own::LISTEN),
        ("consensus", "The protocol's times and bounds.", consensus::CONSENSUS),
        ("links", "Times and bounds of connections.", links::LINKS),
    ]
    .into_iter()
}

/// The values of all that has a default, as a file has them that names nothing but what it must.
#[must_use]
pub fn defaults() -> toml::Table {
    let mut settings = ReplicaFile::least().to_settings();
    for required in ["id", "committee", "key", "data", "listen"] {
        settings.remove(required).expect("a file must name it");
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn keys(settings: &toml::Table) -> BTreeSet<String> {
        let inside = |(name, value): (&String, &toml::Value)| match value {
            toml::Value::Table(table) => table.keys().map(|inner| format!("{name}.{inner}")).collect(),
            _ => vec![name.clone()],
        };
        settings.iter().flat_map(inside).collect()
    }

    /// Each row is a setting that files may have, and each setting has a row.
    #[test]
    fn rows_and_settings_are_the_same() {
        let rows: BTreeSet<String> = all().map(Field::key).collect();
        assert_eq!(rows.len(), all().count());
        assert_eq!(keys(&ReplicaFile::sample().to_settings()), rows);
        for field in all() {
            assert!(field.about.ends_with('.') && field.beyond.len() > 3, "{}", field.key());
            assert!(!field.beyond.ends_with('.'), "{}", field.key());
        }
    }

    /// What a row says of the greatest number is what the file's reader says.
    #[test]
    fn numbers_go_up_to_what_rows_say_and_no_further() {
        let read = |field: &Field, number: u64| {
            let mut settings = ReplicaFile::sample().to_settings();
            let number = i64::try_from(number).unwrap();
            field.put(&mut settings, number.into());
            toml::Value::from(settings).try_into::<ReplicaFile>()
        };
        let mut numbers = 0;
        for field in all() {
            let Kind::Whole { max, .. } = field.kind else { continue };
            numbers += 1;
            read(field, max).unwrap();
            if max < i64::MAX as u64 {
                read(field, max + 1).unwrap_err();
            }
        }
        assert!(numbers > 40);
    }
}
