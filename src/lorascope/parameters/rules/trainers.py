"""Traps of the other trainers' configurations, and of kohya_ss's user interface."""

from __future__ import annotations

from collections.abc import Iterator

from lorascope.parameters.rules.configuration import Configuration, Said
from lorascope.parameters.rules.rule import Example, Gravity, LintFinding, Rule
from lorascope.records.run import JsonValue

# values of kohya_ss's JSON where 0 is dropped when the TOML is written, what sd-scripts does then, and the setting (with words of its
# value) without which it does not matter; max_data_loader_n_workers is written back, whatever it is
_ZEROS = {
    "max_grad_norm": ("1.0: gradients are clipped", "", ""),
    "prior_loss_weight": ("1.0", "reg_data_dir", ""),
    "network_alpha": ("1", "", ""),
    "multires_noise_discount": ("0.3", "multires_noise_iterations", ""),
    "huber_c": ("0.1", "loss_type", "huber smooth_l1"),
    "lr_scheduler_power": ("1", "lr_scheduler", "polynomial"),
}


def _as_number(value: JsonValue) -> float | None:
    """A number, also one that the user interface wrote as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def _zeros(configuration: Configuration) -> Iterator[LintFinding]:
    for document in configuration.of("kohya-gui"):
        for name, (instead, needs, words) in _ZEROS.items():
            entry, other = document.entry(name), document.entry(needs)
            said = str(other.value) if other is not None and other.value else ""
            matters = not needs or (bool(said) and (not words or any(word in said for word in words.split())))
            if entry is not None and _as_number(entry.value) == 0 and matters:
                yield ZEROS.at(
                    Said(document.file, entry, 0),
                    f"{name} = 0 never reaches the trainer: kohya_ss leaves zeros out, and sd-scripts takes {instead}",
                    f'write "--{name} 0" into additional_parameters',
                )


ZEROS = Rule(
    "zero-dropped-by-gui",
    "a zero that kohya_ss does not pass on",
    Gravity.WRONG,
    "kohya_ss removes every value equal to an empty text, None or False from the TOML it writes; in Python 0 equals False.",
    _zeros,
    "kohya_ss 45088f0, kohya_gui/lora_gui.py, train_model",
    good=(
        Example(
            '{"LoRA_type": "Standard", "epoch": 10, "multires_noise_discount": 0, "multires_noise_iterations": 0, '
            '"max_data_loader_n_workers": 0}',
            dialect="kohya-gui",
        ),
        Example('{"LoRA_type": "Standard", "epoch": 10, "max_grad_norm": 1}', dialect="kohya-gui"),
    ),
    bad=(Example('{"LoRA_type": "Standard", "epoch": 10, "max_grad_norm": 0}', "max_grad_norm", dialect="kohya-gui"),),
)


def _percent(configuration: Configuration) -> Iterator[LintFinding]:
    for document in configuration.of("kohya-gui"):
        entry, steps = document.entry("lr_warmup"), document.entry("lr_warmup_steps")
        percent = _as_number(entry.value) if entry else None
        if entry is None or not percent or (steps is not None and _as_number(steps.value)):
            continue
        said = Said(document.file, entry, percent)
        if percent >= 100:
            yield PERCENT.at(said, f"lr_warmup = {percent:g} is a percentage: the warm-up takes the whole training", "lr_warmup = 5")
        else:
            message = f"lr_warmup = {percent:g} is a percentage of all steps, not a number of steps"
            yield PERCENT.at(said, message, severity=Gravity.NOTE)


PERCENT = Rule(
    "gui-warmup-is-percent",
    "kohya_ss's warm-up is a percentage",
    Gravity.WRONG,
    "lr_warmup of kohya_ss is a percentage; lr_warmup_steps of sd-scripts a number of steps.",
    _percent,
    "kohya_ss 45088f0",
    good=(Example('{"LoRA_type": "Standard", "epoch": 10, "lr_warmup": 0}', dialect="kohya-gui"),),
    bad=(
        Example('{"LoRA_type": "Standard", "epoch": 10, "lr_warmup": 10}', "lr_warmup", dialect="kohya-gui"),
        Example('{"LoRA_type": "Standard", "epoch": 10, "lr_warmup": 100}', "lr_warmup", dialect="kohya-gui"),
    ),
)


def _gui_steps(configuration: Configuration) -> Iterator[LintFinding]:
    for document in configuration.of("kohya-gui"):
        epoch = document.entry("epoch")
        own = [document.entry(name) for name in ("max_train_epochs", "max_train_steps")]
        if epoch is None or not _as_number(epoch.value) or any(entry is not None and _as_number(entry.value) for entry in own):
            continue
        yield GUI_STEPS.at(
            Said(document.file, epoch, None),
            f"epoch = {epoch.value} is not passed on: kohya_ss computes max_train_steps without buckets, so that the "
            "last epoch is cut short",
            f"set max_train_epochs = {epoch.value}",
        )


GUI_STEPS = Rule(
    "gui-steps-ignore-buckets",
    "kohya_ss computes steps without buckets",
    Gravity.NOTE,
    "It divides all images by the batch size; sd-scripts rounds up in every bucket, and an epoch takes more steps than that.",
    _gui_steps,
    "kohya_ss#2965",
    good=(Example('{"LoRA_type": "Standard", "epoch": 10, "max_train_epochs": "10"}', dialect="kohya-gui"),),
    bad=(Example('{"LoRA_type": "Standard", "epoch": 10}', "epoch", dialect="kohya-gui"),),
)


def _ignored_by_gui(configuration: Configuration) -> Iterator[LintFinding]:
    for document in configuration.of("kohya-gui"):
        entry = document.entry("stop_text_encoder_training")
        if entry is not None and _as_number(entry.value):
            yield IGNORED_BY_GUI.at(
                Said(document.file, entry, None),
                f"stop_text_encoder_training = {entry.value} is ignored for LoRA: the text encoder learns to the end",
                "set text_encoder_lr = 0 to leave it out altogether",
            )


IGNORED_BY_GUI = Rule(
    "gui-setting-ignored",
    "a setting that kohya_ss does not pass on",
    Gravity.NO_EFFECT,
    "stop_text_encoder_training is shown in the user interface and has no counterpart in train_network.py.",
    _ignored_by_gui,
    "kohya_ss 45088f0",
    good=(Example('{"LoRA_type": "Standard", "epoch": 10, "stop_text_encoder_training": 0}', dialect="kohya-gui"),),
    bad=(
        Example(
            '{"LoRA_type": "Standard", "epoch": 10, "stop_text_encoder_training": 50}', "stop_text_encoder_training", dialect="kohya-gui"
        ),
    ),
)


def _micro_steps(configuration: Configuration) -> Iterator[LintFinding]:
    for document in configuration.of("onetrainer"):
        entry, group = document.entry("learning_rate_warmup_steps"), document.entry("gradient_accumulation_steps")
        warmup, accumulation = (_as_number(found.value) if found else None for found in (entry, group))
        if entry is not None and warmup and warmup > 1 and accumulation and accumulation > 1:
            yield MICRO_STEPS.at(
                Said(document.file, entry, None),
                f"learning_rate_warmup_steps = {warmup:g} counts single batches: with gradient_accumulation_steps = {accumulation:g} "
                f"it is {warmup / accumulation:g} optimizer steps",
                f"write {warmup * accumulation:g} for {warmup:g} optimizer steps",
            )


MICRO_STEPS = Rule(
    "warmup-in-micro-steps",
    "OneTrainer's warm-up counts batches",
    Gravity.NOTE,
    "OneTrainer counts batches where other trainers count optimizer steps; above 1 the number is divided by the accumulation.",
    _micro_steps,
    "OneTrainer 23df383",
    ("onetrainer",),
    good=(
        Example(
            '{"__version": 11, "training_method": "LORA", "learning_rate_warmup_steps": 200, "gradient_accumulation_steps": 1}',
            dialect="onetrainer",
        ),
    ),
    bad=(
        Example(
            '{"__version": 11, "training_method": "LORA", "learning_rate_warmup_steps": 200, "gradient_accumulation_steps": 4}',
            "learning_rate_warmup_steps",
            dialect="onetrainer",
        ),
    ),
)

_AI_TOOLKIT = "job: extension\nconfig:\n  name: cat\n  process:\n  - type: sd_trainer\n    network:\n      type: lora\n      linear: 16\n"


def _keeps_five(configuration: Configuration) -> Iterator[LintFinding]:
    for document in configuration.of("ai-toolkit"):
        steps, every, keep = (document.entry(name) for name in ("steps", "save_every", "max_step_saves_to_keep"))
        total, interval = (_as_number(entry.value) if entry else None for entry in (steps, every))
        kept = 5.0 if keep is None else _as_number(keep.value)
        files = int((total or 0) // (interval or 1000))
        if not total or kept is None or files <= kept:
            continue
        where = keep or every or steps
        assert where is not None
        unsaid = " (its default)" if keep is None else ""
        yield KEEPS_FIVE.at(
            Said(document.file, where, None),
            f"{files} files are saved, but max_step_saves_to_keep = {kept:g}{unsaid} deletes all but the last {kept:g}: "
            "the early ones cannot be compared",
            f"max_step_saves_to_keep: {files}",
            severity=Gravity.NOTE if keep else Gravity.WRONG,
        )


KEEPS_FIVE = Rule(
    "ai-toolkit-deletes-checkpoints",
    "ai-toolkit deletes older checkpoints",
    Gravity.WRONG,
    "max_step_saves_to_keep is 5 unless it is said; older files are deleted while the training goes on.",
    _keeps_five,
    "ai-toolkit 27a03a9",
    ("ai-toolkit",),
    good=(Example(_AI_TOOLKIT + "    save:\n      save_every: 250\n    train:\n      steps: 1000\n", dialect="ai-toolkit"),),
    bad=(
        Example(
            _AI_TOOLKIT + "    save:\n      save_every: 250\n    train:\n      steps: 2000\n",
            "config.process[0].save.save_every",
            dialect="ai-toolkit",
        ),
    ),
)


def _steps_only(configuration: Configuration) -> Iterator[LintFinding]:
    for document in configuration.of("ai-toolkit"):
        for name in ("epochs", "max_train_epochs", "num_train_epochs"):
            entry = document.entry(name)
            if entry is not None:
                yield STEPS_ONLY.at(
                    Said(document.file, entry, None),
                    f"{name} does nothing: ai-toolkit counts steps only",
                    "set train.steps to images x epochs / batch_size",
                )


STEPS_ONLY = Rule(
    "ai-toolkit-has-no-epochs",
    "epochs in a configuration of ai-toolkit",
    Gravity.NO_EFFECT,
    "ai-toolkit trains for train.steps, whatever the dataset's size.",
    _steps_only,
    "ai-toolkit 27a03a9",
    ("ai-toolkit",),
    good=(Example(_AI_TOOLKIT + "    train:\n      steps: 1000\n", dialect="ai-toolkit"),),
    bad=(Example(_AI_TOOLKIT + "    train:\n      epochs: 10\n", "config.process[0].train.epochs", dialect="ai-toolkit"),),
)


def _extra_passes(configuration: Configuration) -> Iterator[LintFinding]:
    for document in configuration.of("simpletuner"):
        for entry in document.entries:
            repeats = _as_number(entry.value)
            if entry.place[-1:] == ("repeats",) and repeats:
                yield EXTRA_PASSES.at(
                    Said(document.file, entry, None),
                    f"repeats = {repeats:g} means {repeats:g} more passes: each image is shown {repeats + 1:g} times in an epoch",
                    f"repeats = {repeats - 1:g} is what sd-scripts calls {repeats:g} repeats",
                )


_BACKEND = '[{{"id": "cats", "type": "local", "instance_data_dir": "cats", "crop": false, "repeats": {}}}]'

EXTRA_PASSES = Rule(
    "simpletuner-repeats-are-extra",
    "SimpleTuner's repeats come on top",
    Gravity.NOTE,
    "0 repeats show every image once; in sd-scripts 1 repeat does.",
    _extra_passes,
    "SimpleTuner bc8e6ab, DATALOADER documentation",
    ("simpletuner",),
    good=(Example(_BACKEND.format(0), dialect="simpletuner"),),
    bad=(Example(_BACKEND.format(9), "[0].repeats", dialect="simpletuner"),),
)


def _crop(configuration: Configuration) -> Iterator[LintFinding]:
    for document in configuration.of("diffusers"):
        if not (entry := document.entry("center_crop")) or not entry.value:
            yield CROP.about(
                document.file,
                "center_crop",
                "center_crop is off: images that are no squares of the resolution are cut at random places, and "
                "captions then name what was cut away",
                "center_crop: true, or images of one size",
            )


_DIFFUSERS = "accelerate launch train_text_to_image_lora.py --train_data_dir cats --lr_scheduler cosine --max_train_steps 1000\n"

CROP = Rule(
    "diffusers-crops-at-random",
    "diffusers cuts images at random",
    Gravity.NOTE,
    "The example scripts have no buckets: they cut a square of the resolution from each image, at random unless center_crop is on.",
    _crop,
    "diffusers, train_text_to_image_lora.py",
    ("diffusers",),
    good=(Example(_DIFFUSERS.replace("cats", "cats --center_crop"), dialect="diffusers"),),
    bad=(Example(_DIFFUSERS, "center_crop", dialect="diffusers"),),
)


def _long_warmup(configuration: Configuration) -> Iterator[LintFinding]:
    for document in configuration.of("diffusers"):
        entry, scheduler, steps = (document.entry(name) for name in ("lr_warmup_steps", "lr_scheduler", "max_train_steps"))
        total = _as_number(steps.value) if steps else None
        if (
            entry is None
            and scheduler is not None
            and scheduler.value not in ("constant", None)
            and steps is not None
            and total
            and total <= 2000
        ):
            yield LONG_WARMUP.at(
                Said(document.file, steps, None),
                f"lr_warmup_steps is not said: 500 of the {total:g} steps are warm-up",
                f"lr_warmup_steps = {int(total) // 20}",
            )


LONG_WARMUP = Rule(
    "diffusers-warmup-500",
    "diffusers warms up for 500 steps",
    Gravity.WRONG,
    "The example scripts take 500 steps unless lr_warmup_steps is said.",
    _long_warmup,
    "diffusers, train_text_to_image_lora.py",
    ("diffusers",),
    good=(Example(_DIFFUSERS.replace("1000", "1000 --lr_warmup_steps 50"), dialect="diffusers"),),
    bad=(Example(_DIFFUSERS, "max_train_steps", dialect="diffusers"),),
)

TRAINER_RULES = (ZEROS, PERCENT, GUI_STEPS, IGNORED_BY_GUI, MICRO_STEPS, KEEPS_FIVE, STEPS_ONLY, EXTRA_PASSES, CROP, LONG_WARMUP)
