//! One scenario: who leads the first views, and how the hosts are split in each.

use super::partition::Partition;
use super::{HOSTS, REPLICAS, Setting};
use crate::config::{LinkConfig, Signatures, SimConfig, Workload};
use crate::explore::Plan;
use crate::ids::HostId;
use crate::script::{SCRIPT_VIEWS_MAX, ScriptedView, ViewScript};
use core::fmt;
use core::str::FromStr;
use hotstuff_core::committee::Limits;
use hotstuff_core::leader::LeaderRule;
use hotstuff_core::{Config, ReplicaId, Span, Time};

/// How long a message takes until the network is stable.
const DELAY: Span = Span::millis(10);
/// How long replicas are patient: for some messages, one after the other, whether in the scripted
/// views or later. So a view that fails takes no longer than [`VIEW`].
const PATIENCE: Span = Span::millis(100);
const PATIENCE_MAX: Span = Span::millis(200);
/// After as long for each scripted view, and once more, the network is stable.
const VIEW: Span = Span::millis(300);
/// Half of the clients are heard by each twin: enough to propose something of its own in several views.
const CLIENTS: u16 = 4;
const COMMANDS: u64 = 3;
const COMMAND_INTERVAL: Span = Span::millis(50);

/// The leader and the partition of one view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Choice {
    /// Who leads. Both hosts of r0 do, where it is r0.
    pub leader: ReplicaId,
    /// Who hears whom.
    pub partition: Partition,
}

/// What happens in the first views, from view 1 on.
///
/// As text it has a part like `2:01101` for each view: the number of the leader, and for each of
/// [`HOSTS`] the number of its part.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Scenario(pub Vec<Choice>);

impl Scenario {
    /// The run: first the scripted views, in which all must stay safe; then the network is stable, and a
    /// command must be answered.
    #[must_use]
    pub fn plan(&self, setting: &Setting) -> Plan {
        let Setting { rule, weakness, seed, .. } = *setting;
        let scripted =
            |choice: &Choice| ScriptedView { leader: choice.leader, parts: choice.partition.groups() };
        let config = SimConfig {
            seed,
            replicas: REPLICAS,
            twins: HOSTS.into_iter().filter(|host| host.twin).map(|host| host.replica).collect(),
            leaders: LeaderRule::RoundRobin,
            rule,
            // One command each, so that there is another one for the next block.
            limits: Limits { block_commands: 1, ..Limits::default() },
            weakness,
            signatures: Signatures::Tags,
            links: LinkConfig { delay_min_us: DELAY, delay_max_us: DELAY, ..LinkConfig::default() },
            replica: Config {
                timeout_min_us: PATIENCE,
                timeout_max_us: PATIENCE_MAX,
                retransmit_us: PATIENCE,
                fetch_retry_us: Span(2 * DELAY.0),
                ..Config::default()
            },
            clients: CLIENTS,
            workload: Workload { commands: COMMANDS, interval_us: COMMAND_INTERVAL, in_flight: 1 },
            script: ViewScript(self.0.iter().map(scripted).collect()),
            ..SimConfig::default()
        };
        let views = self.0.len() as u64;
        Plan { config, faults: Vec::new(), faults_until: Time((views + 1) * VIEW.0) }
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().enumerate().try_for_each(|(position, Choice { leader, partition })| {
            write!(f, "{}{}:{partition}", if position == 0 { "" } else { "," }, leader.0)
        })
    }
}

impl FromStr for Scenario {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let choice = |part: &str| {
            let form = || format!("{part} is not like 2:01101, the leader and each host's part");
            let (leader, partition) = part.split_once(':').ok_or_else(form)?;
            let leader = ReplicaId(leader.parse().map_err(|_| form())?);
            if !HOSTS.contains(&HostId::from(leader)) {
                return Err(format!(
                    "there is no {leader}: replicas are numbered from 0 to {}",
                    REPLICAS - 1
                ));
            }
            Ok(Choice { leader, partition: partition.parse()? })
        };
        let views = text.split(',').map(choice).collect::<Result<Vec<_>, String>>()?;
        if views.len() > SCRIPT_VIEWS_MAX {
            return Err(format!("it has {} views, and {SCRIPT_VIEWS_MAX} is the most", views.len()));
        }
        Ok(Self(views))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scenario_reads_back_from_its_text() {
        let text = "0:01101,3:00000,2:01012";
        let scenario: Scenario = text.parse().unwrap();
        assert_eq!(scenario.0.len(), 3);
        assert_eq!(scenario.0[1].leader, ReplicaId(3));
        assert_eq!(scenario.to_string(), text);
        for (text, message) in [
            ("", "is not like 2:01101"),
            ("0:00000,", "is not like 2:01101"),
            ("x:00000", "is not like 2:01101"),
            ("4:00000", "there is no r4"),
            ("0:0000", "0000 is not one digit for each"),
            (&["0:00000"; 65].join(","), "it has 65 views"),
        ] {
            let error = text.parse::<Scenario>().unwrap_err();
            assert!(error.contains(message), "{text}: {error}");
        }
    }
}
