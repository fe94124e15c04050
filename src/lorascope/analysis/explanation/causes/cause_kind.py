"""What a kind of cause is: what it does, how it shows, and what would settle it. Definitions only; what happened is for data to say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Aspect(StrEnum):
    """What a metric looks at, whatever it is called."""

    COLOR = "color"  # are the asked colors there
    PROMPT = "prompt"  # is what the prompt asks for there
    STYLE = "style"  # does it look like the training images
    DETAIL = "detail"  # is it clean: edges, noise, artifacts
    DIVERSITY = "diversity"  # do images differ from each other and from the training images
    OVERALL = "overall"  # a score of the whole, or a metric of which nothing else is known


class Trace(StrEnum):
    """A diagnostic, compared with that of good runs. All but the shares are compared as logarithms."""

    NORM = "norm of the weight change"
    TEXT_RATIO = "text encoder's norm over the U-Net's"
    EFFECTIVE_RANK = "effective rank"
    BROKEN_WEIGHTS = "share of weights that are not finite"
    DEAD_WEIGHTS = "share of weights that are zero"
    LOSS_END = "loss at the end"
    LOSS_ROUGHNESS = "roughness of the loss"
    BROKEN_LOSS = "share of losses that are not finite"
    LATE_RISE = "gain over the last third of the checkpoints"
    LATE_FALL = "fall from the best checkpoint to the last"
    JAGGED = "ups and downs between checkpoints"


class Fact(StrEnum):
    """A thing that is known exactly or not at all."""

    PROTOCOL = "protocol"  # the evaluation was made differently
    FILE = "file"  # the evaluated file is not the run's


class Check(StrEnum):
    """The kinds of tests, cheapest first."""

    METADATA = "metadata"  # compare hashes and records: seconds
    AUDIT = "audit"  # look at the dataset again: seconds to minutes
    INSPECT = "inspect"  # weight diagnostics: seconds to a minute
    EVALUATE = "evaluate"  # evaluate a file again: minutes, no training
    SEEDS = "seeds"  # more prompts and seeds: minutes
    REPEAT = "repeat"  # train the same again with another seed
    REVERT = "revert"  # train again with exactly one thing changed back


@dataclass(frozen=True, slots=True)
class Sign:
    """How a cause shows in the settings: a quantity (see ``quantities``) that went one way.

    ``way`` is +1 or -1. ``step`` is the change that counts as one dose: a natural logarithm of a ratio for quantities that are
    compared by ratio, else a difference. ``extreme`` is the value from which it is suspicious where nothing can be compared (None: never).
    """

    quantity: str
    way: int
    step: float
    extreme: float | None = None


@dataclass(frozen=True, slots=True)
class CauseKind:
    """A kind of cause.

    ``effects``: aspect → how strongly it gets worse (negative) or better, relative to its strongest effect (±1). ``traces``: what
    diagnostics do, likewise. ``defects``: what an audit finds (see ``defects``). ``facts``: what would prove it outright. ``in_data``: it
    sits in images or captions, so that it needs another dataset than the good run's; with ``signs_or_data`` a setting can do it instead.
    ``group`` is what is common to several (one test may
    serve all). ``rarity`` is added to the log odds before any evidence: 0 for the usual suspects. ``source`` says where it was read.
    """

    id: str
    title: str
    what: str
    check: Check
    source: str
    signs: tuple[Sign, ...] = ()
    effects: Mapping[Aspect, float] = field(default_factory=dict)
    traces: Mapping[Trace, float] = field(default_factory=dict)
    defects: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    in_data: bool = False
    signs_or_data: bool = False
    rarity: float = 0.0
    test: str = ""
    command: str = ""
