//! Draws line charts as SVG. Their colours come from the style sheet of the page.

use crate::html::escape;
use std::fmt::Write;

/// The size of a chart in SVG units.
const WIDTH: f64 = 290.0;
const HEIGHT: f64 = 170.0;
/// The margins around the lines of a chart in SVG units.
const LEFT: f64 = 62.0;
const RIGHT: f64 = 18.0;
const TOP: f64 = 8.0;
const BOTTOM: f64 = 36.0;

/// The largest number of points per line. A chart is not wide enough to show more.
const POINTS: usize = 300;

/// A line: its name, and its points (iteration, value).
pub(crate) type Line<'a> = (&'a str, &'a [(f64, f64)]);

/// A chart of one or two lines over the iterations.
pub(crate) struct Chart<'a> {
    /// The heading.
    pub(crate) title: &'a str,
    /// The name of the vertical axis. The horizontal axis shows iterations.
    pub(crate) axis: &'a str,
    /// At most two lines. Their points are finite and in the order of iterations.
    pub(crate) lines: &'a [Line<'a>],
    /// The last iteration of the horizontal axis.
    pub(crate) until: f64,
    /// The iteration at which to draw a vertical line, if any.
    pub(crate) mark: Option<f64>,
    /// Whether to use a logarithmic vertical axis if all values are positive and the largest is more than 20
    /// times the smallest.
    pub(crate) logarithmic: bool,
}

impl Chart<'_> {
    /// The chart as HTML. Its caption contains the name and the last value of each line. Without points, it
    /// is empty.
    pub(crate) fn html(&self) -> String {
        let values = || self.lines.iter().flat_map(|line| line.1).map(|point| point.1);
        let (low, high) = values().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
        if low > high {
            return String::new();
        }
        let scale = Scale::new(low, high, self.logarithmic);
        let until = self.until.max(self.lines.iter().flat_map(|l| l.1).map(|p| p.0).fold(1.0, f64::max));
        let x = |iteration: f64| LEFT + (WIDTH - LEFT - RIGHT) * iteration / until;
        let y = |value: f64| TOP + (HEIGHT - TOP - BOTTOM) * (1.0 - scale.position(value));
        let axis =
            if scale.logarithmic { format!("{}, log scale", self.axis) } else { self.axis.to_string() };

        let mut svg = String::new();
        let (bottom, right) = (HEIGHT - BOTTOM, WIDTH - RIGHT);
        // Writing to a string cannot fail.
        for (value, label) in scale.ticks() {
            let y = y(value);
            let _ = write!(svg, "<path class=\"grid\" d=\"M{LEFT} {y:.1}H{right}\"/>");
            let _ =
                write!(svg, "<text class=\"end\" x=\"{}\" y=\"{:.1}\">{label}</text>", LEFT - 5.0, y + 3.5);
        }
        for tick in (0..=4).map(|k| k as f64 * step(until / 4.0)).filter(|&t| t <= until * 1.001) {
            let _ = write!(
                svg,
                "<text class=\"middle\" x=\"{:.1}\" y=\"{}\">{tick}</text>",
                x(tick),
                bottom + 14.0
            );
        }
        let (middle_x, middle_y) = ((LEFT + right) / 2.0, (TOP + bottom) / 2.0);
        let _ =
            write!(svg, "<text class=\"middle\" x=\"{middle_x}\" y=\"{}\">iteration</text>", HEIGHT - 5.0);
        let _ = write!(
            svg,
            "<text class=\"middle\" transform=\"translate(11 {middle_y})rotate(-90)\">{}</text>",
            escape(&axis)
        );
        if let Some(mark) = self.mark {
            let _ = write!(svg, "<path class=\"mark\" d=\"M{:.1} {TOP}V{bottom}\"/>", x(mark));
        }
        for (index, (_, points)) in self.lines.iter().enumerate() {
            let path: Vec<String> =
                decimated(points).iter().map(|p| format!("{:.1} {:.1}", x(p.0), y(p.1))).collect();
            // A line with a single point would be invisible, so it is drawn as a short dash.
            let path = if path.len() == 1 { format!("{}h2", path[0]) } else { path.join("L") };
            let _ = write!(svg, "<path class=\"line-{index}\" d=\"M{path}\"/>");
        }

        let key = |(index, (name, points)): (usize, &Line<'_>)| {
            let last = points.last().map_or_else(|| "-".into(), |point| short(point.1));
            let swatch =
                if self.lines.len() > 1 { format!("<i class=\"key-{index}\"></i>") } else { String::new() };
            format!("<span>{swatch}{} {last}</span>", escape(name))
        };
        let keys: Vec<String> = self.lines.iter().enumerate().map(key).collect();
        let title = escape(self.title);
        format!(
            "<figure class=\"chart\"><figcaption><b>{title}</b> {}</figcaption>\
             <svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{title} over the iterations\">{svg}</svg></figure>\n",
            keys.join(" ")
        )
    }
}

/// The vertical axis.
struct Scale {
    low: f64,
    high: f64,
    logarithmic: bool,
}

impl Scale {
    fn new(low: f64, high: f64, logarithmic: bool) -> Self {
        if logarithmic && low > 0.0 && high / low > 20.0 {
            return Self { low: low.log10(), high: high.log10(), logarithmic };
        }
        // If all values are equal, the line is in the middle.
        let margin = if high > low { 0.04 * (high - low) } else { (high.abs() * 0.1).max(0.5) };
        Self { low: low - margin, high: high + margin, logarithmic: false }
    }

    /// The height at which a value is drawn, from 0 (bottom) to 1 (top).
    fn position(&self, value: f64) -> f64 {
        let value = if self.logarithmic { value.log10() } else { value };
        (value - self.low) / (self.high - self.low)
    }

    /// The round values that are marked on the axis, with their labels.
    fn ticks(&self) -> Vec<(f64, String)> {
        if !self.logarithmic {
            let step = step((self.high - self.low) / 5.0);
            let first = (self.low / step).ceil();
            let values = (0..12).map(|k| (first + f64::from(k)) * step);
            return values.take_while(|v| *v <= self.high).map(|v| (v, rounded(v, step))).collect();
        }
        let decades = self.high - self.low;
        let factors: &[f64] = if decades < 2.5 { &[1.0, 3.0] } else { &[1.0] };
        let every = (decades / 5.0).ceil().max(1.0) as usize;
        let exponents = (self.low.floor() as i32..=self.high.ceil() as i32).step_by(every);
        let values = exponents.flat_map(|e| factors.iter().map(move |f| f * 10f64.powi(e)));
        values.filter(|v| (0.0..=1.0).contains(&self.position(*v))).map(|v| (v, short(v))).collect()
    }
}

/// The smallest round number (1, 2 or 5 times a power of ten) that is at least `least`.
fn step(least: f64) -> f64 {
    let power = 10f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0].map(|f| f * power).into_iter().find(|s| *s >= least * 0.999).unwrap_or(10.0 * power)
}

/// The text of a multiple of `step`, with as many digits as `step` requires.
fn rounded(value: f64, step: f64) -> String {
    if value.abs() >= 1e5 || step < 1e-4 {
        return if value == 0.0 { "0".into() } else { format!("{value:.1e}") };
    }
    let decimals = (-step.log10().floor()).max(0.0) as usize;
    // Adding zero turns -0 into 0.
    format!("{:.decimals$}", (value / step).round() * step + 0.0)
}

/// A number as a short text with about three significant digits.
pub(crate) fn short(value: f64) -> String {
    match value.abs() {
        0.0 => "0".into(),
        v if !(1e-4..1e5).contains(&v) => format!("{value:.1e}"),
        v => {
            let decimals = (2.0 - v.log10().floor()).clamp(0.0, 6.0) as usize;
            let text = format!("{value:.decimals$}");
            if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').into() } else { text }
        }
    }
}

/// At most [`POINTS`] of the points: the lowest and the highest point of each section, so that no spike is
/// lost.
fn decimated(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    if points.len() <= POINTS {
        return points.to_vec();
    }
    let mut kept = Vec::with_capacity(POINTS);
    for section in points.chunks(points.len().div_ceil(POINTS / 2)) {
        let extreme = |sign: f64| {
            (0..section.len()).min_by(|&a, &b| (sign * section[a].1).total_cmp(&(sign * section[b].1)))
        };
        let (low, high) = (extreme(1.0).unwrap_or(0), extreme(-1.0).unwrap_or(0));
        kept.push(section[low.min(high)]);
        if low != high {
            kept.push(section[low.max(high)]);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_few() {
        for (low, high, logarithmic) in [
            (0.0, 1.0, false),
            (-13.2, 15.7, false),
            (0.4, 3.8, true),
            (1e-3, 2.0, true),
            (2.0, 2.0, false),
            (0.0, 0.0, true),
            (1e-12, 1e12, true),
            (-3e38, 3e38, false),
            (1.0, 1.0 + 1e-9, false),
        ] {
            let ticks = Scale::new(low, high, logarithmic).ticks();
            assert!((2..=7).contains(&ticks.len()), "{low} to {high}: {ticks:?}");
        }
        let labels =
            |low, high| Scale::new(low, high, false).ticks().into_iter().map(|t| t.1).collect::<Vec<_>>();
        assert_eq!(labels(-0.1, 1.1), ["0.0", "0.5", "1.0"]);
        assert_eq!(labels(-1900.0, 2100.0), ["-2000", "-1000", "0", "1000", "2000"]);
    }

    #[test]
    fn decimation_keeps_spikes() {
        let points: Vec<(f64, f64)> =
            (0..100_000).map(|i| (i as f64, if i == 54_321 { 1e6 } else { (i as f64).sin() })).collect();
        let kept = decimated(&points);
        assert!(kept.len() <= POINTS && kept.contains(&(54_321.0, 1e6)));
        assert!(kept.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }

    #[test]
    fn every_chart_contains_only_finite_numbers() {
        for points in [vec![(1.0, 5.0)], vec![(1.0, 0.0), (2.0, 0.0)], vec![(1.0, -1e30), (900.0, 1e30)]] {
            let lines = [("a<b", points.as_slice())];
            let chart = Chart {
                title: "t",
                axis: "loss",
                lines: &lines,
                until: 100.0,
                mark: Some(80.0),
                logarithmic: true,
            };
            let html = chart.html();
            assert!(
                html.contains("<svg")
                    && !html.contains("NaN")
                    && !html.contains("inf")
                    && !html.contains("a<b"),
                "{html}"
            );
        }
        let empty = Chart {
            title: "t",
            axis: "loss",
            lines: &[("a", &[])],
            until: 1.0,
            mark: None,
            logarithmic: false,
        };
        assert_eq!(empty.html(), "");
    }
}
