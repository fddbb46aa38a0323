//! What the size of a picture needs: stages, time and memory.

use crate::output::duration;
use consingan::{Size, Spacing, TrainConfig, iteration_cost, step_memory};

/// The paper's stages are up to 1.9 times as large as those before, with ten stages for 500 pixels 2.1 times. A stage that is much larger than the one before has
/// to invent too much at once.
const USUAL: f64 = 2.1;
const TOO_MUCH: f64 = 2.3;
/// The most stages that are suggested.
const MOST: usize = 24;
/// Training that takes longer than this many seconds gets a hint.
const LONG: f64 = 2.0 * 3600.0;
/// The usual longer side of the finest stage.
const SIZE: usize = 250;

/// How many stages a picture of this size needs, where the settings have too few.
pub(crate) fn too_few_stages(config: &TrainConfig, picture: Size) -> Option<String> {
    if config.spacing != Spacing::Improved {
        return None;
    }
    let growth = |stages: usize| {
        let schedule = TrainConfig { train_stages: stages, ..config.clone() }.schedule();
        let sizes = schedule.sizes(picture, 1).ok()?;
        let ratios = sizes.windows(2).map(|pair| pair[1].1 as f64 / pair[0].1 as f64);
        Some(ratios.fold(1.0, f64::max))
    };
    let now = growth(config.train_stages).filter(|&growth| growth > TOO_MUCH)?;
    let enough =
        (config.train_stages + 1..=MOST).find(|&stages| growth(stages).is_some_and(|g| g <= USUAL))?;
    Some(format!(
        "a stage is up to {now:.1} times as large as the one before, where 2 are usual; --train-stages {enough} makes it so"
    ))
}

/// What training needs, and a smaller size where that is much.
pub(crate) fn needs(config: &TrainConfig, picture: Size, sizes: &[Size], seconds: f64) -> Vec<String> {
    let Some(&last) = sizes.last() else { return Vec::new() };
    let memory = step_memory(config, last) / f64::from(1 << 30);
    let mut lines = vec![format!("about {memory:.1} GiB of memory")];
    let smaller = TrainConfig { max_size: SIZE, ..config.clone() };
    if seconds > LONG
        && config.max_size > SIZE
        && let Ok(smaller_sizes) = smaller.schedule().sizes(picture, 1)
    {
        let cost =
            |sizes: &[Size]| (1..=sizes.len()).map(|n| iteration_cost(config, &sizes[..n])).sum::<f64>();
        let share = cost(&smaller_sizes) / cost(sizes);
        lines.push(format!("with --max-size {SIZE} it would be about {}", duration(seconds * share)));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_grow_with_the_size() {
        let config =
            |max_size, train_stages| TrainConfig { max_size, train_stages, ..TrainConfig::default() };
        assert_eq!(too_few_stages(&config(250, 6), (1000, 1500)), None);
        let told = too_few_stages(&config(1000, 6), (1000, 1500)).expect("too few stages");
        let stages: usize =
            told.split("--train-stages ").nth(1).and_then(|s| s.split(' ').next()?.parse().ok()).unwrap_or(0);
        assert!((8..=24).contains(&stages), "{told}");
        assert_eq!(too_few_stages(&config(1000, stages), (1000, 1500)), None);
    }
}
