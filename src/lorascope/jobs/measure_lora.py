"""Measure the modules of one or more LoRA files in one pass: each tensor is read once, and one module of two files is held at a time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from lorascope.analysis.lora.drift import DriftSums, Weighed, energy
from lorascope.analysis.lora.factors import Array, change_of, scale_of
from lorascope.analysis.lora.spectrum import Grams, NotFiniteError, grams, solve
from lorascope.jobs.index_lora import Entry, Index
from lorascope.jobs.read_lora import NUMBERS, LoraReader
from lorascope.records.lora import LoraModule, ModuleState

# Small matrices waiting to be solved together, at most this much.
_WAITING_BYTES = 16 << 20


@dataclass(slots=True)
class Measuring:
    """One file while it is measured. ``modules`` are in the order of ``index.entries``; ``nonfinite`` counts by tensor."""

    reader: LoraReader
    index: Index
    modules: dict[str, LoraModule] = field(default_factory=dict)
    nonfinite: dict[str, int] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)  # tensors whose numbers were looked at

    def look(self, tensor: str, count: int) -> None:
        """Remember that a tensor was looked at, and how many of its numbers are not finite."""
        self.seen.add(tensor)
        if count:
            self.nonfinite[tensor] = count


@dataclass(slots=True)
class _Waiting:
    """Changes that are not solved yet, of all files."""

    of: list[tuple[Measuring, LoraModule]] = field(default_factory=list)
    grams: list[tuple[Grams, ...]] = field(default_factory=list)
    scales: list[float] = field(default_factory=list)
    nbytes: int = 0

    def take(self, file: Measuring, module: LoraModule, parts: tuple[Grams, ...], scale: float) -> None:
        self.of.append((file, module))
        self.grams.append(parts)
        self.scales.append(scale)
        self.nbytes += sum(part.nbytes for part in parts)
        if self.nbytes > _WAITING_BYTES:
            self.solve()

    def solve(self) -> None:
        for (file, module), spectrum in zip(self.of, solve(self.grams, self.scales), strict=True):
            file.modules[module.name] = replace(module, spectrum=spectrum)
        self.of.clear()
        self.grams.clear()
        self.scales.clear()
        self.nbytes = 0


def measure(files: Sequence[Measuring]) -> list[DriftSums]:
    """Fill in the modules of every file; returns the drift from each file to the next.

    Raises:
        UnfinishedFile: a file was cut off while it was read.
    """
    waiting = _Waiting()
    steps = [DriftSums() for _ in files[1:]]
    by_key = [{entry.key: entry for entry in file.index.entries} for file in files]
    for key in dict.fromkeys(key for entries in by_key for key in entries):
        before: Weighed | None = None
        last: LoraModule | None = None
        for at, file in enumerate(files):
            entry = by_key[at].get(key)
            module, weighed = _measure(file, entry, waiting) if entry is not None else (None, None)
            either = module or last
            if at and either is not None and _can_be_compared(module, weighed) and _can_be_compared(last, before):
                steps[at - 1].take(either, before, weighed)
            before, last = weighed, module
    for file, entries in zip(files, by_key, strict=True):
        for entry in file.index.entries:  # two modules of a file that are the same layer: the second is measured alone
            if entry is not entries[entry.key]:
                _measure(file, entry, waiting)
    waiting.solve()
    for file in files:
        _look_at_the_rest(file)
    return steps


def _can_be_compared(module: LoraModule | None, weighed: Weighed | None) -> bool:
    """A layer that is not adapted changes nothing, which is comparable; one that cannot be measured is not."""
    return module is None or weighed is not None


def _measure(file: Measuring, entry: Entry, waiting: _Waiting) -> tuple[LoraModule, Weighed | None]:
    """One module: its state now, its spectrum when the waiting ones are solved."""
    alpha, scale = scale_in(file, entry)
    module = unmeasured(entry, alpha, scale)
    file.modules[entry.name] = module
    if module.state is not ModuleState.NOT_READ:
        return module, None
    tensors = file.reader.tensors({role: entry.tensors[role] for role in entry.plan.reads})
    file.seen.update(entry.tensors[role] for role in entry.plan.reads)
    assert scale is not None
    change = change_of(entry.plan, tensors, scale)
    try:
        parts = grams(change)
    except NotFiniteError:
        parts = ()
    if not parts or not math.isfinite(size := energy(parts, scale)):
        problem = _count_nonfinite(file, entry, tensors)
        file.modules[entry.name] = module = replace(module, state=ModuleState.NOT_FINITE, problem=problem)
        return module, None
    if not size:
        zero = [role for role in entry.plan.reads if not tensors[role].any()]
        module = replace(module, state=ModuleState.UNTRAINED, problem=f"{' and '.join(zero) or 'the product'} is all zeros")
    else:
        module = replace(module, state=ModuleState.MEASURED)
    file.modules[entry.name] = module
    waiting.take(file, module, parts, scale)
    return module, Weighed(change, size)


def scale_in(file: Measuring, entry: Entry) -> tuple[float | None, float | None]:
    """A module's alpha and scale; the scale is None where a tensor that should be one number is not, or is not finite."""
    alpha, scalar = (_single(file, entry, role) for role in ("alpha", "scalar"))
    for role, number in (("alpha", alpha), ("scalar", scalar)):
        if role in entry.tensors and (number is None or not math.isfinite(number)):
            return alpha, None
    factor = 1.0 if scalar is None else scalar
    peft = file.index.peft.get(entry.layer.part)
    if alpha is None and peft is not None and entry.plan.rank:
        return peft.alpha, factor * scale_of(entry.plan.rank, peft.alpha, square_root=peft.square_root)
    return alpha, factor * scale_of(entry.plan.rank, alpha)


def _single(file: Measuring, entry: Entry, role: str) -> float | None:
    """The number of a tensor that should hold just one; None when it is not there or does not."""
    name = entry.tensors.get(role)
    number = file.reader.single(name) if name is not None else None
    if name is not None and number is not None:
        file.look(name, 0 if math.isfinite(number) else 1)
    return number


def unmeasured(entry: Entry, alpha: float | None, scale: float | None) -> LoraModule:
    """A module as its shapes and its alpha show it; NOT_READ where nothing stands against reading the rest."""
    planned = entry.plan
    if planned.too_large:
        return entry.module(ModuleState.TOO_LARGE, planned.problem, alpha=alpha, scale=scale)
    if planned.problem:
        return entry.module(ModuleState.BROKEN, planned.problem, alpha=alpha, scale=scale)
    if scale is None:
        said = "is not one number" if alpha is None else f"is {alpha}"
        state = ModuleState.BROKEN if alpha is None else ModuleState.NOT_FINITE
        return entry.module(state, f"alpha {said}")
    if planned.relative:
        return entry.module(ModuleState.NEEDS_BASE, "the change is relative to the base model's weights", alpha=alpha)
    return entry.module(ModuleState.NOT_READ, alpha=alpha, scale=scale)


def _count_nonfinite(file: Measuring, entry: Entry, tensors: dict[str, Array]) -> str:
    found = []
    for role, values in tensors.items():
        count = int(values.size - np.count_nonzero(np.isfinite(values)))
        file.look(entry.tensors[role], count)
        if count:
            found.append(f"{role} holds {count:,} of {values.size:,} values that are NaN or infinite")
    return "; ".join(found) or "the numbers are too large to be multiplied"


def _look_at_the_rest(file: Measuring) -> None:
    """Count the NaN and infinite numbers of the tensors that measuring did not read: biases, magnitudes, unknown ones."""
    for name, info in file.reader.header.tensors.items():
        if name not in file.seen and info.dtype in NUMBERS:
            pieces = file.reader.pieces(name)
            file.look(name, sum(int(piece.size - np.count_nonzero(np.isfinite(piece))) for piece in pieces))
