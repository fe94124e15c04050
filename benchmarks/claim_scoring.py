"""Judge what a method says of a simulated project's settings against the truth, and against brute force where there is one right answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from lorascope.records.effect import Claim, Impact
from lorascope.records.history import History, PastRun
from simulated_projects import Project, World

Pairs = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Judged:
    """What a method said of one project. ``scores``: (score, whether it is a cause) of each setting that varied, best first."""

    scores: tuple[tuple[float, bool], ...]
    declared: int
    wrong: int
    causes: int
    has_effects: bool
    style: str

    @property
    def right(self) -> int:
        """Causes that were declared."""
        return self.declared - self.wrong

    @property
    def top_3(self) -> float:
        """Share of causes among the first three."""
        return sum(is_cause for _, is_cause in self.scores[:3]) / 3


@dataclass(frozen=True, slots=True)
class Held:
    """What must hold of our answer, beside being right: sets, aliases and pairs against brute force."""

    sets: int
    sets_right: int
    set_members: int
    null_set: bool
    claims_without_pair: int
    alias_pairs: int
    alias_split: int
    aliases_exact: bool
    pairs_exact: bool
    aliased: int
    without_splitting_run: int


def judge(project: Project, scores: dict[str, float], declared: set[str], ties: dict[str, float] | None = None) -> Judged:
    """Compare with the truth. ``ties`` orders settings of equal score."""
    causes = project.causes
    second = ties or {}
    order = sorted(scores, key=lambda name: (-scores[name], -second.get(name, 0.0), name))
    found = tuple((scores[name], name in causes) for name in order)
    wrong = len(declared - causes)
    return Judged(found, len(declared), wrong, len(causes), project.world is not World.NO_EFFECT, project.style.value)


def judge_impact(project: Project, impact: Impact) -> Judged:
    """Our answer: settings that vary, by probability, then by association; declared is what is said to matter."""
    effects = [effect for effect in impact.effects if effect.claim is not Claim.CONSTANT]
    scores = {effect.name: effect.probability or 0.0 for effect in effects}
    declared = {effect.name for effect in effects if effect.claim is Claim.MATTERS}
    return judge(project, scores, declared, {effect.name: effect.association or 0.0 for effect in effects})


def hold(project: Project, impact: Impact) -> Held:
    """Check sets, aliases and pairs."""
    causes = project.causes
    said = {effect.name: effect for effect in impact.effects}
    sets = [frozenset(one.members) for one in impact.sets if one.kind == "credible"]
    matters = {name for name, effect in said.items() if effect.claim is Claim.MATTERS}
    used = [past for past in project.history.measured(project.metric) if past.name not in impact.left_out]
    alias = alias_pairs(used, project.metric)
    ours = frozenset((name, other) for name, effect in said.items() for other in effect.aliased_with if name < other and other in said)
    pairs = matched_pairs(used, project.metric)
    our_pairs = {name: {frozenset(pair) for pair in effect.matched.pairs} for name, effect in said.items() if effect.matched.pairs}
    aliased = [one for one in impact.sets if len(one.members) > 1 and one.kind != "lead"]
    return Held(
        sets=len(sets),
        sets_right=sum(bool(members & causes) for members in sets),
        set_members=sum(map(len, sets)),
        null_set=bool(sets) and project.world is World.NO_EFFECT,
        claims_without_pair=sum(not said[name].matched.pairs for name in matters),
        alias_pairs=len(alias),
        alias_split=sum(
            (one in matters) != (other in matters) or any((one in members) != (other in members) for members in sets)
            for one, other in alias
        ),
        aliases_exact=ours == alias,
        pairs_exact=our_pairs == pairs,
        aliased=len(aliased),
        without_splitting_run=sum(not _splits(one.members, dict(one.splitting_run), project.history, one.base) for one in aliased),
    )  # fmt: skip


def _splits(members: Sequence[str], change: dict[str, object], history: History, base: str) -> bool:
    """Whether the proposed run moves some members and not others, on a run that exists."""
    run = history.find(base)
    moved = {name for name in change if run is not None and run.settings.get(name) != change[name]}
    return bool(moved & set(members)) and not set(members) <= moved


def alias_pairs(runs: Sequence[PastRun], metric: str) -> Pairs:
    """Settings that tell apart the same pairs of runs of one comparability class, each pair of runs looked at."""
    pairs = _comparable(runs, metric)
    names = sorted({name for past in runs for name in past.settings} - {"seed"})
    signature = {name: tuple(one.settings.get(name) != other.settings.get(name) for one, other in pairs) for name in names}
    varied = [name for name in names if any(signature[name])]
    return frozenset((one, other) for one, other in combinations(varied, 2) if signature[one] == signature[other])


def matched_pairs(runs: Sequence[PastRun], metric: str) -> dict[str, set[frozenset[str]]]:
    """Pairs of runs of one class that differ in one setting alone, by that setting."""
    found: dict[str, set[frozenset[str]]] = {}
    for one, other in _comparable(runs, metric):
        names = set(one.settings) | set(other.settings)
        differ = [name for name in names - {"seed"} if one.settings.get(name) != other.settings.get(name)]
        if len(differ) == 1:
            found.setdefault(differ[0], set()).add(frozenset((one.name, other.name)))
    return found


def _comparable(runs: Sequence[PastRun], metric: str) -> list[tuple[PastRun, PastRun]]:
    return [(one, other) for one, other in combinations(runs, 2) if one.classes[metric] == other.classes[metric]]


def wrong_at_power(judged: Sequence[Judged], power: float) -> float | None:
    """The wrong share when the threshold, one for all projects, is such that this share of all causes is declared."""
    pooled = sorted((score for one in judged for score in one.scores), key=lambda score: -score[0])
    wanted = power * sum(one.causes for one in judged if one.has_effects)
    right = wrong = place = 0
    while place < len(pooled):
        level = pooled[place][0]
        while place < len(pooled) and pooled[place][0] == level:  # equal scores are declared together
            right, wrong, place = right + pooled[place][1], wrong + (not pooled[place][1]), place + 1
        if right >= wanted:
            return wrong / (right + wrong)
    return None
