"""Noise, loss and validation: settings that need each other."""

from __future__ import annotations

from collections.abc import Iterator

from lorascope.parameters.rules.configuration import LARGEST, Configuration, Said, distinct
from lorascope.parameters.rules.rule import Example, Gravity, LintFinding, Rule, removed, set_to


def _adaptive(configuration: Configuration) -> Iterator[LintFinding]:
    said = configuration.training.said("adaptive_noise_scale")
    if said is not None and not configuration.training.said("noise_offset"):
        yield ADAPTIVE.at(
            said,
            "adaptive_noise_scale needs noise_offset: sd-scripts stops with a ValueError",
            "add noise_offset, or remove adaptive_noise_scale",
        )


ADAPTIVE = Rule(
    "adaptive-noise-without-offset",
    "adaptive_noise_scale without noise_offset",
    Gravity.ABORT,
    "The scale is added to the offset.",
    _adaptive,
    "train_util.py, verify_training_args",
    good=(Example("noise_offset = 0.05\nadaptive_noise_scale = 0.005\n"),),
    bad=(Example("adaptive_noise_scale = 0.005\n", "adaptive_noise_scale"),),
)


def _v_prediction(configuration: Configuration) -> Iterator[LintFinding]:
    training = configuration.training
    v_said, scale, like = (
        training.said("v_parameterization"),
        training.said("scale_v_pred_loss_like_noise_pred"),
        training.said("v_pred_like_loss"),
    )
    if scale is not None and scale.value and not training.on("v_parameterization"):
        yield V_PREDICTION.at(
            scale,
            f"{scale.entry.key} needs v_parameterization: sd-scripts stops with a ValueError",
            "set v_parameterization = true, or remove it",
        )
    if like is not None and like.value and v_said is not None and v_said.value:
        yield V_PREDICTION.at(
            like, f"{like.entry.key} and v_parameterization exclude each other: sd-scripts stops with a ValueError", "remove one of the two"
        )
    zero = training.said("zero_terminal_snr")
    if zero is not None and zero.value and not training.on("v_parameterization"):
        message = "zero_terminal_snr without v_parameterization asks for noise to be predicted where there is nothing but noise"
        yield V_PREDICTION.at(zero, message, "set v_parameterization = true for a v-prediction model, or remove it", severity=Gravity.WRONG)


V_PREDICTION = Rule(
    "v-prediction-mismatch",
    "settings of v-prediction that do not fit together",
    Gravity.ABORT,
    "scale_v_pred_loss_like_noise_pred and zero_terminal_snr are for v-prediction models, v_pred_like_loss for the others.",
    _v_prediction,
    "train_util.py, verify_training_args",
    good=(Example("v_parameterization = true\nzero_terminal_snr = true\nscale_v_pred_loss_like_noise_pred = true\n"),),
    bad=(
        Example("scale_v_pred_loss_like_noise_pred = true\n", "scale_v_pred_loss_like_noise_pred"),
        Example("v_parameterization = true\nv_pred_like_loss = 0.5\n", "v_pred_like_loss"),
        Example("zero_terminal_snr = true\n", "zero_terminal_snr"),
    ),
)


def _validation_seed(configuration: Configuration) -> Iterator[LintFinding]:
    split = [
        scope.said("validation_split")
        for scope in configuration.scopes
        if scope.on("validation_split") and not scope.said("validation_seed")
    ]
    for said in distinct(split):
        yield VALIDATION_SEED.at(
            said,
            f"validation_split = {said.value} without validation_seed leaks: training and validation images are drawn "
            "from two different shuffles, "
            "so that most validation images are trained on too",
            "add validation_seed = 42",
        )


VALIDATION_SEED = Rule(
    "validation-leaks",
    "validation_split without validation_seed",
    Gravity.WRONG,
    "Both lists are shuffled apart from each other; only the seed makes the shuffles equal. Without it 18 of 20 "
    "validation images were trained on in a trial.",
    _validation_seed,
    "train_util.py:142",
    good=(Example("validation_split = 0.1\nvalidation_seed = 42\n"), Example("validation_split = 0.0\n")),
    bad=(Example("validation_split = 0.1\n", "validation_split"),),
)


def _validation_number(configuration: Configuration) -> Iterator[LintFinding]:
    for document in configuration.of("kohya-dataset"):
        for entry in document.entries:
            if (
                entry.place[-1] == "validation_split"
                and isinstance(entry.value, int)
                and not isinstance(entry.value, bool)
                and abs(entry.value) <= LARGEST
            ):
                yield VALIDATION_NUMBER.at(
                    Said(document.file, entry, None),
                    f"validation_split = {entry.value} is a whole number, which the schema of dataset_config refuses: sd-scripts stops",
                    f"validation_split = {float(entry.value)}",
                    set_to(entry, float(entry.value)),
                )


VALIDATION_NUMBER = Rule(
    "validation-split-whole-number",
    "validation_split without a decimal point",
    Gravity.ABORT,
    "The schema takes a float only; 1 must be written as 1.0.",
    _validation_number,
    "config_util.py, DATASET_ASCENDABLE_SCHEMA",
    good=(
        Example(
            "[[datasets]]\nvalidation_split = 0.1\nvalidation_seed = 1\n[[datasets.subsets]]\nimage_dir = 'a'\n", dialect="kohya-dataset"
        ),
    ),
    bad=(
        Example(
            "[[datasets]]\nvalidation_split = 1\nvalidation_seed = 1\n[[datasets.subsets]]\nimage_dir = 'a'\n",
            "datasets[0].validation_split",
            "[[datasets]]\nvalidation_split = 1.0\nvalidation_seed = 1\n[[datasets.subsets]]\nimage_dir = 'a'\n",
            dialect="kohya-dataset",
        ),
    ),
)


def _discount(configuration: Configuration) -> Iterator[LintFinding]:
    said = configuration.training.said("multires_noise_discount")
    if said is not None and not configuration.training.on("multires_noise_iterations") and said.value != 0.3 and said.entry.place:
        yield DISCOUNT.at(
            said,
            f"multires_noise_discount = {said.value} does nothing without multires_noise_iterations",
            "add multires_noise_iterations, or remove it",
            removed(said.entry),
        )


DISCOUNT = Rule(
    "multires-discount-without-iterations",
    "multires_noise_discount alone",
    Gravity.NO_EFFECT,
    "The discount is written into the metadata even when no multiresolution noise is used.",
    _discount,
    "train_util.py:4079",
    good=(Example("multires_noise_iterations = 6\nmultires_noise_discount = 0.4\n"),),
    bad=(Example("multires_noise_discount = 0.4\nseed = 1\n", "multires_noise_discount", "seed = 1\n"),),
)

NOISE_RULES = (ADAPTIVE, V_PREDICTION, VALIDATION_SEED, VALIDATION_NUMBER, DISCOUNT)
