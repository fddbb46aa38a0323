//! Random choices, one after the other, from one stream of numbers.

use kernels::{Purpose, Stream};

/// Choices drawn at once; tasks need some thirty.
const COUNT: usize = 128;

/// Random choices that are a function of a stream alone, drawn one after the other.
#[derive(Debug)]
pub struct Draws {
    stream: Stream,
    numbers: Vec<f64>,
    next: usize,
}

impl Draws {
    /// The choices of what `stream` names, apart from all other numbers that are drawn for it. `kind` tells several sets of
    /// choices for the same stream apart.
    pub fn new(stream: Stream, kind: u32) -> Self {
        // The purpose goes into the level, so that training and samples differ.
        let level = (stream.purpose as u32) << 8 | kind;
        let stream = Stream { purpose: Purpose::Augmentation, level, ..stream };
        Draws { stream, numbers: kernels::uniform(stream, COUNT), next: 0 }
    }

    /// The stream of noise that belongs to these choices; `index` tells several apart.
    pub fn noise(&self, index: u32) -> Stream {
        Stream { level: self.stream.level | (index + 1) << 16, ..self.stream }
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

    /// Yes with this probability.
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

    fn stream(iteration: u32) -> Stream {
        Stream { seed: 3, purpose: Purpose::Training, stage: 1, level: 0, iteration }
    }

    #[test]
    fn choices_keep_to_their_ranges_and_weights() {
        let (mut counts, mut whole) = ([0; 3], [0; 4]);
        for iteration in 0..2000 {
            let mut draws = Draws::new(stream(iteration), 0);
            counts[draws.weighted(&[5.0, 0.0, 1.0])] += 1;
            whole[draws.whole(2, 5) - 2] += 1;
            assert!((1.0..3.0).contains(&draws.between(1.0, 3.0)));
        }
        assert!(counts[1] == 0 && (250..420).contains(&counts[2]), "{counts:?}");
        assert!(whole.iter().all(|n| (400..600).contains(n)), "{whole:?}");
    }

    #[test]
    fn choices_are_the_streams() {
        let first = |stream, kind| Draws::new(stream, kind).unit();
        assert_eq!(first(stream(4), 0), first(stream(4), 0));
        assert_ne!(first(stream(4), 0), first(stream(5), 0));
        assert_ne!(first(stream(4), 0), first(stream(4), 1));
        assert_ne!(first(stream(4), 0), first(Stream { purpose: Purpose::Sampling, ..stream(4) }, 0));
    }
}
