"""The figures that assets/sheets.py makes, and the training runs that they need."""

from dataclasses import dataclass

PALACE, ROCKET, COFFEE, BRICK = "summer-palace.jpg", "rocket.jpg", "coffee.jpg", "brick.png"
HUBBLE, GRASS, GRAVEL = "hubble-deep-field.jpg", "grass.png", "gravel.png"


@dataclass(frozen=True)
class Run:
    """A training run with the preset `quick`; `picture` is a file of assets/images or a drawing."""

    picture: str
    flags: tuple = ()

    def name(self):
        return "-".join([self.picture.split(".")[0], *(flag.strip("-") for flag in self.flags)])


def run(picture, *flags):
    return Run(picture, tuple(flags))


def large(picture):
    return run(picture, "--max-size", "200", "--train-stages", "6")


def auto(size, stages, iterations):
    """What `--preset auto` chooses, spelled out, so that the figure does not depend on the machine that makes it."""
    return run(PALACE, "--max-size", size, "--train-stages", stages, "--niter", iterations)


# Figures of the training picture and samples beside it: the run, the number of samples, further flags of `sample`.
SAMPLES = {
    "quick-summer-palace": (run(PALACE), 4, ()),
    "quick-rocket": (run(ROCKET), 4, ()),
    "quick-brick": (run(BRICK), 4, ()),
    "quick-coffee": (run(COFFEE), 4, ()),
    "quick-hubble-deep-field": (run(HUBBLE), 4, ()),
    "quick-grass": (run(GRASS), 4, ()),
    "quick-face": (run("face"), 4, ()),
    "quick-text": (run("text"), 4, ()),
    "gallery-summer-palace": (large(PALACE), 3, ()),
    "gallery-coffee": (large(COFFEE), 3, ()),
    "gallery-rocket": (large(ROCKET), 3, ()),
    "gallery-hubble-deep-field": (large(HUBBLE), 3, ()),
    "gallery-brick": (large(BRICK), 3, ()),
    "gallery-gravel": (large(GRAVEL), 3, ()),
    "train-stages-3": (run(PALACE, "--train-stages", "3"), 4, ()),
    "train-stages-5": (run(PALACE), 4, ()),
    "train-stages-8": (run(PALACE, "--train-stages", "8"), 4, ()),
    "lr-scale-0.1": (run(PALACE, "--lr-scale", "0.1"), 4, ()),
    "lr-scale-0.5": (run(PALACE), 4, ()),
    "lr-scale-1.0": (run(PALACE, "--lr-scale", "1.0"), 4, ()),
    "train-depth-1": (run(PALACE, "--train-depth", "1"), 4, ()),
    "train-depth-3": (run(PALACE), 4, ()),
    "train-depth-5": (run(PALACE, "--train-depth", "5"), 4, ()),
    "max-size-60": (run(PALACE, "--max-size", "60"), 3, ()),
    "max-size-100": (run(PALACE), 3, ()),
    "max-size-200": (run(PALACE, "--max-size", "200"), 3, ()),
    "minutes-1": (auto("70", "4", "600"), 3, ()),
    "minutes-5": (auto("130", "5", "1100"), 3, ()),
    "minutes-20": (auto("230", "6", "1850"), 3, ()),
    "start-stage-0": (run(PALACE), 4, ("--start-stage", "0")),
    "start-stage-1": (run(PALACE), 4, ("--start-stage", "1")),
    "start-stage-2": (run(PALACE), 4, ("--start-stage", "2")),
    "start-stage-3": (run(PALACE), 4, ("--start-stage", "3")),
    "retarget-wide": (run(PALACE, "--task", "retarget"), 2, ("--scale", "1x2")),
    "retarget-tall": (run(PALACE, "--task", "retarget"), 3, ("--scale", "1.5x1")),
}

# Every other figure is made by the method of `sheets.Sheets` that has its name, from the run that is given here, if any.
OTHERS = {
    "animation": run(PALACE, "--task", "animation"),
    "tiling": run(BRICK),
    "harmonization": run(COFFEE, "--task", "harmonization"),
    "editing": run(PALACE, "--task", "editing"),
    "paint": run(PALACE, "--task", "paint"),
    "upscale_fidelity": None,
    "upscale_perceptual": None,
    "dehaze": None,
}
