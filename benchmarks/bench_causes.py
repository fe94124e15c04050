"""Why did this run fail: how often the true cause is named first, on simulated histories with one bad run and known truth.

``python benchmarks/bench_causes.py [--quick]``

``tools/simulated_bad_runs.py`` makes the cases: 5 to 30 good runs and a bad one with up to two planted causes, look-alikes, suspicious
values in use all along, missed findings and missing diagnostics. Methods were settled on seeds 1 to 999 and looked at on some beyond;
what is reported begins at 5001. *First*: the cause ranked first is a true one. *First 3*: a true one is among the first three. *ECE*:
expected calibration error of the probability of the cause ranked first (ten bins). *Look-alike*: among cases that have one, it is
ranked first. *Both*: with two causes, share of them among the first three. *Without*: first, when a channel of evidence is taken from
all runs. How hard the tiers are is the simulator's choice: read the gap between methods, not the level.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))

from cause_rivals import Probabilities, change_list, rules
from goals import Goal, Row, percent, write_page

from lorascope.analysis.explanation.case import build_case
from lorascope.analysis.explanation.explain import explain_case
from lorascope.analysis.explanation.ranking import rank
from simulated_bad_runs import TIERS, BadCase, bad_run, without
from simulated_causes import CAUSES
from table import keep, show

FIRST_SEED = 5001
OURS = "lorascope why"
CHANNELS = ("settings", "history", "metrics", "curves", "weights", "loss", "findings", "hashes")
ABLATED = 500  # cases that are asked again without each channel
TIER_GOALS = {"easy": (0.85, 0.95), "standard": (0.65, 0.85), "hard": (0.38, 0.60)}


@dataclass(frozen=True, slots=True)
class Named:
    """What a method said of one case: causes in order with the probability of the first."""

    case: BadCase
    order: tuple[str, ...]
    probability: float

    @property
    def first(self) -> bool:
        """The cause ranked first is a true one."""
        return self.order[0] in self.case.causes

    @property
    def first_3(self) -> bool:
        """A true cause is among the first three."""
        return bool(set(self.order[:3]) & set(self.case.causes))


def ours(case: BadCase) -> Probabilities:
    """What ``lorascope why RUN --metric`` would say."""
    return _ranked(case, case.metric)


def ours_unnamed(case: BadCase) -> Probabilities:
    """The same, when nobody says on which metric the run is bad."""
    return _ranked(case, None)


def _ranked(case: BadCase, metric: str | None) -> Probabilities:
    run = case.history.find(case.run)
    assert run is not None
    return {each.cause.id: each.probability for each in rank(build_case(case.history, run, metric=metric))}


METHODS: tuple[tuple[str, Callable[[BadCase], Probabilities], float], ...] = (  # with the share of the cases each is asked
    (OURS, ours, 1.0),
    (f"{OURS}, no metric named", ours_unnamed, 1.0),
    ("change list since parent", change_list, 1.0),
    ("rules of thumb", rules, 1.0),
)


def ask(method: Callable[[BadCase], Probabilities], cases: Sequence[BadCase]) -> list[Named]:
    """What a method says of the cases; causes of equal probability in an order drawn by the case's seed."""
    found = []
    for case in cases:
        said = method(case)
        luck = dict(zip(sorted(said), np.random.default_rng(case.seed).random(len(said)), strict=True))
        order = sorted(said, key=lambda cause: (-said[cause], luck[cause]))
        found.append(Named(case, tuple(order), said[order[0]]))
    return found


def calibration_error(named: Sequence[Named]) -> float:
    """How far stated probabilities are from what came true, over ten bins weighed by their cases."""
    bins: dict[int, list[Named]] = {}
    for one in named:
        bins.setdefault(min(9, int(10 * one.probability)), []).append(one)
    gaps = [len(each) * abs(fmean(one.probability for one in each) - fmean(one.first for one in each)) for each in bins.values()]
    return sum(gaps) / len(named)


def _mean(flags: Sequence[bool]) -> float | None:
    return fmean(flags) if flags else None


def summary(method: str, tier: str, named: Sequence[Named], seconds: float) -> dict[str, float | str | int | None]:
    """The numbers of one method in one tier."""
    with_look_alike = [one.order[0] in one.case.look_alike for one in named if one.case.look_alike]
    two = [cause in one.order[:3] for one in named if len(one.case.causes) == 2 for cause in one.case.causes]
    return {
        "method": method, "tier": tier, "cases": len(named), "first": _mean([one.first for one in named]),
        "first 3": _mean([one.first_3 for one in named]), "ECE": calibration_error(named),
        "look-alike": _mean(with_look_alike), "both": _mean(two),
        "noise_only first": _mean([one.first for one in named if one.case.causes == ("noise_only",)]),
        "unlisted first 3": _mean([one.first_3 for one in named if one.case.causes == ("unlisted",)]),
        "ms": 1000 * seconds / len(named),
    }  # fmt: skip


def shown(numbers: dict[str, float | str | int | None]) -> Row:
    """Shares as percent, ECE as it is."""
    plain = {"method", "tier", "cases", "ECE", "ms"}
    rounded = {name: round(value, 3) if isinstance(value, float) else value for name, value in numbers.items()}
    return {name: value if name in plain else percent(value if isinstance(value, float) else None) for name, value in rounded.items()}


def by_cause(named: Sequence[Named]) -> list[Row]:
    """How each cause fares, in cases where it is the only one."""
    rows: list[Row] = []
    for cause in CAUSES:
        its = [one for one in named if one.case.causes == (cause,)]
        rivals = [one.order[0] for one in its if not one.first]
        usual = max(sorted(set(rivals)), key=rivals.count) if rivals else ""
        rows.append({
            "cause": cause, "cases": len(its), "first": percent(_mean([one.first for one in its])),
            "first 3": percent(_mean([one.first_3 for one in its])), "mistaken most for": usual,
        })  # fmt: skip
    return rows


def ablation(cases: Sequence[BadCase], whole: float) -> list[Row]:
    """What each channel is worth: how much less often the true cause is first without it."""
    rows: list[Row] = []
    for channel in CHANNELS:
        cut = [without(case, channel) for case in cases]
        first = fmean(one.first for one in ask(ours, cut))
        rows.append({"without": channel, "cases": len(cut), "first": percent(first), "change in points": round(100 * (first - whole), 1)})
    return rows


def complete(cases: Sequence[BadCase]) -> float:
    """Share of our causes, over all cases, that come with something for them, something against (or that nothing was found), and a test."""
    flags = []
    for case in cases:
        run = case.history.find(case.run)
        assert run is not None
        said = explain_case(build_case(case.history, run), None).causes
        flags += [bool(cause.evidence_for and cause.evidence_against and cause.test.what and cause.test.cost) for cause in said]
    return fmean(flags)


def goals(numbers: Sequence[dict[str, float | str | int | None]], complete_share: float) -> list[Goal]:
    """Our numbers beside what they should be."""
    found = [Goal("causes with evidence for and against and a test with its cost", complete_share, int(str(numbers[0]["cases"])), low=1.0)]
    for one in numbers:
        if one["method"] != OURS:
            continue
        tier, n = str(one["tier"]), int(str(one["cases"]))
        first, first_3 = TIER_GOALS[tier]
        found += [_goal(f"{tier}: first", one["first"], n, low=first), _goal(f"{tier}: first 3", one["first 3"], n, low=first_3)]
        if tier == "standard":
            found += [
                _goal("standard: ECE", one["ECE"], n, high=0.10), _goal("standard: look-alike blamed", one["look-alike"], n, high=0.22),
                _goal("standard: first", one["first"], n, low=0.72, stretch=True),
                _goal("standard: first 3", one["first 3"], n, low=0.90, stretch=True),
                _goal("standard: noise_only first", one["noise_only first"], n, low=0.60, stretch=True),
                _goal("standard: unlisted among the first 3", one["unlisted first 3"], n, low=0.70, stretch=True),
            ]  # fmt: skip
    return found


def _goal(
    what: str, value: float | str | None, n: int, *, low: float | None = None, high: float | None = None, stretch: bool = False
) -> Goal:
    return Goal(what, value if isinstance(value, float) else None, n, low, high, stretch)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="100 cases per tier, no ablation: a look, not a result")
    parser.add_argument("--cases", type=int, default=500)
    parser.add_argument("--first-seed", type=int, default=FIRST_SEED, help="below 1000 for development; nothing is kept then")
    args = parser.parse_args()
    count = 100 if args.quick else args.cases
    numbers, standard, cases = [], [], []
    for tier in TIERS:
        made = [bad_run(seed, tier) for seed in range(args.first_seed, args.first_seed + count)]
        for name, method, asked in METHODS:
            start = time.process_time()
            named = ask(method, made[: round(asked * count)])
            numbers.append(summary(name, tier, named, time.process_time() - start))
            if (name, tier) == (OURS, "standard"):
                standard, cases = named, made
        print(f"{tier} done", file=sys.stderr, flush=True)
    few = 0 if args.quick else min(count, ABLATED)
    lost = ablation(cases[:few], fmean(one.first for one in standard[:few])) if few else []
    met = [goal.row() for goal in goals(numbers, complete(cases[:ABLATED]))]
    title = f"Why a run failed, on {count} simulated cases per tier (seeds from {args.first_seed})"
    tables = [("Methods", [shown(one) for one in numbers]), ("By cause, standard tier", by_cause(standard)),
              ("Without a channel, standard tier", lost), ("Goals", met)]  # fmt: skip
    for heading, table in tables:
        show(f"{title}: {heading}", table)
    if not args.quick and args.first_seed >= FIRST_SEED:
        keep("causes", numbers, goals=met, by_cause=by_cause(standard), without=lost)
        write_page("causes", title, [(__doc__ or "").split("\n\n", 2)[2]], tables)


if __name__ == "__main__":
    main()
