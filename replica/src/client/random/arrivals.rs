//! When commands come.

use super::requests::uniform;
use rand_pcg::Pcg64Mcg;
use std::time::Duration;

/// How the spans between commands are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Pace {
    /// Independent of each other, and exponential: a Poisson process, as many users make it who know nothing of each
    /// other.
    Poisson,
    /// All equal.
    Constant,
}

/// Moments, ascending. The same seed gives the same ones.
pub(crate) struct Arrivals {
    chance: Pcg64Mcg,
    pace: Pace,
    rate: f64,
    /// Spans until the last one, each of 1/rate seconds on average.
    spans: f64,
}

impl Arrivals {
    /// On average `rate` a second.
    pub(crate) fn new(seed: u64, pace: Pace, rate: f64) -> Self {
        Self { chance: Pcg64Mcg::new(u128::from(seed)), pace, rate, spans: 0.0 }
    }

    /// When the next one comes, from the start on.
    pub(crate) fn next(&mut self) -> Duration {
        self.spans += match self.pace {
            // 1 minus a number below 1 is above 0, and has a logarithm.
            Pace::Poisson => -(1.0 - uniform(&mut self.chance)).ln(),
            Pace::Constant => 1.0,
        };
        Duration::from_secs_f64(self.spans / self.rate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_seed(seed: u64, pace: Pace) -> Vec<Duration> {
        let mut arrivals = Arrivals::new(seed, pace, 100.0);
        (0..20_000).map(|_| arrivals.next()).collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_moments() {
        assert_eq!(of_seed(7, Pace::Poisson), of_seed(7, Pace::Poisson));
        assert_ne!(of_seed(7, Pace::Poisson), of_seed(8, Pace::Poisson));
    }

    /// The mean and the standard deviation of exponential spans are equal.
    #[test]
    fn the_spans_are_those_of_a_poisson_process() {
        let moments: Vec<f64> = of_seed(1, Pace::Poisson).iter().map(Duration::as_secs_f64).collect();
        assert!(moments.is_sorted());
        let spans: Vec<f64> = moments.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let mean = spans.iter().sum::<f64>() / spans.len() as f64;
        let variance = spans.iter().map(|span| (span - mean).powi(2)).sum::<f64>() / spans.len() as f64;
        assert!((mean * 100.0 - 1.0).abs() < 0.03, "{mean}");
        assert!((variance.sqrt() / mean - 1.0).abs() < 0.05, "{}", variance.sqrt() / mean);
    }

    /// Spans are counted, not added up, so that nothing is lost by rounding.
    #[test]
    fn constant_spans_are_equal() {
        let moments = of_seed(1, Pace::Constant);
        assert_eq!((moments[0], moments[99]), (Duration::from_millis(10), Duration::from_secs(1)));
        assert_eq!(moments[19_999], Duration::from_secs(200));
    }
}
