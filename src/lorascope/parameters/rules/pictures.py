"""Pictures: augmentation, cached latents, resolution and buckets, as far as the settings alone tell."""

from __future__ import annotations

from collections.abc import Iterator

from lorascope.errors import BadParameter
from lorascope.parameters.bucket_plan import BucketRules, bucket_sizes, parse_resolution
from lorascope.parameters.flight_plan import LARGEST_SIDE_PX
from lorascope.parameters.rules.configuration import Configuration, Said, Scope, distinct, last_name
from lorascope.parameters.rules.facts import Facts, FolderSeen, ImageSeen
from lorascope.parameters.rules.rule import Example, Gravity, LintFinding, Rule, removed, set_to

_CHANGES_PIXELS = ("color_aug", "random_crop")


def step_unit_px(configuration: Configuration) -> int:
    """What bucket_reso_steps must be a multiple of."""
    return 32 if configuration.family == "sdxl" else 64


def caches_latents(scope: Scope) -> bool:
    """Whether latents are cached, in memory or on disk."""
    return scope.on("cache_latents") or scope.on("cache_latents_to_disk")


def _cached_latents(configuration: Configuration) -> Iterator[LintFinding]:
    scopes = [scope for scope in configuration.scopes if caches_latents(configuration.training)]
    for said in distinct(scope.said(name) for scope in scopes for name in _CHANGES_PIXELS if scope.on(name)):
        yield CACHED_LATENTS.at(
            said,
            f"{last_name(said.entry)} changes the pixels of every sample, but cache_latents encodes each image once: "
            "sd-scripts stops at an assertion",
            f"remove {last_name(said.entry)}, or set cache_latents = false",
        )


CACHED_LATENTS = Rule(
    "pixels-change-under-cached-latents",
    "color_aug or random_crop with cache_latents",
    Gravity.ABORT,
    "Cached latents cannot be recolored or cut anew. flip_aug is fine: both sides are cached.",
    _cached_latents,
    "train_util.py, is_latent_cacheable",
    good=(Example("color_aug = true\n"), Example("flip_aug = true\ncache_latents = true\n")),
    bad=(
        Example("color_aug = true\ncache_latents = true\n", "color_aug"),
        Example("random_crop = true\ncache_latents_to_disk = true\n", "random_crop"),
    ),
)


def _strong_color_aug(configuration: Configuration) -> Iterator[LintFinding]:
    for said in distinct(scope.said("color_aug") for scope in configuration.scopes if scope.on("color_aug")):
        yield STRONG_COLOR_AUG.at(
            said,
            "color_aug is not weak: about a third of the samples turn by up to 16 degrees of hue or darken, full white "
            "to as little as 193 of 255",
            "leave it off where colors matter",
        )


STRONG_COLOR_AUG = Rule(
    "color-augmentation-is-strong",
    "color augmentation moves colors visibly",
    Gravity.NOTE,
    "The gamma is applied to values of 0 to 255, so that an exponent of 0.95 turns 255 into 193.",
    _strong_color_aug,
    "train_util.py:381",
    good=(Example("flip_aug = true\n"),),
    bad=(Example("color_aug = true\n", "color_aug"),),
)


def _no_upscale(configuration: Configuration) -> Iterator[LintFinding]:
    scopes = [scope for scope in configuration.scopes if scope.on("bucket_no_upscale") and scope.on("enable_bucket")]
    bounds = {"min_bucket_reso": 256, "max_bucket_reso": 1024}
    for said in distinct(scope.said(name) for scope in scopes for name in bounds if scope.value(name) != bounds[name]):
        yield NO_UPSCALE.at(
            said,
            f"{last_name(said.entry)} = {said.value} is ignored: with bucket_no_upscale every image makes its own bucket",
            f"remove {last_name(said.entry)}, or set bucket_no_upscale = false",
            removed(said.entry),
        )


NO_UPSCALE = Rule(
    "bucket-bounds-ignored",
    "bounds of buckets with bucket_no_upscale",
    Gravity.NO_EFFECT,
    "With bucket_no_upscale the sizes of buckets follow from each image; min_bucket_reso and max_bucket_reso are not used.",
    _no_upscale,
    "train_util.py:1033",
    good=(Example("enable_bucket = true\nmin_bucket_reso = 320\n"),),
    bad=(
        Example(
            "enable_bucket = true\nbucket_no_upscale = true\nmin_bucket_reso = 320\n",
            "min_bucket_reso",
            "enable_bucket = true\nbucket_no_upscale = true\n",
        ),
    ),
)

_BUCKET_KEYS = {"bucket_no_upscale": False, "min_bucket_reso": 256, "max_bucket_reso": 1024, "bucket_reso_steps": 64}


def _buckets_off(configuration: Configuration) -> Iterator[LintFinding]:
    scopes = [scope for scope in configuration.scopes if not scope.on("enable_bucket")]
    for said in distinct(scope.said(name) for scope in scopes for name, default in _BUCKET_KEYS.items() if scope.value(name) != default):
        yield BUCKETS_OFF.at(
            said,
            f"{last_name(said.entry)} does nothing: enable_bucket is off (its default)",
            f"set enable_bucket = true, or remove {last_name(said.entry)}",
            removed(said.entry),
        )


BUCKETS_OFF = Rule(
    "bucket-settings-without-buckets",
    "settings of buckets while buckets are off",
    Gravity.NO_EFFECT,
    "Without enable_bucket sd-scripts sets all other settings of buckets to nothing.",
    _buckets_off,
    "train_util.py:4586",
    good=(Example("enable_bucket = true\nbucket_reso_steps = 128\n"), Example("max_bucket_reso = 1024\n")),
    bad=(Example("bucket_no_upscale = true\nnetwork_dim = 8\n", "bucket_no_upscale", "network_dim = 8\n"),),
)


def _bucket_bounds(configuration: Configuration) -> Iterator[LintFinding]:
    """Asks the plan of buckets, which refuses what stops sd-scripts."""
    unit = step_unit_px(configuration) if configuration.family else 32
    for scope in configuration.scopes:
        if not scope.on("enable_bucket"):
            continue
        try:
            rules = BucketRules.of({name: scope.value(name) for name in (*_BUCKET_KEYS, "enable_bucket", "resolution")}, unit)
        except BadParameter:  # no resolution: another rule says it
            continue
        problem = _problem_of(rules)
        name = next((name for name in _BUCKET_KEYS if problem and problem.message.startswith(name)), "resolution")
        said = scope.said(name) or scope.said("resolution")
        if problem is not None and said is not None:
            yield BUCKET_BOUNDS.at(said, f"{problem.message}: sd-scripts stops at an assertion", problem.next_step or f"change {name}")


def _problem_of(rules: BucketRules) -> BadParameter | None:
    step, unit = rules.bucket_reso_steps, rules.step_unit_px
    if max(rules.max_bucket_reso, *rules.resolution) > LARGEST_SIDE_PX:
        return BadParameter(f"max_bucket_reso = {rules.max_bucket_reso} or the resolution is larger than any image")
    low, high = rules.min_bucket_reso, rules.max_bucket_reso
    if step < 1 or step % unit:
        return BadParameter(f"bucket_reso_steps = {step} is no multiple of {unit}", next_step=f"set it to {max(unit, step // unit * unit)}")
    if low // step * step > min(rules.resolution):
        return BadParameter(f"min_bucket_reso = {low} is above the resolution {rules.resolution[0]} x {rules.resolution[1]} px")
    if -(-high // step) * step < max(rules.resolution):
        return BadParameter(f"max_bucket_reso = {high} is below the resolution {rules.resolution[0]} x {rules.resolution[1]} px")
    if not rules.bucket_no_upscale and not bucket_sizes(rules.resolution, max(low // step * step, step), max(high, step), step):
        return BadParameter(f"min_bucket_reso = {low} leaves no bucket")
    return None


BUCKET_BOUNDS = Rule(
    "bucket-bounds-exclude-resolution",
    "bounds or steps of buckets that sd-scripts refuses",
    Gravity.ABORT,
    "bucket_reso_steps must be a multiple of 64 (SD 1 and 2) or 32 (SDXL), and the bounds must enclose the resolution.",
    _bucket_bounds,
    "train_util.py:1033",
    good=(Example('enable_bucket = true\nresolution = "512,512"\nmin_bucket_reso = 320\n'),),
    bad=(
        Example('enable_bucket = true\nresolution = "512,512"\nmin_bucket_reso = 640\n', "min_bucket_reso"),
        Example('enable_bucket = true\nresolution = "512,512"\nbucket_reso_steps = 50\n', "bucket_reso_steps"),
        Example('enable_bucket = true\nresolution = "2048,2048"\n', "resolution"),
    ),
)


def _bare_resolution(configuration: Configuration) -> Iterator[LintFinding]:
    for document in configuration.config_files():
        entry = document.entry("resolution")
        if entry is not None and not isinstance(entry.value, str):
            sides = entry.value if isinstance(entry.value, list) else [entry.value, entry.value]
            wanted = ",".join(str(side) for side in sides)
            yield BARE_RESOLUTION.at(
                Said(document.file, entry, None),
                f"resolution = {entry.value} is no text: sd-scripts splits it at the comma and stops with an AttributeError",
                f'resolution = "{wanted}"',
                set_to(entry, wanted),
            )


BARE_RESOLUTION = Rule(
    "resolution-not-text",
    "a resolution without quotes in a config_file",
    Gravity.ABORT,
    "In a config_file the resolution must be text, as it is on the command line. In a dataset_config a number is right.",
    _bare_resolution,
    "train_util.py:5402",
    good=(
        Example('resolution = "512"\n'),
        Example("[[datasets]]\nresolution = 512\n[[datasets.subsets]]\nimage_dir = 'a'\n", dialect="kohya-dataset"),
    ),
    bad=(
        Example("resolution = 512\n", "resolution", 'resolution = "512,512"\n'),
        Example("[dataset]\nresolution = 512 # px\n", "dataset.resolution", '[dataset]\nresolution = "512,512" # px\n'),
    ),
)


def _interpolation(configuration: Configuration) -> Iterator[LintFinding]:
    """Pixel art that is enlarged: only a look at the images tells."""
    facts = configuration.facts
    for folder in facts.folders if facts else ():
        scope = configuration.scopes[folder.scope]
        if scope.said("resize_interpolation") or not scope.said("resolution"):
            continue
        if scope.on("enable_bucket") and scope.on("bucket_no_upscale"):
            continue
        width, height = parse_resolution(scope.value("resolution"))
        small = [image for image in folder.images if image.size and 2 * image.size[0] <= width and 2 * image.size[1] <= height]
        if small:
            sides = small[0].size or (0, 0)
            yield INTERPOLATION.about(
                configuration.file,
                "resize_interpolation",
                f"{len(small)} images of {folder.path} are at most half the resolution ({small[0].name}: {sides[0]} x "
                f"{sides[1]} px) and are "
                "enlarged with Lanczos: pixel art is blurred before the model sees it",
                'enlarge them first by a whole number with nearest neighbor, or set resize_interpolation = "nearest"',
            )


_SPRITES = Facts((FolderSeen("art", (ImageSeen("1.png", (24, 24)), ImageSeen("2.png", (24, 24)))),))

INTERPOLATION = Rule(
    "small-images-are-smoothed",
    "small images are enlarged with Lanczos",
    Gravity.WRONG,
    "Images below the resolution are enlarged with Lanczos unless resize_interpolation says otherwise.",
    _interpolation,
    "library/utils.py:216",
    good=(
        Example('resolution = "512"\nenable_bucket = true\nresize_interpolation = "nearest"\n', facts=_SPRITES),
        Example('resolution = "512"\nenable_bucket = true\n', facts=Facts((FolderSeen("art", (ImageSeen("1.png", (480, 480)),)),))),
    ),
    bad=(Example('resolution = "512"\nenable_bucket = true\n', "resize_interpolation", facts=_SPRITES),),
)


def _cropped(configuration: Configuration) -> Iterator[LintFinding]:
    for folder in configuration.facts.folders if configuration.facts else ():
        scope = configuration.scopes[folder.scope]
        if scope.on("enable_bucket") or not caches_latents(configuration.training) or not scope.said("resolution"):
            continue
        width, height = parse_resolution(scope.value("resolution"))
        cut = [image for image in folder.images if image.size and image.size[0] * height != image.size[1] * width]
        if cut:
            sides = cut[0].size or (0, 0)
            yield CROPPED.about(
                folder.path,
                "enable_bucket",
                f"{len(cut)} images are not of the resolution's shape ({cut[0].name}: {sides[0]} x {sides[1]} px) and "
                f"are cut to {width} x {height} "
                "around their middle without a word",
                "set enable_bucket = true",
            )


CROPPED = Rule(
    "images-cropped-silently",
    "images cut because buckets are off",
    Gravity.WRONG,
    "Without buckets an image of another size stops the training, but not with cached latents: then it is resized and "
    "cut, while its caption "
    "still names what was cut away.",
    _cropped,
    "train_util.py:4586",
    good=(Example('resolution = "512"\ncache_latents = true\n', facts=_SPRITES),),
    bad=(
        Example(
            'resolution = "512"\ncache_latents = true\n',
            "enable_bucket",
            facts=Facts((FolderSeen("cats", (ImageSeen("1.png", (700, 500)),)),)),
        ),
    ),
)


def _same_folder(configuration: Configuration) -> Iterator[LintFinding]:
    first: dict[str, str] = {}
    for document in configuration.of("kohya-dataset"):
        for entry in document.entries:
            if last_name(entry) != "image_dir" or not isinstance(entry.value, str):
                continue
            folder = entry.value.replace("\\", "/").rstrip("/")
            if folder in first:
                yield SAME_FOLDER.at(
                    Said(document.file, entry, None),
                    f"{entry.value} is named already in {first[folder]}: sd-scripts passes over this subset",
                    "name each folder once, and use num_repeats to show it more often",
                )
            first.setdefault(folder, entry.key)


_TWICE = "[[datasets]]\nresolution = 512\n[[datasets.subsets]]\nimage_dir = 'a'\n[[datasets.subsets]]\nimage_dir = '{}'\n"

SAME_FOLDER = Rule(
    "same-folder-twice",
    "one image_dir in two subsets",
    Gravity.WRONG,
    "Of two subsets with the same image_dir only the first is trained on; a warning scrolls by.",
    _same_folder,
    "train_util.py, DreamBoothDataset",
    good=(Example(_TWICE.format("b"), dialect="kohya-dataset"),),
    bad=(Example(_TWICE.format("a/"), "datasets[0].subsets[1].image_dir", dialect="kohya-dataset"),),
)

PICTURE_RULES = (
    CACHED_LATENTS,
    STRONG_COLOR_AUG,
    NO_UPSCALE,
    BUCKETS_OFF,
    BUCKET_BOUNDS,
    BARE_RESOLUTION,
    INTERPOLATION,
    CROPPED,
    SAME_FOLDER,
)
