"""Pictures: augmentation, cached latents, resolution and buckets, as far as the settings alone tell."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from lorascope.errors import BadParameter
from lorascope.parameters.bucket_plan import BucketRules, bucket_sizes, parse_resolution
from lorascope.parameters.flight_plan import LARGEST_SIDE_PX
from lorascope.parameters.rules.configuration import Configuration, Said, Scope, distinct, idle_everywhere, last_name
from lorascope.parameters.rules.facts import Facts, FolderSeen, ImageSeen
from lorascope.parameters.rules.rule import Example, Gravity, LintFinding, Rule, removed, set_to

_STEP_OF_SD_PX = 64
_CHANGES_PIXELS = ("color_aug", "random_crop")


def step_unit_px(configuration: Configuration) -> int:
    """What bucket_reso_steps must be a multiple of. Other families ask for 32 or 16, an unknown one for as little as 8."""
    return {"sd15": _STEP_OF_SD_PX, "sdxl": 32}.get(configuration.family, 8)


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
            "color_aug is not weak: a third of the samples are turned by up to 16 degrees of hue, or made darker or brighter (full "
            "white to as little as 193 of 255)",
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
    bounds = {"min_bucket_reso": 256, "max_bucket_reso": 1024}
    idle = [
        said
        for name in bounds
        for said in idle_everywhere(configuration, name, partial(_needs_no_bound, name))
        if said.value != bounds[name]
    ]
    for said in idle:
        yield NO_UPSCALE.at(
            said,
            f"{last_name(said.entry)} = {said.value} makes no bucket: with bucket_no_upscale every image makes its own",
            f"remove {last_name(said.entry)}, or set bucket_no_upscale = false",
            removed(said.entry),
        )


def _needs_no_bound(name: str, scope: Scope) -> bool:
    """Whether a bound makes no bucket and its default encloses the resolution too: sd-scripts holds it to the bounds in any case."""
    step = int(scope.number("bucket_reso_steps", 64))
    if not scope.on("bucket_no_upscale") or not scope.on("enable_bucket") or not scope.said("resolution") or step < 1:
        return False
    sides = parse_resolution(scope.value("resolution"))
    return min(sides) >= 256 // step * step if name == "min_bucket_reso" else max(sides) <= -(-1024 // step) * step


NO_UPSCALE = Rule(
    "bucket-bounds-ignored",
    "bounds of buckets with bucket_no_upscale",
    Gravity.NO_EFFECT,
    "With bucket_no_upscale the sizes of buckets follow from each image; min_bucket_reso and max_bucket_reso make none. Only the "
    "resolution is still held to them: where it lies outside of their defaults, 256 and 1024, they are needed.",
    _no_upscale,
    "train_util.py:1033, make_buckets, adjust_min_max_bucket_reso_by_steps",
    good=(
        Example("enable_bucket = true\nmin_bucket_reso = 320\n"),
        Example('resolution = "1024,1536"\nenable_bucket = true\nbucket_no_upscale = true\nmax_bucket_reso = 1536\n'),
        Example('resolution = "128,128"\nenable_bucket = true\nbucket_no_upscale = true\nmin_bucket_reso = 64\n'),
    ),
    bad=(
        Example(
            'resolution = "512"\nenable_bucket = true\nbucket_no_upscale = true\nmin_bucket_reso = 320\n',
            "min_bucket_reso",
            'resolution = "512"\nenable_bucket = true\nbucket_no_upscale = true\n',
        ),
    ),
)

_BUCKET_KEYS = {"bucket_no_upscale": False, "min_bucket_reso": 256, "max_bucket_reso": 1024, "bucket_reso_steps": 64}


def _buckets_off(configuration: Configuration) -> Iterator[LintFinding]:
    names = _BUCKET_KEYS.items()
    idle = [
        (said, default)
        for name, default in names
        for said in idle_everywhere(configuration, name, lambda scope: not scope.on("enable_bucket"))
    ]
    for said in (said for said, default in idle if said.value != default):
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
    unit = step_unit_px(configuration)
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
        step = scope.said("bucket_reso_steps")
        if problem is not None and said is not None:
            yield BUCKET_BOUNDS.at(said, f"{problem.message}: sd-scripts stops at an assertion", problem.next_step or f"change {name}")
        elif not configuration.family and step is not None and rules.bucket_reso_steps % _STEP_OF_SD_PX:
            message = (
                f"bucket_reso_steps = {rules.bucket_reso_steps} is right for SDXL, but not for SD 1 and 2, which ask for a multiple of 64"
            )
            yield BUCKET_BOUNDS.at(step, message, "say whose it is: --base sdxl", severity=Gravity.NOTE)


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
    "bucket_reso_steps must be a multiple of 64 (SD 1 and 2) or 32 (SDXL; versions of 2024 and 2025 ask for 64 there too), and the bounds "
    "must enclose the resolution.",
    _bucket_bounds,
    "train_util.py, adjust_min_max_bucket_reso_by_steps, verify_bucket_reso_steps; train_network.py and sdxl_train_network.py, "
    "assert_extra_args",
    good=(
        Example('enable_bucket = true\nresolution = "512,512"\nmin_bucket_reso = 320\n'),
        Example('network_module = "networks.lora_flux"\nenable_bucket = true\nresolution = "512"\nbucket_reso_steps = 16\n'),
    ),
    bad=(
        Example('enable_bucket = true\nresolution = "512,512"\nmin_bucket_reso = 640\n', "min_bucket_reso"),
        Example('enable_bucket = true\nresolution = "512,512"\nbucket_reso_steps = 50\n', "bucket_reso_steps"),
        Example(
            'pretrained_model_name_or_path = "v1-5.ckpt"\nenable_bucket = true\nresolution = "512"\nbucket_reso_steps = 32\n',
            "bucket_reso_steps",
        ),
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
    "train_util.py:5402, prepare_dataset_args",
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
            smallest = min(small, key=lambda image: image.size or (0, 0))
            sides = smallest.size or (0, 0)
            are_sprites = any(image.size and max(image.size) <= _LARGEST_SPRITE_PX for image in small)
            yield INTERPOLATION.about(
                configuration.file,
                "resize_interpolation",
                f"{len(small)} of the {len(folder.images)} images of {folder.path} are at most half the resolution "
                f"({smallest.name}: {sides[0]} x {sides[1]} px) and are enlarged with Lanczos: "
                "pixel art is blurred before the model sees it",
                'enlarge them first by a whole number with nearest neighbor, or set resize_interpolation = "nearest"',
                Gravity.WRONG if are_sprites else Gravity.NOTE,
            )


_LARGEST_SPRITE_PX = 128
_SPRITES = Facts((FolderSeen("art", (ImageSeen("1.png", (24, 24)), ImageSeen("2.png", (24, 24)))),))

INTERPOLATION = Rule(
    "small-images-are-smoothed",
    "small images are enlarged with Lanczos",
    Gravity.WRONG,
    "Images below the resolution are enlarged with Lanczos unless resize_interpolation says otherwise. Photographs take no harm; pixel art "
    "does.",
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
                f"{len(cut)} of {len(folder.images)} images are not of the resolution's shape ({cut[0].name}: {sides[0]} x "
                f"{sides[1]} px) and are cut to {width} x {height} "
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
    first: dict[tuple[str, object, str], str] = {}
    for document in configuration.of("kohya-dataset"):
        for entry in document.entries:
            match entry.place:
                case ("datasets", int(dataset), "subsets", int(), "image_dir") if isinstance(entry.value, str):
                    folder = document.file, dataset, entry.value.replace("\\", "/").rstrip("/")
                case _:
                    continue
            if folder in first:
                yield SAME_FOLDER.at(
                    Said(document.file, entry, None),
                    f"{entry.value} is named already in {first[folder]}, of the same dataset: its images are trained on once, not twice",
                    "name each folder once in a dataset, and use num_repeats to show it more often",
                )
            first.setdefault(folder, entry.key)


_TWICE = "[[datasets]]\nresolution = 512\n[[datasets.subsets]]\nimage_dir = 'a'\n[[datasets.subsets]]\nimage_dir = '{}'\n"
_TWO_SIZES = "[[datasets]]\nresolution = {}\n[[datasets.subsets]]\nimage_dir = 'a'\n"

SAME_FOLDER = Rule(
    "same-folder-twice",
    "one image_dir in two subsets",
    Gravity.WRONG,
    "Of two subsets of a dataset with the same image_dir only one is trained on; a warning scrolls by. In two datasets, which is how one "
    "trains at two resolutions, both are.",
    _same_folder,
    "train_util.py, DreamBoothDataset.__init__, DreamBoothSubset.__eq__",
    good=(
        Example(_TWICE.format("b"), dialect="kohya-dataset"),
        Example(_TWO_SIZES.format(512) + _TWO_SIZES.format(768), dialect="kohya-dataset"),
    ),
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
