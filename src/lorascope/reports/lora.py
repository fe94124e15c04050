"""What a reader sees of a LoRA file: norms and ranks by part, kind and block, and the same as JSON."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from lorascope.records.lora import Covered, LayerKind, LoraFile, LoraModule, LoraOrigin, ModuleState, Part, Spectrum
from lorascope.reports.wording import counted, number, value_shown

PRECISIONS = {"F16": "fp16", "BF16": "bf16", "F32": "float32", "F64": "float64"}
_PARTS = {Part.UNET: "U-Net", Part.TEXT_ENCODER: "text encoder", Part.TEXT_ENCODER_2: "second text encoder", Part.OTHER: "other"}
_WITH_CHANGE = {ModuleState.MEASURED, ModuleState.UNTRAINED}


@dataclass(frozen=True, slots=True)
class GroupLine:
    """Some modules together. ``norm`` is the root of the sum of their squared norms, ``share`` of the file's squared norm.

    ``spectral_norm`` is the largest of the group; the ranks are medians over its modules, None where none was measured.
    """

    label: str
    modules: int
    norm: float
    share: float
    spectral_norm: float
    stable_rank: float | None
    effective_rank: float | None
    rank_90: float | None
    rank_95: float | None


def part_lines(lora: LoraFile) -> tuple[GroupLine, ...]:
    """One line per network of the base model."""
    order = list(Part)
    return _lines(lora, lambda module: (order.index(module.part), _PARTS[module.part]))


def kind_lines(lora: LoraFile) -> tuple[GroupLine, ...]:
    """One line per kind of layer, as in attn1, attn2, ff."""
    order = list(LayerKind)
    return _lines(lora, lambda module: (order.index(module.kind), module.kind.value))


def block_lines(lora: LoraFile) -> tuple[GroupLine, ...]:
    """One line per block of the U-Net, in the order in which an image passes through them."""
    return _lines(lora, lambda module: None if module.block is None else (module.block, str(module.block)))


def total_line(lora: LoraFile) -> GroupLine | None:
    """The whole file; None where nothing was measured."""
    lines = _lines(lora, lambda _: (0, "all"))
    return lines[0] if lines else None


def _lines(lora: LoraFile, group: Callable[[LoraModule], tuple[int, str] | None]) -> tuple[GroupLine, ...]:
    groups: dict[tuple[int, str], list[Spectrum]] = {}
    total = 0.0
    for module in lora.modules:
        if module.spectrum is None or module.state not in _WITH_CHANGE:
            continue
        total += module.spectrum.norm**2
        key = group(module)
        if key is not None:
            groups.setdefault(key, []).append(module.spectrum)
    return tuple(_line(label, groups[order, label], total) for order, label in sorted(groups))


def _line(label: str, spectra: Sequence[Spectrum], total: float) -> GroupLine:
    energy = math.fsum(spectrum.norm**2 for spectrum in spectra)
    trained = [spectrum for spectrum in spectra if spectrum.norm]
    return GroupLine(
        label,
        len(spectra),
        math.sqrt(energy),
        energy / total if total else 0.0,
        max(spectrum.spectral_norm for spectrum in spectra),
        _median(spectrum.stable_rank for spectrum in trained),
        _median(spectrum.effective_rank for spectrum in trained),
        _median(spectrum.rank_90 for spectrum in trained),
        _median(spectrum.rank_95 for spectrum in trained),
    )


def _median(values: Iterable[float | None]) -> float | None:
    there = [value for value in values if value is not None]
    return float(statistics.median(there)) if there else None


@dataclass(frozen=True, slots=True)
class Spread:
    """The smallest and largest of the modules' values, and how many modules have each (most frequent first)."""

    low: float | None
    high: float | None
    counts: Mapping[float, int]


def spread(values: Iterable[float | None]) -> Spread:
    """Of ranks, alphas or scales.

    >>> spread([4, 4, 8, None]).counts
    {4: 2, 8: 1}
    """
    counts: dict[float, int] = {}
    for value in values:
        if value is not None and math.isfinite(value):
            counts[value] = counts.get(value, 0) + 1
    ordered = dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
    return Spread(min(counts, default=None), max(counts, default=None), ordered)


def spread_shown(found: Spread) -> str:
    """A spread in words: one value, both ends of a few, or that it differs from module to module.

    >>> spread_shown(spread([4, 4])), spread_shown(spread([4, 8, 8])), spread_shown(spread([]))
    ('4', '4 to 8', 'not known')
    """
    if found.low is None or found.high is None:
        return "not known"
    if found.low == found.high:
        return f"{found.low:g}"
    return f"{found.low:g} to {found.high:g}" + (f", dynamic ({len(found.counts)} values)" if len(found.counts) > 2 else "")


def precision_shown(dtypes: Mapping[str, int]) -> str:
    """The data types that hold the numbers, the largest part first.

    >>> precision_shown({"F16": 1000, "F32": 4})
    'fp16 and float32'
    """
    return " and ".join(PRECISIONS.get(dtype, dtype) for dtype in dtypes)


def covered_shown(covered: Covered) -> str:
    """How many layers of how many: "192 of 192"."""
    return str(covered.adapted) if covered.possible is None else f"{covered.adapted} of {covered.possible}"


# the settings that people compare, in the order in which they say them
_RECIPE = (
    ("network_dim", "dim {}"), ("network_alpha", "alpha {}"), ("conv_dim", "conv dim {}"), ("optimizer_type", "{}"),
    ("learning_rate", "rate {}"), ("unet_lr", "U-Net rate {}"), ("text_encoder_lr", "text encoder rate {}"), ("lr_scheduler", "{}"),
    ("lr_warmup_steps", "warm-up {}"), ("train_batch_size", "batch {}"), ("gradient_accumulation_steps", "accumulation {}"),
    ("num_images", "{} images"), ("num_repeats", "repeats {}"), ("resolution", "{}"), ("min_snr_gamma", "min-SNR {}"),
    ("noise_offset", "noise offset {}"), ("mixed_precision", "{}"), ("seed", "seed {}"),
)  # fmt: skip


def recipe_line(origin: LoraOrigin) -> str:
    """The recipe in one line; empty when the file says nothing of it."""
    said = origin.parameters
    same = {name for name in ("unet_lr", "text_encoder_lr") if said.get(name) == said.get("learning_rate")}
    words = [
        wording.format(value_shown(said[name]))
        for name, wording in _RECIPE
        if said.get(name) not in {None, 0, ""} and name not in same and not (name == "gradient_accumulation_steps" and said[name] == 1)
    ]
    return ", ".join(words)


def made_line(origin: LoraOrigin) -> str:
    """Who made the file, and which checkpoint it is."""
    words = ["unknown trainer" if origin.trainer == "unknown" else origin.trainer + (f" {origin.version}" if origin.version else "")]
    if origin.training:
        words.append(f"training {origin.training}")
    if origin.number is not None:
        of = f" of {origin.epochs}" if origin.epochs is not None and origin.counted_in == "epochs" else ""
        words.append(f"{origin.counted_in.removesuffix('s')} {origin.number}{of}")
    if origin.step is not None and origin.step != origin.number:
        words.append(f"step {origin.step}")
    return ", ".join(words)


def size_line(lora: LoraFile) -> str:
    """Size, precision and counts in one line."""
    algorithms = sorted({module.algorithm for module in lora.modules})
    modules = counted(len(lora.modules), "module")
    return (
        f"{lora.file_bytes / 2**20:.1f} MiB, {precision_shown(lora.dtypes)}, {counted(lora.tensors, 'tensor')} in {modules}"
        f" ({' and '.join(algorithms)}, {lora.naming} names)"
    )


def norm_sentence(lora: LoraFile) -> str:
    """The file's norm with that of each part, in one line; empty where nothing was measured."""
    total = total_line(lora)
    if total is None:
        return ""
    parts = part_lines(lora)
    each = f" ({', '.join(f'{line.label} {number(line.norm)}' for line in parts)})" if len(parts) > 1 else ""
    return f"{number(total.norm)}{each}, largest singular value {number(total.spectral_norm)}"


def rank_sentence(lora: LoraFile) -> str:
    """How much of the rank is used, in one line; empty where nothing was measured."""
    total = total_line(lora)
    if total is None or total.effective_rank is None or total.rank_90 is None or total.rank_95 is None:
        return ""
    return (
        f"effective rank {number(total.effective_rank)}, stable rank {number(total.stable_rank)}; 90 % of the energy needs rank "
        f"{number(total.rank_90)}, 95 % rank {number(total.rank_95)} (medians over the modules)"
    )
