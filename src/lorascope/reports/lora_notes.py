"""What is worth saying of a LoRA file, as sentences: what is broken first, then what surprises, then what is merely so."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from lorascope.parameters.derived import SD15, SDXL, lora_tensor_bytes
from lorascope.records.lora import Family, LayerKind, LoraFile, LoraModule, LoraOrigin, ModuleState, Part
from lorascope.reports.wording import counted, listed, one_line, shortened

_MOST_NAMES = 3
# beginnings of notes of those who read headers only; here the tensors themselves were looked at
_SAID_BY_TENSORS = ("network_dim = ", "network_alpha stands in", "there is no alpha", "ranks differ from module")
_PRECISIONS = {"F16": "fp16", "BF16": "bf16", "F32": "float"}
_MODELS = {Family.SD1: SD15, Family.SDXL: SDXL}
_TEXT = {Part.TEXT_ENCODER, Part.TEXT_ENCODER_2}


class Gravity(IntEnum):
    """How much a note matters."""

    BROKEN = 0
    SURPRISING = 1
    PLAIN = 2


@dataclass(frozen=True, slots=True)
class Note:
    """One sentence or two."""

    gravity: Gravity
    text: str


def notes(lora: LoraFile, origin: LoraOrigin) -> tuple[Note, ...]:
    """All notes on a file, the gravest first."""
    found = [note for rule in _RULES for note in rule(lora, origin)]
    found += [Note(Gravity.PLAIN, _sentence(one_line(text))) for text in origin.notes if not text.startswith(_SAID_BY_TENSORS)]
    return tuple(sorted(found, key=lambda note: note.gravity))


def _sentence(text: str) -> str:
    is_name = "_" in text.split(" ", 1)[0]  # a parameter is written as it is
    return (text if is_name else text[:1].upper() + text[1:]) + ("" if text.endswith((".", "?", "!")) else ".")


def _some(names: Sequence[str]) -> str:
    shown = [shortened(one_line(name), 90) for name in names[:_MOST_NAMES]]
    return ", ".join(shown) + (f" and {len(names) - len(shown):,} more" if len(names) > len(shown) else "")


def _nonfinite(lora: LoraFile, _: LoraOrigin) -> Iterator[Note]:
    if lora.nonfinite:
        values = counted(sum(lora.nonfinite.values()), "value")
        where = f"{counted(len(lora.nonfinite), 'tensor')}: {_some(list(lora.nonfinite))}"
        what = "The training diverged; pictures made with this file are black or noise, use an earlier checkpoint."
        yield Note(Gravity.BROKEN, f"NaN or infinity in {values} of {where}. {what}")


def _hash(lora: LoraFile, origin: LoraOrigin) -> Iterator[Note]:
    recorded = origin.recorded_hash
    if lora.tensor_hash is None or not recorded:
        return
    if lora.tensor_hash != recorded.removeprefix("0x").lower():
        text = f"The weights are not those that were saved: sshs_model_hash says {shortened(recorded, 12)}, the tensors give"
        yield Note(Gravity.SURPRISING, f"{text} {lora.tensor_hash[:11]}…. They were merged, resized, converted or damaged since.")
    elif (
        lora.legacy_hash is not None and origin.recorded_legacy_hash and lora.legacy_hash != origin.recorded_legacy_hash.removeprefix("0x")
    ):
        yield Note(Gravity.PLAIN, "The weights are those that were saved, but their metadata were edited since (sshs_legacy_hash differs).")


def _broken(lora: LoraFile, _: LoraOrigin) -> Iterator[Note]:
    broken = [module for module in lora.modules if module.state is ModuleState.BROKEN]
    if broken:
        one = broken[0]
        example = f"{shortened(one_line(one.name), 90)}: {one_line(one.problem)}"
        yield Note(Gravity.BROKEN, f"{counted(len(broken), 'module')} cannot work. {example}.")
    large = [module.name for module in lora.modules if module.state is ModuleState.TOO_LARGE]
    if large:
        yield Note(Gravity.SURPRISING, f"{counted(len(large), 'module')} too large to measure: {_some(large)}.")


def _untrained(lora: LoraFile, origin: LoraOrigin) -> Iterator[Note]:
    there = [module for module in lora.modules if module.state in {ModuleState.UNTRAINED, ModuleState.MEASURED}]
    zeros = [module for module in there if module.state is ModuleState.UNTRAINED]
    if not zeros:
        return
    if len(zeros) == len(there):
        yield Note(
            Gravity.BROKEN, f"All {len(zeros):,} modules are untrained: their change of the weights is exactly zero. The file does nothing."
        )
        return
    left = []
    for part, words in ((_TEXT, "text encoder"), ({Part.UNET, Part.OTHER}, "U-Net")):
        of_part, dead = ([module for module in group if module.part in part] for group in (there, zeros))
        if dead and len(dead) == len(of_part):
            rate = origin.parameters.get("text_encoder_lr" if part is _TEXT else "unet_lr")
            why = f"its learning rate was set to {rate:g}" if isinstance(rate, int | float) else "a learning rate of 0 does this"
            saved = f"all {counted(len(dead), 'module')} are in the file, but their change of the weights is exactly zero"
            yield Note(Gravity.SURPRISING, f"The {words} was not trained: {saved} ({why}).")
        else:
            left += dead
    if left:
        yield Note(
            Gravity.SURPRISING, f"{counted(len(left), 'module')} never trained (all zeros): {_some([module.name for module in left])}."
        )


def _family(lora: LoraFile, origin: LoraOrigin) -> Iterator[Note]:
    widths = f"cross-attention inputs are {listed(lora.widths[:3])} wide" if lora.widths else "no cross-attention is adapted"
    if origin.family is not None and origin.family is not lora.family and (lora.family is not Family.UNKNOWN or lora.widths):
        tensors = f"the tensors are of {lora.family.value}" if lora.family is not Family.UNKNOWN else "the tensors fit no model known here"
        yield Note(Gravity.SURPRISING, f"The metadata say {origin.family.value}, but {tensors}: {widths}.")
    elif lora.family is Family.UNKNOWN and origin.family is None:
        yield Note(Gravity.PLAIN, f"Which base model it belongs to cannot be told: {widths}.")
    if lora.coverage.surplus and lora.family in _MODELS:
        some = _some(lora.coverage.surplus)
        yield Note(Gravity.SURPRISING, f"{counted(len(lora.coverage.surplus), 'layer')} that {lora.family.value} does not have: {some}.")


def _coverage(lora: LoraFile, _: LoraOrigin) -> Iterator[Note]:
    covered = lora.coverage
    kinds = {kind.group: kind for kind in covered.kinds}
    text = [kind for kind in covered.kinds if kind.group.endswith("text encoder attention")]
    mlp = sum(kind.adapted for kind in covered.kinds if kind.group.endswith("text encoder mlp"))
    if mlp and text and not any(kind.adapted for kind in text):
        cause = "sd-scripts up to 0.9.0 skipped it with versions of transformers that call the class CLIPSdpaAttention"
        yield Note(
            Gravity.SURPRISING,
            f"The text encoder's attention is not adapted, only its MLPs: {cause}. The file acts otherwise than one with it.",
        )
    if not covered.text_encoder.adapted and covered.unet.adapted:
        yield Note(Gravity.PLAIN, "U-Net only: the text encoder is not adapted.")
    if not covered.unet.adapted and covered.text_encoder.adapted:
        yield Note(Gravity.SURPRISING, "Text encoder only: the U-Net is not adapted.")
    attention = [kinds.get(f"U-Net {kind.value}") for kind in (LayerKind.SELF_ATTENTION, LayerKind.CROSS_ATTENTION)]
    if covered.unet.possible and all(kind is not None and kind.adapted == kind.possible for kind in attention):
        others = [kinds[f"U-Net {kind.value}"] for kind in (LayerKind.FEED_FORWARD, LayerKind.PROJECTION) if f"U-Net {kind.value}" in kinds]
        if not any(kind.adapted for kind in others):
            yield Note(
                Gravity.PLAIN,
                "Only the U-Net's attention is adapted, as diffusers' scripts do: ranks do not compare with sd-scripts' files.",
            )
            return
    partly = [kind for kind in covered.kinds if kind.possible and 0 < kind.adapted < kind.possible]
    if partly:
        lines = [f"{kind.group} {kind.adapted} of {kind.possible}" for kind in partly]
        yield Note(Gravity.SURPRISING, f"Some layers are left out: {', '.join(lines)}.")


def _ranks(lora: LoraFile, origin: LoraOrigin) -> Iterator[Note]:
    linear = {module.rank for module in _lora_modules(lora) if module.kind is not LayerKind.CONVOLUTION and module.rank}
    said = origin.parameters.get("network_dim")
    if len(linear) == 1 and isinstance(said, int) and linear != {said}:
        yield Note(Gravity.SURPRISING, f"The metadata say network_dim = {said}, the tensors have rank {next(iter(linear))}.")
    elif len(linear) > 2:
        text = f"Ranks are dynamic: {len(linear)} different ones, from {min(linear)} to {max(linear)}"
        yield Note(Gravity.PLAIN, f"{text} (a resized or merged file, or block_dims).")
    alphas = {module.alpha for module in _lora_modules(lora) if module.kind is not LayerKind.CONVOLUTION and module.alpha is not None}
    alpha = origin.parameters.get("network_alpha")
    if len(alphas) == 1 and isinstance(alpha, int | float) and alpha and abs(next(iter(alphas)) - alpha) > 0.005 * abs(alpha):
        yield Note(Gravity.SURPRISING, f"The metadata say network_alpha = {alpha:g}, the tensors have {next(iter(alphas)):g}.")
    scales = {module.scale for module in lora.modules if module.scale is not None}
    without = [module for module in _lora_modules(lora) if module.alpha is None]
    if without and lora.tensor_hash is not None:
        what = "All modules are" if len(without) == len(_lora_modules(lora)) else f"{counted(len(without), 'module')}"
        yield Note(Gravity.PLAIN, f"{what} without an alpha: their scale is 1.")
    if len({math.copysign(1, scale) for scale in scales}) > 1:
        yield Note(Gravity.SURPRISING, "Some modules have a negative scale: the file was made by subtracting models or by hand.")
    zero = [module for module in lora.modules if module.alpha == 0]
    if zero:
        yield Note(
            Gravity.SURPRISING, f"alpha is 0 in {counted(len(zero), 'module')}: sd-scripts reads that as a scale of 1, other programs as 0."
        )


def _lora_modules(lora: LoraFile) -> list[LoraModule]:
    return [module for module in lora.modules if module.algorithm.startswith(("LoRA", "LoCon"))]


def expected_bytes(lora: LoraFile) -> int | None:
    """What sd-scripts' tensors would take at this file's rank, parts and precision; None where that is not one number."""
    model = _MODELS.get(lora.family)
    modules = _lora_modules(lora)
    ranks = {module.rank for module in modules if module.kind is not LayerKind.CONVOLUTION}
    conv = {module.rank for module in modules if module.kind is LayerKind.CONVOLUTION}
    precisions = [_PRECISIONS[dtype] for dtype in lora.dtypes if dtype in _PRECISIONS]
    if model is None or len(modules) != len(lora.modules) or len(ranks) != 1 or len(conv) > 1 or not precisions:
        return None
    rank = next(iter(ranks))
    unet_only = not lora.coverage.text_encoder.adapted
    return lora_tensor_bytes(model, rank, conv_dim=next(iter(conv), None), unet_only=unet_only, precision=precisions[0]) if rank else None


def _size(lora: LoraFile, _: LoraOrigin) -> Iterator[Note]:
    expected = expected_bytes(lora)
    if expected is not None and abs(lora.tensor_bytes - expected) > 0.005 * expected:
        there, usual = lora.tensor_bytes / 2**20, expected / 2**20
        text = f"The tensors take {there:.1f} MiB; sd-scripts' would take {usual:.1f} MiB at this rank and precision."
        yield Note(Gravity.PLAIN, f"{text} The coverage says what is different.")


def _precision(lora: LoraFile, _: LoraOrigin) -> Iterator[Note]:
    small = [dtype for dtype in lora.dtypes if dtype.startswith(("F8", "F6", "F4", "I", "U"))]
    if small:
        yield Note(
            Gravity.SURPRISING,
            f"Stored as {listed(small)}: two or three digits are left of each number, too few to continue a training from.",
        )
    if "F64" in lora.dtypes:
        yield Note(Gravity.PLAIN, "Stored as float64: twice the size of float32 with nothing gained.")
    dora = sum("DoRA" in module.algorithm for module in lora.modules)
    if dora:
        yield Note(
            Gravity.PLAIN,
            f"{counted(dora, 'module')} with DoRA: norms are those of the direction's change; its magnitude needs the base model.",
        )
    relative = [module for module in lora.modules if module.state is ModuleState.NEEDS_BASE]
    if relative:
        kinds = listed(sorted({module.algorithm for module in relative}))
        yield Note(
            Gravity.PLAIN,
            f"{counted(len(relative), 'module')} ({kinds}) multiply the base model's weights: without it they cannot be measured.",
        )
    glora = sum(module.algorithm.startswith("GLoRA") for module in lora.modules)
    if glora:
        yield Note(
            Gravity.PLAIN,
            f"{counted(glora, 'module')} of GLoRA: norms are those of the added part; the one multiplied with the base is left out.",
        )
    rough = sum(module.spectrum is not None and module.spectrum.effective_rank is None for module in lora.modules)
    if rough:
        yield Note(Gravity.PLAIN, f"{counted(rough, 'module')} too large for all singular values: norm and stable rank only.")


def _unknown(lora: LoraFile, _: LoraOrigin) -> Iterator[Note]:
    if lora.unknown:
        yield Note(Gravity.SURPRISING, f"{counted(len(lora.unknown), 'tensor')} with a name that no LoRA has: {_some(lora.unknown)}.")
    if lora.tensor_hash is None:
        yield Note(Gravity.PLAIN, "Only the header was read: no norms, no alphas, no search for NaN.")


_RULES: tuple[Callable[[LoraFile, LoraOrigin], Iterable[Note]], ...] = (
    _nonfinite,
    _broken,
    _untrained,
    _hash,
    _family,
    _coverage,
    _ranks,
    _size,
    _precision,
    _unknown,
)
