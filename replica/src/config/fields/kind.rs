//! What values a setting takes, and how text of the environment becomes one.

use crate::config::replica::is_origin;
use std::net::SocketAddr;
use toml::Value;

/// TOML has no larger integer.
pub(super) const TOML_MAX: u64 = i64::MAX as u64;
const U32_MAX: u64 = u32::MAX as u64;

/// What values a setting takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A whole number of something.
    Whole {
        /// Of what: `microseconds`, `bytes`, `blocks`; empty for mere numbers.
        unit: &'static str,
        /// The greatest.
        max: u64,
    },
    /// A file or a folder.
    Path,
    /// An IP address and a port.
    Address,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Yes or no.
    Switch,
    /// Web origins; in the environment with commas between them.
    Origins,
}

impl Kind {
    /// A length of time.
    pub(super) const MICROSECONDS: Self = Self::Whole { unit: "microseconds", max: TOML_MAX };

    /// So many of these.
    pub(super) const fn count(unit: &'static str) -> Self {
        Self::Whole { unit, max: U32_MAX }
    }

    /// What is wanted, for who gave something else.
    #[must_use]
    pub fn wanted(&self) -> String {
        match self {
            Self::Whole { unit: "", max } => format!("a whole number from 0 to {max}"),
            Self::Whole { unit, max } => format!("a whole number of {unit} from 0 to {max}"),
            Self::Path => "a path".to_owned(),
            Self::Address => "an IP address and a port, as 127.0.0.1:8080 or [::1]:8080".to_owned(),
            Self::Switch => "true or false".to_owned(),
            Self::Word(words) => words.join(" or "),
            Self::Origins => "origins of the form http://host:port, with commas between them".to_owned(),
        }
    }

    /// The value that `text` of the environment stands for; `None` where it stands for none. A path is one from
    /// the current folder, and the value the same from anywhere.
    #[must_use]
    pub fn parse(&self, text: &str) -> Option<Value> {
        match self {
            Self::Whole { max, .. } => {
                let number: u64 = text.parse().ok().filter(|number| number <= max)?;
                i64::try_from(number).ok().map(Value::from)
            }
            Self::Path => {
                let path = std::path::absolute(text).ok()?;
                path.to_str().map(Value::from)
            }
            Self::Address => text.parse::<SocketAddr>().ok().map(|address| address.to_string().into()),
            Self::Switch => text.parse::<bool>().ok().map(Value::from),
            Self::Word(words) => words.contains(&text).then(|| text.into()),
            Self::Origins => {
                let origins: Vec<&str> =
                    text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
                origins.iter().all(|origin| is_origin(origin)).then(|| origins.into())
            }
        }
    }

    /// A value with its unit; large ones in units of people as well.
    #[must_use]
    pub fn in_words(&self, value: &Value) -> String {
        let (Self::Whole { unit, .. }, Some(number)) = (self, value.as_integer()) else {
            return value.to_string();
        };
        let large = match *unit {
            "microseconds" => &[("s", 1_000_000), ("ms", 1_000)][..],
            "bytes" => &[("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)],
            _ => &[],
        };
        let plain = format!("{number} {unit}").trim_end().to_owned();
        match large.iter().find(|(_, size)| number != 0 && number % size == 0) {
            Some((name, size)) => format!("{plain} ({} {name})", number / size),
            None => plain,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_becomes_a_value_of_its_kind_or_none() {
        let number = Kind::Whole { unit: "", max: 65_535 };
        assert_eq!(number.parse("65535"), Some(65_535.into()));
        for wrong in ["", "65536", "-1", "1e3", "0x10", "1_000", " 1", "three"] {
            assert_eq!(number.parse(wrong), None, "{wrong}");
        }
        assert_eq!(Kind::MICROSECONDS.parse("9223372036854775808"), None);
        assert_eq!(Kind::Address.parse("[::]:80"), Some("[::]:80".into()));
        for wrong in ["", "80", "localhost:80", "::1:80", "1.2.3.4", "http://1.2.3.4:5"] {
            assert_eq!(Kind::Address.parse(wrong), None, "{wrong}");
        }
        assert_eq!((Kind::Switch.parse("false"), Kind::Switch.parse("0")), (Some(false.into()), None));
        let word = Kind::Word(&["sync", "os"]);
        assert_eq!(word.parse("os"), Some("os".into()));
        assert_eq!(word.parse("OS"), None);
        let two = vec![Value::from("http://a:1"), Value::from("https://b")];
        assert_eq!(Kind::Origins.parse("http://a:1, https://b"), Some(two.into()));
        assert_eq!(Kind::Origins.parse(""), Some(Value::Array(Vec::new())));
        assert_eq!(Kind::Origins.parse("http://a:1,b"), None);
        assert_eq!(Kind::Path.parse("/x/y"), Some("/x/y".into()));
        let here = std::env::current_dir().unwrap().join("x");
        assert_eq!(Kind::Path.parse("x"), Some(here.to_str().unwrap().into()));
        assert_eq!(Kind::Path.parse(""), None);
    }

    #[test]
    fn values_are_told_with_their_units() {
        let told = |kind: Kind, number: i64| kind.in_words(&number.into());
        assert_eq!(told(Kind::MICROSECONDS, 2_000_000), "2000000 microseconds (2 s)");
        assert_eq!(told(Kind::MICROSECONDS, 50_000), "50000 microseconds (50 ms)");
        assert_eq!(told(Kind::MICROSECONDS, 17), "17 microseconds");
        assert_eq!(told(Kind::count("bytes"), 16_384), "16384 bytes (16 KiB)");
        assert_eq!(told(Kind::count("blocks"), 1_000_000), "1000000 blocks");
        assert_eq!(told(Kind::Whole { unit: "", max: 9 }, 3), "3");
    }
}
