//! Variables of the environment that set what a replica's file sets, and come before it.

use super::ConfigError;
use super::fields::{self, Field, PREFIX};
use std::collections::BTreeMap;
use std::ffi::OsString;
use toml::Value;

/// Names that begin alike and are no settings: what the build, tests, Compose, options and other commands read. A
/// replica that they start passes over them.
const OTHERS: [&str; 22] = [
    "AXE",
    "BIN",
    "FAULTS",
    "FUZZ_TARGET",
    "IMAGE",
    "KEYS",
    "KILLS",
    "LOG_FORMAT",
    "PAGE",
    "PAGE_DIR",
    "PORT_R0",
    "PORT_R1",
    "PORT_R2",
    "PORT_R3",
    "PROMTOOL",
    "RATE",
    "ROUNDS",
    "SCREENSHOTS",
    "SECONDS",
    "SEED",
    "TARGET_ROUTE",
    "UPDATE_IMAGES",
];

/// Names less alike than this are no slip of the pen.
const ALIKE: f64 = 0.75;

/// The variables that begin with `HOTSTUFF_`, by their whole names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment(BTreeMap<String, OsString>);

/// A setting that a variable names.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Named {
    pub(super) field: &'static Field,
    pub(super) value: Value,
}

impl Environment {
    /// Those of this process.
    #[must_use]
    pub fn of_process() -> Self {
        std::env::vars_os().map(|(name, value)| (name.to_string_lossy().into_owned(), value)).collect()
    }

    /// What the variables set.
    ///
    /// # Errors
    /// The first name that is no setting's, or the first value that the setting does not take.
    pub(super) fn settings(&self) -> Result<Vec<Named>, ConfigError> {
        let mut named = Vec::new();
        for (name, value) in self.0.iter().filter(|(name, _)| !is_anothers(name)) {
            let field = fields::all().find(|field| field.variable() == *name);
            let field =
                field.ok_or_else(|| ConfigError::UnknownVariable { name: name.clone(), cure: cure(name) })?;
            let parsed = value.to_str().and_then(|text| field.kind.parse(text));
            let value = parsed.ok_or_else(|| ConfigError::Variable {
                name: name.clone(),
                value: value.to_string_lossy().into_owned(),
                wanted: field.kind.wanted(),
            })?;
            named.push(Named { field, value });
        }
        Ok(named)
    }
}

/// Others than those that begin with `HOTSTUFF_` are passed over.
impl FromIterator<(String, OsString)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, OsString)>>(variables: I) -> Self {
        Self(variables.into_iter().filter(|(name, _)| name.starts_with(PREFIX)).collect())
    }
}

/// Whether a variable that begins like a replica's is read by something else.
#[must_use]
pub fn is_anothers(name: &str) -> bool {
    name.strip_prefix(PREFIX).is_some_and(|rest| OTHERS.contains(&rest))
}

/// What to do about a name that is no setting's.
fn cure(name: &str) -> String {
    let rest = &name[PREFIX.len()..];
    if rest == "PORT" || rest.starts_with("PORT_") || rest.starts_with("SERVICE_") {
        return "Kubernetes sets it for a Service of that name, unless the pod has enableServiceLinks: false"
            .into();
    }
    let meant = rest.to_ascii_uppercase();
    let alike =
        |field: &Field| strsim::normalized_damerau_levenshtein(&field.variable()[PREFIX.len()..], &meant);
    let closest = fields::all().max_by(|one, other| alike(one).total_cmp(&alike(other)));
    match closest.filter(|field| alike(field) >= ALIKE) {
        Some(field) => format!("did you mean {}?", field.variable()),
        None => "`hotstuff replica --help` names all".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        variables.iter().map(|(name, value)| ((*name).to_owned(), OsString::from(value))).collect()
    }

    #[test]
    fn every_setting_has_a_variable_and_other_names_are_passed_over() {
        for field in fields::all() {
            let value = match field.default() {
                Some(Value::String(word)) => word,
                Some(Value::Boolean(_)) => "false".into(),
                Some(Value::Array(_)) => "http://a:1".into(),
                _ if field.kind == fields::Kind::Address => "[::1]:1".into(),
                _ => "7".into(),
            };
            let variable = field.variable();
            let named = environment(&[(&variable, &value), ("PATH", "x"), ("HOTSTUFF_SEED", "x")]).settings();
            assert_eq!(named.unwrap().iter().map(|named| named.field).collect::<Vec<_>>(), [field]);
        }
        assert!(fields::all().all(|field| !is_anothers(&field.variable())));
    }

    #[test]
    fn names_that_are_no_settings_are_refused_with_what_was_meant() {
        for (name, cure) in [
            ("HOTSTUFF_LINK__OBSERVERS", "did you mean HOTSTUFF_LINKS__OBSERVERS?"),
            ("HOTSTUFF_LINKS_OBSERVERS", "did you mean HOTSTUFF_LINKS__OBSERVERS?"),
            ("HOTSTUFF_DURABLITY", "did you mean HOTSTUFF_DURABILITY?"),
            ("HOTSTUFF_durability", "did you mean HOTSTUFF_DURABILITY?"),
            ("HOTSTUFF_LISTEN", "`hotstuff replica --help`"),
            ("HOTSTUFF_", "`hotstuff replica --help`"),
            ("HOTSTUFF_SERVICE_HOST", "enableServiceLinks: false"),
            ("HOTSTUFF_PORT_8080_TCP_ADDR", "enableServiceLinks: false"),
        ] {
            let refused = environment(&[(name, "3")]).settings().unwrap_err().to_string();
            assert!(refused.starts_with(name) && refused.contains(cure), "{refused}");
            assert!(!refused.contains('\n'), "{refused}");
        }
    }

    #[test]
    fn values_that_do_not_fit_are_refused_with_what_is_wanted() {
        for (name, value, wanted) in [
            ("HOTSTUFF_ID", "65536", "a whole number from 0 to 65535 is wanted"),
            ("HOTSTUFF_DURABILITY", "fast", "sync or os is wanted"),
            ("HOTSTUFF_LINKS__DEAD_US", "8s", "a whole number of microseconds from 0 to"),
            ("HOTSTUFF_LISTEN__HTTP", "80", "an IP address and a port, as 127.0.0.1:8080"),
            ("HOTSTUFF_DATA", "", "a path is wanted"),
            ("HOTSTUFF_ALLOWED_ORIGINS", "*", "origins of the form"),
        ] {
            let refused = environment(&[(name, value)]).settings().unwrap_err().to_string();
            assert!(refused.starts_with(&format!("{name}={value:?}")), "{refused}");
            assert!(refused.contains(wanted), "{refused}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_is_not_text_is_refused() {
        use std::os::unix::ffi::OsStringExt;
        let value = OsString::from_vec(vec![b'/', 0xff]);
        let environment: Environment = [("HOTSTUFF_DATA".to_owned(), value)].into_iter().collect();
        assert!(matches!(environment.settings(), Err(ConfigError::Variable { .. })));
    }
}
