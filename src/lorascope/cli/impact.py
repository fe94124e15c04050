"""``lorascope impact``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lorascope.cli.say import say, say_line
from lorascope.cli.table import ABSENT, draw_table
from lorascope.cli.values import value_shown

if TYPE_CHECKING:
    from lorascope.records.effect import Effect, EffectSet, Impact, Interaction

_SHOWN = 12  # parameters, without --all
_SETS_SHOWN = 5


@click.command("impact")
@click.argument("metric")
@click.option("--where", metavar="CONDITION", help="Only runs for which this holds, such as \"base_model = 'sd15'\".")
@click.option("--chosen", type=click.Choice(["last", "best"]), default="last", show_default=True, help="Which checkpoint stands for a run.")
@click.option(
    "--interaction", "interactions", nargs=2, multiple=True, metavar="A B", help="Does the effect of A depend on B? (several times)"
)
@click.option("--direction", type=click.Choice(["lower", "higher"]), help="Which way is better, where the metric does not say.")
@click.option("--graph", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE.svg", help="Draw which runs differ in what.")
@click.option("--seed", metavar="N", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of the permutations.")
@click.option("--all", "show_all", is_flag=True, help="Show every parameter that varied, and every set.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as one JSON object.")
def impact_command(
    metric: str, where: str | None, chosen: str, interactions: tuple[tuple[str, str], ...], direction: str | None, graph: Path | None,
    seed: int, *, show_all: bool, as_json: bool,
) -> None:  # fmt: skip
    """Which parameters matter for METRIC, and which cannot be told apart in these runs.

    A parameter matters when its probability, all others considered, is 0.5 or more; below 12 runs only if two runs
    differ in it alone. Parameters that always changed together are named together, with the one run that separates them.

    \b
    Examples:
    lorascope impact background_color_accuracy
    lorascope impact style_score --where "network_dim <= 64" --chosen best
    lorascope impact style_score --interaction network_dim network_alpha --graph runs.svg
    """
    from lorascope.jobs.impact import answer, draw_graph, find_impact
    from lorascope.settings import Settings
    from lorascope.store import Store

    lab = Settings.find()
    with Store.open(lab.store_url, lab.blobs) as store:
        found = find_impact(
            store, metric, where=where, chosen=chosen, direction=direction, interactions=interactions, seed=seed
        )  # fmt: skip
        picture = draw_graph(store, metric, where=where, chosen=chosen) if graph else None
    if graph and picture is not None:
        graph.write_text(picture, encoding="utf-8")
    if as_json:
        click.echo(json.dumps(answer(found, seed=seed)))
        return
    _show(found, show_all=show_all)
    if graph:
        say(f"\n{graph}: which runs differ in one setting (solid), or in two or three (dashed)")


def _show(found: Impact, *, show_all: bool) -> None:
    unit = f" ({found.unit})" if found.unit else ""
    way = f", {found.direction} is better" if found.direction in {"higher", "lower"} else ""
    classes = f", measured in {len(found.classes)} ways (compared only within each)" if len(found.classes) > 1 else ""
    say_line(f"{found.metric}{unit}{way}: {found.runs} {'run' if found.runs == 1 else 'runs'}{classes}")
    say()
    varied = [effect for effect in found.effects if effect.claim.value != "constant"]
    if varied:
        sure = [f"{effect.name} ({effect.probability:.2f})" for effect in varied if effect.claim.value == "matters"]
        say_line(f"matters: {', '.join(sure)}" if sure else "Nothing can be said to matter yet; the order below is where to look first.")
        say()
        _show_effects(varied if show_all else varied[:_SHOWN])
        if not show_all and len(varied) > _SHOWN:
            say(f"... and {len(varied) - _SHOWN} more that varied: --all")
        say()
    _show_sets([one for one in found.sets if len(one.members) > 1], show_all=show_all)
    _show_interactions(found.interactions)
    if found.runs > 1:
        _show_constant([effect for effect in found.effects if effect.claim.value == "constant"])
    for note in found.notes:
        say_line(f"- {note}")


def _show_effects(effects: Sequence[Effect]) -> None:
    titles = ("parameter", "claim", "P", "lowest to highest level", "pairs", "association", "q")
    from lorascope.reports.wording import one_line

    rows = [
        (
            one_line(effect.name),
            effect.claim.value,
            ABSENT if effect.probability is None else f"{effect.probability:.2f}",
            _size(effect),
            str(effect.matched.count or len(effect.matched.pairs)),
            ABSENT if effect.association is None else f"{effect.association:.2f}",
            ABSENT if effect.q_value is None else f"{effect.q_value:.2g}",
        )
        for effect in effects
    ]
    draw_table(titles, rows, left=("parameter", "claim", "lowest to highest level"))
    for effect in effects:
        if effect.notes and effect.claim.value != "undecided":
            say_line(f"{effect.name}: {'; '.join(effect.notes)}")
    say("P: probability that it matters, all others considered. pairs: runs that differ in it alone. association: one at a time, no cause.")


def _size(effect: Effect) -> str:
    """The change from the lowest to the highest level, with its interval; else what pairs of runs show per step up."""
    if effect.estimate is None or effect.low is None or effect.high is None:
        pairs = effect.matched
        if pairs.estimate is None:
            return ABSENT
        known = "no interval" if pairs.low is None or pairs.high is None else f"{pairs.low:+.3g} to {pairs.high:+.3g}"
        return f"in pairs, a step: {pairs.estimate:+.3g} ({known})"
    levels = f"{value_shown(effect.levels[0])} -> {value_shown(effect.levels[-1])}"
    return f"{levels}: {effect.estimate:+.3g} ({effect.low:+.3g} to {effect.high:+.3g})"


def _show_sets(sets: Sequence[EffectSet], *, show_all: bool) -> None:
    if not sets:
        return
    say("cannot be told apart yet, and the run that splits them:")
    for one in sets if show_all else sets[:_SETS_SHOWN]:
        say_line(f"  {_heading(one)}")
        if one.splitting_run:
            change = ", ".join(f"{name} = {value_shown(value)}" for name, value in one.splitting_run.items())
            say_line(f"      run {one.base} again with {change}")
        say_line(f"      {one.why}")
    if not show_all and len(sets) > _SETS_SHOWN:
        say(f"  ... and {len(sets) - _SETS_SHOWN} more sets: --all")
    say()


def _heading(one: EffectSet) -> str:
    members = "{" + ", ".join(one.members) + "}"
    if one.kind == "aliased" and one.members[-1] == "evaluation protocol":
        return f"{members} changed at the same time"
    words = {
        "credible": "one of these matters, with probability",
        "aliased": "changed together in every run; that one of them matters:",
        "scale": "two readings of one setting; that it matters:",
        "lead": "where to look first; that one of them matters:",
    }
    return f"{members} {words[one.kind]} {one.probability:.2f}"


def _show_interactions(interactions: Sequence[Interaction]) -> None:
    for one in interactions:
        say_line(f"does the effect of {one.first} depend on {one.second}?")
        corners = [(low, high) for low in (one.low[0], one.high[0]) for high in (one.low[1], one.high[1])]
        counts = ", ".join(f"{first} with {second}: {count}" for (first, second), count in zip(corners, one.cells, strict=True))
        say_line(f"  runs by {one.first} with {one.second}: {counts}")
        if one.estimate is not None and one.estimate_low is not None and one.estimate_high is not None:
            sure = "undecided" if one.estimate_low <= 0 <= one.estimate_high else "it does"
            say_line(f"  {sure}: {one.estimate:+.3g} ({one.estimate_low:+.3g} to {one.estimate_high:+.3g}); {one.note}")
        else:
            say_line(f"  {one.note}")
        if one.filling_run:
            change = ", ".join(f"{name} = {value_shown(value)}" for name, value in one.filling_run.items())
            say_line(f"  run {one.base} again with {change} fills it")
        say()


def _show_constant(effects: Sequence[Effect]) -> None:
    if effects:
        values = ", ".join(f"{effect.name} = {value_shown(effect.levels[0])}" for effect in effects if effect.levels)
        say_line(f"never varied ({len(effects)}): {values}")
        say()
