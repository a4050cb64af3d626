//! The command, as somebody at a terminal sees it.

use std::process::{Command, Output};

fn run(arguments: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hotstuff-sim")).args(arguments.split(' ')).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn a_run_prints_its_steps_and_ends_with_a_summary() {
    let output = run("run --seed 3 --commands 2 --until-ms 4000 --kill 1@500 --restart r1@1500");
    let printed = text(&output.stdout);
    assert!(output.status.success(), "{printed}");
    for part in
        ["r1: killed\n", "r1: restarted from its disk\n", "command #2 submitted", "entered view 2 led by"]
    {
        assert!(printed.contains(part), "{part} is missing in\n{printed}");
    }
    let last: Vec<&str> = printed.lines().rev().take(3).collect();
    assert!(last[0].starts_with("trace hash: ") && last[0].len() == 12 + 64, "{last:?}");
    assert_eq!(last[1], "commands answered: 2");
    assert!(last[2].starts_with("committed height: "), "{last:?}");
    let again = run("run --quiet --seed 3 --commands 2 --until-ms 4000 --kill 1@500 --restart r1@1500");
    assert!(printed.ends_with(text(&again.stdout)));
    assert!(again.stdout.len() < 1_000);
}

#[test]
fn scenarios_are_listed_by_number() {
    let output = run("scenarios");
    let listed: Vec<&str> = text(&output.stdout).lines().collect();
    assert_eq!(listed.len(), 17);
    assert_eq!(
        listed[0].split_whitespace().collect::<Vec<_>>(),
        ["1", "happy-path", "Everything", "goes", "well"]
    );
    assert!(listed[16].starts_with("17  open-challenge "), "{listed:?}");
}

#[test]
fn a_scenario_prints_its_steps_and_ends_with_its_outcome() {
    let output = run("run --scenario leader-crash --seed 5 --rule two-chain");
    let printed = text(&output.stdout);
    assert!(output.status.success(), "{printed}");
    assert!(printed.contains("r1: killed\n") && printed.contains("trace hash: "), "{printed}");
    assert!(printed.ends_with("outcome: as the lesson says\n"), "{printed}");
    let quiet = run("run --scenario leader-crash --seed 5 --rule two-chain --quiet");
    assert!(printed.ends_with(text(&quiet.stdout)) && quiet.stdout.len() < 1_000);
}

#[test]
fn two_scripts_are_played_one_after_the_other_and_a_violation_may_be_the_lesson() {
    let output = run("run --scenario amnesia --quiet");
    let printed = text(&output.stdout);
    assert!(output.status.success(), "{printed}");
    let parts =
        ["-- with its disk\n", "-- without its disk\n", "violation: ", "outcome: as the lesson says\n"];
    let places: Vec<usize> = parts.iter().map(|part| printed.find(part).unwrap()).collect();
    assert!(places.is_sorted(), "{printed}");
}

#[test]
fn what_cannot_be_run_is_said_and_fails() {
    for (arguments, message) in [
        ("run --replicas 0", "a simulated cluster has 1 to 100 replicas, not 0"),
        ("run --restart 1@5", "r1 is up already"),
        ("run --kill 7@5", "there is no host r7"),
        ("run --kill 7", "7 is not like 2@500"),
        ("run --loss-ppm 2000000", "2000000 of a million is no chance"),
        ("run --scenario nothing", "there is no scenario nothing"),
        ("run --scenario stale-hidden-lock --rule two-chain", "sets them itself"),
        ("run --scenario happy-path --kill 1@500", "cannot be used with"),
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments}");
        assert!(text(&output.stderr).contains(message), "{arguments}: {}", text(&output.stderr));
    }
}

#[test]
fn exploring_a_weakened_cluster_prints_the_violation_and_fails() {
    let folder = std::env::temp_dir().join(format!("hotstuff-sim-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let save = folder.join("found.json");
    let arguments =
        format!("explore --seeds 20 --shrink 20 --weaken quorum-minus-one --save {}", save.display());
    let output = run(&arguments);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let out = text(&output.stdout);
    assert!(out.lines().any(|line| line.starts_with("violation: ")), "{out}");
    assert!(out.contains("page: #/s/run?v=1&seed="), "{out}");
    let again = run(&format!("replay --quiet {}", save.display()));
    assert_eq!(again.status.code(), Some(1));
    let found = |out: &str| out.lines().find(|line| line.starts_with("violation: ")).map(str::to_owned);
    assert_eq!(found(text(&again.stdout)), found(out));
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn exploring_a_sound_cluster_finds_nothing_and_tells_what_it_saw() {
    let output = run("explore --seeds 10 --replicas 4 --rule two-chain --jobs 2");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let out = text(&output.stdout);
    assert!(
        out.ends_with("no violation in 10 seeds from 0\n") && out.contains("timeout certificate"),
        "{out}"
    );
    assert_eq!(text(&run("explore --list-weakened").stdout).lines().count(), 9);
    assert_eq!(run("explore --weaken nothing").status.code(), Some(2));
    assert_eq!(run("replay /no/such/file").status.code(), Some(2));
}

#[test]
fn twins_are_enumerated_and_counted() {
    let output = run("twins --views 1 --rule two-chain --jobs 2");
    let out = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{out}{}", text(&output.stderr));
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>().join(" ");
    let lines: Vec<String> = out.lines().map(words).collect();
    for line in ["-- two-chain", "scenarios in all 64", "unsafe 0", "without progress 0", "runs that saw:"] {
        assert!(lines.iter().any(|one| one == line), "{line} is missing in\n{out}");
    }
    let count = |name: &str| lines.iter().find_map(|line| line.strip_prefix(name)).unwrap().to_owned();
    assert_eq!(count("distinct after symmetry "), count("run "));
    assert_eq!(lines.last().unwrap(), &format!("no violation in {} scenarios of 1 views", count("run ")));
    let few = run("twins --views 9 --parts 5 --limit 3 --seed 5");
    assert_eq!(few.status.code(), Some(0));
    assert_eq!(text(&few.stdout).matches("no violation in 3 scenarios of 9 views\n").count(), 2);
}

#[test]
fn twins_without_a_rule_print_the_command_that_shows_it_again() {
    let output = run("twins --views 2 --rule two-chain --weaken quorum-minus-one --limit 60");
    let out = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{out}");
    let found = out.lines().find(|line| line.starts_with("violation: ")).unwrap();
    let (violation, again) = found.split_once("; again: hotstuff-sim ").unwrap();
    let again = run(again);
    assert_eq!(again.status.code(), Some(1));
    let steps = text(&again.stdout);
    assert!(steps.ends_with(&format!("{violation}\n")) && steps.lines().count() > 100, "{steps}");

    let scenario = "--rule two-chain --quiet --scenario 0:00000,1:00111,2:00011";
    let by_rule = run(&format!("twins --weaken commit-early {scenario}"));
    assert!(text(&by_rule.stdout).contains(" ms: commit rule: "), "{}", text(&by_rule.stdout));
    let by_outcome = run(&format!("twins --weaken commit-early --by-outcome {scenario}"));
    assert!(text(&by_outcome.stdout).contains(" ms: agreement: "), "{}", text(&by_outcome.stdout));
    let sound = run(&format!("twins --by-outcome {scenario}"));
    assert_eq!((by_outcome.status.code(), sound.status.code()), (Some(1), Some(0)));
}

#[test]
fn twins_that_cannot_be_are_refused() {
    for (arguments, message) in [
        ("twins --views 0", "0 is not in 1..=12"),
        ("twins --parts 6", "6 is not in 1..=5"),
        ("twins --limit 0", "0 is not in 1.."),
        ("twins --weaken nothing", "it is one of no-lock"),
        ("twins --scenario 0:0110", "0110 is not one digit for each"),
        ("twins --scenario 7:00000", "there is no r7"),
        ("twins --scenario 0:00000 --views 2", "cannot be used with"),
        ("twins --quiet", "--scenario <CODE>"),
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments}");
        assert!(text(&output.stderr).contains(message), "{arguments}: {}", text(&output.stderr));
    }
}

#[test]
fn checking_a_small_space_looks_at_all_of_it() {
    let output = run("check --views 1");
    let out = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{out}{}", text(&output.stderr));
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines[0], "three-chain, 4 replicas, one of them twice, leaders by turns, views up to 1");
    for line in ["different states: 54, of single hosts: 27", "depth: 4"] {
        assert_eq!(lines.iter().filter(|other| **other == line).count(), 2, "both rules: {out}");
    }
    assert!(out.contains("  agreement                holds\n") && out.contains("never seen\n"), "{out}");
    assert!(out.ends_with("no violation in any state within the bounds\n"), "{out}");
    let cut = run("check --views 2 --rule two-chain --depth 2");
    assert_eq!(cut.status.code(), Some(0));
    assert!(text(&cut.stdout).contains("not exhaustive"), "{}", text(&cut.stdout));
}

#[test]
fn checking_a_weakened_cluster_prints_the_way_to_the_violation_and_fails() {
    let output = run("check --twins 0 --rule two-chain --weaken commit-early");
    let out = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{out}{}", text(&output.stderr));
    assert!(out.contains("the way there:\n0 at 0.000 ms, r0: start\n"), "{out}");
    let last = out.lines().last().unwrap();
    assert!(last.starts_with("violation: ") && last.contains("agreement"), "{last}");
}

#[test]
fn what_cannot_be_checked_is_said_and_fails() {
    for (arguments, message) in [
        ("check --views 0", "0 is not in 1..=16"),
        ("check --twins 2", "2 is not in 0..=1"),
        ("check --rule one-chain", "it is three-chain or two-chain"),
        ("check --weaken execute-twice", "execute-twice would make no difference"),
        ("check --deep-first --depth 3", "cannot be used with"),
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments}");
        assert!(text(&output.stderr).contains(message), "{arguments}: {}", text(&output.stderr));
    }
}
