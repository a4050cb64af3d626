//! The settings as people read them: in the help, and in the documentation.

use super::{Field, PREFIX, tables};
use std::fmt::Write as _;

/// Every variable with its default, for the help.
#[must_use]
pub fn help() -> String {
    let mut text = format!(
        "Every setting of the file can be set by the environment as well, which comes first: {PREFIX} and the\n\
         setting's name, after its table's name and two underscores where it stands in one. Paths are from the\n\
         current folder. Names that are no setting's are refused. `hotstuff config FILE` shows and checks what\n\
         comes of both.\n"
    );
    for (table, about, fields) in tables() {
        let heading = if table.is_empty() { about.to_owned() } else { format!("[{table}] {about}") };
        let _ = write!(text, "\n{heading}\n");
        for field in fields {
            let _ = writeln!(text, "  {}  {}", field.variable(), field.default_in_words());
        }
    }
    text
}

/// One table's settings as a table of Markdown.
#[must_use]
pub fn documentation(fields: &[Field]) -> String {
    let mut text =
        String::from("| setting | variable | what it is | default | beyond it |\n|---|---|---|---|---|\n");
    for field in fields {
        let default = match field.default() {
            Some(value) => field.kind.in_words(&value).replace('"', "`"),
            None if field.example.is_some() => "not set".to_owned(),
            None => "none: it must be set".to_owned(),
        };
        let about = field.about.replace('"', "`");
        let beyond = field.beyond.replace('"', "`");
        let _ =
            writeln!(text, "| `{}` | `{}` | {about} | {default} | {beyond} |", field.name, field.variable());
    }
    text
}
