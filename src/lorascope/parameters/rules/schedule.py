"""The learning rate over time: schedulers, warm-up, and optimizers that find their own rate."""

from __future__ import annotations

from collections.abc import Iterator

from lorascope.parameters.dialects.dialect import Entry
from lorascope.parameters.rules.configuration import Configuration, Said, Scope
from lorascope.parameters.rules.facts import planned
from lorascope.parameters.rules.rule import Example, Gravity, LintFinding, Rule, removed, set_to


def _constant_warmup(configuration: Configuration) -> Iterator[LintFinding]:
    training = configuration.training
    said = training.said("lr_warmup_steps")
    if said is None or not training.on("lr_warmup_steps") or training.text("optimizer_type").lower().endswith("schedulefree"):
        return
    scheduler = training.said("lr_scheduler")
    other = _without_warmup(training)
    if other:
        yield CONSTANT_WARMUP.at(
            said, f"lr_warmup_steps = {said.value} with {other}: sd-scripts raises a ValueError", "remove lr_warmup_steps"
        )
        return
    if training.text("lr_scheduler") != "constant":
        return
    why = "" if scheduler else " (its default)"
    change = set_to(scheduler.entry, "constant_with_warmup") if scheduler else None
    yield CONSTANT_WARMUP.at(
        said,
        f"lr_warmup_steps = {said.value} with lr_scheduler = constant{why}: sd-scripts raises a ValueError",
        'set lr_scheduler = "constant_with_warmup", or remove lr_warmup_steps',
        change,
    )


def _without_warmup(training: Scope) -> str:
    """Whatever else takes no warm-up, in words: a class of lr_scheduler_type, and Adafactor's own schedule."""
    if training.value("lr_scheduler_type"):
        return f"lr_scheduler_type = {training.value('lr_scheduler_type')}"
    arguments = training.text("optimizer_args").replace(" ", "").lower()
    if training.text("optimizer_type").lower() == "adafactor" and "relative_step=false" not in arguments:
        return "Adafactor, which brings its own schedule unless optimizer_args has relative_step=False"
    return ""


CONSTANT_WARMUP = Rule(
    "constant-scheduler-with-warmup",
    "a warm-up with a scheduler that has none",
    Gravity.ABORT,
    "The constant scheduler has no warm-up; constant_with_warmup has. A class of lr_scheduler_type and Adafactor's own schedule take none "
    "either. Optimizers of the ScheduleFree family look at no scheduler at all.",
    _constant_warmup,
    "train_util.py:5265, get_scheduler_fix",
    good=(
        Example('optimizer_type = "RAdamScheduleFree"\nlr_scheduler = "constant"\nlr_warmup_steps = 100\n'),
        Example('optimizer_type = "Adafactor"\noptimizer_args = ["relative_step=False"]\nlr_scheduler = "cosine"\nlr_warmup_steps = 100\n'),
        Example('lr_scheduler = "constant_with_warmup"\nlr_warmup_steps = 100\n'),
        Example('lr_scheduler = "constant"\nlr_warmup_steps = 0\n'),
    ),
    bad=(
        Example(
            'lr_scheduler = "constant"\nlr_warmup_steps = 100\n',
            "lr_warmup_steps",
            'lr_scheduler = "constant_with_warmup"\nlr_warmup_steps = 100\n',
        ),
        Example("lr_warmup_steps = 100\n", "lr_warmup_steps"),
        Example('optimizer_type = "Adafactor"\nlr_scheduler = "cosine"\nlr_warmup_steps = 100\n', "lr_warmup_steps"),
        Example('lr_scheduler_type = "CosineAnnealingLR"\nlr_warmup_steps = 100\n', "lr_warmup_steps"),
    ),
)


def _float_is_ratio(configuration: Configuration) -> Iterator[LintFinding]:
    for document in configuration.config_files():
        for name in ("lr_warmup_steps", "lr_decay_steps"):
            entry = document.entry(name)
            if entry is None or not isinstance(entry.value, float) or not 1 <= entry.value < float("inf"):
                continue
            steps = _total_steps(configuration)
            times = f"{entry.value:g} times the length of the training" + (
                f", {entry.value * steps:,.0f} steps of {steps:,}" if steps else ""
            )
            yield FLOAT_IS_RATIO.at(
                Said(document.file, entry, entry.value),
                f"{name} = {entry.value} has a decimal point: sd-scripts takes it for {times}"
                + (", and the learning rate never arrives" if name == "lr_warmup_steps" else ""),
                f"{name} = {round(entry.value)}",
                set_to(entry, round(entry.value)) if entry.value == round(entry.value) else None,
            )


def _total_steps(configuration: Configuration) -> int:
    """The steps of the training, as far as they are known; 0 when they are not."""
    if configuration.facts and configuration.facts.plan:
        return configuration.facts.plan.total_steps
    return 0 if configuration.training.said("max_train_epochs") else int(configuration.training.number("max_train_steps", 1600))


FLOAT_IS_RATIO = Rule(
    "steps-written-as-ratio",
    "a number of steps with a decimal point",
    Gravity.WRONG,
    "On the command line 100.0 would be read as 100 steps; in TOML a float is always a share of all steps.",
    _float_is_ratio,
    "train_util.py:3664, int_or_float; get_scheduler_fix",
    good=(Example('lr_scheduler = "cosine"\nlr_warmup_steps = 0.05\n'), Example('lr_scheduler = "cosine"\nlr_warmup_steps = 100\n')),
    bad=(
        Example(
            'lr_scheduler = "cosine"\nlr_warmup_steps = 100.0\n', "lr_warmup_steps", 'lr_scheduler = "cosine"\nlr_warmup_steps = 100\n'
        ),
    ),
)


def _type_overrides(configuration: Configuration) -> Iterator[LintFinding]:
    training = configuration.training
    class_said, scheduler = training.said("lr_scheduler_type"), training.said("lr_scheduler")
    if class_said is not None and scheduler is not None and class_said.value:
        yield TYPE_OVERRIDES.at(
            scheduler,
            f"lr_scheduler = {scheduler.value} does nothing: lr_scheduler_type = {class_said.value} takes its place, "
            "and is not recorded in the file",
            "keep one of the two",
            removed(scheduler.entry),
        )


TYPE_OVERRIDES = Rule(
    "scheduler-overridden",
    "lr_scheduler beside lr_scheduler_type",
    Gravity.NO_EFFECT,
    "lr_scheduler_type names any class and comes first.",
    _type_overrides,
    "train_util.py:5265",
    good=(Example('lr_scheduler = "cosine"\n'),),
    bad=(
        Example(
            'lr_scheduler = "cosine"\nlr_scheduler_type = "CosineAnnealingLR"\n',
            "lr_scheduler",
            'lr_scheduler_type = "CosineAnnealingLR"\n',
        ),
    ),
)


def _finds_own_rate(configuration: Configuration) -> bool:
    optimizer = configuration.training.text("optimizer_type").lower()
    return optimizer.startswith("dadapt") or "prodigy" in optimizer


def _small_rate(configuration: Configuration) -> Iterator[LintFinding]:
    training = configuration.training
    if not _finds_own_rate(configuration):
        return
    for name in _rates_used(training):
        said = training.said(name)
        if said is not None and 0 < training.number(name) <= 0.1:
            yield SMALL_RATE.at(
                said,
                f"{name} = {said.value} with {training.value('optimizer_type')}: it finds the rate itself and multiplies it by this number",
                f"{name} = 1.0",
                set_to(said.entry, 1.0, evident=False),
            )


def _rates_used(training: Scope) -> tuple[str, ...]:
    """The settings that the U-Net's and the text encoder's learning rate come from: learning_rate where theirs is not said."""
    parts = [] if training.on("network_train_text_encoder_only") else ["unet_lr"]
    if not training.on("network_train_unet_only"):
        parts.append("text_encoder_lr")
    return tuple(dict.fromkeys(name if training.said(name) else "learning_rate" for name in parts))


SMALL_RATE = Rule(
    "adaptive-optimizer-with-small-rate",
    "Prodigy or D-Adaptation with an ordinary learning rate",
    Gravity.WRONG,
    "These optimizers estimate the step size; the learning rate is a factor on it and is meant to be near 1.",
    _small_rate,
    "train_util.py, get_optimizer",
    good=(
        Example('optimizer_type = "Prodigy"\nlearning_rate = 1.0\n'),
        Example('optimizer_type = "Prodigy"\nlearning_rate = 1e-4\nunet_lr = 1.0\ntext_encoder_lr = 1.0\n'),
        Example('optimizer_type = "AdamW"\nlearning_rate = 1e-4\n'),
    ),
    bad=(Example('optimizer_type = "Prodigy"\nlearning_rate = 1e-4\n', "learning_rate"),),
)


def _two_rates(configuration: Configuration) -> Iterator[LintFinding]:
    training = configuration.training
    optimizer = training.text("optimizer_type").lower()
    if not (optimizer.startswith("dadapt") or optimizer.rpartition(".")[2] == "prodigy"):
        return
    rates = {name: training.value(name) for name in _rates_used(training)}
    said = training.said("text_encoder_lr")
    if said is not None and len({rate for rate in rates.values() if rate}) > 1:
        shown = " and ".join(f"{name} = {rate}" for name, rate in rates.items())
        yield TWO_RATES.at(
            said,
            f"{shown} with {training.value('optimizer_type')}: it takes one learning rate for all parts, and stops at the first step "
            "with a RuntimeError",
            "use one rate, or set network_train_unet_only = true",
        )


TWO_RATES = Rule(
    "adaptive-optimizer-with-two-rates",
    "Prodigy or D-Adaptation with two learning rates",
    Gravity.ABORT,
    "The estimate of the step size is one for all parameter groups: a group may have the same rate as the others, or 0.",
    _two_rates,
    "prodigyopt, Prodigy.step; dadaptation, DAdaptAdam.step; train_util.py, get_optimizer warns of it",
    good=(
        Example('optimizer_type = "Prodigy"\nlearning_rate = 1.0\nunet_lr = 1.0\ntext_encoder_lr = 1.0\n'),
        Example('optimizer_type = "Prodigy"\nunet_lr = 1.0\ntext_encoder_lr = 0.0\n'),
    ),
    bad=(Example('optimizer_type = "Prodigy"\nunet_lr = 1.0\ntext_encoder_lr = 0.5\n', "text_encoder_lr"),),
)


def _warmup_too_long(configuration: Configuration) -> Iterator[LintFinding]:
    facts, said = configuration.facts, configuration.training.said("lr_warmup_steps")
    plan = facts.plan if facts else None
    raw = said.entry.value if said else None
    if plan is None or said is None or not plan.warmup_steps or (isinstance(raw, float) and raw >= 1):
        return
    if plan.warmup_steps >= plan.total_steps:
        yield WARMUP_TOO_LONG.at(
            said,
            f"the warm-up of {plan.warmup_steps} steps is not over when the training ends after {plan.total_steps}: the "
            "learning rate never arrives",
            f"lr_warmup_steps = {max(1, plan.total_steps // 20)} (5 %)",
        )
    elif plan.warmup_steps > plan.total_steps / 5:
        yield WARMUP_TOO_LONG.at(
            said,
            f"the warm-up of {plan.warmup_steps} steps is {100 * plan.warmup_steps / plan.total_steps:.0f} % of the "
            f"{plan.total_steps} steps in all",
            severity=Gravity.NOTE,
        )


WARMUP_TOO_LONG = Rule(
    "warmup-too-long",
    "a warm-up that takes much of the training",
    Gravity.WRONG,
    "A number of steps that suits a long training is most of a short one: 100 of 408 steps are 25 %.",
    _warmup_too_long,
    "train_util.py:3747",
    good=(Example('lr_scheduler = "cosine"\nlr_warmup_steps = 100\n', facts=planned(200, max_train_epochs=8, lr_warmup_steps=100)),),
    bad=(
        Example(
            'lr_scheduler = "cosine"\nlr_warmup_steps = 100\n',
            "lr_warmup_steps",
            facts=planned(10, max_train_epochs=8, lr_warmup_steps=100),
        ),
        Example(
            'lr_scheduler = "cosine"\nlr_warmup_steps = 100\n',
            "lr_warmup_steps",
            facts=planned(51, max_train_epochs=8, lr_warmup_steps=100),
        ),
    ),
)


def _epochs_override(configuration: Configuration) -> Iterator[LintFinding]:
    training = configuration.training
    epochs, steps = training.said("max_train_epochs"), training.said("max_train_steps")
    if epochs is not None and steps is not None and _line(steps.entry) and steps.value != 1600:
        yield EPOCHS_OVERRIDE.at(
            steps,
            f"max_train_steps = {steps.value} does nothing: max_train_epochs = {epochs.value} decides",
            "keep one of the two",
            removed(steps.entry),
        )


def _line(entry: Entry) -> bool:
    return bool(entry.place)


EPOCHS_OVERRIDE = Rule(
    "epochs-override-steps",
    "max_train_steps beside max_train_epochs",
    Gravity.NO_EFFECT,
    "sd-scripts computes the steps from the epochs when these are given.",
    _epochs_override,
    "train_network.py:800",
    good=(Example("max_train_steps = 2000\n"),),
    bad=(Example("max_train_epochs = 10\nmax_train_steps = 2000\n", "max_train_steps", "max_train_epochs = 10\n"),),
)


def _no_length(configuration: Configuration) -> Iterator[LintFinding]:
    training = configuration.training
    if configuration.has_training() and not training.said("max_train_epochs") and not training.said("max_train_steps"):
        yield NO_LENGTH.about(
            configuration.file,
            "max_train_epochs",
            "neither max_train_epochs nor max_train_steps is said: the training takes 1600 steps, whatever the dataset's size",
            "say max_train_epochs",
        )


NO_LENGTH = Rule(
    "no-length",
    "neither epochs nor steps",
    Gravity.NOTE,
    "1600 steps are 2 epochs of one dataset and 60 of another.",
    _no_length,
    "train_util.py:3952",
    good=(Example("max_train_epochs = 10\n"),),
    bad=(Example("network_dim = 8\n", "max_train_epochs"),),
)

SCHEDULE_RULES = (
    CONSTANT_WARMUP,
    FLOAT_IS_RATIO,
    WARMUP_TOO_LONG,
    TYPE_OVERRIDES,
    SMALL_RATE,
    TWO_RATES,
    EPOCHS_OVERRIDE,
    NO_LENGTH,
)
