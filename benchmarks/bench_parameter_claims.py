"""Which settings matter: how often each method is wrong when it names one, on simulated projects with known truth.

``python benchmarks/bench_parameter_claims.py [--quick]``

``tools/simulated_projects.py`` makes the projects (45 settings, five of which matter; edited by tinkerers, careful people and sweepers;
a tenth without any effect). Methods were settled on seeds 1 to 999 and looked at on some beyond; what is reported begins at 5001.
*Wrong*: share of the settings declared to matter, over all projects, that do not (in brackets the exact 95 % interval, as if
declarations were independent). *Power*: share of the causes that varied which are declared. *First 3*: causes among the three ranked
first, in projects with effects. *Null claims*: projects without any effect in which something is declared. *Equal power*: one threshold
for all projects, such that 13 % (20 runs) or 37 % (50 runs) of the causes are declared; *ours there* is our wrong share at that power on
the rival's projects (slow rivals are asked about the first of them only). Simulated projects rank methods; they say nothing of real
trainings.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))

from claim_rivals import RIVALS, Rival, data_of
from claim_scoring import Held, Judged, hold, judge, judge_impact, wrong_at_power
from goals import Goal, Row, percent, share, write_page

from lorascope.analysis.effects.impact import impact
from simulated_projects import Project, Style, World, project
from table import keep, show

FIRST_SEED, FIRST_NULL_SEED = 5001, 8001
RUNS = (7, 10, 20, 50, 100)
EQUAL_POWER = {20: 0.13, 50: 0.37}
OURS = "lorascope impact"
GOALS_WRONG, GOALS_POWER, GOALS_EQUAL = {20: 0.20, 50: 0.15, 100: 0.07}, {50: 0.35, 100: 0.60}, {20: 0.25, 50: 0.15}


@dataclass
class Measured:
    """What one method did at one number of runs. ``null`` are the projects without effects that were made besides."""

    method: str
    runs: int
    judged: list[Judged] = field(default_factory=list)
    null: list[Judged] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def wrong(self) -> tuple[int, int]:
        """Wrong declarations, and all."""
        return sum(one.wrong for one in self.judged), sum(one.declared for one in self.judged)

    @property
    def power(self) -> float:
        """Share of the causes that were declared."""
        return sum(one.right for one in self.judged) / max(1, sum(one.causes for one in self.judged))

    @property
    def first_3(self) -> float:
        """Causes among the first three, where there are effects."""
        return fmean(one.top_3 for one in self.judged if one.has_effects)

    @property
    def null_claims(self) -> tuple[int, int]:
        """Projects without effects in which something was declared, and all of them."""
        null = [one for one in (*self.judged, *self.null) if not one.has_effects]
        return sum(one.declared > 0 for one in null), len(null)

    def row(self, ours: Measured | None = None) -> Row:
        """The method as a row of the table. ``ours`` is held against it on the same projects."""
        declaring = sum(one.declared > 0 for one in self.judged)
        equal = EQUAL_POWER.get(self.runs)
        return {
            "method": self.method, "runs": self.runs, "projects": len(self.judged), "declares in": percent(declaring / len(self.judged)),
            "wrong": share(*self.wrong), "power": percent(self.power), "first 3": percent(self.first_3),
            "null claims": share(*self.null_claims),
            "wrong at equal power": percent(wrong_at_power(self.judged, equal)) if equal else "",
            "ours there": percent(wrong_at_power(ours.judged[: len(self.judged)], equal)) if equal and ours else "",
            "ms": round(1000 * self.seconds / max(1, len(self.judged) + len(self.null)), 1),
        }  # fmt: skip


def measure_ours(runs: int, projects: int, null: int) -> Measured:
    """Our method on all projects, and on projects without effects."""
    found = Measured(OURS, runs)
    start = time.perf_counter()
    for made, into in _projects(runs, projects, null, found):
        said = impact(made.history, made.metric)
        into.append(judge_impact(made, said))
        found.held.append(hold(made, said))
    found.seconds = time.perf_counter() - start
    return found


def measure_rival(rival: Rival, runs: int, projects: int, null: int) -> Measured:
    """A rival on the first of the same projects."""
    found = Measured(rival.name, runs)
    start = time.perf_counter()
    for made, into in _projects(runs, max(10, int(rival.share * projects)), max(5, int(rival.share * null)), found):
        scores = rival.score(data_of(made.history, made.metric), made.seed)
        into.append(judge(made, scores, {name for name, score in scores.items() if score >= rival.threshold}))
    found.seconds = time.perf_counter() - start
    return found


def _projects(runs: int, projects: int, null: int, found: Measured) -> list[tuple[Project, list[Judged]]]:
    ordinary = [(project(seed, runs), found.judged) for seed in range(FIRST_SEED, FIRST_SEED + projects)]
    empty = [project(seed, runs, world=World.NO_EFFECT) for seed in range(FIRST_NULL_SEED, FIRST_NULL_SEED + null)]
    return [*ordinary, *((made, found.null) for made in empty)]


def goals(ours: Sequence[Measured]) -> list[Goal]:
    """Our numbers beside what they should be."""
    found = []
    for one in ours:
        wrong, declared = one.wrong
        if one.runs in GOALS_WRONG:
            found.append(Goal(f"wrong when declaring, {one.runs} runs", wrong / max(1, declared), declared, high=GOALS_WRONG[one.runs]))
        if one.runs in GOALS_EQUAL:
            at = wrong_at_power(one.judged, EQUAL_POWER[one.runs])
            what = f"wrong at {EQUAL_POWER[one.runs]:.0%} power, {one.runs} runs"
            found.append(Goal(what, at, len(one.judged), high=GOALS_EQUAL[one.runs]))
        if one.runs in GOALS_POWER:
            causes = sum(each.causes for each in one.judged)
            found.append(Goal(f"power, {one.runs} runs", one.power, causes, low=GOALS_POWER[one.runs]))
        if one.runs == 50:
            found.append(Goal("first three are causes, 50 runs", one.first_3, len(one.judged), low=0.70))
        if one.runs < 12:
            without = sum(held.claims_without_pair for held in one.held)
            found.append(Goal(f"claims without a matched pair, {one.runs} runs", without, len(one.held), high=0))
        claimed, empty = one.null_claims
        found.append(Goal(f"claims in projects without effects, {one.runs} runs", claimed / max(1, empty), empty, high=0.05))
        found += _held_goals(one)
    return found


def _held_goals(one: Measured) -> list[Goal]:
    held, runs = one.held, one.runs
    sets, pairs = sum(each.sets for each in held), sum(each.alias_pairs for each in held)
    aliased = sum(each.aliased for each in held)
    right = sum(each.sets_right for each in held) / sets if sets else None
    exact = sum(each.aliases_exact for each in held) / len(held)
    matched = sum(each.pairs_exact for each in held) / len(held)
    return [
        *([Goal(f"credible sets with a cause, {runs} runs", right, sets, low=0.90)] if runs >= 20 else []),
        Goal(f"alias pairs split, {runs} runs", float(sum(each.alias_split for each in held)), pairs, high=0),
        Goal(f"alias groups as by brute force, {runs} runs", exact, len(held), low=1.0),
        Goal(f"matched pairs as by brute force, {runs} runs", matched, len(held), low=1.0),
        Goal(
            f"sets of several without a splitting run, {runs} runs",
            float(sum(each.without_splitting_run for each in held)),
            aliased,
            high=0,
        ),
    ]


def styles(ours: Sequence[Measured]) -> list[Row]:
    """How much it matters how people edit."""
    found: list[Row] = []
    for one in ours:
        for style in Style:
            judged = [each for each in one.judged if each.style == style.value]
            wrong, declared = sum(each.wrong for each in judged), sum(each.declared for each in judged)
            power = sum(each.right for each in judged) / max(1, sum(each.causes for each in judged))
            first = [each.top_3 for each in judged if each.has_effects]
            found.append({
                "style": style.value, "runs": one.runs, "projects": len(judged), "wrong": share(wrong, declared),
                "power": percent(power), "first 3": percent(fmean(first) if first else None),
            })  # fmt: skip
    return found


def sets(ours: Sequence[Measured]) -> list[Row]:
    """What the credible sets are worth."""
    return [
        {
            "runs": one.runs, "sets": sum(each.sets for each in one.held),
            "with a cause": share(sum(each.sets_right for each in one.held), sum(each.sets for each in one.held)),
            "mean members": round(sum(each.set_members for each in one.held) / max(1, sum(each.sets for each in one.held)), 2),
            "null projects with a set": sum(each.null_set for each in one.held),
        }
        for one in ours
    ]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="30 projects each, no slow rivals: a look, not a result")
    parser.add_argument("--projects", type=int, default=300)
    parser.add_argument("--null", type=int, default=150)
    parser.add_argument("--ours-only", action="store_true")
    args = parser.parse_args()
    projects, null = (30, 15) if args.quick else (args.projects, args.null)
    rivals = [rival for rival in RIVALS if not args.ours_only and (not args.quick or rival.share == 1)]
    rivals = [rival for rival in rivals if "SHAP" not in rival.name or importlib.util.find_spec("shap")]
    ours, rows = [], []
    for runs in RUNS:
        ours.append(measure_ours(runs, projects, null))
        rows.append(ours[-1].row())
        rows += [measure_rival(rival, runs, projects, null).row(ours[-1]) for rival in rivals]
        print(f"{runs} runs done", file=sys.stderr, flush=True)
    met = [goal.row() for goal in goals(ours)]
    title = f"Which settings matter, on {projects} simulated projects per number of runs (seeds from {FIRST_SEED})"
    tables = [("Methods", rows), ("Credible sets", sets(ours)), ("By style of editing", styles(ours)), ("Goals", met)]
    for heading, table in tables:
        show(f"{title}: {heading}", table)
    if not args.quick and not args.ours_only:
        keep("parameter_claims", rows, goals=met, sets=sets(ours), styles=styles(ours))
        write_page("parameter_claims", title, [(__doc__ or "").split("\n\n", 2)[2]], tables)


if __name__ == "__main__":
    main()
