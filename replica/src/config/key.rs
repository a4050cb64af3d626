//! Key files: one secret each, as a line of hexadecimal text below comments.

use super::{ConfigError, file, hex};
use hotstuff_core::crypto::SecretKey;
use std::fmt;
use std::fs::File;
use std::path::Path;
use zeroize::Zeroizing;

/// A key that was drawn and is not in its file yet.
pub struct NewKey {
    key: SecretKey,
    text: Zeroizing<String>,
}

impl NewKey {
    /// Draws a key. `owner` says whose it is, for the comment in the file.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn draw(owner: &str) -> Result<Self, ConfigError> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *seed).map_err(ConfigError::Random)?;
        Ok(Self::from_seed(&seed, owner))
    }

    /// The key of a seed, which nobody else may know.
    #[must_use]
    pub fn from_seed(seed: &Zeroizing<[u8; 32]>, owner: &str) -> Self {
        let key = SecretKey::from_seed(**seed);
        let text = Zeroizing::new(format!(
            "# The secret key of {owner}: whoever has it can sign as {owner}. Keep this file's mode at 0600.\n\
             # Its public key is {:#}.\n\
             {}\n",
            key.public(),
            *Zeroizing::new(hex::encode(&**seed)),
        ));
        Self { key, text }
    }

    /// The key.
    #[must_use]
    pub fn key(&self) -> &SecretKey {
        &self.key
    }

    /// What its file holds: the secret.
    #[must_use]
    pub fn text(&self) -> &Zeroizing<String> {
        &self.text
    }

    /// Writes a new file that only its owner can read.
    ///
    /// # Errors
    /// When there is such a file already, or it cannot be written.
    pub fn create(&self, path: &Path) -> Result<(), ConfigError> {
        file::create_new(path, self.text.as_bytes(), true)
    }
}

/// Draws a new key and writes it to a new file that only its owner can read. `owner` says whose
/// it is, for the comment in the file.
///
/// # Errors
/// When there is such a file already, or it cannot be written.
pub fn create_key(path: &Path, owner: &str) -> Result<SecretKey, ConfigError> {
    let new = NewKey::draw(owner)?;
    new.create(path)?;
    Ok(new.key)
}

/// Reads a key file.
///
/// # Errors
/// When the file cannot be read, is open to others than its owner (Unix), or holds no key.
pub fn load_key(path: &Path) -> Result<SecretKey, ConfigError> {
    load_shared_key(path, None)
}

/// Reads a key file that a `group` may read as well as its owner, if one is named.
pub(super) fn load_shared_key(path: &Path, group: Option<u32>) -> Result<SecretKey, ConfigError> {
    let file = File::open(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
    check_mode(path, &file, group)?;
    let text = Zeroizing::new(file::read_open(path, file)?);
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let seed = match (lines.next().and_then(hex::decode_32), lines.next()) {
        (Some(seed), None) => Zeroizing::new(seed),
        _ => return Err(ConfigError::NoKey { path: path.to_owned() }),
    };
    Ok(SecretKey::from_seed(*seed))
}

/// That nobody but its owner can read a file that holds a secret, and the `group`, if one is named.
#[cfg(unix)]
pub(super) fn check_mode(path: &Path, file: &File, group: Option<u32>) -> Result<(), ConfigError> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    const GROUP_READS: u32 = 0o040;
    let metadata = file.metadata().map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
    let mode = metadata.permissions().mode() & 0o7777;
    match (mode & 0o077, group) {
        (0, _) => Ok(()),
        (GROUP_READS, Some(named)) if metadata.gid() == named => Ok(()),
        (GROUP_READS, Some(named)) => {
            Err(ConfigError::ExposedToGroup { path: path.to_owned(), group: metadata.gid(), mode, named })
        }
        _ => Err(ConfigError::Exposed { path: path.to_owned(), mode }),
    }
}

#[cfg(not(unix))]
pub(super) fn check_mode(_: &Path, _: &File, _: Option<u32>) -> Result<(), ConfigError> {
    Ok(())
}

/// Its public half alone.
impl fmt::Debug for NewKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NewKey").field(&self.key.public()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_and_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("replica.key");
        let key = create_key(&path, "r0").unwrap();
        assert_eq!(load_key(&path).unwrap().public(), key.public());
        assert!(matches!(create_key(&path, "r0"), Err(ConfigError::Exists { .. })));
        assert_eq!(load_key(&path).unwrap().public(), key.public());
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_others_can_read_is_refused_with_the_cure() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("replica.key");
        create_key(&path, "r0").unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        for mode in [0o644, 0o640, 0o604, 0o620] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let refused = load_key(&path).unwrap_err();
            assert!(matches!(refused, ConfigError::Exposed { .. }), "{refused}");
            assert!(refused.to_string().contains("chmod 600"), "{refused}");
        }
    }

    /// As Kubernetes mounts secrets: they are root's, and a group may read them.
    #[cfg(unix)]
    #[test]
    fn a_key_that_a_group_can_read_is_taken_where_that_very_group_is_named() {
        use std::os::unix::fs::{MetadataExt, PermissionsExt};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("replica.key");
        let key = create_key(&path, "r0").unwrap();
        let group = std::fs::metadata(&path).unwrap().gid();
        let load = |mode, named| {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            load_shared_key(&path, named)
        };
        for mode in [0o440, 0o640] {
            assert_eq!(load(mode, Some(group)).unwrap().public(), key.public());
            let other = load(mode, Some(group + 1)).unwrap_err();
            assert!(matches!(other, ConfigError::ExposedToGroup { .. }), "{other}");
            assert!(matches!(load(mode, None), Err(ConfigError::Exposed { .. })));
        }
        for mode in [0o644, 0o660, 0o604, 0o450] {
            let refused = load(mode, Some(group)).unwrap_err();
            assert!(matches!(refused, ConfigError::Exposed { .. }), "{mode:o}: {refused}");
        }
        load(0o600, Some(group + 1)).unwrap();
    }

    #[test]
    fn files_without_exactly_one_key_are_refused_and_not_quoted() {
        let folder = tempfile::tempdir().unwrap();
        let good = "ab".repeat(32);
        let wrong = ["", "# only a comment", "abcd", &format!("{good}\n{good}"), &format!("{good}00")];
        for (index, content) in wrong.iter().enumerate() {
            let path = folder.path().join(index.to_string());
            file::create_new(&path, content.as_bytes(), true).unwrap();
            let refused = load_key(&path).unwrap_err();
            assert!(matches!(refused, ConfigError::NoKey { .. }), "{refused}");
            assert!(!refused.to_string().contains("abab"), "{refused}");
        }
    }
}
