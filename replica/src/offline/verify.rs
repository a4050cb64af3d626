//! `hotstuff verify DIR`: whether a store hangs together.

use super::fail;
use crate::config::{CommitteeFile, ConfigError};
use crate::store::{Care, Look, Owner, StoreError, look};
use hotstuff_core::Committee;
use hotstuff_core::audit::{Audit, audit};
use hotstuff_kv::KvStore;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

const HELP: &str = "\
Checked in any case: every page of the file, every value, that each block has its id.
With --committee also: each block's parent, proposer, signatures and certificate, by the committee of its
epoch; the commits; the snapshot's proof; the state roots, by executing all from the snapshot on; and that
the safety record knows of all that the chain shows of this replica.

The replica must not run. Nothing in the folder is changed.

Exit codes:
  0  nothing is wrong with what was checked
  1  something is; each finding is a line on standard output
  2  an error: wrong usage, no store, one in use or of another format, or an unusable committee file";

/// Checks a replica's store.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub struct Arguments {
    /// The replica's data folder.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// The committee that the cluster started with. Without it, no certificate and no state is checked.
    #[arg(long, value_name = "FILE")]
    committee: Option<PathBuf>,
}

/// What a check came to.
#[derive(Debug)]
pub struct Checked {
    /// The file's size.
    pub file_bytes: u64,
    /// Whose the store is.
    pub owner: Option<Owner>,
    /// What the core says; `None` where no committee was given, or the file is damaged.
    pub audit: Option<Audit>,
    /// What is wrong, each in one line.
    pub findings: Vec<String>,
}

/// Why a store could not be checked.
#[derive(Debug, thiserror::Error)]
pub enum NotChecked {
    /// The store cannot be looked at.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The committee file cannot be used.
    #[error(transparent)]
    Committee(#[from] ConfigError),
    /// The store is another cluster's.
    #[error("{path} belongs to {owner}, and the committee file is of another cluster")]
    Foreign {
        /// The store.
        path: PathBuf,
        /// Whose it is.
        owner: Owner,
    },
}

/// Checks the store in `folder`, by the committee that its cluster started with where one is given.
///
/// # Errors
/// When there is nothing to check, or not with this committee. What is wrong with a store is no error.
pub fn check(folder: &Path, committee: Option<&Arc<Committee>>) -> Result<Checked, NotChecked> {
    let look = match look(folder, Care::Checked) {
        Ok(look) => look,
        Err(StoreError::Damaged { path, what }) => {
            let file_bytes = path.metadata().map_or(0, |metadata| metadata.len());
            return Ok(Checked { file_bytes, owner: None, audit: None, findings: vec![what] });
        }
        Err(error) => return Err(error.into()),
    };
    let Look { path, file_bytes, owner, genesis, recovered, problems, .. } = look;
    let mut checked = Checked { file_bytes, owner, audit: None, findings: problems };
    if let (Some(owner), Some(committee)) = (owner, committee) {
        if owner.cluster != *committee.cluster() {
            return Err(NotChecked::Foreign { path, owner });
        }
        if genesis.is_some_and(|genesis| genesis != committee.genesis_qc().block.id) {
            return Err(StoreError::Refounded { path }.into());
        }
        // A chain with holes would be told of once more, block by block.
        if checked.findings.is_empty() {
            let audit = audit(owner.id, committee, KvStore::default(), recovered);
            checked.findings.extend(audit.findings.iter().map(ToString::to_string));
            checked.audit = Some(audit);
        }
    }
    Ok(checked)
}

impl Arguments {
    /// Checks the store and says what is wrong with it. Errors go to stderr.
    #[must_use]
    pub fn run(self) -> ExitCode {
        let committee = self.committee.as_deref().map(CommitteeFile::load).transpose();
        let checked = committee.map_err(NotChecked::from).and_then(|file| {
            let committee = file.map(|file| file.committee);
            check(&self.folder, committee.as_ref())
        });
        match checked {
            Ok(checked) => match io::stdout().write_all(checked.told().as_bytes()) {
                Ok(()) if checked.findings.is_empty() => ExitCode::SUCCESS,
                Ok(()) => ExitCode::from(1),
                Err(error) => fail(&error),
            },
            Err(error) => fail(&error),
        }
    }
}

impl Checked {
    /// What the command prints.
    fn told(&self) -> String {
        let mut lines: Vec<String> =
            self.findings.iter().map(|finding| format!("wrong: {finding}")).collect();
        let owner = self.owner.map_or_else(|| "unknown owner".to_owned(), |owner| owner.to_string());
        lines.push(format!("{owner}, {} bytes of pages and values checked", self.file_bytes));
        match &self.audit {
            Some(audit) => {
                lines.push(format!(
                    "{} committed blocks, {} above them, {} certificates checked; commits proven up to height {}",
                    audit.committed, audit.uncommitted, audit.certificates, audit.proven
                ));
                let (head, root) = (audit.head, audit.state_root);
                lines.push(format!("head {head}, epoch {}, state root {root:#}", audit.epoch.0));
            }
            None if self.findings.is_empty() => {
                lines.push(
                    "certificates, states and the safety record were not checked: that takes --committee"
                        .into(),
                );
            }
            None => {}
        }
        let verdict = if self.findings.is_empty() { "nothing is wrong" } else { "the store is not in order" };
        lines.push(verdict.to_owned());
        lines.join("\n") + "\n"
    }
}
