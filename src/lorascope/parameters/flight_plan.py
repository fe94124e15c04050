"""What a training would do, worked out before it: batches, steps, epochs, and the files that will exist with their sizes.

Follows sd-scripts 48d368f: the steps as in derived.py, file names and deletions as in library/train_util.py (get_epoch_ckpt_name,
get_step_ckpt_name, get_remove_epoch_no, get_remove_step_no).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lorascope.errors import BadParameter
from lorascope.parameters.bucket_plan import Bucket, BucketRules, Size, plan_buckets
from lorascope.parameters.derived import (
    SD15,
    SDXL,
    adapter_scale,
    lora_tensor_bytes,
    number_of_epochs,
    regularization_uses,
    total_steps,
    warmup_steps,
)
from lorascope.parameters.derived import batches_per_epoch as batches_of
from lorascope.records.run import ParameterValue

FAMILIES = {"sd15": SD15, "sdxl": SDXL}
MOST_FILES = 10_000
LARGEST_SIDE_PX = 65_536
_LARGEST = 10**15


@dataclass(frozen=True, slots=True)
class DatasetPlan:
    """One dataset: its images as (size, repeats), regularization images apart, and how they are bucketed and batched."""

    rules: BucketRules
    batch_size: int
    images: tuple[tuple[Size, int], ...]
    regularization: tuple[tuple[Size, int], ...] = ()

    def uses(self) -> tuple[tuple[Size, int], ...]:
        """Every image with how often it is shown in an epoch, regularization images included."""
        wanted = sum(repeats for _, repeats in self.images)
        shown = regularization_uses(wanted, [repeats for _, repeats in self.regularization])
        return (*self.images, *((size, count) for (size, _), count in zip(self.regularization, shown, strict=True)))


@dataclass(frozen=True, slots=True)
class Planned:
    """A file that will exist at the end; ``epoch`` or ``step`` is its number, the last file has both of the end."""

    name: str
    epoch: int | None = None
    step: int | None = None


@dataclass(frozen=True, slots=True)
class FlightPlan:
    """The numbers of a training. ``shown_per_epoch`` counts images with repeats, ``regularization_per_epoch`` those among them.

    ``whole_epochs`` is false when the last epoch stops in the middle. ``deleted`` counts files that are written and removed
    again. ``file_bytes`` is the size of one file's tensors, None where it cannot be known; ``notes`` say why.
    """

    buckets: tuple[Bucket, ...]
    shown_per_epoch: int
    regularization_per_epoch: int
    batches_per_epoch: int
    steps_per_epoch: int
    total_steps: int
    epochs: int
    whole_epochs: bool
    warmup_steps: int
    files: tuple[Planned, ...]
    deleted: int
    states: int
    file_bytes: int | None
    adapter_scale: float | None
    lone_batches: int
    batch_sizes: tuple[int, ...] = ()
    accumulation: int = 1
    notes: tuple[str, ...] = field(default=())

    @property
    def samples_seen(self) -> int:
        """Images shown up to the end, to the nearest whole epoch when the last is partial."""
        return round(self.shown_per_epoch * self.total_steps / self.steps_per_epoch)

    @property
    def all_bytes(self) -> int | None:
        """Bytes of all the files that will exist, without headers and training states."""
        return None if self.file_bytes is None else self.file_bytes * len(self.files)


def plan_flight(
    datasets: Sequence[DatasetPlan], parameters: Mapping[str, ParameterValue], *, family: str, extra: Mapping[str, object] | None = None
) -> FlightPlan:
    """Work out a training of these datasets with these parameters (unset: sd-scripts' defaults).

    ``family`` is "sd15", "sdxl" or another name; with "" SD 1.5 is taken and a note says so. ``extra`` holds settings that are no
    parameters of ours: save_model_as, save_last_n_steps, save_n_epoch_ratio, save_state.

    Raises:
        BadParameter: an image or a setting would stop sd-scripts; says why. Also where there is no image at all.
    """
    other = extra or {}
    for dataset in datasets:
        _check_sides(dataset.rules)
    planned = [(dataset, plan_buckets(dataset.uses(), dataset.rules)) for dataset in datasets]
    batches = sum(batches_of([bucket.count for bucket in buckets], dataset.batch_size) for dataset, buckets in planned)
    if not batches:
        raise BadParameter("there is no image to train on", next_step="name the folder of images: --dataset DIR")
    accumulation = _whole(parameters, "gradient_accumulation_steps", 1)
    epoch_steps = -(-batches // accumulation)
    steps = total_steps(
        epoch_steps, max_train_epochs=_maybe(parameters, "max_train_epochs"), max_train_steps=_maybe(parameters, "max_train_steps")
    )
    epochs = number_of_epochs(steps, epoch_steps)
    files, deleted = files_left(parameters, epochs, steps, other)
    file_bytes, notes = _file_bytes(parameters, family)
    counts: Counter[Size] = Counter()
    for _, buckets in planned:
        for bucket in buckets:
            counts[bucket.width, bucket.height] += bucket.count
    warmup = parameters.get("lr_warmup_steps") or 0
    warmup = 0 if isinstance(warmup, str) else min(warmup, _LARGEST)
    return FlightPlan(
        buckets=tuple(Bucket(width, height, count) for (width, height), count in sorted(counts.items())),
        shown_per_epoch=sum(counts.values()),
        regularization_per_epoch=sum(sum(count for _, count in dataset.uses()[len(dataset.images) :]) for dataset in datasets),
        batches_per_epoch=batches,
        steps_per_epoch=epoch_steps,
        total_steps=steps,
        epochs=epochs,
        whole_epochs=steps % epoch_steps == 0,
        warmup_steps=warmup_steps(float(warmup), steps),
        files=files,
        deleted=deleted,
        states=_states(files, deleted, other),
        file_bytes=file_bytes,
        adapter_scale=_scale(parameters),
        lone_batches=sum(
            bucket.count % dataset.batch_size == 1 for dataset, buckets in planned for bucket in buckets if dataset.batch_size > 1
        ),
        batch_sizes=tuple(dataset.batch_size for dataset in datasets),
        accumulation=accumulation,
        notes=notes,
    )


def _check_sides(rules: BucketRules) -> None:
    """Refuse what no image can be: the sizes of buckets are counted one by one."""
    for name, side in (("max_bucket_reso", rules.max_bucket_reso), ("resolution", max(rules.resolution))):
        if side > LARGEST_SIDE_PX:
            raise BadParameter(
                f"{name} = {side}: no image is larger than {LARGEST_SIDE_PX} px here", next_step=f"{name} is a number of pixels"
            )


def files_left(
    parameters: Mapping[str, ParameterValue], epochs: int, steps: int, extra: Mapping[str, object] | None = None
) -> tuple[tuple[Planned, ...], int]:
    """The files that exist at the end, in the order of their writing, and how many more were written and deleted again.

    >>> [file.name for file in files_left({"output_name": "cat", "save_every_n_epochs": 2}, 5, 50)[0]]
    ['cat-000002.safetensors', 'cat-000004.safetensors', 'cat.safetensors']
    """
    other = extra or {}
    name = parameters.get("output_name")
    ending = str(other.get("save_model_as") or "safetensors")
    ratio = other.get("save_n_epoch_ratio")
    every_epochs = _maybe(parameters, "save_every_n_epochs")
    if isinstance(ratio, int) and ratio > 0:  # so many files at least, before save_every_n_epochs (train_network.py)
        every_epochs = epochs // min(ratio, _LARGEST) or 1
    by_epoch = _numbered(epochs - 1, every_epochs)
    last_epochs = _maybe(parameters, "save_last_n_epochs")
    kept_epochs = by_epoch if last_epochs is None or last_epochs < 0 else by_epoch[max(0, len(by_epoch) - last_epochs) :]
    every_steps = _maybe(parameters, "save_every_n_steps")
    by_step = _numbered(steps, every_steps)
    kept_steps = _kept_steps(by_step, every_steps, other.get("save_last_n_steps"))
    if len(kept_epochs) + len(kept_steps) > MOST_FILES:
        raise BadParameter(
            f"{len(kept_epochs) + len(kept_steps):,} files would be saved",
            next_step="save less often: save_every_n_epochs, save_every_n_steps",
        )
    files = [Planned(f"{name or 'epoch'}-{epoch:06d}.{ending}", epoch=epoch) for epoch in kept_epochs]
    files += [Planned(f"{name or 'at'}-step{step:08d}.{ending}", step=step) for step in kept_steps]
    deleted = len(by_epoch) - len(kept_epochs) + len(by_step) - len(kept_steps)
    return (*files, Planned(f"{name or 'last'}.{ending}", epochs, steps)), deleted


def _numbered(most: int, every: int | None) -> range:
    return range(every, most + 1, every) if every and most >= every else range(0)


def _kept_steps(written: range, every: int | None, last_steps: object) -> Sequence[int]:
    """sd-scripts deletes, at each save, the file that is more than ``save_last_n_steps`` steps old."""
    if not every or isinstance(last_steps, bool) or not isinstance(last_steps, int) or last_steps < 0:
        return written
    last_removed = (written[-1] - last_steps - 1) // every * every if written else 0  # every step removes the next one: none is left out
    return [step for step in written[-MOST_FILES - 1 :] if step > last_removed]


def _states(files: Sequence[Planned], deleted: int, other: Mapping[str, object]) -> int:
    """Folders of training state: one beside every file written with save_state, one at the end with save_state_on_train_end."""
    if other.get("save_state"):
        return len(files) + (deleted if other.get("save_last_n_epochs_state") else 0)
    return 1 if other.get("save_state_on_train_end") else 0


def _file_bytes(parameters: Mapping[str, ParameterValue], family: str) -> tuple[int | None, tuple[str, ...]]:
    module = parameters.get("network_module")
    if module not in {None, "networks.lora"}:
        return None, (f"the size of files of {module} is not known here",)
    if family not in {"", *FAMILIES}:
        return None, ("the size of files is known here for SD 1.5 and SDXL only",)
    if parameters.get("block_dims") or parameters.get("down_lr_weight") or parameters.get("dim_from_weights"):
        return None, ("ranks by block, or taken from other weights, decide the size of the files",)
    notes = () if family else ("SD 1.5 is taken as the base model: nothing names it (--base sdxl says otherwise)",)
    precision = parameters.get("save_precision")
    if precision is None:
        precision = "fp16" if parameters.get("full_fp16") else "bf16" if parameters.get("full_bf16") else "float"
    size = lora_tensor_bytes(
        FAMILIES[family or "sd15"],
        _whole(parameters, "network_dim", 4),
        conv_dim=_maybe(parameters, "conv_dim"),
        unet_only=bool(parameters.get("network_train_unet_only")),
        precision=str(precision),
    )
    return size, notes


def _scale(parameters: Mapping[str, ParameterValue]) -> float | None:
    alpha = parameters.get("network_alpha", 1.0)
    if isinstance(alpha, str):
        return None
    return adapter_scale(_whole(parameters, "network_dim", 4), max(-_LARGEST, min(_LARGEST, alpha or 0)))


def _maybe(parameters: Mapping[str, ParameterValue], name: str) -> int | None:
    value = parameters.get(name)
    return None if value is None or isinstance(value, str) else int(max(-_LARGEST, min(_LARGEST, value)))


def _whole(parameters: Mapping[str, ParameterValue], name: str, default: int) -> int:
    value = _maybe(parameters, name)
    return default if not value or value < 1 else value
