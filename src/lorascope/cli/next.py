"""``lorascope next``."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lorascope.cli.say import say
from lorascope.cli.table import terminal_width
from lorascope.cli.values import value_shown

if TYPE_CHECKING:
    from lorascope.records.proposal import Estimated, Next, Proposal

_WIDTH = 100


@click.command("next")
@click.option("--metric", metavar="METRIC", help="What to learn about or improve; the one measured most when left out.")
@click.option(
    "--objective",
    type=click.Choice(["explain", "improve"]),
    default="explain",
    show_default=True,
    help="Learn what matters, or get a better result.",
)
@click.option("--n", "count", type=click.IntRange(1, 100), default=3, show_default=True, help="How many runs to propose.")
@click.option(
    "--design",
    type=click.Choice(["auto", "screen", "augment", "single"]),
    default="auto",
    show_default=True,
    help="To explain: what teaches most, a whole screen of 11 settings in 12 runs, the runs that add most, or one setting at a time.",
)
@click.option("--where", "condition", metavar="CONDITION", help='What must hold of every run proposed, such as "network_dim <= 64".')
@click.option("--max-changes", type=click.IntRange(1, 24), help="To improve: how many settings a run may change; as many as help.")
@click.option(
    "--sampler",
    type=click.Choice(["model", "tpe"]),
    default="model",
    show_default=True,
    help="To improve: our model of the runs, or Optuna's TPE (two changes a run).",
)
@click.option("--direction", type=click.Choice(["lower", "higher"]), help="Which way is better, where the metric does not say.")
@click.option(
    "--price", type=click.FloatRange(0), metavar="PER_GPU_HOUR", help="What a GPU hour costs; price_per_gpu_hour in settings.toml."
)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), metavar="DIR", help="Write each run's recipe there.")
@click.option(
    "--seed", metavar="N", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help="Seed of what is drawn to improve."
)
@click.option("--json", "as_json", is_flag=True, help="Print the proposals as one JSON object.")
def next_command(
    metric: str | None,
    objective: str,
    count: int,
    design: str,
    condition: str | None,
    max_changes: int | None,
    sampler: str,
    direction: str | None,
    price: float | None,
    out: Path | None,
    seed: int,
    *,
    as_json: bool,
) -> None:
    """Propose the next runs: what each would teach, what it may gain, what it would cost, and its recipe.

    To explain, a small project is screened: 12 runs tell up to 11 settings apart. Then runs split the settings that always changed
    together, or repeat the best run: without a repetition nobody knows how much a result moves by itself. To improve, runs first change
    much at once, then what a model of all runs expects most of.

    \b
    Examples:
    lorascope next --metric background_color_accuracy
    lorascope next --objective improve --where "network_dim <= 64" --price 0.5
    lorascope next --design screen --out next_runs
    """
    from lorascope.analysis.where_text import parse_where
    from lorascope.jobs.propose import Wish, metric_of, propose
    from lorascope.jobs.read_history import read_history
    from lorascope.reports.proposals import next_json
    from lorascope.settings import Settings
    from lorascope.store import Store

    lab = Settings.find()
    if design != "auto" and objective != "explain":
        raise click.UsageError("--design belongs to --objective explain")
    if objective != "improve" and (max_changes is not None or sampler != "model"):
        raise click.UsageError("--max-changes and --sampler belong to --objective improve")
    wish = Wish(
        objective, design, count, seed, direction, price if price is not None else lab.price_per_gpu_hour,
        parse_where(condition) if condition else None, max_changes, sampler, out,
    )  # fmt: skip
    with Store.open(lab.store_url, lab.blobs) as store:
        history = read_history(store)
    if history.runs:
        metric_of(history, metric)
    found = propose(history, metric, wish)
    if as_json:
        click.echo(json.dumps(next_json(found)))
    else:
        _show(found, wish.price_per_gpu_hour)


def _show(found: Next, price: float | None) -> None:
    """Where the project stands, then each proposal, then what must be known to judge them."""
    if found.metric is not None and found.runs:
        way = f", {found.direction} is better" if found.direction else ""
        say(f"to {found.objective}: {found.metric}{f' ({found.unit})' if found.unit else ''}{way}, {_counted(found.runs, 'run')}")
        if found.incumbent is not None and found.direction:
            true = found.incumbent.true
            shrunk = f"; truly about {_with_range(true)}, since the best of many was partly lucky" if true.estimate is not None else ""
            _fill(f"best so far: {found.incumbent.run}, measured {found.incumbent.measured:.4g}{shrunk}")
        say()
    for number, proposal in enumerate(found.proposals, 1):
        _show_proposal(number, proposal, found, price)
    for note in found.notes:
        _fill(note, "- ", "  ")
    if found.proposals and not found.proposals[0].recipe:
        _fill("write the recipes: add --out DIR; then lorascope check FILE, and predict FILE", "- ", "  ")


def _show_proposal(number: int, proposal: Proposal, found: Next, price: float | None) -> None:
    changed = ", ".join(f"{name} = {value_shown(value)}" for name, value in proposal.change.items()) or "the preset"
    _fill(f"{number}. {proposal.kind}: {changed}{f'  (on {proposal.base})' if proposal.base else ''}", "", "   ")
    _fill(proposal.why)
    facts = [f"teaches {proposal.information_bits:.2f} bits"] if proposal.information_bits is not None else []
    if proposal.p_better is not None:
        unit = f" {found.unit}" if found.unit else ""
        facts.append(f"gain {_with_range(proposal.gain, sign=True)}{unit}, better with probability {proposal.p_better:.2f}")
    elif found.proposals and proposal.gain.estimate is None and proposal.kind not in {"replicate", "baseline"}:
        facts.append("gain unknown: no comparable run has varied any of this")
    facts.append(_cost(proposal, price))
    _fill("; ".join(facts))
    if proposal.recipe:
        _fill(f"recipe: {proposal.recipe}")
    say()


def _cost(proposal: Proposal, price: float | None) -> str:
    if proposal.gpu_hours is None:
        return f"cost unknown ({proposal.cost_basis})"
    spread = ""
    if proposal.gpu_hours_low is not None and proposal.gpu_hours_high is not None:
        spread = f" ({proposal.gpu_hours_low:.2g} to {proposal.gpu_hours_high:.2g})"
    money = f", {proposal.money:.2f} at {price:g} an hour" if proposal.money is not None else ""
    return f"{proposal.gpu_hours:.2g} GPU hours{spread}{money} by {proposal.cost_basis}"


def _with_range(value: Estimated, *, sign: bool = False) -> str:
    plus = "+" if sign else ""
    if value.estimate is None:
        return "-"
    if value.low is None or value.high is None:
        return f"{value.estimate:{plus}.3g}"
    return f"{value.estimate:{plus}.3g} ({value.low:{plus}.3g} to {value.high:{plus}.3g})"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _fill(text: str, first: str = "   ", rest: str = "   ") -> None:
    from lorascope.reports.wording import one_line

    width = max(40, min(_WIDTH, terminal_width() or _WIDTH))
    say(textwrap.fill(one_line(text), width, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False))
