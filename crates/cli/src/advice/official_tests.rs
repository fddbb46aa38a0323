//! Lines and settings of the official programs: what they are here, and what is answered.

use super::pasted::Understood;
use super::{understand, understand_keys};
use crate::errors::told;
use clap::CommandFactory;
use std::path::Path;

/// The line after `consingan`, as words.
fn words(line: &str) -> Vec<std::ffi::OsString> {
    std::iter::once("consingan").chain(line.split(' ')).map(Into::into).collect()
}

/// What a line is here, and the note on it.
#[track_caller]
fn taken(line: &str) -> (String, String) {
    let Understood { args, note, .. } = understand(words(line), &crate::Cli::command()).unwrap();
    // What comes out is a line that the program parses.
    crate::Cli::command().try_get_matches_from(&args).unwrap();
    let args: Vec<_> = args[1..].iter().map(|word| word.to_str().unwrap()).collect();
    (args.join(" "), note.unwrap_or_default())
}

/// What is told about a line that is answered with another one.
#[track_caller]
fn answered(line: &str) -> (String, String) {
    let error = understand(words(line), &crate::Cli::command()).unwrap_err();
    let told = told(&error, &super::Flags::default());
    let hint = told.hint.unwrap();
    // What is offered is a line that the program parses and leaves as it is.
    for offered in hint.split(" && ") {
        let args = words(offered.strip_prefix("consingan ").unwrap());
        crate::Cli::command().try_get_matches_from(&args).unwrap();
        assert_eq!(understand(args.clone(), &crate::Cli::command()).unwrap().args, args, "{offered}");
    }
    (told.what, hint)
}

#[test]
fn regression_a_pasted_training_was_refused_for_what_changes_nothing() {
    let (line, note) = taken(
        "train --gpu 0 --train_mode generation --input_name a.jpg --train_stages 6 --lr_scale 0.1 --nfc 64 --nc_im 3 \
         --padd_size 0 --batch_norm --Gsteps 3 --manualSeed 7",
    );
    let expected = "train --task generation --train-stages 6 --lr-scale 0.1 --filters 64 --batch-norm --g-steps 3 \
                    --seed 7 a.jpg";
    assert_eq!(line, expected);
    for part in ["--gpu 0 (", "--nc_im 3 (", "--padd_size 0 ("] {
        assert!(note.contains(part), "{note}");
    }
}

#[test]
fn official_flags_are_this_programs_words() {
    for (line, expected) in [
        ("train a.png --not_cuda --gpu 1", "train --device cpu a.png"),
        ("train a.png --gpu=2", "train --device cuda:2 a.png"),
        ("train a.png --dry_run", "train --dry-run a.png"),
        ("train --batch_norm=false a.png", "train --batch-norm=false a.png"),
        ("train --input_name a.png --input_dir Images", "train Images/a.png"),
        ("train a.png --mode animation_train", "train --task animation a.png"),
        ("sample --model_dir runs/a --num_samples 50", "sample -n 50 runs/a"),
        ("sample runs/a --scale_h 2 --gen_start_scale 1", "sample --start-stage 1 --scale 1x2 runs/a"),
        ("evaluate --gpu 0 --model_dir runs/a", "evaluate runs/a"),
        ("harmonize --naive_img b.png --model_dir runs/a --fine_tune", "harmonize --fine-tune runs/a b.png"),
        ("harmonize b.png --model_dir runs/a", "harmonize runs/a b.png"),
        ("edit runs/a --ref_name b.png --ref_dir Edits", "edit runs/a Edits/b.png"),
        (
            "animate runs/a --alpha_animation 0.2 --animation_start_scale 2",
            "animate --alpha 0.2 --start-stage 2 runs/a",
        ),
        (
            "paint runs/a --ref_name b.png --paint_start_scale 2 --quantization_flag True",
            "paint --start-stage 2 --colours 5 runs/a b.png",
        ),
        ("upscale --input_name a.png --sr_factor 4 --mode SR", "upscale --factor 4 --mode perceptual a.png"),
    ] {
        assert_eq!(taken(line).0, expected, "{line}");
    }
    assert!(taken("sample runs/a --input_name a.png").1.contains("a run holds its picture"));
    assert!(taken("sample runs/a --lr_g 0.1").1.contains("--lr_g 0.1 (a run keeps"));
}

#[test]
fn a_line_of_this_programs_flags_is_left_as_it_is() {
    for line in [
        "train --seed 3 a.png --out runs/b -v",
        "sample -n 3 runs/a --seed 2",
        "upscale a.png --mode perceptual -f 3",
        "animate runs/a --alpha 0.3",
        "train -- --input_name",
    ] {
        assert_eq!(taken(line), (line.to_string(), String::new()));
    }
}

#[test]
fn what_another_command_does_is_answered_with_it() {
    for (line, expected) in [
        (
            "train --train_mode harmonization --input_name a.png --naive_img b.png --fine_tune --model_dir runs/h",
            "consingan harmonize runs/h b.png --fine-tune",
        ),
        (
            "train --train_mode editing --naive_img b.png --fine_tune --model_dir runs/h --niter 9",
            "consingan edit runs/h b.png --fine-tune --niter 9",
        ),
        (
            "train a.png --naive_img b.png --task harmonization --gpu 1",
            "consingan train a.png --task harmonization --device cuda:1 && consingan harmonize runs/a b.png",
        ),
        ("train a.png --num_samples 4", "consingan train a.png && consingan sample runs/a -n 4"),
        ("sample runs/a --naive_img b.png", "consingan harmonize runs/a b.png"),
        ("sample --mode animation runs/a", "consingan animate runs/a"),
        (
            "animate --input_name c/a.png",
            "consingan train c/a.png --task animation && consingan animate runs/a",
        ),
        ("harmonize runs/a b.png --harmonization_start_scale 3", "consingan harmonize runs/a b.png"),
        ("train a.png --padd_size 1 --niter 4", "consingan train a.png --niter 4"),
        ("train a.png --scale_factor 0.75", "consingan train a.png --train-stages 10"),
        ("train a.png --netG G.pth", "consingan train --resume runs/a"),
    ] {
        assert_eq!(answered(line).1, expected, "{line}");
    }
    assert_eq!(
        answered("train a.png --padd_size 1").0,
        "--padd_size 1: pictures are padded, feature maps are not"
    );
}

#[test]
fn regression_a_script_was_taken_for_a_mistyped_paint() {
    for (line, expected) in [
        ("main_train.py --input_name a.png", "consingan train a.png --preset paper"),
        (
            "python main_train.py --gpu 0 --train_mode retarget --input_name a.png --niter 9",
            "consingan train a.png --task retarget --niter 9 --preset paper",
        ),
        (
            "python3 ConSinGAN/main_train.py --train_mode harmonization --naive_img b.png --fine_tune --model_dir runs/h",
            "consingan harmonize runs/h b.png --fine-tune",
        ),
        ("evaluate_model.py --gpu 0 --model_dir runs/a --num_samples 5", "consingan sample runs/a -n 5"),
        ("evaluate_model.py --model_dir runs/a", "consingan sample runs/a -n 50"),
        ("evaluate_model.py --model_dir runs/a --naive_img b.png", "consingan harmonize runs/a b.png"),
        (
            "random_samples.py --input_name a.png --mode random_samples_arbitrary_sizes --scale_h 5 --scale_v 4",
            "consingan train a.png --preset paper && consingan sample runs/a --scale 4x5 -n 50",
        ),
        (
            "animation.py --input_name a.png --alpha 10",
            "consingan train a.png --alpha 10 --preset paper --task animation && consingan animate runs/a",
        ),
        (
            "paint2image.py --input_name a.png --ref_name b.png --ref_dir P --paint_start_scale 1",
            "consingan train a.png --preset paper --task paint && consingan paint runs/a P/b.png --start-stage 1",
        ),
        (
            "editing.py --input_name a.png --ref_name b.png --editing_start_scale 1",
            "consingan train a.png --preset paper --task editing && consingan edit runs/a b.png",
        ),
        ("SR.py --input_name a.png --sr_factor 3", "consingan upscale a.png --factor 3 --mode perceptual"),
    ] {
        assert_eq!(answered(line).1, expected, "{line}");
    }
}

#[test]
fn a_flag_without_its_value_is_named() {
    let error = understand(words("train a.png --gpu --json"), &crate::Cli::command()).unwrap_err();
    assert_eq!(told(&error, &super::Flags::default()).what, "--gpu has no value");
}

#[test]
fn keys_of_the_official_programs_are_settings() {
    let keys = |text: &str| understand_keys(text, Path::new("a.toml"));
    let text =
        "train_stages = 6\ngpu = 0 # the first\nnfc = 64\nGsteps = 2\nseed = 1\ntrain_mode = \"retarget\"\n";
    let (changed, note) = keys(text).unwrap();
    let expected =
        "train-stages = 6\n # the first\nfilters = 64\ng-steps = 2\nseed = 1\ntask = \"retarget\"\n";
    assert_eq!(changed, expected);
    assert!(note.unwrap().contains("in a.toml: gpu = 0 ("));
    for (text, what, hint) in [
        ("niter = 3\ngpu = 1", "a.toml:2: gpu is no setting", "remove it, and give --device cuda:1"),
        ("padd_size = 1", "a.toml:1: padd_size is 1: pictures are padded, feature maps are not", "remove it"),
        ("naive_img = \"b.png\"", "a.toml:1: naive_img is no setting", "consingan harmonize RUN b.png"),
        (
            "input_name = \"a.png\"",
            "a.toml:1: input_name is no setting",
            "remove it: consingan train a.png --config a.toml",
        ),
        (
            "scale_factor = 0.75",
            "a.toml:1: scale_factor is 0.75: the number of stages sets the ratio of their sizes",
            "write train-stages = 10 instead",
        ),
    ] {
        let told = told(&keys(text).unwrap_err(), &super::Flags::default());
        assert_eq!((told.what.as_str(), told.hint.as_deref()), (what, Some(hint)));
    }
    // What is no TOML, and what nobody knows, is for the reader of the settings.
    for text in ["niter = = 3", "foo = 3\nniter = 4", "[retouch]\ngpu = 1"] {
        assert_eq!(keys(text).unwrap(), (text.to_string(), None));
    }
}
