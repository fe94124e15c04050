"""What follows from the settings, exactly as sd-scripts computes it: steps, epochs, scale, file size and file names.

Bucket counts (images x repeats in each bucket, regularization images included) come from bucket_plan.py or from the
metadata's ss_bucket_info.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lorascope.errors import BadParameter
from lorascope.parameters.parameter import Category, Kind, Parameter, Scale
from lorascope.parameters.source import LAB, LORA, TRAIN_NETWORK, TRAIN_UTIL

_HERE = Category.DERIVED

DERIVED = (
    Parameter(
        "adapter_scale",
        _HERE,
        Kind.FLOAT,
        "network_alpha / network_dim, the factor on the weight change; 1 where alpha is 0 or None.",
        low=0,
        optional=True,
        scale=Scale.LOG,
        source=f"{LORA}71",
    ),
    Parameter(
        "batches_per_epoch",
        _HERE,
        Kind.INTEGER,
        "Sum over the buckets of their images x repeats, divided by the batch size and rounded up.",
        unit="batches",
        low=0,
        optional=True,
        scale=Scale.LOG,
        source=f"{TRAIN_UTIL}987",
    ),
    Parameter(
        "steps_per_epoch",
        _HERE,
        Kind.INTEGER,
        "Optimizer steps of one epoch: batches_per_epoch / processes / gradient_accumulation_steps, rounded up.",
        unit="steps",
        low=0,
        optional=True,
        scale=Scale.LOG,
        interactions="num_images / batch size is too few: every bucket rounds up.",
        source=f"{TRAIN_NETWORK}800",
    ),
    Parameter(
        "total_steps",
        _HERE,
        Kind.INTEGER,
        "Optimizer steps of the training: max_train_epochs x steps_per_epoch, or max_train_steps.",
        unit="steps",
        low=0,
        optional=True,
        scale=Scale.LOG,
        source=f"{TRAIN_NETWORK}800",
    ),
    Parameter(
        "samples_seen",
        _HERE,
        Kind.INTEGER,
        "Images shown up to the end: the sum of the real batch sizes.",
        unit="images",
        low=0,
        optional=True,
        scale=Scale.LOG,
        lab_only=True,
        source=LAB,
    ),
    Parameter(
        "total_training_time_hours",
        _HERE,
        Kind.FLOAT,
        "Wall-clock time of the training, measured.",
        unit="h",
        low=0,
        optional=True,
        scale=Scale.IGNORED,
        lab_only=True,
        source=LAB,
    ),
    Parameter(
        "checkpoint_file_size_mb",
        _HERE,
        Kind.FLOAT,
        "Size of one saved file in units of 1,048,576 bytes.",
        unit="MiB",
        low=0,
        optional=True,
        scale=Scale.IGNORED,
        lab_only=True,
        interactions="Follows from network_dim, conv_dim, the parts adapted and save_precision.",
        source=LAB,
    ),
)

TRAINER_MAX_STEPS = 1600  # what sd-scripts trains when neither epochs nor steps are given


def _ceil_div(number: int, by: int) -> int:
    return -(-number // by)


def batches_per_epoch(bucket_counts: Sequence[int], batch_size: int) -> int:
    """Batches of one epoch: no batch mixes buckets and none is dropped.

    >>> batches_per_epoch([203], 4), batches_per_epoch([101, 51, 50, 1], 4)
    (51, 53)
    """
    return sum(_ceil_div(count, batch_size) for count in bucket_counts)


def steps_per_epoch(bucket_counts: Sequence[int], batch_size: int, *, accumulation: int = 1, processes: int = 1) -> int:
    """Optimizer steps of one epoch; batches left over at its end make a smaller step.

    >>> steps_per_epoch([203], 4), steps_per_epoch([203], 4, accumulation=4)
    (51, 13)
    """
    return _ceil_div(batches_per_epoch(bucket_counts, batch_size), accumulation * processes)


def total_steps(epoch_steps: int, *, max_train_epochs: int | None, max_train_steps: int | None = None) -> int:
    """Optimizer steps of the training. Epochs come before steps; with neither, 1600.

    >>> total_steps(51, max_train_epochs=10), total_steps(51, max_train_epochs=None)
    (510, 1600)
    """
    if max_train_epochs is not None:
        return max_train_epochs * epoch_steps
    return TRAINER_MAX_STEPS if max_train_steps is None else max_train_steps


def number_of_epochs(steps: int, epoch_steps: int) -> int:
    """Epochs begun within so many steps; the last may be a partial one.

    >>> number_of_epochs(510, 51), number_of_epochs(1600, 51)
    (10, 32)
    """
    return _ceil_div(steps, epoch_steps)


def warmup_steps(value: float, steps: int) -> int:
    """Steps of a warm-up given as steps (1 and more) or as a share of all steps (below 1), cut to a whole number.

    >>> warmup_steps(100, 510), warmup_steps(0.05, 510)
    (100, 25)
    """
    return int(value * steps) if value < 1 else int(value)


def samples_seen(bucket_counts: Sequence[int], epochs: int) -> int:
    """Images shown in so many whole epochs, repeats included. Comparable across trainers, where steps are not.

    >>> samples_seen([101, 102], 8)
    1624
    """
    return sum(bucket_counts) * epochs


def regularization_uses(training_images: int, repeats: Sequence[int]) -> tuple[int, ...]:
    """How often each regularization image is used per epoch, given the repeats of each and the training images x repeats.

    sd-scripts takes them in order, first with their own repeats, then once more each, until there are as many as training
    images (train_util.py:2172). Images it never reaches are used 0 times.

    >>> regularization_uses(5, [1, 1]), regularization_uses(2, [1, 1, 1])
    ((3, 2), (1, 1, 0))
    """
    uses, total = [0] * len(repeats), 0
    for index, own in enumerate(repeats):
        if total >= training_images:
            break
        uses[index] = own
        total += own
    if total >= training_images or not any(repeats):
        return tuple(uses)
    rounds, rest = divmod(training_images - total, len(repeats))
    return tuple(own + rounds + (index < rest) for index, own in enumerate(uses))


def adapter_scale(dim: int, alpha: float | None) -> float:
    """The factor on the weight change: alpha / dim, and 1 for an alpha of 0 or None.

    >>> adapter_scale(32, 16), adapter_scale(32, None), adapter_scale(8, 0)
    (0.5, 1.0, 1.0)
    """
    return float(alpha) / dim if alpha else 1.0


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much a LoRA over part of a model holds per unit of rank, and in how many modules.

    ``weights`` is the sum over the modules of inputs (x 9 for a 3x3 convolution) + outputs.
    """

    weights: int
    modules: int


@dataclass(frozen=True, slots=True)
class ModelCoverage:
    """The parts of a base model that networks.lora adapts.

    ``pointwise`` (time_emb_proj and conv_shortcut) and ``convolutions`` (3x3) join when conv_dim is set; the former at
    network_dim.
    """

    unet: Coverage
    text_encoders: Coverage
    pointwise: Coverage
    convolutions: Coverage


# Counted over the U-Nets' and text encoders' layers; tests/parameters does so again for SD 1.5.
SD15 = ModelCoverage(Coverage(423_936, 192), Coverage(165_888, 72), Coverage(82_880, 36), Coverage(544_000, 50))
SDXL = ModelCoverage(Coverage(2_659_840, 722), Coverage(903_168, 264), Coverage(58_560, 28), Coverage(355_840, 38))

WEIGHT_BYTES = {"float": 4, "fp16": 2, "bf16": 2}


def lora_tensor_bytes(
    model: ModelCoverage, dim: int, *, conv_dim: int | None = None, unet_only: bool = False, precision: str = "float"
) -> int:
    """Bytes of all tensors in a networks.lora file, one alpha per module included. A header of 0.1 to 0.4 MB comes on top.

    A file of another size covers other modules or is saved in another precision.

    >>> [round(lora_tensor_bytes(model, 32, unet_only=only, precision="fp16") / 2**20, 1)
    ...  for model in (SD15, SDXL) for only in (False, True)]
    [36.0, 25.9, 217.5, 162.3]

    Raises:
        BadParameter: the precision is none of float, fp16 and bf16.
    """
    if precision not in WEIGHT_BYTES:
        raise BadParameter(f"save_precision = {precision!r}: must be one of {', '.join(WEIGHT_BYTES)}")
    parts = [(model.unet, dim)]
    if not unet_only:
        parts.append((model.text_encoders, dim))
    if conv_dim:
        parts += [(model.pointwise, dim), (model.convolutions, conv_dim)]
    return sum(part.weights * rank + part.modules for part, rank in parts) * WEIGHT_BYTES[precision]


def checkpoint_names(
    output_name: str | None, epochs: int, *, save_every_n_epochs: int | None, save_last_n_epochs: int | None = None
) -> tuple[tuple[int, str], ...]:
    """Epoch and file name of every file that is there at the end. The last epoch's file carries no number.

    >>> checkpoint_names("cat", 3, save_every_n_epochs=1)
    ((1, 'cat-000001.safetensors'), (2, 'cat-000002.safetensors'), (3, 'cat.safetensors'))
    """
    numbered: list[int] = []
    if save_every_n_epochs is not None:
        numbered = [epoch for epoch in range(1, epochs) if epoch % save_every_n_epochs == 0]
        if save_last_n_epochs is not None:
            numbered = numbered[-save_last_n_epochs:]
    stem, last = output_name or "epoch", output_name or "last"
    return (*((epoch, f"{stem}-{epoch:06d}.safetensors") for epoch in numbered), (epochs, f"{last}.safetensors"))
