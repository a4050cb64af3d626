//! What a demonstration tells its user: lines that work when they are pasted into a shell.

use super::cluster::{Cluster, Ended};
use super::error::DemoError;
use super::site::Site;
use std::path::{Path, absolute};

/// What can be done with the cluster, once it stands.
pub(super) fn welcome(site: &Site, cluster: &Cluster) -> Result<String, DemoError> {
    let program = shown(&cluster.program)?;
    let (committee, key) = (shown(&site.committee())?, shown(&site.client_key())?);
    let url = site.file.addresses.values().next().map(|first| format!("http://{}", first.http));
    let url = url.expect("a committee has members");
    let processes: Vec<String> = cluster.pids.iter().map(|(id, pid)| format!("{id} {pid}")).collect();
    let victim = cluster.pids.values().nth(1).expect("a demonstration has at least four replicas");
    let (count, faulty) = (cluster.pids.len(), site.file.committee.faulty_max());
    Ok(format!(
        "{count} replicas are up, and up to {faulty} may fail: {url}\n\
         \n\
         Send a command:\n  {program} client --committee {committee} --key {key} set hello world\n\
         See all replicas:\n  {program} status --committee {committee}\n\
         Kill a replica, and see the others go on ({}):\n  kill -9 {victim}\n\
         Stop:\n  Ctrl-C\n",
        processes.join(", ")
    ))
}

/// What became of a replica, and how to get it back.
pub(super) fn ended(site: &Site, ended: &Ended, left: usize) -> Result<String, DemoError> {
    let program =
        shown(&std::env::current_exe().map_err(DemoError::system("cannot find this program's file"))?)?;
    let config = shown(&site.replica(ended.id))?;
    let Ended { id, pid, how } = ended;
    Ok(format!(
        "\n{id} (process {pid}) ended: {how}. {left} replicas go on. To start it again, in another terminal:\n  \
         {program} replica --config {config}\n"
    ))
}

/// A path as a shell anywhere takes it.
fn shown(path: &Path) -> Result<String, DemoError> {
    let path = absolute(path).map_err(DemoError::system("cannot find the current folder"))?;
    Ok(quoted(&path.to_string_lossy()))
}

/// A word as a shell takes it.
pub(crate) fn quoted(text: &str) -> String {
    let plain = |c: char| {
        c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '-' | '_' | '+' | ',' | ':' | '@' | '=')
    };
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_quoted_where_a_shell_would_split_or_expand_them() {
        assert_eq!(quoted("/tmp/hotstuff-demo-aZ9/committee.toml"), "/tmp/hotstuff-demo-aZ9/committee.toml");
        assert_eq!(quoted("/tmp/my folder/$x"), "'/tmp/my folder/$x'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }
}
