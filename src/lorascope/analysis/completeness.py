"""How complete the record of a run is: a checklist, worked through by looking at what is there.

The four stages and their items are those of a data-collection list that a lab kept by hand; here they are computed. An item that
cannot be had (no losses in a table of results) is missing all the same: the reader of a report should know.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from lorascope.records.run import Run


class Stage(StrEnum):
    """When an item can be recorded."""

    BEFORE = "before training"
    DURING = "during training, per epoch"
    AFTER = "after training, per epoch"
    FINAL = "final analysis"


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a store holds of one run, as plain counts. Those per checkpoint never exceed ``checkpoints``.

    ``images`` counts the images of its dataset version (None: the version is not in the store), ``image_sizes`` whether their
    sizes are known. ``measured``, ``drawn`` and ``rated`` are checkpoints that have scores, images and human ratings.
    ``kept`` counts other records that speak of the run, by type (observation, decision, cause, proposal …).
    """

    run: Run
    images: int | None = None
    captions: int | None = None
    checkpoints: int = 0
    with_bytes: int = 0
    with_duration: int = 0
    with_loss: int = 0
    with_memory: int = 0
    has_loss_series: bool = False
    drawn: int = 0
    measured: int = 0
    rated: int = 0
    kept: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One thing a complete record has. ``share`` gives how much of it is there, 0 to 1; ``next_step`` says how to supply it."""

    name: str
    stage: Stage
    share: Callable[[Recorded], float]
    next_step: str


@dataclass(frozen=True, slots=True)
class Checked:
    """An item and how much of it is there, 0 to 1."""

    item: Item
    share: float


def check(recorded: Recorded) -> tuple[Checked, ...]:
    """The checklist, worked through for one run, in its own order."""
    return tuple(Checked(item, item.share(recorded)) for item in CHECKLIST)


def completeness(checked: tuple[Checked, ...]) -> float:
    """The share of the checklist that is there, 0 to 1; every item weighs the same."""
    return sum(item.share for item in checked) / len(checked)


def _parameters(*groups: tuple[str, ...]) -> Callable[[Recorded], float]:
    """The share of groups of which at least one spelling is recorded (None counts: somebody said "unset")."""
    return lambda recorded: sum(any(name in recorded.run.parameters for name in group) for group in groups) / len(groups)


def _dataset_size(recorded: Recorded) -> float:
    counted = recorded.images is not None or bool({"num_images", "num_train_images"} & recorded.run.parameters.keys())
    return (counted + ("resolution" in recorded.run.parameters)) / 2


def _captions(recorded: Recorded) -> float:
    named = recorded.run.dataset_digest is not None or "caption_version" in recorded.run.parameters
    return (named + (recorded.captions is not None)) / 2


def _hardware(recorded: Recorded) -> float:
    """A run without any accelerator says so by an empty list, which is an answer."""
    environment = recorded.run.environment
    if "gpus" in environment:
        return 1.0
    return (bool(environment.get("gpu")) + bool(environment.get("vram_bytes") or environment.get("vram"))) / 2


def _per_checkpoint(count: Callable[[Recorded], int]) -> Callable[[Recorded], float]:
    return lambda recorded: min(1.0, count(recorded) / recorded.checkpoints) if recorded.checkpoints else 0.0


def _losses(recorded: Recorded) -> float:
    return 1.0 if recorded.has_loss_series else _per_checkpoint(lambda counted: counted.with_loss)(recorded)


def _kept(*types: str) -> Callable[[Recorded], float]:
    return lambda recorded: float(any((recorded.kept or {}).get(name) for name in types))


CHECKLIST: tuple[Item, ...] = (
    Item(
        "architecture parameters",
        Stage.BEFORE,
        _parameters(("network_dim",), ("network_alpha",), ("network_module", "conv_dim", "network_args")),
        "import the trainer's configuration or a checkpoint: lorascope import FOLDER",
    ),
    Item(
        "optimization parameters",
        Stage.BEFORE,
        _parameters(
            ("learning_rate", "unet_lr"),
            ("lr_scheduler",),
            ("optimizer_type",),
            ("train_batch_size",),
            ("max_train_epochs", "max_train_steps", "total_steps"),
            ("seed",),
        ),
        "import the trainer's configuration or a checkpoint: lorascope import FOLDER",
    ),
    Item(
        "base model", Stage.BEFORE, lambda recorded: float(recorded.run.base_model is not None), "import a checkpoint: its header names it"
    ),
    Item("captions: version and statistics", Stage.BEFORE, _captions, "audit the folder the run was trained on: lorascope audit FOLDER"),
    Item("dataset: size and resolution", Stage.BEFORE, _dataset_size, "import the trainer's configuration or a checkpoint"),
    Item(
        "augmentation",
        Stage.BEFORE,
        _parameters(("flip_aug",), ("color_aug",), ("shuffle_caption",)),
        "import the trainer's configuration (what it leaves out is off)",
    ),
    Item("hardware: GPU and memory", Stage.BEFORE, _hardware, "train or log on the machine itself, or write it into the run's environment"),
    Item(
        "start of the training",
        Stage.BEFORE,
        lambda recorded: float(recorded.run.started_at is not None),
        "import a checkpoint: its header has it",
    ),
    Item(
        "time per epoch",
        Stage.DURING,
        _per_checkpoint(lambda counted: counted.with_duration),
        "it comes with the times in the headers of all checkpoints; where a trainer writes none, log it",
    ),
    Item("memory used", Stage.DURING, _per_checkpoint(lambda counted: counted.with_memory), "log it: run.log({'memory_bytes': …})"),
    Item("loss", Stage.DURING, _losses, "import the trainer's event logs: lorascope import FOLDER"),
    Item("checkpoint file size", Stage.AFTER, _per_checkpoint(lambda counted: counted.with_bytes), "import the checkpoint files"),
    Item(
        "test images",
        Stage.AFTER,
        _per_checkpoint(lambda counted: counted.drawn),
        "import the folder that holds them, or, for a run trained here, draw them: lorascope evaluate RUN",
    ),
    Item(
        "metrics",
        Stage.AFTER,
        _per_checkpoint(lambda counted: counted.measured),
        "import scores measured elsewhere, or, for a run trained here, measure them: lorascope evaluate RUN",
    ),
    Item(
        "ratings by people (0 to 10)",
        Stage.AFTER,
        _per_checkpoint(lambda counted: counted.rated),
        "import a table of scores with the metric rating",
    ),
    Item("observations", Stage.AFTER, _kept("observation"), "import records of type observation"),
    Item(
        "best checkpoint",
        Stage.FINAL,
        _kept("decision"),
        "choose one: lorascope pick RUN --metric …, and keep the answer as a record of type decision",
    ),
    Item("causes", Stage.FINAL, _kept("cause"), "import records of type cause"),
    Item("what to try next", Stage.FINAL, _kept("proposal"), "import records of type proposal"),
)
