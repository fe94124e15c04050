"""Where a project stands on a metric: which runs may be used together, which is the incumbent and how good it truly is, and the noise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from lorascope.analysis.proposals.gains import Noise
from lorascope.analysis.proposals.run_model import RunModel, fit
from lorascope.analysis.proposals.settings_space import Settings
from lorascope.analysis.replicates import assumed_noise, replicate_noise
from lorascope.analysis.table_classes import comparable_runs
from lorascope.records.history import History, PastRun
from lorascope.records.proposal import Estimated, Incumbent

_DOUBT = 0.5  # standard errors that a run must make up for: hardly a gain is lost by it, and far fewer runs worse than the first are taken
_RIVALS = 60  # runs that may be the best: those measured best


@dataclass(frozen=True, slots=True)
class Standing:
    """A metric's runs of one comparability class, in the order they were made, with what was learned from them.

    ``sign`` is 1 where higher is better, else -1; ``direction`` None says that nobody knows which way is better. ``model`` is None below
    three runs and where all came out equal. ``left_out`` are runs that cannot be compared with these, with the reason.
    """

    metric: str
    unit: str
    direction: str | None
    runs: tuple[PastRun, ...]
    model: RunModel | None
    noise: Noise | None
    incumbent: PastRun | None
    standing: Incumbent | None
    left_out: Mapping[str, str] = field(default_factory=dict)

    @property
    def sign(self) -> float:
        """1 where higher is better, -1 where lower is."""
        return -1.0 if self.direction == "lower" else 1.0

    def value(self, past: PastRun) -> float:
        """What a run was measured as."""
        return past.outcomes[self.metric].value

    def replicates_of(self, past: PastRun) -> int:
        """How many of the runs have the settings of this one, the seed aside, itself included."""
        own = _without_seed(past.settings)
        return sum(_without_seed(other.settings) == own for other in self.runs)


def standing_of(history: History, metric: str, *, direction: str | None = None, asked: Sequence[Settings] = ()) -> Standing:
    """Where the project stands. ``direction`` overrules what is known of the metric; ``asked`` are configurations to be asked about."""
    facts = history.facts(metric)
    way = direction or (facts.direction if facts.direction in {"higher", "lower"} else None)
    runs, left_out = _of_largest_class(history, metric)
    noise = _noise(history, metric, runs)
    values = [past.outcomes[metric].value for past in runs]
    model = fit([past.settings for past in runs], values, asked, noise.sd if noise else 0.0)
    incumbent, standing = _incumbent(runs, metric, way, model)
    return Standing(metric, facts.unit, way, runs, model, noise, incumbent, standing, left_out)


def asked_about(standing: Standing, asked: Sequence[Settings]) -> Standing:
    """The same standing, its model ready for these configurations: settings that never varied are then known to be new in them."""
    values = [standing.value(past) for past in standing.runs]
    noise = standing.noise.sd if standing.noise else 0.0
    return replace(standing, model=fit([past.settings for past in standing.runs], values, asked, noise))


def _of_largest_class(history: History, metric: str) -> tuple[tuple[PastRun, ...], dict[str, str]]:
    """The runs of the class that most are of: a level of one class says nothing about that of another."""
    measured, left_out = comparable_runs(history, metric)
    classes = Counter(name for _, name in measured)
    if not classes:
        return (), dict(left_out)
    largest = min(classes, key=lambda name: (-classes[name], name))
    left = dict(left_out)
    for past, name in measured:
        if name != largest:
            left[past.name] = "measured under another protocol, prompt set or version of the metric than most runs"
    mine = {past.name for past, name in measured if name == largest}
    return tuple(past for past in history.runs if past.name in mine), left


def _noise(history: History, metric: str, runs: Sequence[PastRun]) -> Noise | None:
    found = replicate_noise(history, metric)
    if found is not None and found.shrunk_sd > 0:
        return Noise(found.shrunk_sd, found.df)
    assumed = assumed_noise(History(tuple(runs), history.metrics), metric)
    return Noise(assumed) if assumed else None


def _incumbent(
    runs: Sequence[PastRun], metric: str, direction: str | None, model: RunModel | None
) -> tuple[PastRun | None, Incumbent | None]:
    """The run to build on: the best by its shrunken value less half its standard error, since the one measured best was partly lucky.

    A run that was repeated, or that others like it bear out, comes before one that stands alone. Without a direction, the latest.
    """
    if not runs:
        return None, None
    if direction is None:  # nobody can say which is the best: changes start from the latest
        latest = runs[-1]
        return latest, Incumbent(latest.name, latest.outcomes[metric].value, Estimated(None))
    sign = -1.0 if direction == "lower" else 1.0
    measured = sorted(runs, key=lambda past: (-sign * past.outcomes[metric].value, past.name))
    if model is None:
        best = measured[0]
        return best, Incumbent(best.name, best.outcomes[metric].value, Estimated(None))
    rivals = measured[:_RIVALS]
    spreads = model.true_spreads([past.settings for past in rivals])
    true = [spread.mean for spread in spreads]
    at = min(range(len(rivals)), key=lambda index: (-round(sign * true[index] - _DOUBT * spreads[index].sd, 12), index))
    best = rivals[at]
    low, high = spreads[at].interval()
    return best, Incumbent(best.name, best.outcomes[metric].value, Estimated(true[at], low, high))


def _without_seed(settings: Settings) -> dict[str, object]:
    return {name: value for name, value in settings.items() if name != "seed"}


def usual_metric(history: History) -> str | None:
    """The metric to take when none is named: one with a known direction and most runs, the first by name of those."""
    counts = {metric: len(history.measured(metric)) for metric in history.metrics}
    known = [metric for metric in counts if history.facts(metric).direction in {"higher", "lower"} and counts[metric]]
    usable = known or [metric for metric in counts if counts[metric]]
    return min(usable, key=lambda metric: (-counts[metric], metric)) if usable else None
