"""What a module's tensors say about its change of the weights, as factors that are never multiplied out unless they must be.

A change is ``scale`` times a Kronecker product of one or more factors, each a product ``left @ right`` or a plain matrix. LoRA has one
factor, LoKr two; LoHa is one whose rank is squared (Khatri-Rao), or a plain matrix where that would be larger. Convolutions are
flattened to (outputs, inputs x kernel). Formulas: sd-scripts networks/lora.py get_weight, LyCORIS lycoris/modules and lycoris/functional.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
Shape = tuple[int, ...]

# Numbers in one tensor, or in a change that must be multiplied out: above it nothing is measured (512 MiB as float32).
MOST_NUMBERS = 1 << 27
# No LoRA has a higher rank; measuring one would take minutes.
MOST_RANK = 2048
_TOO_LARGE = "multiplied out it is larger than any layer"

_LOHA = ("hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b")


@dataclass(frozen=True, slots=True)
class Plan:
    """What the shapes of a module's tensors say, before any is read.

    ``reads`` are the factors whose numbers make up the change. ``problem`` is why it cannot be measured, in words: empty when it can;
    ``relative`` when the change depends on the base model's weights, which are not in the file.
    """

    algorithm: str
    reads: tuple[str, ...]
    rank: int | None = None
    inputs: int | None = None
    outputs: int | None = None
    problem: str = ""
    relative: bool = False
    too_large: bool = False


@dataclass(frozen=True, slots=True)
class Factor:
    """A matrix: ``left @ right``, or ``left`` alone."""

    left: Array
    right: Array | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A change of weights: ``scale`` times the Kronecker product of the factors, in order."""

    factors: tuple[Factor, ...]
    scale: float


def plan(shapes: Mapping[str, Shape]) -> Plan:
    """How to read a module with factors of these shapes.

    >>> plan({"down": (8, 320), "up": (640, 8)}).rank, plan({"down": (8, 320)}).problem
    (8, 'up is missing')
    """
    return _plan(tuple(shapes.items()))


@lru_cache(maxsize=1024)  # the thousand modules of a file have a few dozen shapes
def _plan(items: tuple[tuple[str, Shape], ...]) -> Plan:
    shapes = dict(items)
    found = _planned(shapes)
    if "dora_scale" in shapes:
        found = replace(found, algorithm=f"{found.algorithm} + DoRA")
    if found.problem or found.relative:
        return found
    if any(math.prod(shapes[role]) > MOST_NUMBERS for role in found.reads):
        return replace(found, problem="a tensor is larger than any layer's", too_large=True)
    if found.rank is not None and found.rank > MOST_RANK:
        return replace(found, problem=f"rank {found.rank}: above {MOST_RANK} nothing is measured", too_large=True)
    return found


def _planned(shapes: Mapping[str, Shape]) -> Plan:
    for roles, planner in _PLANNERS:
        if any(role in shapes for role in roles):
            return planner(shapes)
    return Plan("unknown", (), problem="no factors of a LoRA are there, only " + ", ".join(sorted(shapes)[:4]))


def _plan_lora(shapes: Mapping[str, Shape]) -> Plan:
    return _plan_pair("LoCon (Tucker)" if "mid" in shapes else "LoRA", shapes, up="up", down="down", mid="mid")


def _plan_glora(shapes: Mapping[str, Shape]) -> Plan:
    return _plan_pair("GLoRA", shapes, up="b1", down="b2", mid="bm")


def _plan_pair(algorithm: str, shapes: Mapping[str, Shape], *, up: str, down: str, mid: str) -> Plan:
    for role in (up, down):
        if role not in shapes:
            return Plan(algorithm, (), problem=f"{role} is missing")
    ups, downs, core = shapes[up], shapes[down], shapes.get(mid)
    roles = (up, down) if core is None else (up, down, mid)
    problem = ""
    if len(ups) < 2 or len(downs) < 2 or 0 in ups or 0 in downs:
        problem = f"{up} {_sides(ups)} and {down} {_sides(downs)}: rank 0 or no matrix"
    elif math.prod(ups[2:]) != 1 or ups[1] != downs[0]:
        problem = f"{up} {_sides(ups)} and {down} {_sides(downs)} do not fit together"
    elif core is not None and (core[:2] != (ups[1], downs[0]) or 0 in core or math.prod(downs[2:]) != 1):
        problem = f"{mid} {_sides(core)} does not fit between {up} and {down}"
    if problem:
        return Plan(algorithm, roles, problem=problem)
    rank, columns = downs[0], math.prod(downs[1:]) * (math.prod(core[2:]) if core is not None else 1)
    multiplied_out = rank * columns if core is not None else ups[0] * columns if rank > min(ups[0], columns) else 0
    if multiplied_out > MOST_NUMBERS:
        return Plan(algorithm, roles, rank, problem=_TOO_LARGE, too_large=True)
    return Plan(algorithm, roles, rank, downs[1], ups[0])


def _plan_loha(shapes: Mapping[str, Shape]) -> Plan:
    tucker = "hada_t1" in shapes or "hada_t2" in shapes
    roles = (*_LOHA, "hada_t1", "hada_t2") if tucker else _LOHA
    missing = [role for role in roles if role not in shapes]
    if missing:
        return Plan("LoHa", (), problem=f"{missing[0]} is missing")
    ups, downs, middle = shapes["hada_w1_a"], shapes["hada_w1_b"], shapes.get("hada_t1", ())
    is_pair = shapes["hada_w2_a"] == ups and shapes["hada_w2_b"] == downs and shapes.get("hada_t2", ()) == middle
    if not is_pair or len(ups) < 2 or len(downs) < 2 or 0 in (*ups, *downs, *middle):
        return Plan("LoHa", roles, problem=f"hada_w1_a {_sides(ups)} and hada_w1_b {_sides(downs)} do not fit the other pair")
    rank = downs[0]
    outputs, columns = (ups[1], downs[1] * math.prod(middle[2:])) if tucker else (ups[0], math.prod(downs[1:]))
    if (ups[0] if tucker else ups[1]) != rank or (tucker and (middle[:2] != (rank, rank) or len(downs) > 2)) or len(ups) > 2:
        return Plan("LoHa", roles, rank, problem=f"hada_w1_a {_sides(ups)} and hada_w1_b {_sides(downs)} do not fit together")
    if outputs * columns > MOST_NUMBERS:
        return Plan("LoHa", roles, rank, problem=_TOO_LARGE, too_large=True)
    return Plan("LoHa", roles, rank, downs[1], outputs)


def _plan_lokr(shapes: Mapping[str, Shape]) -> Plan:
    reads: list[str] = []
    ranks: list[int] = []
    sides: list[tuple[int, int]] = []
    for which in ("lokr_w1", "lokr_w2"):
        whole, left, right = shapes.get(which), shapes.get(f"{which}_a"), shapes.get(f"{which}_b")
        middle = shapes.get("lokr_t2") if which == "lokr_w2" else None
        if whole is not None:
            if len(whole) < 2 or 0 in whole:
                return Plan("LoKr", (), problem=f"{which} {_sides(whole)} is no matrix")
            reads.append(which)
            sides.append((whole[0], whole[1]))
            continue
        if left is None or right is None:
            return Plan("LoKr", (), problem=f"{which} is missing")
        outer = 0 if middle is not None else 1  # with a core in the middle the first factor lies the other way
        fits = len(left) == 2 and len(right) >= 2 and left[outer] == right[0] and 0 not in left and 0 not in right
        if not fits or (middle is not None and (middle[:2] != (right[0], right[0]) or len(right) != 2)):
            return Plan("LoKr", (), problem=f"{which}_a {_sides(left)} and {which}_b {_sides(right)} do not fit together")
        reads += [f"{which}_a", f"{which}_b", *(["lokr_t2"] if middle is not None else [])]
        ranks.append(right[0])
        sides.append((left[1 - outer], right[1]))
    outputs, inputs = sides[0][0] * sides[1][0], sides[0][1] * sides[1][1]
    return Plan("LoKr", tuple(reads), ranks[-1] if ranks else None, inputs, outputs)


def _plan_vectors(shapes: Mapping[str, Shape], roles: tuple[str, ...]) -> Plan:
    there = tuple(role for role in roles if role in shapes)
    empty = [role for role in there if 0 in shapes[role]]
    return Plan("norm" if "norm" in there[0] else "bias", there, problem=f"{empty[0]} is empty" if empty else "")


def _plan_full(shapes: Mapping[str, Shape]) -> Plan:
    shape = shapes["diff"]
    if len(shape) < 2:
        return _plan_vectors(shapes, ("diff",))
    return Plan("full", ("diff",), None, shape[1], shape[0], problem=f"diff {_sides(shape)} is empty" if 0 in shape else "")


def _plan_rotation(shapes: Mapping[str, Shape]) -> Plan:
    return Plan("BOFT" if len(shapes["oft_blocks"]) == 4 else "OFT", (), relative=True)


# The first whose roles are there plans the module.
_PLANNERS: tuple[tuple[tuple[str, ...], Callable[[Mapping[str, Shape]], Plan]], ...] = (
    (("down", "up"), _plan_lora),
    (_LOHA, _plan_loha),
    (("lokr_w1", "lokr_w1_a", "lokr_w1_b", "lokr_w2", "lokr_w2_a", "lokr_w2_b"), _plan_lokr),
    (("b1", "b2"), _plan_glora),
    (("diff",), _plan_full),
    (("w_norm", "b_norm"), lambda shapes: _plan_vectors(shapes, ("w_norm", "b_norm"))),
    (("oft_blocks",), _plan_rotation),
    (("on_input",), lambda _: Plan("(IA)3", (), relative=True)),
    (("diff_b",), lambda shapes: _plan_vectors(shapes, ("diff_b",))),
)


def _sides(shape: Shape) -> str:
    return "x".join(map(str, shape[:6])) or "single number"


def scale_of(rank: int | None, alpha: float | None, *, square_root: bool = False) -> float:
    """The factor on the change: alpha / rank; 1 without an alpha, without a rank, and for an alpha of 0 (networks/lora.py:71).

    rsLoRA of PEFT divides by the root of the rank (``square_root``); LyCORIS folds it into its alpha.
    """
    if not rank or not alpha:
        return 1.0
    return alpha / (math.sqrt(rank) if square_root else rank)


def change_of(planned: Plan, tensors: Mapping[str, Array], scale: float) -> Change:
    """The change that a module's tensors make, as planned. All tensors of ``planned.reads`` must be there."""
    if "hada_w1_a" in tensors:
        return Change((_loha_factor(tensors),), scale)
    if planned.algorithm.startswith("LoKr"):
        return Change((_lokr_factor("lokr_w1", tensors), _lokr_factor("lokr_w2", tensors)), scale)
    if planned.rank is None:  # full matrices and vectors
        parts = [tensors[role] for role in planned.reads]
        flat = _flat(parts[0]) if len(parts) == 1 and parts[0].ndim > 1 else np.concatenate([part.ravel() for part in parts])[:, None]
        return Change((Factor(flat),), scale)
    up, down = tensors[planned.reads[0]], tensors[planned.reads[1]]
    left = up.reshape(up.shape[0], up.shape[1])
    if len(planned.reads) == 3:
        core = np.tensordot(tensors[planned.reads[2]], down.reshape(down.shape[0], down.shape[1]), axes=(1, 0))
        return Change((Factor(left, _flat(np.moveaxis(core, -1, 1))),), scale)
    right = _flat(down)
    if planned.rank > min(left.shape[0], right.shape[1]):
        return Change((Factor(left @ right),), scale)
    return Change((Factor(left, right),), scale)


def _flat(tensor: Array) -> Array:
    return tensor.reshape(tensor.shape[0], -1)


def _lokr_factor(which: str, tensors: Mapping[str, Array]) -> Factor:
    if which in tensors:
        return Factor(_flat(tensors[which]))
    left, right = tensors[f"{which}_a"], tensors[f"{which}_b"]
    if which == "lokr_w2" and "lokr_t2" in tensors:
        core = np.moveaxis(np.tensordot(tensors["lokr_t2"], right, axes=(1, 0)), -1, 1)
        return _smaller(np.ascontiguousarray(left.T), _flat(core))
    return _smaller(left, _flat(right))


def _smaller(left: Array, right: Array) -> Factor:
    return Factor(left @ right) if left.shape[1] > min(left.shape[0], right.shape[1]) else Factor(left, right)


def _loha_factor(tensors: Mapping[str, Array]) -> Factor:
    first, second = (tensors[f"hada_w{index}_a"] for index in (1, 2))
    if "hada_t1" in tensors:
        made = [
            np.einsum("ij...,ip,jr->pr...", tensors[f"hada_t{index}"], tensors[f"hada_w{index}_a"], tensors[f"hada_w{index}_b"])
            for index in (1, 2)
        ]
        return Factor(_flat(made[0] * made[1]))
    first_right, second_right = (_flat(tensors[f"hada_w{index}_b"]) for index in (1, 2))
    first, second = _flat(first), _flat(second)
    rank = first.shape[1]
    if 2 * rank * rank > min(first.shape[0], first_right.shape[1]):
        return Factor((first @ first_right) * (second @ second_right))
    left = (first[:, :, None] * second[:, None, :]).reshape(-1, rank * rank)
    right = (first_right[:, None, :] * second_right[None, :, :]).reshape(rank * rank, -1)
    return Factor(left, right)
