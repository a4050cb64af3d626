//! The log: to stderr, as `RUST_LOG` says, in lines for people or for programs.

mod fields;
mod json;
mod limit;

pub(crate) use limit::admit;

use clap::ValueEnum;
use fields::TextFields;
use hotstuff_core::ReplicaId;
use json::Json;
use std::env::VarError;
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// Without `RUST_LOG`: our own lines from info up, others' from warnings up.
const DEFAULT: &str = "warn,hotstuff_replica=info";

/// The lines' form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Sentences.
    Text,
    /// One JSON object per line: docs/logging.md tells its fields.
    Json,
}

/// How to log.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct LogArguments {
    /// The log's form. RUST_LOG says what is in it: a level (error, warn, info, debug, trace), or levels of parts,
    /// as in warn,hotstuff_replica=debug
    #[arg(long, value_enum, default_value = "text", env = "HOTSTUFF_LOG_FORMAT", value_name = "FORMAT")]
    log_format: Format,
}

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// `RUST_LOG` is none of its language.
    #[error(
        "RUST_LOG={text:?} cannot be used ({why}): it is a level (error, warn, info, debug, trace) or levels of \
         parts, as in warn,hotstuff_replica=debug"
    )]
    Filter {
        /// What it says.
        text: String,
        /// What is wrong with that.
        why: String,
    },
}

impl LogArguments {
    /// Starts the log of a replica's process. Only the first call of a process counts.
    ///
    /// # Errors
    /// When `RUST_LOG` cannot be used.
    pub fn start(self, replica: ReplicaId) -> Result<(), LogError> {
        let log = tracing_subscriber::fmt().with_env_filter(filter()?).with_writer(std::io::stderr);
        // It fails where a log was started before.
        let _ = match self.log_format {
            Format::Text => {
                let ansi = std::io::stderr().is_terminal();
                log.with_ansi(ansi).with_target(false).fmt_fields(TextFields).try_init()
            }
            Format::Json => log.event_format(Json { replica }).try_init(),
        };
        Ok(())
    }
}

fn filter() -> Result<EnvFilter, LogError> {
    let text = match std::env::var(EnvFilter::DEFAULT_ENV) {
        Ok(text) if !text.trim().is_empty() => text,
        Ok(_) | Err(VarError::NotPresent) => DEFAULT.to_owned(),
        Err(VarError::NotUnicode(text)) => {
            let text = text.to_string_lossy().into_owned();
            return Err(LogError::Filter { text, why: "not UTF-8".into() });
        }
    };
    EnvFilter::try_new(&text).map_err(|error| LogError::Filter { text, why: error.to_string() })
}

/// Whether a line of some kind, of which whoever is refused can make any number, may be written now: no more than
/// [`admit`] allows, and any number where the part of the program that asks logs at level debug.
macro_rules! admitted {
    ($kind:expr) => {
        if tracing::enabled!(tracing::Level::DEBUG) { Some(None) } else { $crate::logging::admit($kind) }
    };
}
pub(crate) use admitted;

/// Tells of something that was refused: as `tracing::info!`, after the name of its kind, as far as it is [`admitted`].
macro_rules! refusal {
    ($kind:literal, $($told:tt)+) => {
        if let Some(left_out) = $crate::logging::admitted!($kind) {
            tracing::info!(event.kind = $kind, left_out, $($told)+);
        }
    };
}
pub(crate) use refusal;
