//! Counts against other ways to count, and samples.

use super::*;

fn enumeration(views: u8, parts_max: u8) -> Enumeration {
    Enumeration::new(views, Part(parts_max))
}

/// All scenarios, whether they differ or not.
fn everything(views: u8, parts_max: u8) -> Vec<Vec<Choice>> {
    let all = enumeration(views, parts_max);
    let longer = |start: &Vec<Choice>| {
        let start = start.clone();
        let with = move |choice: &Choice| start.iter().copied().chain([*choice]).collect();
        all.choices.iter().map(with).collect::<Vec<Vec<Choice>>>()
    };
    (0..views).fold(vec![Vec::new()], |found, _| found.iter().flat_map(longer).collect())
}

/// The scenario with hosts in other places, told from the hosts alone: who leads, and who is with whom.
fn like(scenario: &[Choice], places: [usize; HOSTS.len()]) -> Vec<Choice> {
    let place = |host: usize| HOSTS[places[host]];
    let moved = |choice: &Choice| {
        let leads = |host: &usize| HOSTS[*host].replica == choice.leader;
        let leader = place((0..HOSTS.len()).find(leads).unwrap()).replica;
        let digits = choice.partition.to_string();
        let digit = |host: &crate::ids::HostId| {
            let from = (0..HOSTS.len()).find(|from| place(*from) == *host).unwrap();
            digits.chars().nth(from).unwrap()
        };
        let text: String = HOSTS.iter().map(digit).collect();
        Choice { leader, partition: text.parse().unwrap() }
    };
    scenario.iter().map(moved).collect()
}

/// All orders of five places that leave twins among twins.
fn orders() -> Vec<[usize; HOSTS.len()]> {
    let digits = |mut number: usize| {
        [(); HOSTS.len()].map(|()| {
            let digit = number % HOSTS.len();
            number /= HOSTS.len();
            digit
        })
    };
    let is_order = |places: &[usize; HOSTS.len()]| {
        (0..HOSTS.len()).all(|place| places.contains(&place)) && places[..2].iter().all(|place| *place < 2)
    };
    (0..HOSTS.len().pow(5)).map(digits).filter(is_order).collect()
}

#[test]
fn scenarios_are_as_many_as_choices_to_the_power_of_views() {
    for (views, parts_max, total) in [(1, 1, 4), (1, 2, 64), (3, 2, 262_144), (2, 3, 164 * 164)] {
        assert_eq!(enumeration(views, parts_max).total(), total);
    }
}

/// Burnside's count, the walk, and trying all changes on all scenarios agree, on what they are too.
#[test]
fn those_that_differ_are_counted_in_three_ways() {
    let orders = orders();
    assert_eq!(orders.len(), 12);
    for (views, parts_max) in [(1, 1), (1, 2), (1, 3), (1, 5), (2, 1), (2, 2), (2, 3)] {
        let is_least =
            |scenario: &Vec<Choice>| orders.iter().all(|places| like(scenario, *places) >= *scenario);
        let all = everything(views, parts_max);
        let tried: Vec<Scenario> = all.into_iter().filter(is_least).map(Scenario).collect();
        let all = enumeration(views, parts_max);
        let walked: Vec<Scenario> = all.scenarios().collect();
        assert_eq!(walked, tried, "{views} views, {parts_max} parts");
        assert_eq!(all.distinct(), walked.len() as u128);
    }
    let three = enumeration(3, 2);
    assert_eq!(three.distinct(), three.scenarios().count() as u128);
    let few = enumeration(1, 1);
    let mut walk = few.scenarios();
    assert_eq!((walk.by_ref().count(), walk.next()), (2, None), "the end stays the end");
}

#[test]
fn a_sample_is_the_seeds_and_holds_none_twice() {
    let all = enumeration(2, 2);
    let distinct = u64::try_from(all.distinct()).unwrap();
    let whole: Vec<Scenario> = all.scenarios().collect();
    for count in [1, 7, distinct / 3, distinct - 1, distinct, distinct + 5] {
        let sample: Vec<Scenario> = all.sample(count, 4).collect();
        assert_eq!(sample.len() as u64, count.min(distinct));
        assert!(sample.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(sample.iter().all(|scenario| whole.binary_search(scenario).is_ok()));
        assert_eq!(sample, all.sample(count, 4).collect::<Vec<_>>());
        assert_eq!(sample == all.sample(count, 5).collect::<Vec<_>>(), count >= distinct, "{count}");
    }
    let far = enumeration(VIEWS_MAX, 5);
    assert_eq!(far.sample(20, 1).count(), 20);
    let (distinct, total) = (far.distinct(), far.total());
    assert!(distinct > total / 12 && distinct < total / 11, "{distinct} of {total}");
}
