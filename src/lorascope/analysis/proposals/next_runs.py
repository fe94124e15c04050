"""Candidates for the next run: what each changes, what it is expected to teach, and what it may gain.

To explain: split the sets of settings that cannot be told apart, change one setting at a time, screen many at once, or add what tells most.
To improve: the same single changes and what a sampler suggests, by expected improvement; a gain is always that over the incumbent's
*shrunken* value, since the best of many looks better than it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from lorascope.analysis.proposals.gains import CAUSES_EXPECTED, chance_of_gain, expected_best, information_bits, replicate_bits
from lorascope.analysis.proposals.run_model import Spread
from lorascope.analysis.proposals.settings_space import SEED, Settings, space_of
from lorascope.analysis.proposals.standing import Standing, asked_about
from lorascope.analysis.proposals.steps import Change, Step, applied, can_be_set, promising, steps, valid, with_companions
from lorascope.parameters.parameter import shown
from lorascope.records.effect import Effect, Impact
from lorascope.records.history import PastRun
from lorascope.records.run import ParameterValue

REPLICATE_EVERY = 5
_MOST_CERTAIN = 0.95
_SUPPOSED_CAUSES = 3.0  # how many settings share the signal, where no analysis gives their effects
_SUPPOSED_SHARE = 0.1  # of the metric's level: the effect looked for where nothing is known yet


@dataclass(frozen=True, slots=True)
class Candidate:
    """A run that could be made: ``change`` on the run ``base``.

    ``spread`` is of the true difference to the base; ``expected`` what is gained if a worse run is thrown away;
    ``rests_on`` is how many of the changed settings the runs have varied: where none, nothing is known of the gain.
    """

    kind: str
    base: PastRun
    change: Mapping[str, ParameterValue]
    why: str
    bits: float | None
    spread: Spread | None = None
    p_better: float | None = None
    expected: float = 0.0
    rests_on: int = 0

    @property
    def settings(self) -> dict[str, ParameterValue]:
        """The settings of the run."""
        return applied(self.base.settings, self.change)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: a project's standing on a metric, the analysis of its parameters if there is one, and the settings of all runs.

    ``replicates`` is how many runs have the settings of the base, itself included.
    """

    standing: Standing
    base: PastRun
    impact: Impact | None
    seen: tuple[Settings, ...]
    replicates: int = 1

    def effect(self, name: str) -> Effect | None:
        """What the analysis says of a setting."""
        effects = self.impact.effects if self.impact else ()
        return next((effect for effect in effects if effect.name == name), None)

    def prior(self, name: str) -> float:
        """The probability that a setting matters: at least the usual share, unless enough runs say otherwise."""
        effect = self.effect(name)
        probability = effect.probability if effect else None
        if probability is None or (self.impact is not None and self.impact.exploratory):
            return max(CAUSES_EXPECTED, min(_MOST_CERTAIN, probability or 0.0))
        return min(_MOST_CERTAIN, probability)

    def supposed_effect(self) -> float:
        """The size of an effect that is looked for: a third of the signal's variance, between two levels; else a tenth of the level."""
        model = self.standing.model
        if model is not None:
            return 2 * model.signal_sd / float(_SUPPOSED_CAUSES**0.5)
        return _SUPPOSED_SHARE * abs(self.standing.value(self.base))

    def power(self, name: str) -> float:
        """The probability that a run that changes this setting alone would show its effect, at the noise that is known."""
        effect = self.effect(name)
        stated = abs(effect.estimate) if effect and effect.estimate is not None and (effect.probability or 0) >= 0.5 else 0.0
        noise = self.standing.noise
        size = max(stated, self.supposed_effect())
        return noise.power(size, self.replicates) if noise else 0.0


def replicate_of(question: Question) -> Candidate:
    """The base once more with another training seed."""
    standing, base = question.standing, question.base
    known = standing.noise.df if standing.noise else 0
    if known:
        why = (
            f"every {REPLICATE_EVERY}th run repeats the best one with another training seed: it keeps its value honest "
            f"(the best of many was partly lucky) and sharpens the noise, so far known from {_counted(known, 'repetition')}"
        )
    else:
        why = (
            f"no two runs are equal in all but the training seed, so nobody knows how much {standing.metric} moves by itself; "
            "this repetition tells: it is the cheapest run with the largest value, and without it no difference has an error bar"
        )
    return Candidate("replicate", base, {SEED: _new_seed(question.seen)}, why, replicate_bits(known))


def replicate_due(runs: Sequence[Settings]) -> int:
    """How many runs were made since the last one that repeated an earlier one; all of them where none did."""
    earlier: set[tuple[tuple[str, str], ...]] = set()
    since = 0
    for settings in runs:
        key = _key(settings)
        since = 0 if key in earlier and key else since + 1
        earlier.add(key)
    return since


def splits(question: Question, runs: Mapping[str, PastRun]) -> list[Candidate]:
    """For each set of settings of which one matters, and that cannot be told apart, the run that splits it, the largest first.

    Sets that are only a lead are left: a screen tells more of them.
    """
    sets = [one for one in question.impact.sets if one.kind != "lead"] if question.impact else []
    found = []
    for one in sorted(sets, key=lambda one: (-len(one.members), -one.probability, one.members)):
        if not one.splitting_run or len(one.members) < 2:
            continue
        changed = [name for name in one.members if name in one.splitting_run]
        weights = {name: question.prior(name) for name in one.members}
        total = sum(weights.values()) or 1.0
        prior = min(_MOST_CERTAIN, one.probability * sum(weights[name] for name in changed) / total)
        power = max((question.power(name) for name in changed), default=0.0)
        why = one.why or (
            f"one of {', '.join(one.members)} matters (probability {one.probability:.2f}) but they changed together; "
            f"this run changes {' and '.join(sorted(one.splitting_run))} alone"
        )
        base = runs.get(one.base, question.base)
        found.append(Candidate("split", base, dict(one.splitting_run), why, information_bits(prior, power)))
    return found


def single_changes(question: Question, names: Sequence[str] = ()) -> list[Candidate]:
    """One-parameter changes of the base: of the settings that vary in the project and some usual ones, or of ``names``."""
    base = question.base
    if not names:
        varied = [axis.name for axis in space_of(question.seen).axes]
        usual = [name for name in promising(base.settings, ()) if name not in varied]
        names = [*sorted(varied, key=lambda name: (-question.prior(name), name)), *usual]
    return [_of_step(question, step) for step in steps(base.settings, question.seen, names)]


def _of_step(question: Question, step: Step) -> Candidate:
    prior, power = question.prior(step.moved), question.power(step.moved)
    standing = question.standing
    old, new = question.base.settings.get(step.moved), step.change[step.moved]
    along = [f"{name} {shown(value)}" for name, value in step.change.items() if name != step.moved]
    together = f" ({' and '.join(along)} goes along, so that nothing else changes)" if along else ""
    seen = "" if step.seen else "; no run has had this value"
    why = (
        f"changes {step.moved} alone, {shown(old)} to {shown(new)}{together}: probability {prior:.2f} that it matters, "
        f"and one run would show an effect of {question.supposed_effect():.3g} {standing.unit}".rstrip()
        + f" with probability {power:.2f}{seen}"
    )
    return Candidate("one change", question.base, dict(step.change), why, information_bits(prior, power))


def suggested(question: Question, settings: Sequence[Mapping[str, ParameterValue]], most_changes: int) -> list[Candidate]:
    """A sampler's suggestions as changes of the base, each cut to the ``most_changes`` that promise most."""
    base = question.base
    model = asked_about(question.standing, [applied(base.settings, one) for one in settings]).model
    found: dict[str, Candidate] = {}
    for suggestion in settings:
        allowed = {name: valid(name, value) for name, value in suggestion.items() if can_be_set(name, base.settings)}
        moved = {name: value for name, value in allowed.items() if value is not None and value != base.settings.get(name)}
        if not moved:
            continue
        names = sorted(moved)
        if model is not None and len(names) > most_changes:
            alone = model.gains([applied(base.settings, {name: moved[name]}) for name in names], base.settings)
            gains = {name: expected_best(spread, question.standing.direction) for name, spread in zip(names, alone, strict=True)}
            names = sorted(names, key=lambda name: (-round(gains[name], 12), name))
        names = sorted(names[:most_changes])
        change: Change = with_companions({name: moved[name] for name in names}, base.settings)
        why = f"suggested by Optuna's TPE from the runs so far, cut to {_counted(len(names), 'change')}: {', '.join(names)}"
        prior = 1.0
        for name in names:
            prior *= 1 - question.prior(name)
        bits = information_bits(min(_MOST_CERTAIN, 1 - prior), max(question.power(name) for name in names))
        found.setdefault(repr(change), Candidate("suggested", base, change, why, bits))
    return list(found.values())


def with_gains(question: Question, candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates with their expected gain over the base's shrunken value; unchanged where there is no model."""
    direction = question.standing.direction
    if question.standing.model is None or not candidates:
        return list(candidates)
    model = asked_about(question.standing, [candidate.settings for candidate in candidates]).model or question.standing.model
    spreads = model.gains([candidate.settings for candidate in candidates], question.base.settings)
    varied = {axis.name for axis in space_of([past.settings for past in question.standing.runs]).axes}
    return [
        candidate
        if candidate.kind == "replicate"
        else replace(
            candidate,
            spread=spread,
            p_better=chance_of_gain(spread, direction),
            expected=expected_best(spread, direction),
            rests_on=len(varied & set(candidate.change)),
        )
        for candidate, spread in zip(candidates, spreads, strict=True)
    ]


def new_runs(candidates: Sequence[Candidate], seen: Sequence[Settings]) -> list[Candidate]:
    """The candidates that no run has been yet, each once; replicates stay."""
    made = {_key(settings) for settings in seen}
    kept = []
    for candidate in candidates:
        key = _key(candidate.settings)
        if candidate.kind == "replicate" or key not in made:
            kept.append(candidate)
            made.add(key)
    return kept


def _key(settings: Settings) -> tuple[tuple[str, str], ...]:
    numbers = {name: float(value) if isinstance(value, int) and not isinstance(value, bool) else value for name, value in settings.items()}
    return tuple((name, repr(value)) for name, value in sorted(numbers.items()) if name != SEED and value is not None)


def _new_seed(seen: Sequence[Settings]) -> int:
    used = [seed for settings in seen if isinstance(seed := settings.get(SEED), int) and not isinstance(seed, bool)]
    return next(seed for seed in range(max([*used, 42]) % 2**31 + 1, 2**32) if seed not in used)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
