//! A store that is only looked at: nothing in its folder changes, whatever state it is in.

use super::header::Newest;
use super::lock::Lock;
use super::overlay::Overlay;
use super::owner::Owner;
use super::tables::{FORMAT, FORMAT_KEY, GENESIS, OWNER, SNAPSHOT_MARK, SnapshotMark, TableError, VALUES};
use super::{CACHE_BYTES, FILE, StoreError, open_database, recovery};
use hotstuff_core::Recovered;
use hotstuff_core::certificate::BlockId;
use redb::{ConcurrencyMode, DatabaseError, ReadTransaction, ReadableDatabase};
use std::path::{Path, PathBuf};

/// How much of a file is checked before it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Care {
    /// All of it, as a replica does that starts.
    Checked,
    /// Nothing but the values themselves: for damaged files, of which something may still be read. The
    /// database may panic on one that makes no sense.
    Unchecked,
}

/// What a store holds, as far as it can be read.
#[derive(Clone, Debug)]
pub struct Look {
    /// The file.
    pub path: PathBuf,
    /// Its size.
    pub file_bytes: u64,
    /// Its format.
    pub format: Option<String>,
    /// Whose it is.
    pub owner: Option<Owner>,
    /// The id of its cluster's genesis block, once its replica has started.
    pub genesis: Option<BlockId>,
    /// Bytes of the snapshot's encoding.
    pub snapshot_bytes: u64,
    /// What is in it.
    pub recovered: Recovered,
    /// What cannot be read, each in one line; empty where nothing is wrong.
    pub problems: Vec<String>,
}

/// Looks at the store in `folder`.
///
/// # Errors
/// When there is none, a process has it open, it is of an unknown format, or it cannot be read with this
/// much care.
pub fn look(folder: &Path, care: Care) -> Result<Look, StoreError> {
    let path = folder.join(FILE);
    let failed = |source| StoreError::Io { path: folder.to_owned(), source };
    if !path.try_exists().map_err(failed)? {
        return Err(StoreError::Absent { folder: folder.to_owned() });
    }
    // Replicas cannot start while their store is looked at; none may run.
    let _lock = Lock::share(folder)?;
    let file_bytes = path.metadata().map_err(failed)?.len();
    if file_bytes == 0 {
        return Err(StoreError::Damaged { path, what: "the file is empty".into() });
    }
    let newest = if care == Care::Checked { Newest::of(&path)? } else { Newest::Named };
    let overlay = Overlay::open(&path, newest).map_err(failed)?;
    let database = open(overlay, care).map_err(|error| StoreError::opening(&path, error))?;
    let transaction = database.begin_read().map_err(|error| StoreError::database(&path, error.into()))?;
    let mut look = Look {
        path: path.clone(),
        file_bytes,
        format: None,
        owner: None,
        genesis: None,
        snapshot_bytes: 0,
        recovered: Recovered::default(),
        problems: Vec::new(),
    };
    let said = look.identify(&transaction);
    look.note(said);
    match &look.format {
        Some(found) if *found != FORMAT.to_string() => {
            return Err(StoreError::Format { path, found: found.clone(), known: FORMAT });
        }
        _ => {}
    }
    let mut problems = Vec::new();
    let recovered = recovery::recovered(&transaction, &mut problems);
    problems.into_iter().for_each(|problem| look.note(Err(problem)));
    match recovered {
        Ok(recovered) => look.recovered = recovered,
        Err(problem) => look.note(Err(problem)),
    }
    Ok(look)
}

impl Look {
    fn identify(&mut self, transaction: &ReadTransaction) -> Result<(), TableError> {
        let values = transaction.open_table(VALUES)?;
        let text = |name: &str| -> Result<Option<String>, TableError> {
            Ok(values.get(name)?.map(|value| String::from_utf8_lossy(value.value()).into_owned()))
        };
        self.format = text(FORMAT_KEY)?;
        let owner = text(OWNER)?;
        self.owner = owner.as_deref().and_then(Owner::parse);
        self.genesis = recovery::value(&values, GENESIS)?;
        let mark: Option<SnapshotMark> = recovery::value(&values, SNAPSHOT_MARK)?;
        self.snapshot_bytes = mark.map_or(0, |mark| mark.bytes);
        if self.format.is_some() && self.owner.is_some() {
            return Ok(());
        }
        Err(TableError::Damaged("it does not say what it is".into()))
    }

    fn note(&mut self, read: Result<(), TableError>) {
        if let Err(problem) = read {
            let problem = match problem.at(&self.path) {
                StoreError::Damaged { what, .. } => what,
                other => other.to_string(),
            };
            if !self.problems.contains(&problem) {
                self.problems.push(problem);
            }
        }
    }
}

fn open(overlay: Overlay, care: Care) -> Result<Box<dyn ReadableDatabase>, DatabaseError> {
    Ok(match care {
        Care::Checked => Box::new(open_database(overlay)?),
        // As a reader beside a writer, which looks at no more than what it is asked for.
        Care::Unchecked => {
            let mut builder = redb::Builder::new();
            builder.set_cache_size(CACHE_BYTES).set_concurrency_mode(ConcurrencyMode::SingleWriter);
            Box::new(builder.open_read_only_with_backend(overlay)?)
        }
    })
}
