//! Settings that stand in no table, and those of `[listen]`.

use super::{Field, Kind};

pub(super) const OWN: &[Field] = &[
    own(
        "id",
        Kind::Whole { unit: "", max: u16::MAX as u64 },
        "Which member of the committee this is.",
        "a number that the committee file does not have is refused",
    ),
    own(
        "committee",
        Kind::Path,
        "The committee's file, the same at every replica.",
        "read again on SIGHUP and whenever the committee changes",
    ),
    own(
        "key",
        Kind::Path,
        "The file of this replica's secret key.",
        "refused where others than its owner can read it, and where the committee has another key",
    ),
    own(
        "key_group",
        Kind::Whole { unit: "", max: u32::MAX as u64 },
        "The number of a group that may read the files of secret keys besides their owner. For secrets that the \
         system mounts for a group, as Kubernetes does with fsGroup; whoever is in that group has the keys.",
        "where it is not set, files that any group can read are refused",
    )
    .optional("10001"),
    own(
        "data",
        Kind::Path,
        "The folder of this replica's store. No other process may use it.",
        "made when it is not there; refused while another process has it, or where it is another replica's",
    ),
    own(
        "durability",
        Kind::Word(&["sync", "os"]),
        "What outlives what: with \"sync\", all that this replica has said outlives a loss of power; with \"os\" \
         only its own end, and after a loss of power it may vote twice: never for more than f replicas.",
        "\"os\" is told in the log as a warning, and in `/status`",
    ),
    own(
        "tls_cert",
        Kind::Path,
        "TLS on the public port: the replica's certificate and any intermediate ones after it, PEM.",
        "without it the port speaks plain HTTP; it stands together with `tls_key`",
    )
    .optional("\"tls.pem\""),
    own(
        "tls_key",
        Kind::Path,
        "The key to that, PEM. Mode 0600.",
        "refused where others than its owner can read it",
    )
    .optional("\"tls.key\""),
    own(
        "allowed_origins",
        Kind::Origins,
        "Web origins (http://host:port) whose pages may connect, beside those of the committee's addresses.",
        "pages of other origins are answered 403",
    ),
    own(
        "metrics",
        Kind::Switch,
        "Whether the public port shows `/metrics`, for Prometheus, to all who can reach it.",
        "without it `/metrics` is answered 404",
    ),
];

pub(super) const LISTEN: &[Field] = &[
    Field::new(
        "listen",
        "peer",
        Kind::Address,
        "For the other replicas: an IP address and a port.",
        "a port that is taken is refused; 0 takes a free one",
    ),
    Field::new(
        "listen",
        "http",
        Kind::Address,
        "For clients, observers and browsers: an IP address and a port.",
        "a port that is taken is refused; 0 takes a free one",
    ),
];

const fn own(name: &'static str, kind: Kind, about: &'static str, beyond: &'static str) -> Field {
    Field::new("", name, kind, about, beyond)
}
