"""Which runs to make for a better result: first a few that change much at once, then those with the largest expected improvement.

With few runs the gain comes from large moves, and what they teach of every setting at once is what later small moves rest on. So until
the project has ``WIDE_RUNS`` runs that lie far from the one it builds on, a third of what people vary is changed together, what was varied
least first and, of those, what people vary most. From then on many configurations near and far are drawn from the values seen and the
usual ones, and the one with the largest expected improvement under the model of the runs is taken (Mockus 1978); it then counts as run,
as predicted, for the next.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from lorascope.analysis.proposals.gains import expected_bests, information_bits
from lorascope.analysis.proposals.next_runs import Candidate, Question, new_runs
from lorascope.analysis.proposals.run_model import fit
from lorascope.analysis.proposals.settings_space import SEED, Settings, space_of
from lorascope.analysis.proposals.steps import Change, other_values, promising, with_companions
from lorascope.parameters.catalogue import find
from lorascope.records.run import ParameterValue

WIDE_RUNS = 7
FAR = 4  # settings that a far run has otherwise
_WIDE_CHANGES = 8
_DRAWN = 160
_NEAR = (1, 1, 2, 3)
_WIDE = (4, 6, 8, 10)
_MOST_CERTAIN = 0.95

Values = Mapping[str, Sequence[ParameterValue]]


def improving(question: Question, count: int, most_changes: int | None, seed: int) -> list[Candidate]:
    """``count`` runs and a few to spare, in the order to make them. Same question, same seed: same answer."""
    base = question.base.settings
    varied = [axis.name for axis in space_of(question.seen).axes]
    values = {name: found for name in promising(base, varied) if (found := other_values(name, base.get(name), question.seen))}
    if not values:
        return []
    rng = np.random.default_rng([seed, len(question.seen)])
    missing = WIDE_RUNS - sum(len(changed(base, past.settings, values)) >= FAR for past in question.standing.runs)
    limit = len(values) if most_changes is None else most_changes
    wide = _wide(question, values, min(count, missing), rng) if limit >= _WIDE_CHANGES and missing > 0 else []
    return [*wide, *_expected(question, values, count - len(wide), limit, rng)]


def changed(base: Settings, settings: Settings, names: Iterable[str]) -> list[str]:
    """In which of these settings a run is otherwise than the base.

    What the base does not say is what its trainer does by itself; what the other run does not say is not known to differ.
    """
    found = []
    for name in names:
        own, other = base.get(name), settings.get(name)
        own = own if own is not None else find(name).trainer_default
        if other is not None and other != own:
            found.append(name)
    return found


def _wide(question: Question, values: Values, count: int, rng: np.random.Generator) -> list[Candidate]:
    """Runs that change a third of everything, what was varied least first, each at a value that was tried least."""
    base = question.base.settings
    moved = Counter(name for settings in question.seen for name in changed(base, settings, values))
    tried = Counter((name, repr(settings[name])) for settings in question.seen for name in values if name in settings)
    size = min(_WIDE_CHANGES, max(1, round(len(values) / 3)))
    found = []
    for _ in range(count):
        tickets = {name: at / len(values) + 0.5 * float(rng.random()) for at, name in enumerate(values)}  # what people vary most first
        change: Change = {}
        for name in sorted(values, key=lambda name: moved[name] + tickets[name])[:size]:
            least = min(tried[name, repr(value)] for value in values[name])
            rare = [value for value in values[name] if tried[name, repr(value)] == least]
            change[name] = rare[int(rng.integers(len(rare)))]
            tried[name, repr(change[name])] += 1
        moved.update(list(change))
        change = with_companions(change, base)
        why = (
            f"changes {len(change)} settings at once, those varied least so far: in the first runs the gain lies in large moves, and after "
            f"{WIDE_RUNS} such runs the model tells which of them helped"
        )
        found.append(Candidate("wide", question.base, change, why, _bits(question, change)))
    return found


def _expected(question: Question, values: Values, count: int, limit: int, rng: np.random.Generator) -> list[Candidate]:
    """The runs of largest expected improvement, one after the other, each held to have come out as predicted for those after it."""
    standing, base = question.standing, question.base.settings
    seen = [past.settings for past in standing.runs]
    outcomes = [standing.value(past) for past in standing.runs]
    noise = standing.noise.sd if standing.noise else 0.0
    found: list[Candidate] = []
    for _ in range(count):
        drawn = [_draw(question, values, limit, rng) for _ in range(_DRAWN)]
        fresh = new_runs(drawn, [*question.seen, *(one.settings for one in found)])
        if not fresh:
            break
        asked = [one.settings for one in fresh]
        model = fit(seen, outcomes, [*asked, *seen], noise)
        if model is None:
            found.append(fresh[0])
            continue
        gains = expected_bests(*model.differences(asked, base), standing.direction)
        best = fresh[int(np.argmax(np.round(gains / (model.novel_sd or 1.0), 9)))]
        found.append(replace(best, bits=_bits(question, best.change)))
        seen, outcomes = [*seen, best.settings], [*outcomes, model.true_values([best.settings])[0]]
    return found


def _draw(question: Question, values: Values, limit: int, rng: np.random.Generator) -> Candidate:
    """A configuration near the base or far from it, as often the one as the other."""
    names = sorted(values)
    sizes = _NEAR if rng.random() < 0.5 else _WIDE
    size = min(int(sizes[int(rng.integers(len(sizes)))]), limit, len(names))
    drawn = [names[int(at)] for at in rng.choice(len(names), size, replace=False)]
    change = {name: values[name][int(rng.integers(len(values[name])))] for name in drawn}
    change = with_companions(change, question.base.settings)
    why = f"of {_DRAWN} configurations near and far that were drawn, the one with the largest expected improvement over the best run"
    return Candidate("improve", question.base, change, why, None)


def _bits(question: Question, change: Settings) -> float:
    """What a run that changes these together tells of whether any of them matters."""
    names = [name for name in change if name != SEED]
    none = float(np.prod([1 - question.prior(name) for name in names])) if names else 1.0
    return information_bits(min(_MOST_CERTAIN, 1 - none), max((question.power(name) for name in names), default=0.0))
