//! What is told of a run whose training collapsed, so that its samples are blank.

use crate::status::BLANK;
use consingan::{Run, calmer_settings};
use std::process::ExitCode;

/// What is wrong with the samples and what helps, in one line; `None` where nothing is.
pub(crate) fn advice(run: &Run) -> Option<String> {
    let info = run.info();
    if !info.is_blank() {
        return None;
    }
    let ways = calmer_settings(run.config());
    let ways: Vec<String> = ways.iter().map(|(name, value)| format!("--{name}={value}")).collect();
    let since = info.collapsed.first().copied().unwrap_or_default();
    Some(format!(
        "samples are blank: training collapsed at stage {since}; train again with {}",
        ways.join(", or with ")
    ))
}

/// The last JSON line of a training, with what is wrong.
pub(crate) fn done(run: &Run) -> serde_json::Value {
    let mut value = serde_json::json!({"event": "done"});
    if let Some(advice) = advice(run) {
        value["blank"] = true.into();
        value["advice"] = advice.into();
    }
    value
}

/// Warns where the samples are blank, and returns the exit status of a training that ended.
pub(crate) fn status(run: &Run) -> ExitCode {
    match advice(run) {
        Some(advice) => {
            tracing::error!("{advice}");
            ExitCode::from(BLANK)
        }
        None => ExitCode::SUCCESS,
    }
}
