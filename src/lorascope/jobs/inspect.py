"""Inspect LoRA files: what their metadata say, what their tensors show, and how a row of checkpoints drifts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from lorascope.analysis.lora.drift import DriftSums
from lorascope.analysis.lora.family import coverage
from lorascope.errors import BadFile, BadParameter
from lorascope.importers.evidence import Evidence
from lorascope.importers.safetensors_header import Header
from lorascope.importers.weights_file import READERS
from lorascope.jobs.index_lora import index
from lorascope.jobs.measure_lora import Measuring, measure, unmeasured
from lorascope.jobs.read_lora import LoraReader
from lorascope.records.lora import Family, LoraDrift, LoraFile, LoraOrigin
from lorascope.records.run import CountedIn

MOST_FILES = 200  # each stays open while they are compared
MOST_BYTES = 20_000_000_000  # SDXL as full matrices in float32 takes half of it

# what the metadata call the base model → which it is; the longest beginning counts
_FAMILIES = (
    ("sdxl", Family.SDXL),
    ("stable-diffusion-xl", Family.SDXL),
    ("sd_v1", Family.SD1),
    ("stable-diffusion-v1", Family.SD1),
    ("sd_v2", Family.SD2),
    ("stable-diffusion-v2", Family.SD2),
    ("sd3", Family.SD3),
    ("stable-diffusion-3", Family.SD3),
    ("flux", Family.FLUX),
)


@dataclass(frozen=True, slots=True)
class Inspected:
    """One file: what its tensors show, and what it says of itself."""

    lora: LoraFile
    origin: LoraOrigin


@dataclass(frozen=True, slots=True)
class Inspection:
    """All files in the order of training, and how they drift; ``drift`` is None for a single file and where only headers were read."""

    files: tuple[Inspected, ...]
    drift: LoraDrift | None = None


def inspect(paths: Sequence[Path], *, header_only: bool = False) -> Inspection:
    """Inspect files. With ``header_only`` no tensor is read: ranks and coverage only, no norms.

    Raises:
        MissingFile: one is not there or cannot be read.
        BadFile: one is a pickle, is damaged, holds no LoRA, or is larger than ``MOST_BYTES``.
        BadParameter: there are more files than are compared at once, or none.
    """
    if not 0 < len(paths) <= MOST_FILES:
        raise BadParameter(f"{len(paths)} files: name 1 to {MOST_FILES}", next_step="inspect fewer checkpoints at once")
    with ExitStack() as stack:
        opened = []
        for path in paths:
            reader = stack.enter_context(LoraReader.open(path))
            opened.append((Measuring(reader, index(reader.header, str(path))), origin_of(path, reader.header)))
        numbers, counted_in, order = _in_order([origin for _, origin in opened])
        opened = [opened[at] for at in order]
        files = [file for file, _ in opened]
        if header_only:
            for file in files:
                file.modules |= {entry.name: unmeasured(entry, None, 1.0) for entry in file.index.entries}
            return Inspection(tuple(Inspected(_described(file, None), origin) for file, origin in opened))
        for file in files:
            if file.reader.header.file_bytes > MOST_BYTES:
                raise BadFile("larger than any LoRA", where=str(file.reader.path), next_step="--header reads no tensors")
        sums = measure(files)
        found = tuple(Inspected(_described(file, file.reader.hashes()), origin) for file, origin in opened)
    if len(found) == 1:
        return Inspection(found)
    return Inspection(found, _drift([each.lora for each in found], numbers, counted_in, sums))


def diagnose(path: Path) -> Inspected:
    """One file's weights, measured: what is worth recording beside a checkpoint. Raises as :func:`inspect` does."""
    return inspect((path,)).files[0]


def origin_of(path: Path, header: Header) -> LoraOrigin:
    """What a file says of its own making."""
    said = next(found for reader in READERS if (found := reader(path, header)) is not None)
    metadata = header.metadata
    checkpoint = said.checkpoint
    return LoraOrigin(
        trainer=said.trainer,
        training=said.training,
        version=_version(said, header),
        base_model=said.base_model,
        family=_said_family(header),
        number=checkpoint.number if checkpoint else None,
        counted_in=checkpoint.counted_in if checkpoint else CountedIn.EPOCHS,
        step=checkpoint.step if checkpoint else None,
        is_final=checkpoint is not None and checkpoint.is_final,
        epochs=_whole(metadata.get("ss_num_epochs")),
        parameters=said.parameters,
        kept=said.kept,
        recorded_hash=metadata.get("sshs_model_hash"),
        recorded_legacy_hash=metadata.get("sshs_legacy_hash"),
        notes=tuple(note.removeprefix(f"{path}: ") for note in said.notes),
    )


def _version(said: Evidence, header: Header) -> str | None:
    for key in ("ss_sd_scripts_commit_hash", "modelspec.implementation_version", "ot_revision"):
        text = header.metadata.get(key)
        if text and text != "(unknown)":
            return text.removeprefix("sd-scripts/")
    version = said.kept.get("version")
    return version if isinstance(version, str) else None


def _said_family(header: Header) -> Family | None:
    """The base model as the metadata name it; None when they do not, or name one that is not told apart here."""
    for key in ("ss_base_model_version", "modelspec.architecture"):
        text = header.metadata.get(key, "").lower()
        for beginning, family in _FAMILIES:
            if text.startswith(beginning):
                return family
    return None


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 9 else None


def _described(file: Measuring, hashes: tuple[str, str | None] | None) -> LoraFile:
    header, found = file.reader.header, file.index
    modules = tuple(file.modules[entry.name] for entry in found.entries)
    dtypes: defaultdict[str, int] = defaultdict(int)
    for info in header.tensors.values():
        dtypes[info.dtype] += info.end - info.start
    return LoraFile(
        file=str(file.reader.path),
        file_bytes=header.file_bytes,
        tensor_bytes=sum(dtypes.values()),
        tensors=len(header.tensors),
        dtypes=dict(sorted(dtypes.items(), key=lambda item: (-item[1], item[0]))),
        naming=found.naming,
        family=found.family,
        coverage=coverage(modules, found.family),
        modules=modules,
        nonfinite={name: file.nonfinite[name] for name in sorted(file.nonfinite)},
        unknown=found.unknown,
        widths=found.widths,
        tensor_hash=hashes[0] if hashes else None,
        legacy_hash=hashes[1] if hashes else None,
    )


def _in_order(origins: Sequence[LoraOrigin]) -> tuple[tuple[int, ...], str, list[int]]:
    """The files' numbers in the order of training, what they count, and that order as places in the given one.

    Epochs where all files say theirs, else steps; a final file without a number comes last. Else the order they were given in.
    """
    places = list(range(len(origins)))
    epochs = [origin.number if origin.counted_in is CountedIn.EPOCHS else None for origin in origins]
    epochs = [origin.epochs if number is None and origin.is_final else number for number, origin in zip(epochs, origins, strict=True)]
    if sum(number is None for number in epochs) == 1 and len(epochs) > 1:
        last = max(number for number in epochs if number is not None)
        epochs = [last + 1 if number is None and origin.is_final else number for number, origin in zip(epochs, origins, strict=True)]
    steps = [origin.step if origin.step is not None else None for origin in origins]
    for numbers, counted_in in ((epochs, "epochs"), (steps, "steps")):
        known = [number for number in numbers if number is not None]
        if len(known) == len(origins) and len(set(known)) == len(known):
            order = sorted(places, key=known.__getitem__)
            return tuple(known[at] for at in order), counted_in, order
    return tuple(range(1, len(origins) + 1)), "files", places


def _drift(files: Sequence[LoraFile], numbers: tuple[int, ...], counted_in: str, sums: Sequence[DriftSums]) -> LoraDrift:
    alike: defaultdict[str | None, list[str]] = defaultdict(list)
    for file in files:
        alike[file.tensor_hash].append(file.file)
    steps = tuple(
        each.step(before.file, after.file, same_weights=before.tensor_hash == after.tensor_hash)
        for each, (before, after) in zip(sums, pairwise(files), strict=True)
    )
    same = tuple(tuple(group) for group in alike.values() if len(group) > 1)
    return LoraDrift(tuple(file.file for file in files), numbers, counted_in, files[-1].family, steps, same)


__all__ = ["Inspected", "Inspection", "diagnose", "inspect", "origin_of"]
