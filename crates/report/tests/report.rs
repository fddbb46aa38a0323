//! Reports of a tiny run, finished and unfinished, whose picture has a malicious name.

use candle_core::Device;
use ndarray::Array3;
use pyramid::Picture;
use report::{ReportRequest, report, write_report};
use std::path::Path;
use train::{Control, Event, Label, Pace, Preset, Run, Silent, Task, TrainConfig};

const REQUEST: ReportRequest = ReportRequest { samples: 2, scored: true, seed: Some(1) };
const NAME: &str = "<script>alert(1)</script>\"'&.png";

type Result = std::result::Result<(), Box<dyn std::error::Error>>;

fn run(dir: &Path, channels: usize) -> std::result::Result<Run, Box<dyn std::error::Error>> {
    let config = TrainConfig {
        niter: 4,
        train_stages: 2,
        min_size: 18,
        max_size: 24,
        filters: 4,
        ..TrainConfig::default()
    };
    let value = |(y, x, c): (usize, usize, usize)| ((y * 7 + x * (c + 3)) as f32 * 0.21).sin();
    let picture = Picture::from_pixels(Array3::from_shape_fn((20, 24, channels), value))?;
    let label =
        Label { task: Task::Generation, preset: Preset::Custom, picture: NAME.into(), maps: Vec::new() };
    Ok(Run::create(&dir.join("run"), config, &picture, label)?)
}

fn train_until(run: &mut Run, stop: impl Fn(&Event<'_>) -> bool) -> Result {
    let mut observer = |event: &Event<'_>| if stop(event) { Control::Stop } else { Control::Continue };
    train::train(run, &train::Noise, &Device::Cpu, Pace::default(), &mut observer)?;
    Ok(())
}

/// Checks the properties that every report must have.
#[track_caller]
fn check(html: &str) {
    assert!(html.starts_with("<!doctype html>") && html.trim_end().ends_with("</html>"));
    assert!(!html.contains("<script>alert") && !html.contains('\u{7}'), "not escaped");
    assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;.png"));
    // A report has no addresses except data: addresses, and neither loads, sends nor runs anything else.
    // Base64 is left out of the search because it can contain any word.
    let text = without_pictures(html);
    for word in
        ["http", "://", "url(", "@import", "<link", "<iframe", "fetch", " onload", " onerror", "javascript:"]
    {
        assert!(!text.contains(word), "{word}");
    }
    assert!(!html.contains("NaN") && !html.contains("inf\""), "a figure that is no number");
    for tag in ["section", "figure", "svg", "table", "article", "button", "dl", "div", "p", "span"] {
        let count = |end: &str| html.matches(&format!("<{tag}{end}")).count();
        assert_eq!(count(">") + count(" "), html.matches(&format!("</{tag}>")).count(), "{tag}");
    }
}

fn without_pictures(html: &str) -> String {
    let mut parts = html.split("data:image/png;base64,");
    let first = parts.next().unwrap_or_default().to_string();
    parts.fold(first, |text, part| text + part.split_once('"').map_or("", |(_, rest)| rest))
}

#[test]
fn the_report_of_a_finished_run_is_complete() -> Result {
    let dir = tempfile::tempdir()?;
    let mut run = run(dir.path(), 3)?;
    train_until(&mut run, |_| false)?;
    let html = report(&run, &REQUEST, &mut Silent)?;
    check(&html);
    // There are four charts per stage. The pictures are the training picture, two samples, the pyramid and
    // two sheets.
    assert_eq!(html.matches("<svg").count(), 8);
    assert_eq!(html.matches("data:image/png;base64,iVBORw0KGgo").count(), 6);
    for part in [
        "finished on 2",
        "Patch realism",
        "Pixel diversity",
        "lambda-grad",
        "niter",
        "Stage 1",
        "20x24",
        "seed",
    ] {
        assert!(html.contains(part), "{part}");
    }
    assert_eq!(html, report(&run, &REQUEST, &mut Silent)?, "the same run, another report");
    let mut seen = Vec::new();
    let path = run.dir.join("report.html");
    let mut observer = |event: &Event<'_>| {
        if let Event::Progress { done, total: 2, .. } = *event {
            seen.push(done);
        }
        Control::Continue
    };
    write_report(&run, &REQUEST, &path, &mut observer)?;
    assert_eq!((std::fs::read_to_string(&path)?, seen), (html, vec![1, 2]));
    let temporaries =
        std::fs::read_dir(&run.dir)?.flatten().filter(|f| f.file_name().to_string_lossy().ends_with(".tmp"));
    assert_eq!(temporaries.count(), 0);

    let stopped =
        write_report(&run, &REQUEST, &run.dir.join("other.html"), &mut |_: &Event<'_>| Control::Stop);
    assert!(matches!(stopped, Err(report::Error::Tasks(tasks::Error::Stopped(_)))));
    assert!(!run.dir.join("other.html").exists());

    let unscored = report(&run, &ReportRequest { scored: false, ..REQUEST }, &mut Silent)?;
    check(&unscored);
    assert!(unscored.contains("Not measured here") && unscored.contains("sample 1"));
    Ok(())
}

#[test]
fn the_report_of_an_unfinished_run_shows_what_exists() -> Result {
    let dir = tempfile::tempdir()?;
    let mut run = run(dir.path(), 4)?;
    let untrained = report(&run, &REQUEST, &mut Silent)?;
    check(&untrained);
    assert!(untrained.contains("0 of 2 stages are done") && untrained.contains("No stage has begun yet"));
    assert_eq!((untrained.matches("<svg").count(), untrained.matches("iVBORw0KGgo").count()), (0, 2));

    train_until(&mut run, |event| matches!(event, Event::Iteration { stage: 1, done: 2 }))?;
    let half = report(&run, &REQUEST, &mut Silent)?;
    check(&half);
    assert!(half.contains("1 of 2 stages are done") && half.contains("under way"));
    assert_eq!(half.matches("<svg").count(), 8);
    Ok(())
}

#[test]
fn missing_and_damaged_files_are_left_out() -> Result {
    let dir = tempfile::tempdir()?;
    let mut run = run(dir.path(), 1)?;
    train_until(&mut run, |_| false)?;
    std::fs::remove_file(run.dir.join("pyramid.png"))?;
    std::fs::write(run.dir.join("samples/stage-0.png"), "<script>alert(1)</script>")?;
    let events = std::fs::read(run.dir.join(train::EVENTS))?;
    std::fs::write(run.dir.join(train::EVENTS), [&events[..events.len() / 2], b"\xff\n{\n\n"].concat())?;
    let html = report(&run, &REQUEST, &mut Silent)?;
    check(&html);
    assert_eq!(html.matches("iVBORw0KGgo").count(), 4);
    std::fs::remove_file(run.dir.join(train::EVENTS))?;
    check(&report(&run, &REQUEST, &mut Silent)?);
    std::fs::remove_file(run.stage_dir(1).join("generator.safetensors"))?;
    assert!(report(&run, &REQUEST, &mut Silent).is_err());
    Ok(())
}
