"""What the columns of a table mean, told by their names: which kind of table it is, and which column says what.

Four kinds of table: runs (a row is a run: settings and outcomes), scores (an image), measurements (an epoch), series (a step).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from lorascope.evaluation.metrics import METRICS
from lorascope.parameters.catalogue import find, known


class TableKind(StrEnum):
    """What a row of the table is."""

    RUNS = "run"
    SCORES = "image"
    MEASUREMENTS = "epoch"
    SERIES = "step"


class Role(StrEnum):
    """What a column says, where it is no parameter, outcome or metric."""

    RUN = "run"
    EPOCH = "epoch"
    STEP = "step"
    PROMPT = "prompt"
    SEED = "seed"
    DRAW = "draw"
    METRIC = "metric"
    VALUE = "value"
    REASON = "reason"
    UNIT = "unit"
    LOW = "low"
    HIGH = "high"
    PROMPTS = "prompts"
    IMAGES = "images"
    TIME = "time"
    TRAINER = "trainer"
    STATUS = "status"
    BASE_MODEL = "base_model"
    PARENT = "parent"


_SPELLINGS: Mapping[Role, tuple[str, ...]] = {
    Role.RUN: ("run", "run_name", "name", "experiment", "experiment_name", "output_name", "training"),
    Role.EPOCH: ("epoch",),
    Role.STEP: ("step", "global_step", "iteration"),
    Role.PROMPT: ("prompt", "prompt_name", "test_prompt"),
    Role.SEED: ("seed",),
    Role.DRAW: ("draw",),
    Role.METRIC: ("metric", "metric_name"),
    Role.VALUE: ("value", "mean"),
    Role.REASON: ("reason",),
    Role.UNIT: ("unit",),
    Role.LOW: ("low", "ci_low"),
    Role.HIGH: ("high", "ci_high"),
    Role.PROMPTS: ("prompts",),
    Role.IMAGES: ("images", "n", "n_images"),
    Role.TIME: ("wall_time", "time", "timestamp"),
    Role.TRAINER: ("trainer",),
    Role.STATUS: ("status", "state"),
    Role.BASE_MODEL: ("base_model", "model"),
    Role.PARENT: ("parent",),
}
_ROLE_OF = {spelling: role for role, spellings in _SPELLINGS.items() for spelling in spellings}
_ROLES_IN: Mapping[TableKind, frozenset[Role]] = {
    TableKind.RUNS: frozenset({Role.RUN, Role.TRAINER, Role.STATUS, Role.BASE_MODEL, Role.PARENT, Role.REASON}),
    TableKind.SCORES: frozenset({Role.RUN, Role.EPOCH, Role.STEP, Role.PROMPT, Role.SEED, Role.DRAW, Role.METRIC, Role.VALUE, Role.REASON}),
    TableKind.MEASUREMENTS: frozenset(
        {Role.RUN, Role.EPOCH, Role.METRIC, Role.VALUE, Role.UNIT, Role.LOW, Role.HIGH, Role.PROMPTS, Role.IMAGES}
    ),
    TableKind.SERIES: frozenset({Role.RUN, Role.STEP, Role.METRIC, Role.VALUE, Role.TIME}),
}
# outcomes of whole runs, as people call them
_OUTCOMES = frozenset(
    "score quality quality_score overall_score rating loss final_loss avg_loss mean_loss val_loss accuracy fid clip_score best_epoch"
    " avg_colors avg_unique_colors".split()
) | {metric.name for metric in METRICS}
_PARAMETER, _OUTCOME = ("parameter:", "parameters.", "param:"), ("outcome:", "outcome.", "metric:")


@dataclass(frozen=True, slots=True)
class Layout:
    """A kind of table and its columns: ``roles`` by role; ``parameters`` and ``outcomes`` as column → name; ``others`` the rest."""

    kind: TableKind
    roles: Mapping[Role, str]
    parameters: Mapping[str, str] = field(default_factory=dict)
    outcomes: Mapping[str, str] = field(default_factory=dict)
    others: tuple[str, ...] = ()
    twice: tuple[str, str] | None = None


def layout_of(columns: Sequence[str]) -> Layout | None:
    """What these columns are; None when they are no table of ours.

    >>> layout_of(["run", "epoch", "prompt", "seed", "unique_colors"]).kind.value
    'image'
    >>> layout_of(["name", "rank", "alpha", "score", "gpu"]).parameters
    {'rank': 'network_dim', 'alpha': 'network_alpha'}
    >>> layout_of(["epoch", "prompt"]) is None
    True
    """
    kind = _kind(columns)
    if kind is None:
        return None
    roles: dict[Role, str] = {}
    names: dict[tuple[str, str], str] = {}
    parameters: dict[str, str] = {}
    outcomes: dict[str, str] = {}
    others: list[str] = []
    twice = None
    for column in columns:
        role = _ROLE_OF.get(_plain(column))
        if role in _ROLES_IN[kind] and role not in roles:
            roles[role] = column
        elif kind is not TableKind.RUNS:
            others.append(column)
        elif (name := _parameter(column)) is not None:
            twice = twice or ((names["parameter", name], column) if ("parameter", name) in names else None)
            names["parameter", name] = column
            parameters[column] = name
        elif (name := _outcome(column)) is not None:
            outcomes[column] = name
        else:
            others.append(column)
    return Layout(kind, roles, parameters, outcomes, tuple(others), twice)


def _kind(columns: Sequence[str]) -> TableKind | None:
    roles = {_ROLE_OF[_plain(column)] for column in columns if _plain(column) in _ROLE_OF}
    free = [column for column in columns if _plain(column) not in _ROLE_OF]
    settings = [column for column in columns if _parameter(column) is not None and _plain(column) != "seed"]
    tells = {Role.METRIC, Role.VALUE} <= roles or bool(free)
    if Role.PROMPT in roles and roles & {Role.EPOCH, Role.STEP} and tells:
        return TableKind.SCORES
    if Role.RUN in roles and len(settings) > 1:
        return TableKind.RUNS
    if Role.EPOCH in roles and tells:
        return TableKind.MEASUREMENTS
    if Role.STEP in roles and (tells or Role.VALUE in roles):
        return TableKind.SERIES
    outcomes = any(_outcome(column) is not None for column in columns)
    return TableKind.RUNS if Role.RUN in roles and (settings or outcomes) else None


def _plain(column: str) -> str:
    return column.strip().lower().replace(" ", "_").replace("-", "_")


def _parameter(column: str) -> str | None:
    """The parameter's name; one that the catalogue does not know must say that it is one."""
    for prefix in _PARAMETER:
        if column.lower().startswith(prefix):
            rest = column[len(prefix) :].strip()
            return find(rest).name if known(rest) else rest or None
    name = column if known(column) else _plain(column)
    return find(name).name if known(name) else None


def _outcome(column: str) -> str | None:
    for prefix in _OUTCOME:
        if column.lower().startswith(prefix):
            return column[len(prefix) :].strip() or None
    return column if _plain(column) in _OUTCOMES else None
