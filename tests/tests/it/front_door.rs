//! The crate `consingan` as its users have it: its first example and what stands in its README, on a tiny picture.

use consingan::{
    AnimateRequest, Control, DehazeRequest, Error, Event, FrameFormat, Options, ReportRequest, SampleRequest,
    Silent, Target, TrainConfig, UpscaleRequest, Work,
};
use std::path::Path;
use tests::{names, picture, succeeds};

/// Quick settings, made tiny.
fn tiny<'a>(out: &Path) -> Options<'a> {
    let mut options = Options { out: Some(out.into()), ..Options::quick() };
    options.config = TrainConfig { niter: 4, train_stages: 2, max_size: 40, filters: 8, ..options.config };
    options
}

#[test]
fn a_picture_is_trained_on_and_a_new_one_is_drawn() -> consingan::Result<()> {
    let dir = tempfile::tempdir().unwrap();
    let photo = dir.path().join("photo.png");
    picture(48, 40).save(&photo).unwrap();
    let run = consingan::train(&photo, tiny(&dir.path().join("run")))?;
    let new = run.sampler(SampleRequest::default())?.picture(0)?;
    new.save_png(dir.path().join("new.png"))?;

    // The program makes the same of it.
    let settings = ["--niter", "4", "--train-stages", "2", "--max-size", "40", "--filters", "8"];
    succeeds(dir.path(), [&["train", "photo.png", "--out", "other"], &settings[..]].concat());
    succeeds(dir.path(), ["sample", "other", "-n1", "--out", "samples"]);
    let bytes = |path: &str| std::fs::read(dir.path().join(path)).unwrap();
    assert_eq!(bytes("new.png"), bytes("samples/sample-0000.png"));
    assert_eq!(bytes("run/stage-1/generator.safetensors"), bytes("other/stage-1/generator.safetensors"));

    let wide = SampleRequest { target: Target::Size(30, 80), ..SampleRequest::default() };
    assert_eq!(consingan::open(run.dir())?.sampler(wide)?.picture(1)?.size(), (30, 80));
    Ok(())
}

#[test]
fn what_is_stopped_is_saved_or_leaves_nothing() -> consingan::Result<()> {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let photo = dir.join("photo.png");
    picture(40, 34).save(&photo).unwrap();
    let small = consingan::load(&photo)?;

    // Training is saved, and gone on with.
    let mut at_second_stage = |event: &Event<'_>| match event {
        Event::Iteration { stage: 1, done: 2 } => Control::Stop,
        _ => Control::Continue,
    };
    let options = Options { observer: Some(&mut at_second_stage), ..tiny(&dir.join("run")) };
    let stopped = consingan::train(&small, options).unwrap_err();
    assert!(stopped.is_stopped());
    let Error::Interrupted { run } = stopped else { panic!("{stopped}") };
    assert!(!consingan::open(&run)?.is_finished());
    let run = consingan::resume(&run, &mut Silent)?;
    assert!(run.is_finished());

    // Other work tells how far it is, and nothing is left of it.
    let before = names(dir);
    let mut seen = Vec::new();
    let mut at_two = |event: &Event<'_>| {
        if let Event::Progress { what, done, total } = *event {
            seen.push((what, done, total));
        }
        if matches!(event, Event::Progress { done: 2, .. }) { Control::Stop } else { Control::Continue }
    };
    let request = AnimateRequest { frames: 5, ..AnimateRequest::default() };
    let frames = run.animation(request)?.save(dir.join("a.gif"), FrameFormat::Gif, 10.0, &mut at_two);
    assert!(frames.unwrap_err().is_stopped());
    assert!(run.report(dir.join("a.html"), ReportRequest::default(), &mut at_two).unwrap_err().is_stopped());
    let request = UpscaleRequest { niter: 4, ..UpscaleRequest::default() };
    assert!(consingan::upscale(&small, request, &mut at_two).unwrap_err().is_stopped());
    let request = DehazeRequest { niter: 4, max_size: 32, filters: 4, ..DehazeRequest::default() };
    assert!(consingan::dehaze(&small, request, &mut at_two).unwrap_err().is_stopped());
    let counts: Vec<_> = seen.iter().map(|&(_, done, total)| (done, total)).collect();
    assert_eq!(counts, [(1, 5), (2, 5), (1, 16), (2, 16), (1, 6), (2, 6), (1, 4), (2, 4)]);
    assert!(matches!(seen[7].0, Work::Dehazing { stage: 0, stages: 3, .. }));
    assert_eq!(names(dir), before);
    Ok(())
}
