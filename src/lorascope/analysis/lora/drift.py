"""How a row of checkpoints drifts: how much each part turns and grows from one to the next."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field

from lorascope.analysis.lora.factors import Change
from lorascope.analysis.lora.spectrum import Grams, inner_product
from lorascope.records.lora import DriftStep, LoraModule, Part, PartDrift

ALL = "all"


def energy(parts: tuple[Grams, ...], scale: float) -> float:
    """The squared Frobenius norm of a change, from what is left to solve of it."""
    return scale * scale * math.prod(_energy(part) for part in parts)


def _energy(part: Grams) -> float:
    if part.total is not None:
        return part.total
    return float(part.left.trace()) if part.right is None else float((part.left * part.right).sum())


@dataclass(frozen=True, slots=True)
class Weighed:
    """A module's change with its squared norm."""

    change: Change
    energy: float


@dataclass(slots=True)
class _Sums:
    before: float = 0.0
    after: float = 0.0
    product: float = 0.0
    compared: int = 0


@dataclass(slots=True)
class DriftSums:
    """Sums over the modules of two checkpoints, taken in one module at a time."""

    parts: defaultdict[str, _Sums] = field(default_factory=lambda: defaultdict(_Sums))
    blocks: defaultdict[int, _Sums] = field(default_factory=lambda: defaultdict(_Sums))
    modules: int = 0

    def take(self, module: LoraModule, before: Weighed | None, after: Weighed | None) -> None:
        """Take in one layer; None where a checkpoint does not adapt it, which counts as no change of its weights."""
        product = 0.0
        if before is not None and after is not None:
            found = inner_product(before.change, after.change)
            if found is None:  # other shapes, or another kind of adapter: the two cannot be compared
                return
            product = found
        self.modules += 1
        sums = [self.parts[ALL], self.parts["text_encoder" if module.part in _TEXT else "unet"]]
        if module.block is not None and module.part is Part.UNET:
            sums.append(self.blocks[module.block])
        for each in sums:
            each.before += before.energy if before is not None else 0.0
            each.after += after.energy if after is not None else 0.0
            each.product += product
            each.compared += 1

    def step(self, before: str, after: str, *, same_weights: bool) -> DriftStep:
        """What the sums say."""
        return DriftStep(
            before,
            after,
            tuple(_drift(part, self.parts[part]) for part in (ALL, "unet", "text_encoder") if part in self.parts),
            tuple(_drift(str(block), self.blocks[block]) for block in sorted(self.blocks)),
            self.modules,
            same_weights,
        )


_TEXT = {Part.TEXT_ENCODER, Part.TEXT_ENCODER_2}


def _drift(part: str, sums: _Sums) -> PartDrift:
    before, after = math.sqrt(sums.before), math.sqrt(sums.after)
    larger = max(before, after)
    if not larger:
        return PartDrift(part, before, after, None, None)
    difference = math.sqrt(max(0.0, sums.before + sums.after - 2 * sums.product))
    cosine = max(-1.0, min(1.0, sums.product / (before * after))) if before and after else None
    return PartDrift(part, before, after, difference / larger, cosine)
