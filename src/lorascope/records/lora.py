"""A LoRA file as its tensors show it: which layers it adapts, how strongly, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from lorascope.records.run import CountedIn, JsonValue, ParameterValue


class Part(StrEnum):
    """Which network of the base model a module belongs to."""

    UNET = "unet"
    TEXT_ENCODER = "text_encoder"
    TEXT_ENCODER_2 = "text_encoder_2"
    OTHER = "other"  # a transformer (FLUX, SD 3), or a name that is not understood


class LayerKind(StrEnum):
    """What the adapted layer does."""

    SELF_ATTENTION = "attn1"
    CROSS_ATTENTION = "attn2"
    FEED_FORWARD = "ff"
    PROJECTION = "proj"
    CONVOLUTION = "conv"
    POINTWISE = "time and shortcut"  # time_emb_proj and conv_shortcut
    TEXT_ATTENTION = "text attention"
    TEXT_MLP = "text mlp"
    OTHER = "other"


class ModuleState(StrEnum):
    """Whether a module's change of the weights can be measured, and why not."""

    MEASURED = "measured"
    UNTRAINED = "untrained"  # the change is exactly zero
    NOT_FINITE = "not finite"  # NaN or infinity in a tensor, or in alpha
    BROKEN = "broken"  # a partner is missing, shapes do not fit, rank 0
    NEEDS_BASE = "needs the base model"  # the change is relative to weights that are not in the file
    TOO_LARGE = "too large"
    NOT_READ = "not read"  # only the header was


class Family(StrEnum):
    """The base models that are told apart."""

    SD1 = "SD 1.x"
    SD2 = "SD 2.x"
    SDXL = "SDXL"
    SD3 = "SD 3"
    FLUX = "FLUX"
    UNKNOWN = "unknown"


def block_label(block: int, family: Family) -> str:
    """How people who weight blocks call one: IN04, MID, OUT03.

    >>> block_label(4, Family.SD1), block_label(11, Family.SDXL), block_label(15, Family.SDXL)
    ('IN04', 'MID', 'OUT02')
    """
    first, middle = (1, range(10, 13)) if family is Family.SDXL else (0, range(12, 13))
    if block in middle:
        return "MID"
    return f"IN{block - first:02d}" if block < middle.start else f"OUT{block - middle.stop:02d}"


@dataclass(frozen=True, slots=True)
class Spectrum:
    """How large a change of weights is and over how many directions it spreads, from its singular values s1 >= s2 >= …

    ``norm`` is the Frobenius norm (root of the sum of squares), ``spectral_norm`` s1, ``stable_rank`` norm² / s1²,
    ``effective_rank`` exp of the entropy of s² / norm², ``rank_90`` and ``rank_95`` how many directions hold 90 and 95 % of norm².
    The last three are None where a change is too large for all its singular values to be computed.
    """

    norm: float
    spectral_norm: float
    stable_rank: float
    effective_rank: float | None = None
    rank_90: int | None = None
    rank_95: int | None = None


@dataclass(frozen=True, slots=True)
class LoraModule:
    """One adapted layer. ``layer`` is its name in the manner of sd-scripts, the same whichever trainer wrote the file.

    ``block`` is the U-Net block in sd-scripts' count (SD 1.x 0 to 24, SDXL 0 to 22). ``rank`` is what the tensors say; ``alpha`` is
    None when the file holds none, and the change is then scaled by 1. ``problem`` says what is wrong, in words.
    """

    name: str
    layer: str
    part: Part
    kind: LayerKind
    block: int | None
    algorithm: str
    rank: int | None
    alpha: float | None
    scale: float | None
    weights: int
    state: ModuleState
    problem: str = ""
    spectrum: Spectrum | None = None


@dataclass(frozen=True, slots=True)
class Covered:
    """Of the layers of one group (a part, or a kind of layer): how many the file adapts, of how many there are."""

    group: str
    adapted: int
    possible: int | None


@dataclass(frozen=True, slots=True)
class LoraCoverage:
    """Which layers a file adapts, against what sd-scripts adapts on the same base model.

    ``kinds`` has one line per kind of layer. ``surplus`` are names of layers that the base model does not have.
    """

    unet: Covered
    text_encoder: Covered
    kinds: tuple[Covered, ...]
    surplus: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LoraFile:
    """A LoRA file, measured. ``nonfinite`` names the tensors that hold NaN or infinity and how many values each.

    ``dtypes`` are bytes per data type. ``unknown`` are tensors whose names are not understood. ``widths`` are the widths of the
    cross-attention's inputs, which tell the base model. ``tensor_hash`` is kohya's sshs_model_hash, recomputed.
    """

    file: str
    file_bytes: int
    tensor_bytes: int
    tensors: int
    dtypes: Mapping[str, int]
    naming: str
    family: Family
    coverage: LoraCoverage
    modules: tuple[LoraModule, ...]
    nonfinite: Mapping[str, int] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    widths: tuple[int, ...] = ()
    tensor_hash: str | None = None
    legacy_hash: str | None = None


@dataclass(frozen=True, slots=True)
class LoraOrigin:
    """What a file says of its own making, by its metadata and name. ``number`` counts what ``counted_in`` says.

    ``version`` is the trainer's, ``epochs`` and ``total_steps`` how many the training was to have. ``recorded_hash`` and
    ``recorded_legacy_hash`` are what the trainer wrote down. ``kept`` is what it said that is no parameter.
    """

    trainer: str
    training: str | None = None
    version: str | None = None
    base_model: str | None = None
    family: Family | None = None
    number: int | None = None
    counted_in: CountedIn = CountedIn.EPOCHS
    step: int | None = None
    is_final: bool = False
    epochs: int | None = None
    parameters: Mapping[str, ParameterValue] = field(default_factory=dict)
    kept: Mapping[str, JsonValue] = field(default_factory=dict)
    recorded_hash: str | None = None
    recorded_legacy_hash: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PartDrift:
    """How one part ("all", a Part, or "block 4") changed from one checkpoint to the next.

    ``norm_before`` and ``norm`` are the Frobenius norms of its change of weights in the two; ``change`` is the norm of their difference
    over the larger of the two; ``cosine`` that of the angle between them. None where there is nothing to compare.
    """

    part: str
    norm_before: float
    norm: float
    change: float | None
    cosine: float | None


@dataclass(frozen=True, slots=True)
class DriftStep:
    """From one checkpoint to the next. ``same_weights`` when all tensors are equal byte for byte. ``modules`` were compared."""

    before: str
    after: str
    parts: tuple[PartDrift, ...]
    blocks: tuple[PartDrift, ...]
    modules: int
    same_weights: bool = False


@dataclass(frozen=True, slots=True)
class LoraDrift:
    """A row of checkpoints in the order of training. ``counted_in`` says what ``numbers`` count: epochs, steps, or files.

    ``same`` are groups of files that hold the same weights.
    """

    files: tuple[str, ...]
    numbers: tuple[int, ...]
    counted_in: str
    family: Family
    steps: tuple[DriftStep, ...]
    same: tuple[tuple[str, ...], ...] = ()
