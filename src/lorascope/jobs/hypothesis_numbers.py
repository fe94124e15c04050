"""The numbers that hypotheses are judged by, read once for all of them: runs, their prompts, and what may be compared with what."""

from __future__ import annotations

import hashlib
import json
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lorascope.analysis.ledger.weigh import Prompts, RunNoise, Weighed
from lorascope.analysis.replicates import replicate_noise
from lorascope.evaluation.metrics import metric_named
from lorascope.jobs.read_history import read_history
from lorascope.records.history import History, PastRun
from lorascope.records.plan import Plan
from lorascope.store import Store
from lorascope.store.cells import Cell


@dataclass(frozen=True, slots=True)
class Found:
    """What numbers say, the runs behind them (``to``: those after the change, or that a rule singles out), and a digest of both."""

    weighed: Weighed
    runs: tuple[str, ...] = ()
    to: tuple[str, ...] = ()
    data: str = ""


@dataclass(frozen=True, slots=True)
class Numbers:
    """A project's history, and the cells of every run, metric and epoch."""

    history: History
    cells: Mapping[tuple[str, str], Mapping[int, Prompts]]

    def measured(self, plan: Plan) -> list[PastRun]:
        """The runs with a finite number of the plan's metric whose recorded protocol does not contradict the plan's, by name."""
        assert plan.metric is not None
        found = [past for past in self.history.measured(plan.metric) if math.isfinite(past.outcomes[plan.metric].value)]
        return sorted((past for past in found if not contradicted(past, plan)), key=lambda past: past.name)

    def find(self, name: str, metric: str) -> PastRun | None:
        """The run of this name; where it was not measured, the one whose numbers are recorded as the same training's."""
        past = self.history.find(name)
        if past is None or metric in past.outcomes:
            return past
        same = past.run.extra.get("same_training_as")
        other = self.history.find(same) if isinstance(same, str) else None
        return other if other is not None and metric in other.outcomes else past

    def prompts(self, past: PastRun, plan: Plan) -> Prompts:
        """A run's prompts at the epoch that the plan names, else at its last; one number under "" where that is all there is."""
        assert plan.metric is not None
        outcome, declared = past.outcomes[plan.metric], plan.protocol.get("epoch")
        by_epoch = self.cells.get((past.name, plan.metric), {})
        if declared is not None:
            return by_epoch.get(int(declared), {}) if isinstance(declared, int | float) else {}
        found = by_epoch.get(outcome.epoch, {}) if outcome.epoch is not None else {}
        return found or {"": (outcome.value, outcome.images)}

    def yes_or_no(self, metric: str) -> bool:
        """Whether each picture is answered with yes or no, so that the mean is a share."""
        known = metric_named(metric)
        return known is not None and known.yes_or_no

    def noise(self, plan: Plan) -> RunNoise:
        """What is known of the noise between trainings: from replicates, else as declared."""
        assert plan.metric is not None
        found = replicate_noise(self.history, plan.metric)
        if found is not None:
            return RunNoise(found.shrunk_sd, float(found.shrunk_df))
        return RunNoise(plan.run_sd, declared=True) if plan.run_sd is not None else RunNoise()


def read_numbers(store: Store, metrics: Sequence[str]) -> Numbers:
    """Everything recorded on these metrics."""
    wanted = sorted(set(metrics))
    history = read_history(store, wanted)
    found: dict[tuple[str, str], dict[int, dict[str, tuple[float, int]]]] = defaultdict(dict)
    for cell in store.cells(wanted) if wanted else []:
        _add(found, cell)
    return Numbers(history, found)


def _add(found: dict[tuple[str, str], dict[int, dict[str, tuple[float, int]]]], cell: Cell) -> None:
    if math.isfinite(cell.mean):
        found[cell.run, cell.metric].setdefault(cell.epoch, {})[cell.prompt] = (cell.mean, cell.images)


def contradicted(past: PastRun, plan: Plan) -> list[str]:
    """What of the plan's protocol a run was recorded to do otherwise; what a run does not say is not held against it."""
    stated = {name: value for name, value in plan.protocol.items() if name != "epoch"}
    return [name for name, value in stated.items() if past.protocol.get(name) is not None and past.protocol[name] != value]


def by_class(runs: Sequence[PastRun], metric: str) -> list[list[PastRun]]:
    """The runs that may be compared with each other, the largest class first."""
    classes: dict[str, list[PastRun]] = defaultdict(list)
    for past in runs:
        classes[past.classes.get(metric, "")].append(past)
    return [classes[name] for name in sorted(classes, key=lambda name: (-len(classes[name]), name))]


def found_in(weighed: Weighed, runs: Sequence[str], to: Sequence[str], numbers: object) -> Found:
    """What was found, with the digest of the ``numbers`` it was found in."""
    text = json.dumps([list(runs), list(to), numbers], sort_keys=True)
    return Found(weighed, tuple(runs), tuple(to), hashlib.blake2b(text.encode(), digest_size=8).hexdigest())


def nothing(*reasons: str) -> Found:
    """Nothing to weigh, and why."""
    return Found(Weighed(obstacles=reasons))
