//! `hotstuff replica`: one replica until a signal ends it.

use super::{RunError, StartError};
use crate::config::{Environment, Settings, fields};
use crate::demo::leash;
use crate::logging::LogError;
use crate::shutdown::signalled;
use crate::{cli, logging};
use std::path::PathBuf;
use std::pin::pin;
use std::process::ExitCode;

const HELP: &str = "\
The environment comes before the file: HOTSTUFF_DURABILITY=os, HOTSTUFF_LINKS__OBSERVERS=3. `hotstuff replica --help`
names all variables, `hotstuff config FILE` shows and checks what comes of both.";

/// `hotstuff replica`
#[derive(Debug, clap::Args)]
#[command(after_help = HELP, after_long_help = fields::help())]
pub struct Arguments {
    /// The replica's file, replica.toml
    #[arg(long)]
    config: PathBuf,
    #[command(flatten)]
    log: logging::LogArguments,
    /// End when standard input does: that is how a demonstration keeps none of its replicas behind
    #[arg(long, hide = true)]
    stop_with_stdin: bool,
}

#[derive(Debug, thiserror::Error)]
enum CommandError {
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Run(#[from] RunError),
    #[error("cannot wait for signals: {0}")]
    Signals(std::io::Error),
}

impl Arguments {
    /// Runs the replica until SIGTERM or Ctrl-C; SIGHUP has it read the committee file again.
    #[must_use]
    pub fn run(self) -> ExitCode {
        match self.run_to_end() {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => cli::fail(&error),
        }
    }

    fn run_to_end(self) -> Result<(), CommandError> {
        let settings = Settings::load(&self.config, &Environment::of_process()).map_err(StartError::from)?;
        let changes = settings.changes();
        let config = settings.check().map_err(StartError::from)?;
        self.log.start(config.id)?;
        for change in changes {
            tracing::info!("{change}");
        }
        let runtime = tokio::runtime::Runtime::new().map_err(StartError::Thread)?;
        let result = runtime.block_on(async {
            let mut signalled = pin!(signalled().map_err(CommandError::Signals)?);
            let mut hangups = Hangups::start().map_err(CommandError::Signals)?;
            let mut let_go = pin!(leash::let_go());
            let mut running = super::start(config).await?;
            loop {
                tokio::select! {
                    signal = &mut signalled => tracing::info!("{signal}: shutting down"),
                    () = &mut let_go, if self.stop_with_stdin => tracing::info!("let go: shutting down"),
                    () = hangups.next() => {
                        running.reload();
                        continue;
                    }
                    error = running.ended() => return Err(error.into()),
                }
                break;
            }
            Ok(running.shutdown().await?)
        });
        // Whatever still waits for the network or the disk is not waited for.
        runtime.shutdown_background();
        result
    }
}

/// The signals that ask to read the committee file again.
#[cfg(unix)]
struct Hangups(tokio::signal::unix::Signal);

#[cfg(unix)]
impl Hangups {
    /// From now on they are caught.
    fn start() -> std::io::Result<Self> {
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()).map(Self)
    }

    async fn next(&mut self) {
        if self.0.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
    }
}

/// There are none here: the file is read again when the committee changes.
#[cfg(not(unix))]
struct Hangups;

#[cfg(not(unix))]
impl Hangups {
    fn start() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        std::future::pending().await
    }
}
