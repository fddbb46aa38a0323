//! The sections with the title, the times, the facts and the configuration of a run.

use crate::chart::short;
use crate::html::escape;
use crate::losses::Log;
use crate::{Result, duration};
use candle_core::Device;
use train::{Run, calmer_settings};

/// The title, and a line that describes the run.
pub(crate) fn header(run: &Run, log: &Log) -> String {
    let info = &run.info;
    let state = if info.trained_elsewhere() {
        "trained by another program".into()
    } else if run.is_finished() {
        let when = log.ended.and_then(date).map_or(String::new(), |date| format!(" on {date}"));
        format!("finished{when} after {}", duration(info.seconds.iter().sum()))
    } else {
        format!("unfinished: {} of {} stages are done", info.stages_done, info.sizes.len())
    };
    let (preset, task) = (info.preset.name(), info.task.name());
    format!(
        "<header>\n<h1>{}</h1>\n<p>ConSinGAN, {task}, preset {preset}, {state}</p>\n{}</header>\n",
        escape(&info.picture),
        blank(run)
    )
}

/// What is wrong with a run whose samples are blank, and what helps.
fn blank(run: &Run) -> String {
    if !run.info.is_blank() {
        return String::new();
    }
    let ways = calmer_settings(&run.config);
    let ways: Vec<String> =
        ways.iter().map(|(name, value)| format!("<code>--{name}={value}</code>")).collect();
    format!(
        "<p><strong>Samples are blank: training collapsed.</strong> Train again with {}.</p>\n",
        ways.join(", or with ")
    )
}

/// The time of each stage, facts about the run, and its configuration.
pub(crate) fn section(run: &Run, log: &Log) -> Result<String> {
    Ok(format!(
        "<section>\n<h2>Time</h2>\n{}<h2>The run</h2>\n{}<h2>Configuration</h2>\n{}</section>\n",
        times(run),
        list(&facts(run, log)?),
        list(&configuration(run)?)
    ))
}

/// The table of the size, noise amplitude and training time of each stage.
fn times(run: &Run) -> String {
    let info = &run.info;
    let longest = info.seconds.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    let mut html = String::from(
        "<table class=\"times\">\n<thead><tr><th>stage</th><th>size</th><th>noise</th><th>time</th><th></th></tr></thead>\n<tbody>\n",
    );
    for (stage, (h, w)) in info.sizes.iter().enumerate() {
        let amp = info.amps.get(stage).map_or_else(|| "-".into(), |amp| short(*amp));
        let seconds = info.seconds.get(stage).filter(|_| !info.trained_elsewhere());
        let time = seconds.map_or_else(|| "-".into(), |s| duration(*s));
        let share = |s: &f64| (100.0 * s / longest).clamp(0.0, 100.0);
        let bar = seconds.map_or_else(String::new, |s| format!("<i style=\"width:{:.1}%\"></i>", share(s)));
        html += &format!(
            "<tr><td>{stage}</td><td>{h}x{w}</td><td>{amp}</td><td>{time}</td><td>{bar}</td></tr>\n"
        );
    }
    html + "</tbody>\n</table>\n"
}

fn facts(run: &Run, log: &Log) -> Result<Vec<(String, String)>> {
    let info = &run.info;
    let (h, w) = info.picture_size;
    let colours = match (info.maps.len(), info.channels) {
        (0 | 1, channels @ 1..=4) => ["gray", "gray with alpha", "RGB", "RGBA"][channels - 1].to_string(),
        (0 | 1, channels) => format!("{channels} channels"),
        _ => info.maps.iter().map(|map| map.name.as_str()).collect::<Vec<_>>().join(", "),
    };
    let mut facts = vec![
        ("picture", format!("{}, {h}x{w}, {colours}", info.picture)),
        ("stages done", format!("{} of {}", info.stages_done, info.sizes.len())),
        ("iterations a stage", run.config.niter.to_string()),
        ("seed", info.seed.to_string()),
    ];
    if let Some(last) = info.stages_done.checked_sub(1) {
        let count = |list: Vec<(String, candle_core::Tensor)>| {
            list.iter().map(|(_, t)| t.elem_count()).sum::<usize>().to_string()
        };
        facts.push((
            "generator",
            format!("{} parameters", count(run.generator(last, &Device::Cpu)?.parameters())),
        ));
        facts.push((
            "discriminator",
            format!("{} parameters", count(run.discriminator(last, &Device::Cpu)?.parameters())),
        ));
    }
    facts.extend(log.begun.and_then(date).map(|date| ("begun", date)));
    facts.extend(log.ended.and_then(date).map(|date| ("ended", date)));
    facts.push(("report by", format!("consingan {}", env!("CARGO_PKG_VERSION"))));
    Ok(facts.into_iter().map(|(name, value)| (name.to_string(), value)).collect())
}

fn configuration(run: &Run) -> Result<Vec<(String, String)>> {
    let text = toml::to_string(&run.config)?;
    let entry = |line: &str| {
        line.split_once(" = ").map(|(key, value)| (key.to_string(), value.trim_matches('"').to_string()))
    };
    Ok(text.lines().filter_map(entry).collect())
}

fn list(entries: &[(String, String)]) -> String {
    let entry = |(name, value): &(String, String)| {
        format!("<div><dt>{}</dt><dd>{}</dd></div>\n", escape(name), escape(value))
    };
    format!("<dl>\n{}</dl>\n", entries.iter().map(entry).collect::<String>())
}

/// The date and time of day (UTC) of a time in seconds since 1970. `None` for times before 1970 or in the far
/// future.
fn date(time: f64) -> Option<String> {
    let seconds = (time.is_finite() && (0.0..1e11).contains(&time)).then_some(time as i64)?;
    // Days are counted from 1 March of the year 0, so that a leap day is the last day of its year. The
    // calendar repeats every 400 years, which have 146097 days.
    let days = seconds / 86_400 + 719_468;
    let (cycle, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (day, month) = (day - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
    let year = cycle * 400 + year + i64::from(month <= 2);
    let minutes = seconds / 60 % 1440;
    Some(format!("{year}-{month:02}-{day:02} {:02}:{:02} UTC", minutes / 60, minutes % 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_follow_the_calendar() {
        for (seconds, expected) in [
            (0.0, "1970-01-01 00:00 UTC"),
            (951_782_399.9, "2000-02-28 23:59 UTC"),
            (951_782_400.0, "2000-02-29 00:00 UTC"),
            (1_709_251_200.0, "2024-03-01 00:00 UTC"),
            (4_107_542_399.0, "2100-02-28 23:59 UTC"),
        ] {
            assert_eq!(date(seconds).as_deref(), Some(expected));
        }
        assert_eq!([date(f64::NAN), date(-1.0), date(1e300)], [None, None, None]);
    }
}
