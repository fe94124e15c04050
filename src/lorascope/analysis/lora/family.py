"""Which base model a LoRA belongs to, from the shapes and names of its tensors, and how much of that model it adapts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from lorascope.analysis.lora.layers import CONVOLUTIONAL, layers
from lorascope.analysis.lora.names import LayerName, in_sd_names, in_sdxl_names
from lorascope.records.lora import Covered, Family, LayerKind, LoraCoverage, LoraModule, Part

# the width of what the cross-attention reads: the text encoders' output
_BY_WIDTH = {768: Family.SD1, 1024: Family.SD2, 2048: Family.SDXL}
_MOST_SURPLUS = 20


@dataclass(frozen=True, slots=True)
class Sighting:
    """A module as far as its name and shapes tell."""

    layer: LayerName
    inputs: int | None
    outputs: int | None


def recognize(sightings: Iterable[Sighting]) -> tuple[Family, tuple[int, ...]]:
    """The base model, and the widths of the cross-attention's inputs that were seen (most frequent first)."""
    widths: Counter[int] = Counter()
    flux = sd3 = second = 0
    original = False
    for seen in sightings:
        path = seen.layer.path
        if path.endswith(("attn2_to_k", "attn2_to_v")) and seen.inputs is not None:
            widths[seen.inputs] += 1
        flux += "single_blocks_" in path or "single_transformer_blocks_" in path
        sd3 += "joint_blocks_" in path
        second += seen.layer.part is Part.TEXT_ENCODER_2
        original = original or path.startswith(("input_blocks_7_1_transformer_blocks_9", "middle_block_1_transformer_blocks_9"))
    ordered = tuple(width for width, _ in sorted(widths.items(), key=lambda item: (-item[1], item[0])))
    if flux or sd3:
        return Family.FLUX if flux else Family.SD3, ordered
    if ordered:
        return _BY_WIDTH.get(ordered[0], Family.UNKNOWN), ordered
    return (Family.SDXL if second or original else Family.UNKNOWN), ordered


def layer_path(layer: LayerName, family: Family) -> str:
    """The layer's name as sd-scripts says it on this base model."""
    if layer.part is not Part.UNET:
        return layer.path
    if family is Family.SDXL:
        return in_sdxl_names(layer.path)
    return in_sd_names(layer.path) if family in {Family.SD1, Family.SD2} else layer.path


def coverage(modules: Sequence[LoraModule], family: Family) -> LoraCoverage:
    """How many layers are adapted of those that sd-scripts adapts. Norm and bias entries are no layers and are not counted."""
    there = [module for module in modules if module.algorithm not in {"norm", "bias", "unknown"}]
    known = layers(family)
    possible, places = _possible(family)
    adapted: Counter[tuple[Part, LayerKind]] = Counter()
    surplus = []
    for part, kind, path in sorted({(module.part, module.kind, module.layer) for module in there}):
        if known and (part, path) not in places:
            surplus.append(path)
        else:
            adapted[part, kind] += 1
    groups = sorted({*possible, *adapted}, key=lambda group: (list(Part).index(group[0]), list(LayerKind).index(group[1])))
    kinds = tuple(Covered(_group_name(part, kind), adapted[part, kind], possible[part, kind] if known else None) for part, kind in groups)
    return LoraCoverage(
        _covered("unet", (Part.UNET, Part.OTHER), adapted, possible, known=bool(known)),
        _covered("text_encoder", (Part.TEXT_ENCODER, Part.TEXT_ENCODER_2), adapted, possible, known=bool(known)),
        kinds,
        tuple(surplus[:_MOST_SURPLUS]),
    )


@cache
def _possible(family: Family) -> tuple[Counter[tuple[Part, LayerKind]], frozenset[tuple[Part, str]]]:
    known = layers(family)
    return Counter((layer.part, layer.kind) for layer in known), frozenset((layer.part, layer.path) for layer in known)


def _covered(
    group: str, parts: tuple[Part, ...], adapted: Counter[tuple[Part, LayerKind]], possible: Counter[tuple[Part, LayerKind]], *, known: bool
) -> Covered:
    """Layers without the convolutional ones among the possible, unless some of those are adapted."""
    count = sum(number for (part, _), number in adapted.items() if part in parts)
    with_convolutions = any(number for (part, kind), number in adapted.items() if part in parts and kind in CONVOLUTIONAL)
    most = sum(number for (part, kind), number in possible.items() if part in parts and (with_convolutions or kind not in CONVOLUTIONAL))
    return Covered(group, count, most if known else None)


def _group_name(part: Part, kind: LayerKind) -> str:
    if part is Part.UNET:
        return f"U-Net {kind.value}"
    if part is Part.OTHER:
        return kind.value
    return f"{'second ' if part is Part.TEXT_ENCODER_2 else ''}text encoder {kind.value.removeprefix('text ')}"
