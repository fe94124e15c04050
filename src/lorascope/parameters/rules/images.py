"""What only a look at the dataset shows: images, captions, caches and folders."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from lorascope.errors import BadParameter
from lorascope.parameters.bucket_plan import BucketRules, place
from lorascope.parameters.flight_plan import FlightPlan
from lorascope.parameters.rules.configuration import OTHER_FAMILY, Configuration
from lorascope.parameters.rules.facts import Facts, FolderSeen, ImageSeen, planned
from lorascope.parameters.rules.pictures import step_unit_px
from lorascope.parameters.rules.rule import Example, Gravity, LintFinding, Rule

_MOST_NAMED = 3


def _folders(configuration: Configuration) -> tuple[FolderSeen, ...]:
    return configuration.facts.folders if configuration.facts else ()


def some(images: list[ImageSeen]) -> str:
    """How many images, and the names of the first.

    >>> some([ImageSeen("1.png"), ImageSeen("2.png")])
    '2 images (1.png, 2.png)'
    """
    names = ", ".join(image.name for image in images[:_MOST_NAMED]) + (", …" if len(images) > _MOST_NAMED else "")
    return f"{len(images)} image{'s' if len(images) != 1 else ''} ({names})"


def _unreadable(configuration: Configuration) -> Iterator[LintFinding]:
    for folder in _folders(configuration):
        bad = [image for image in folder.images if image.size is None]
        for problem in dict.fromkeys(image.problem for image in bad):
            found = [image for image in bad if image.problem == problem]
            yield UNREADABLE.about(folder.path, "images", f"{some(found)}: {problem}; the training stops at it", "remove or replace it")


UNREADABLE = Rule(
    "unreadable-image",
    "an image that cannot be read",
    Gravity.ABORT,
    "sd-scripts opens every image before the first step, or in the middle of the training when latents are not cached.",
    _unreadable,
    "train_util.py, load_image",
    good=(Example("seed = 1\n", facts=Facts((FolderSeen("cats", (ImageSeen("1.png", (512, 512)),)),))),),
    bad=(Example("seed = 1\n", "images", facts=Facts((FolderSeen("cats", (ImageSeen("1.png", problem="not an image"),)),))),),
)


def _misfits(configuration: Configuration) -> Iterator[LintFinding]:
    for folder in _folders(configuration):
        try:
            rules = BucketRules.of(scope_values(configuration, folder), step_unit_px(configuration))
        except BadParameter:
            continue
        refused: dict[str, list[ImageSeen]] = {}
        advice = {}
        for size in {image.size for image in folder.images if image.size}:
            try:
                place(size, rules)
            except BadParameter as error:
                if error.message.startswith("an image"):
                    kind = "below" if "below" in error.message else "size"
                    refused.setdefault(kind, []).extend(image for image in folder.images if image.size == size)
                    advice[kind] = (error.message, error.next_step)
        for kind, images in refused.items():
            message, step = advice[kind]
            consequence = "divides by zero" if kind == "below" else "stops"
            first = sorted(images, key=folder.images.index)
            yield MISFITS.about(
                folder.path,
                "bucket_no_upscale" if kind == "below" else "enable_bucket",
                f"{some(first)}: {message}; sd-scripts {consequence}",
                step,
            )


def scope_values(configuration: Configuration, folder: FolderSeen) -> dict[str, bool | int | float | str | None]:
    """The settings that decide on a folder's buckets."""
    scope = configuration.scopes[folder.scope]
    names = ("resolution", "enable_bucket", "bucket_no_upscale", "min_bucket_reso", "max_bucket_reso", "bucket_reso_steps", "random_crop")
    caches = {name: configuration.training.value(name) for name in ("cache_latents", "cache_latents_to_disk")}
    return {**{name: scope.value(name) for name in names}, **caches}


_TINY = Facts((FolderSeen("art", (ImageSeen("1.png", (24, 24)), ImageSeen("2.png", (24, 24)))),))

MISFITS = Rule(
    "image-does-not-fit",
    "an image that no bucket takes",
    Gravity.ABORT,
    "With bucket_no_upscale an image with a side below bucket_reso_steps gets a bucket of size 0, and a division by zero follows: "
    "24 px sprites do that. Without buckets every image must have the resolution, unless latents are cached.",
    _misfits,
    "train_util.py, select_bucket",
    good=(
        Example('resolution = "512"\nenable_bucket = true\nresize_interpolation = "nearest"\n', facts=_TINY),
        Example(
            'resolution = "512"\nenable_bucket = true\nbucket_no_upscale = true\n',
            facts=Facts((FolderSeen("a", (ImageSeen("1.png", (700, 500)),)),)),
        ),
    ),
    bad=(
        Example('resolution = "512"\nenable_bucket = true\nbucket_no_upscale = true\n', "bucket_no_upscale", facts=_TINY),
        Example('resolution = "512"\n', "enable_bucket", facts=Facts((FolderSeen("a", (ImageSeen("1.png", (700, 500)),)),))),
    ),
)


def _no_caption(configuration: Configuration) -> Iterator[LintFinding]:
    for folder in _folders(configuration):
        missing = [image for image in folder.images if image.caption is None and not image.caption_problem]
        if not missing or folder.is_reg:
            continue
        instead = f'the class "{folder.class_tokens}"' if folder.class_tokens else "an empty caption"
        others = ", ".join(f"{count} have a {extension} file" for extension, count in sorted(folder.other_captions.items()))
        yield NO_CAPTION.about(
            folder.path,
            "caption_extension" if others else "captions",
            f"{some(missing)} without a {folder.extension} caption are trained with {instead}" + (f"; {others}" if others else ""),
            f'caption_extension = "{max(folder.other_captions, key=lambda name: folder.other_captions[name])}"'
            if others
            else "write their captions",
        )


NO_CAPTION = Rule(
    "caption-not-found",
    "images whose caption the trainer does not find",
    Gravity.WRONG,
    "A caption under another extension is not read: the image is trained with the folder's class or with nothing, "
    "after a warning that scrolls by.",
    _no_caption,
    "train_util.py:1946",
    good=(Example("seed = 1\n", facts=Facts((FolderSeen("cats", (ImageSeen("1.png", (512, 512), caption="a cat"),)),))),),
    bad=(
        Example("seed = 1\n", "captions", facts=Facts((FolderSeen("cats", (ImageSeen("1.png", (512, 512)),)),))),
        Example(
            "seed = 1\n",
            "caption_extension",
            facts=Facts((FolderSeen("cats", (ImageSeen("1.png", (512, 512)),), other_captions={".txt": 1}),)),
        ),
    ),
)


def _bad_caption(configuration: Configuration) -> Iterator[LintFinding]:
    for folder in _folders(configuration):
        for problem in sorted({image.caption_problem for image in folder.images if image.caption_problem}):
            images = [image for image in folder.images if image.caption_problem == problem]
            yield BAD_CAPTION.about(
                folder.path,
                "captions",
                f"{some(images)}: the caption {problem}; sd-scripts stops at it",
                "mend it: lorascope audit shows where",
            )


BAD_CAPTION = Rule(
    "caption-unreadable",
    "a caption that stops the training",
    Gravity.ABORT,
    "A caption file must be UTF-8 and must not be empty.",
    _bad_caption,
    "train_util.py:1946",
    good=(Example("seed = 1\n", facts=Facts((FolderSeen("cats", (ImageSeen("1.png", (512, 512), caption="a cat"),)),))),),
    bad=(
        Example(
            "seed = 1\n", "captions", facts=Facts((FolderSeen("cats", (ImageSeen("1.png", (512, 512), caption_problem="is empty"),)),))
        ),
    ),
)


def _one_line(configuration: Configuration) -> Iterator[LintFinding]:
    for folder in _folders(configuration):
        images = [image for image in folder.images if image.more_lines]
        if images and not configuration.scopes[folder.scope].on("enable_wildcard"):
            yield ONE_LINE.about(
                folder.path, "captions", f"{some(images)}: only the first line of the caption is read", "write each caption on one line"
            )


ONE_LINE = Rule(
    "only-first-line-read",
    "captions of more than one line",
    Gravity.WRONG,
    "Without enable_wildcard all lines after the first are dropped without a word.",
    _one_line,
    "train_util.py:1946",
    good=(
        Example(
            "enable_wildcard = true\n", facts=Facts((FolderSeen("cats", (ImageSeen("1.png", (512, 512), caption="a", more_lines=True),)),))
        ),
    ),
    bad=(
        Example(
            "seed = 1\n", "captions", facts=Facts((FolderSeen("cats", (ImageSeen("1.png", (512, 512), caption="a", more_lines=True),)),))
        ),
    ),
)


def _beyond(configuration: Configuration) -> Iterator[LintFinding]:
    facts = configuration.facts
    for folder in _folders(configuration) if configuration.family != OTHER_FAMILY else ():  # T5 and its like read 256 and more
        long = [image for image in folder.images if image.words_lost]
        if not long or facts is None:
            continue
        longest = max(long, key=lambda image: image.tokens)
        lost = sum(image.words_lost for image in long)
        window = next((size for size in (150, 225) if size >= longest.tokens), 225)
        yield BEYOND.about(
            folder.path,
            "max_token_length",
            f"{len(long)} of {len(folder.images)} captions are longer than the {facts.window_tokens} tokens that are "
            f"read: {lost} words are lost "
            f"({longest.name}: {longest.tokens} tokens)"
            + ("; with shuffle_caption other words at each step" if _shuffles(configuration, folder) else ""),
            f"max_token_length = {window}" if window > facts.window_tokens else "shorten the captions: lorascope audit names the words",
        )


def _shuffles(configuration: Configuration, folder: FolderSeen) -> bool:
    return configuration.scopes[folder.scope].on("shuffle_caption")


BEYOND = Rule(
    "caption-beyond-window",
    "captions longer than the text encoder reads",
    Gravity.WRONG,
    "CLIP reads 75 tokens unless max_token_length is 150 or 225; the rest is cut off without a word. One #rrggbb costs 3 to 7 tokens.",
    _beyond,
    "strategy_base.py, _get_input_ids",
    good=(Example("seed = 1\n", facts=Facts((FolderSeen("cats", (ImageSeen("1.png", (512, 512), caption="a cat", tokens=2),)),))),),
    bad=(
        Example(
            "seed = 1\n",
            "max_token_length",
            facts=Facts((FolderSeen("cats", (ImageSeen("1.png", (512, 512), caption="a", tokens=90, words_lost=3),)),)),
        ),
    ),
)


def _stale(configuration: Configuration) -> Iterator[LintFinding]:
    for folder in _folders(configuration):
        for kind in sorted({kind for image in folder.images for kind in image.stale}):
            images = [image for image in folder.images if kind in image.stale]
            yield STALE.about(
                folder.path,
                "caches",
                f"{some(images)}: the cached {kind}, and it is used nevertheless",
                "delete the .npz files of this folder",
            )


STALE = Rule(
    "stale-cache",
    "a cache on disk older than what it was made from",
    Gravity.WRONG,
    "A cached file is taken when its name and its keys fit. The caption, the pixels and the VAE it was made from are not compared: after "
    "editing captions with cache_text_encoder_outputs_to_disk nothing changes.",
    _stale,
    "strategy_base.py:427, strategy_sdxl.py:238",
    good=(Example("seed = 1\n", facts=Facts((FolderSeen("cats", (ImageSeen("1.png", (512, 512), caption="a"),)),))),),
    bad=(
        Example(
            "seed = 1\n",
            "caches",
            facts=Facts((FolderSeen("cats", (ImageSeen("1.png", (512, 512), caption="a", stale=("latent is older than its image",)),)),)),
        ),
    ),
)


def _left_out(configuration: Configuration) -> Iterator[LintFinding]:
    is_nothing_left = not any(folder.images for folder in _folders(configuration) if not folder.is_reg)
    for where, why in configuration.facts.left_out if configuration.facts else ():
        if is_nothing_left:
            message = f"not trained on: {why}; there is no other image, and sd-scripts ends before the first step"
            fix = "train_data_dir is the folder above: put the images into a folder in it that is named REPEATS_class, such as 10_cat"
            yield LEFT_OUT.about(where, "folders", message, fix, Gravity.ABORT)
        else:
            yield LEFT_OUT.about(where, "folders", f"not trained on: {why}", "name folders REPEATS_class, such as 10_cat", Gravity.WRONG)


LEFT_OUT = Rule(
    "images-left-out",
    "images that the trainer passes over",
    Gravity.ABORT,
    "In train_data_dir only folders named REPEATS_class are read, and in them only the images themselves, no folders. Where nothing else "
    "is found, as when train_data_dir is the folder of images itself, the training ends without an error.",
    _left_out,
    "config_util.py, generate_dreambooth_subsets_config_by_subdirs; train_network.py, NetworkTrainer.train",
    good=(Example("seed = 1\n", facts=Facts()),),
    bad=(Example("seed = 1\n", "folders", facts=Facts(left_out=(("cats", "12 images outside of any folder"),))),),
)


def _with_plan(say: Callable[[FlightPlan, Configuration], Iterator[LintFinding]], configuration: Configuration) -> Iterator[LintFinding]:
    if configuration.facts and configuration.facts.plan:
        yield from say(configuration.facts.plan, configuration)


def _regularization(plan: FlightPlan, configuration: Configuration) -> Iterator[LintFinding]:
    if plan.regularization_per_epoch:
        times = plan.shown_per_epoch / (plan.shown_per_epoch - plan.regularization_per_epoch)
        yield REGULARIZATION.about(
            configuration.file,
            "reg_data_dir",
            f"regularization images are {plan.regularization_per_epoch} of the {plan.shown_per_epoch} images of an "
            f"epoch: {times:.2g} times the steps",
        )


REGULARIZATION = Rule(
    "regularization-multiplies-steps",
    "regularization images take as many steps again",
    Gravity.NOTE,
    "Their list is repeated or cut until it is as long as that of the training images.",
    partial(_with_plan, _regularization),
    "train_util.py:2172",
    good=(Example("seed = 1\n", facts=planned(20)),),
    bad=(Example("seed = 1\n", "reg_data_dir", facts=planned(20, regularization=5)),),
)


def _partial(plan: FlightPlan, configuration: Configuration) -> Iterator[LintFinding]:
    if not plan.whole_epochs:
        rest = plan.total_steps - (plan.epochs - 1) * plan.steps_per_epoch
        yield PARTIAL.about(
            configuration.file,
            "max_train_steps",
            f"the last epoch, {plan.epochs}, stops after {rest} of {plan.steps_per_epoch} steps: its file has seen only "
            "part of the images once more",
            f"max_train_epochs = {max(1, plan.epochs - 1)} or {plan.epochs}",
        )


PARTIAL = Rule(
    "last-epoch-is-partial",
    "the last epoch is cut short",
    Gravity.NOTE,
    "When the number of steps decides, it seldom ends with an epoch.",
    partial(_with_plan, _partial),
    "train_network.py:1694",
    good=(Example("max_train_steps = 40\n", facts=planned(20, max_train_steps=40)),),
    bad=(Example("max_train_steps = 50\n", "max_train_steps", facts=planned(20, max_train_steps=50)),),
)


def _lone(plan: FlightPlan, configuration: Configuration) -> Iterator[LintFinding]:
    if plan.lone_batches:
        what = "a step" if plan.lone_batches == 1 else f"{plan.lone_batches} steps"
        yield LONE.about(
            configuration.file,
            "train_batch_size",
            f"{what} of each epoch show a single image alone in its batch: it weighs up to {max(plan.batch_sizes)} "
            "times as much as another",
            "unite buckets (larger bucket_reso_steps), or crop the odd images",
        )


LONE = Rule(
    "lone-image-in-batch",
    "an image alone in its batch",
    Gravity.NOTE,
    "No batch mixes buckets, none is filled up or dropped: what is left over in a bucket is a step of its own.",
    partial(_with_plan, _lone),
    "train_util.py:987",
    good=(Example("train_batch_size = 4\n", facts=planned(20, 4, batch_size=4)),),
    bad=(Example("train_batch_size = 4\n", "train_batch_size", facts=planned(20, 1, batch_size=4)),),
)

IMAGE_RULES = (
    UNREADABLE,
    MISFITS,
    NO_CAPTION,
    BAD_CAPTION,
    ONE_LINE,
    BEYOND,
    STALE,
    LEFT_OUT,
    REGULARIZATION,
    PARTIAL,
    LONE,
)
