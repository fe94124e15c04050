"""Pairs of runs on either side of a rule that differ in nothing else: the only runs that speak of the rule's own settings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from lorascope.analysis.ledger.rule_literals import Settings
from lorascope.analysis.table import NOT_SETTINGS
from lorascope.records.run import ParameterValue

MOST_PAIRS = 1_000


@dataclass(frozen=True, slots=True)
class RulePairs:
    """Pairs (inside, outside), as places in the list of runs. ``agree`` came out as the rule says on both sides, ``against`` the other
    way round on both. ``seeds`` counts the different training seeds among the runs of ``agree``; unknown ones count once.
    """

    agree: tuple[tuple[int, int], ...]
    against: tuple[tuple[int, int], ...]
    seeds: int


Stated = frozenset[tuple[str, bool, ParameterValue]]


def stated(settings: Settings) -> Stated:
    """A run's settings as a set, without the seed; 1 and true are not the same."""
    kept = ((name, value) for name, value in settings.items() if value is not None and name not in NOT_SETTINGS)
    return frozenset((name, isinstance(value, bool), value) for name, value in kept)


def rule_pairs(
    members: Sequence[int], outside: Sequence[int], settings: Sequence[Settings], outcomes: Sequence[bool], names: Collection[str],
    wholes: Sequence[Stated] | None = None,
) -> RulePairs:  # fmt: skip
    """The pairs whose settings are equal, as far as they are recorded, in all but ``names`` (what the rule speaks of) and the seed.

    ``settings`` as they were set: without products and quotients of them. ``wholes``: ``stated`` of each, for whoever asks many times.
    """
    wholes = [stated(of_run) for of_run in settings] if wholes is None else wholes
    by_rest: dict[Stated, list[int]] = defaultdict(list)
    for at in outside:
        by_rest[_rest(wholes[at], settings[at], names)].append(at)
    pairs = [(at, other) for at in members for other in by_rest.get(_rest(wholes[at], settings[at], names), ())][:MOST_PAIRS]
    agree = tuple(pair for pair in pairs if outcomes[pair[0]] and not outcomes[pair[1]])
    against = tuple(pair for pair in pairs if not outcomes[pair[0]] and outcomes[pair[1]])
    return RulePairs(agree, against, len({settings[at].get("seed") for pair in agree for at in pair}))


def _rest(whole: Stated, settings: Settings, names: Collection[str]) -> Stated:
    return whole - {(name, isinstance(settings.get(name), bool), settings.get(name)) for name in names}
