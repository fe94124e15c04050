"""What the names and shapes of a LoRA's tensors say without their values: whether it is one, its ranks, whether it has alphas."""

from __future__ import annotations

from dataclasses import dataclass

from lorascope.importers.safetensors_header import Header

# The ends of tensor names that only adapters have, and which side of the tensor is the rank (None: none is).
_RANK_SIDES: dict[str, int | None] = {
    "lora_down.weight": 0,
    "lora_A.weight": 0,
    "lora_A.default.weight": 0,
    "lora.down.weight": 0,
    "_lora.down.weight": 0,
    "hada_w1_b": 0,
    "lokr_w2_b": 0,
    "lokr_w1_b": 0,
    "lokr_w2": None,
    "oft_blocks": None,
    "oft_diag": None,
    "on_input": None,
    "a1.weight": None,
    "dora_scale": None,
    ".diff": None,
}
_ENDS = tuple(_RANK_SIDES)


@dataclass(frozen=True, slots=True)
class Ranks:
    """The ranks found in linear (and 1x1) layers and in larger convolutions, each with how many modules have it."""

    linear: dict[int, int]
    convolution: dict[int, int]
    has_alpha: bool


def is_lora(header: Header) -> bool:
    """Whether any tensor belongs to an adapter."""
    return any(name.endswith(_ENDS) for name in header.tensors)


def ranks_of(header: Header) -> Ranks:
    """The ranks that the shapes show."""
    linear: dict[int, int] = {}
    convolution: dict[int, int] = {}
    has_alpha = False
    for name, tensor in header.tensors.items():
        if name.endswith(".alpha"):
            has_alpha = True
            continue
        if not name.endswith(_ENDS):
            continue
        end = next(end for end in _ENDS if name.endswith(end))
        side = _RANK_SIDES[end]
        if side is None or len(tensor.shape) < 2:
            continue
        found = convolution if len(tensor.shape) == 4 and tensor.shape[2:] != (1, 1) else linear
        found[tensor.shape[side]] = found.get(tensor.shape[side], 0) + 1
    return Ranks(linear, convolution, has_alpha)
