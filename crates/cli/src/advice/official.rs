//! What the flags of the official programs, ConSinGAN's and SinGAN's, are here. Both the command line and settings
//! files are read with this table.

/// What a flag of an official program is to a command of this one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Here {
    /// The flag of this name, with the same value.
    Is(&'static str),
    /// The argument at this place, which is given without a flag.
    Place(usize),
    /// The picture that the command's run was trained on: the run itself is named here.
    OfRun,
    /// Where pictures lie: part of the path of the picture that this flag names.
    FolderOf(&'static str),
    /// It chooses nothing here, for this reason.
    Nothing(&'static str),
    /// With this value it is what is done here anyway, for this reason; other values cannot be had.
    Only(&'static str, &'static str),
    /// It has no counterpart, for this reason, and would change the result.
    Without(&'static str),
    /// Another command has it.
    Elsewhere(&'static str),
    /// The number of a GPU, which the official programs fall back to the CPU without.
    Gpu,
    /// A switch for the CPU.
    Cpu,
    /// A factor on the height.
    Height,
    /// A factor on the width.
    Width,
    /// What SinGAN's scripts are for, in words of their own.
    Mode,
    /// Whether a painting gets colours of the training picture.
    Quantized,
    /// SinGAN's ratio of the sizes of two stages.
    Ratio,
}

/// A flag of an official program.
#[derive(Debug)]
pub(crate) struct Official {
    /// Its name without dashes.
    pub(crate) name: &'static str,
    /// Whether a value follows it.
    pub(crate) valued: bool,
    /// What it is to which commands, separated by spaces; `*` is every command that is not named before.
    here: &'static [(&'static str, Here)],
}

impl Official {
    /// The flag of this name.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        FLAGS.iter().find(|flag| flag.name == name)
    }

    /// What the flag is to `command`.
    pub(crate) fn here(&self, command: &str) -> Option<Here> {
        let of = |commands: &str| commands == "*" || commands.split(' ').any(|name| name == command);
        self.here.iter().find(|(commands, _)| of(commands)).map(|(_, here)| *here)
    }
}

/// The command of a script of the official programs, and the task that its run is trained for.
pub(crate) fn script(name: &str) -> Option<(&'static str, &'static str)> {
    let known = [
        ("main_train.py", ("train", "generation")),
        ("evaluate_model.py", ("sample", "generation")),
        ("random_samples.py", ("sample", "generation")),
        ("animation.py", ("animate", "animation")),
        ("harmonization.py", ("harmonize", "harmonization")),
        ("editing.py", ("edit", "editing")),
        ("paint2image.py", ("paint", "paint")),
        ("SR.py", ("upscale", "generation")),
    ];
    known.into_iter().find(|(script, _)| *script == name).map(|(_, command)| command)
}

use Here::{
    Cpu, Elsewhere, FolderOf, Gpu, Height, Is, Mode, Nothing, OfRun, Only, Place, Quantized, Ratio, Width,
    Without,
};

const fn valued(name: &'static str, here: &'static [(&'static str, Here)]) -> Official {
    Official { name, valued: true, here }
}

const fn switch(name: &'static str, here: &'static [(&'static str, Here)]) -> Official {
    Official { name, valued: false, here }
}

/// What a setting of the training is to commands that use a run.
const KEPT: (&str, Here) =
    ("sample evaluate animate paint harmonize edit", Nothing("a run keeps the settings it began with"));
/// What it is to all others that have no flag for it.
const CHOSEN: (&str, Here) = ("*", Without("this command chooses it itself"));

const FLAGS: &[Official] = &[
    // Where, and what with.
    valued("gpu", &[("*", Gpu)]),
    switch("not_cuda", &[("*", Cpu)]),
    valued("manualSeed", &[("report inspect import", Nothing("nothing is drawn")), ("*", Is("seed"))]),
    valued("manual_seed", &[("train", Is("seed"))]),
    valued("input_dir", &[("*", FolderOf("input_name"))]),
    valued("ref_dir", &[("*", FolderOf("ref_name"))]),
    valued(
        "input_name",
        &[
            ("train upscale dehaze bench", Place(0)),
            ("import completions", Nothing("the folder names it")),
            ("*", OfRun),
        ],
    ),
    valued("model_dir", &[("train upscale dehaze bench", Elsewhere("harmonize")), ("*", Place(0))]),
    valued("naive_img", &[("harmonize edit", Place(1)), ("*", Elsewhere("harmonize"))]),
    valued("ref_name", &[("harmonize edit paint", Place(1)), ("*", Elsewhere("harmonize"))]),
    valued(
        "train_mode",
        &[
            ("train", Is("task")),
            ("upscale dehaze bench", Without("this command has one task")),
            ("*", Nothing("a run keeps its task")),
        ],
    ),
    valued("mode", &[("*", Mode)]),
    switch("fine_tune", &[("harmonize edit", Is("fine-tune")), ("*", Elsewhere("harmonize"))]),
    // What is made with a run.
    valued("num_samples", &[("sample evaluate paint", Is("n")), ("*", Elsewhere("sample"))]),
    valued("gen_start_scale", &[("sample", Is("start-stage")), ("*", Elsewhere("sample"))]),
    valued("scale_v", &[("sample paint", Height), ("*", Elsewhere("sample"))]),
    valued("scale_h", &[("sample paint", Width), ("*", Elsewhere("sample"))]),
    valued("animation_start_scale", &[("animate", Is("start-stage")), ("*", Elsewhere("animate"))]),
    valued("alpha_animation", &[("animate", Is("alpha")), ("*", Elsewhere("animate"))]),
    valued("beta_animation", &[("animate", Is("beta")), ("*", Elsewhere("animate"))]),
    valued("paint_start_scale", &[("paint", Is("start-stage")), ("*", Elsewhere("paint"))]),
    valued("quantization_flag", &[("paint", Quantized), ("*", Elsewhere("paint"))]),
    valued(
        "harmonization_start_scale",
        &[
            ("harmonize", Without("a run of the task harmonization begins at its first stage")),
            ("*", Elsewhere("harmonize")),
        ],
    ),
    valued(
        "editing_start_scale",
        &[("edit", Without("a run of the task editing begins at its first stage")), ("*", Elsewhere("edit"))],
    ),
    valued("sr_factor", &[("upscale", Is("factor")), ("*", Elsewhere("upscale"))]),
    // Settings of the training.
    valued("niter", &[("train harmonize edit upscale dehaze", Is("niter")), KEPT, CHOSEN]),
    valued("train_stages", &[("train dehaze", Is("train-stages")), KEPT, CHOSEN]),
    valued("train_depth", &[("train", Is("train-depth")), KEPT, CHOSEN]),
    valued("lr_scale", &[("train", Is("lr-scale")), KEPT, CHOSEN]),
    valued("min_size", &[("train", Is("min-size")), KEPT, CHOSEN]),
    valued("max_size", &[("train upscale dehaze", Is("max-size")), KEPT, CHOSEN]),
    valued("nfc", &[("train dehaze", Is("filters")), KEPT, CHOSEN]),
    valued("num_layer", &[("train", Is("layers")), KEPT, CHOSEN]),
    valued("ker_size", &[("train", Is("kernel")), KEPT, CHOSEN]),
    valued("activation", &[("train", Is("activation")), KEPT, CHOSEN]),
    valued("lrelu_alpha", &[("train", Is("lrelu-alpha")), KEPT, CHOSEN]),
    switch("batch_norm", &[("train", Is("batch-norm")), KEPT, CHOSEN]),
    valued("lr_g", &[("train", Is("lr-g")), KEPT, CHOSEN]),
    valued("lr_d", &[("train", Is("lr-d")), KEPT, CHOSEN]),
    valued("beta1", &[("train", Is("beta1")), KEPT, CHOSEN]),
    valued("gamma", &[("train", Is("gamma")), KEPT, CHOSEN]),
    valued("Gsteps", &[("train", Is("g-steps")), KEPT, CHOSEN]),
    valued("Dsteps", &[("train", Is("d-steps")), KEPT, CHOSEN]),
    valued("lambda_grad", &[("train", Is("lambda-grad")), KEPT, CHOSEN]),
    valued("alpha", &[("train", Is("alpha")), KEPT, CHOSEN]),
    valued("noise_amp", &[("train", Is("noise-amp")), KEPT, CHOSEN]),
    // What has one value here.
    valued("padd_size", &[("*", Only("0", "pictures are padded, feature maps are not"))]),
    valued("nc_im", &[("*", Only("3", "a run has the channels of its picture"))]),
    valued("nc_z", &[("*", Only("3", "the noise has the channels of the picture"))]),
    valued("stride", &[("*", Only("1", "convolutions have stride 1"))]),
    valued("min_nfc", &[("*", Nothing("every stage has as many channels"))]),
    valued("scale_factor", &[("train", Ratio), KEPT, CHOSEN]),
    valued("netG", &[("*", Without("what a run trained before is in the run"))]),
    valued("netD", &[("*", Without("what a run trained before is in the run"))]),
];

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn what_the_table_names_is_there() {
        let cli = crate::Cli::command();
        for flag in FLAGS {
            for (commands, here) in flag.here {
                for name in commands.split(' ').filter(|name| *name != "*") {
                    let command = cli.find_subcommand(name).expect(name);
                    let has = |long| command.get_arguments().any(|a| a.get_long() == Some(long));
                    match *here {
                        Here::Is(long) => assert!(has(long), "{name} --{long}"),
                        Here::Place(place) => {
                            assert!(command.get_positionals().count() > place, "{name} {place}");
                        }
                        _ => {}
                    }
                }
                if let Here::Elsewhere(other) = here {
                    assert!(cli.find_subcommand(other).is_some(), "{other}");
                    assert!(!matches!(flag.here(other), Some(Here::Elsewhere(_)) | None), "{}", flag.name);
                }
            }
        }
    }
}
