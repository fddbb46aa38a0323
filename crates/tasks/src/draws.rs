//! Random choices, one after the other, from one stream of numbers.

use kernels::Stream;
use train::Moment;

/// Choices drawn at once; tasks need some thirty.
const COUNT: usize = 128;

/// Random choices that are a function of a moment alone, drawn one after the other.
#[derive(Debug)]
pub struct Draws {
    moment: Moment,
    set: u32,
    numbers: Vec<f64>,
    next: usize,
}

impl Draws {
    /// The choices of a moment. They share no numbers with anything else that is drawn for it. `set` tells
    /// several sets of choices for the same moment apart.
    pub fn new(moment: Moment, set: u32) -> Self {
        Self { moment, set, numbers: kernels::uniform(moment.choices(set), COUNT), next: 0 }
    }

    /// The stream of noise that belongs to these choices; `index` tells several apart.
    pub fn noise(&self, index: u32) -> Stream {
        self.moment.noise_of_choices(self.set, index)
    }

    /// Uniform in (0, 1).
    pub fn unit(&mut self) -> f64 {
        let number = self.numbers[self.next % COUNT];
        self.next += 1;
        number
    }

    /// Uniform between two numbers.
    pub fn between(&mut self, from: f64, to: f64) -> f64 {
        from + (to - from) * self.unit()
    }

    /// A whole number from `from` to `to`, both included.
    pub fn whole(&mut self, from: usize, to: usize) -> usize {
        from + ((to.saturating_sub(from) + 1) as f64 * self.unit()) as usize
    }

    /// True with this probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// An index, each as likely as its weight says.
    pub fn weighted(&mut self, weights: &[f64]) -> usize {
        let mut at = self.unit() * weights.iter().sum::<f64>();
        for (index, weight) in weights.iter().enumerate() {
            at -= weight;
            if at < 0.0 {
                return index;
            }
        }
        weights.len().saturating_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(iteration: usize) -> Moment {
        Moment::training(3, 1, iteration)
    }

    #[test]
    fn choices_keep_to_their_ranges_and_weights() {
        let (mut counts, mut whole) = ([0; 3], [0; 4]);
        for iteration in 0..2000 {
            let mut draws = Draws::new(moment(iteration), 0);
            counts[draws.weighted(&[5.0, 0.0, 1.0])] += 1;
            whole[draws.whole(2, 5) - 2] += 1;
            assert!((1.0..3.0).contains(&draws.between(1.0, 3.0)));
        }
        assert!(counts[1] == 0 && (250..420).contains(&counts[2]), "{counts:?}");
        assert!(whole.iter().all(|n| (400..600).contains(n)), "{whole:?}");
    }

    #[test]
    fn choices_are_the_moments() {
        let first = |moment, set| Draws::new(moment, set).unit();
        assert_eq!(first(moment(4), 0), first(moment(4), 0));
        assert_ne!(first(moment(4), 0), first(moment(5), 0));
        assert_ne!(first(moment(4), 0), first(moment(4), 1));
        assert_ne!(first(moment(4), 0), first(Moment::sample(3, 4), 0));
    }
}
