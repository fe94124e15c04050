"""``lorascope why``."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import click

from lorascope.cli.say import say, say_line
from lorascope.cli.table import draw_table, terminal_width
from lorascope.cli.values import value_shown
from lorascope.reports.wording import visible

if TYPE_CHECKING:
    from lorascope.records.cause import Cause, Explanation, Test
    from lorascope.records.run import ParameterValue

_SHOWN, _BAR = 5, 24  # causes in full; length of the longest bar
_WORTH_SHOWING = 0.02
_MOST_SENTENCES = 4
_MOST_CHANGES = 12
_DIGEST = re.compile(r"[0-9a-f]{32,}")


@click.command("why")
@click.argument("run")
@click.option("--metric", metavar="METRIC", help="What it came out badly on; all measured metrics when left out.")
@click.option("--against", metavar="RUN", help="The good run to compare with; the nearest good run when left out.")
@click.option("--inspect", is_flag=True, help="Also read checkpoint files and audit datasets that nothing is recorded of (slower).")
@click.option("--all", "show_all", is_flag=True, help="Show every cause of the catalogue, not only the probable ones.")
@click.option("--json", "as_json", is_flag=True, help="Print the explanation as one JSON object.")
def why_command(run: str, metric: str | None, against: str | None, *, inspect: bool, show_all: bool, as_json: bool) -> None:
    """Why RUN came out as it did: ranked causes, evidence for and against each, and the cheapest test.

    The run is compared with this lab's good runs: settings, metrics, checkpoints, weights, loss, audits, protocol and
    hashes, whatever of them is recorded. Below 50 % no cause is named as the one.

    \b
    Examples:
    lorascope why my_run
    lorascope why my_run --metric background_color_accuracy
    lorascope why my_run --against my_best_run --inspect
    """
    from lorascope.jobs.explain import answer, explain
    from lorascope.settings import Settings
    from lorascope.store import Store

    lab = Settings.find()
    with Store.open(lab.store_url, lab.blobs) as store:
        explanation = explain(store, run, metric=metric, against=against, inspect=inspect)
    if as_json:
        click.echo(json.dumps(answer(explanation)))
    else:
        _show(explanation, show_all=show_all)


def _show(explanation: Explanation, *, show_all: bool) -> None:
    _wrapped(f"{explanation.run}: {explanation.verdict}")
    _show_changes(explanation)
    probable = [cause for cause in explanation.causes if cause.probability >= _WORTH_SHOWING]
    shown = explanation.causes if show_all else probable[:_SHOWN] or explanation.causes[:3]
    say()
    longest = max(cause.probability for cause in shown)
    rows = [(cause.id, _percent(cause.probability), "█" * round(_BAR * cause.probability / longest)) for cause in shown]
    draw_table(("cause", "probability", "<"), rows, left=("cause", "<"))
    rest = 1 - sum(cause.probability for cause in shown)
    if rest >= 0.005:
        say(f"all others together {_percent(rest)}: --all shows them")
    for place, cause in enumerate(shown[: len(shown) if show_all else 3], 1):
        _show_cause(place, cause)
    if explanation.first_test is not None:
        say("\nfirst test")
        _show_test(explanation.first_test)
    say()
    for note in explanation.notes:
        _wrapped(f"- {note}", after="  ")


def _show_changes(explanation: Explanation) -> None:
    if explanation.compared_with is None:
        return
    good = f"compared with {explanation.compared_with} (of {explanation.good_runs} good run{'s' * (explanation.good_runs != 1)})"
    if not explanation.changed:
        say(f"\n{good}: no recorded setting differs")
        return
    say(f"\n{good}; set differently:")
    changes = list(explanation.changed.items())
    known = explanation.names
    rows = [(name, _setting(before, known), "->", _setting(now, known)) for name, (before, now) in changes[:_MOST_CHANGES]]
    draw_table(("setting", "there", "", "here"), rows, left=("setting", "there", "", "here"))
    if len(changes) > _MOST_CHANGES:
        say(f"and {len(changes) - _MOST_CHANGES} more: --json lists all")


def _setting(value: ParameterValue, names: Mapping[str, str]) -> str:
    """A setting's value; a digest is cut as everywhere, after the name of what it is of."""
    text = value_shown(value)
    if not _DIGEST.fullmatch(text):
        return text
    return f"{visible(names[text])} ({text[:12]})" if text in names else text[:12]


def _show_cause(place: int, cause: Cause) -> None:
    say()
    say_line(f"{place}. {cause.title} ({cause.id}), {_percent(cause.probability)}")
    _listed("for", cause.evidence_for)
    _listed("against", cause.evidence_against)
    _wrapped(f"   test      {cause.test.what} ({cause.test.cost})", after=" " * 13)


def _listed(side: str, sentences: Iterable[str]) -> None:
    for place, sentence in enumerate(list(sentences)[:_MOST_SENTENCES]):
        _wrapped(f"   {side if place == 0 else '':<9} {sentence}", after=" " * 13)


def _show_test(test: Test) -> None:
    _wrapped(f"  {test.what} ({test.cost})", after="  ")
    if test.command:
        say_line(f"  {test.command}")


def _wrapped(text: str, after: str = "") -> None:
    """A line that is broken between words where the terminal ends."""
    width = terminal_width()
    line = " ".join(text.splitlines())
    say(line if width is None else "\n".join(textwrap.wrap(line, max(40, width), subsequent_indent=after, drop_whitespace=True)))


def _percent(probability: float) -> str:
    from lorascope.reports.wording import probability as shown

    return shown(probability)
