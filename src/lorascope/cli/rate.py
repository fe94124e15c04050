"""``lorascope rate``."""

from __future__ import annotations

import json
import shlex
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lorascope.cli.say import say, say_line
from lorascope.cli.table import draw_table, in_column

if TYPE_CHECKING:
    from lorascope.jobs.rate import Question, Session
    from lorascope.jobs.rating_scores import RatingResults
    from lorascope.store import Store


@click.command("rate")
@click.argument("runs", metavar="RUN…", nargs=-1)
@click.option("--pairs", "way", flag_value="pairs", help="Say which of two pictures is better: a, b or tie.")
@click.option("--score", "way", flag_value="score", default="score", help="Say how good a picture is, 0 to 10 (this is the default).")
@click.option("--metric", metavar="NAME", help="Name of the results; rating for scores, preference for pairs when left out.")
@click.option("--rater", metavar="NAME", default="anonymous", show_default=True, help="Who judges.")
@click.option("--n", "count", metavar="N", type=click.IntRange(1, 10_000), default=40, show_default=True, help="Questions in this session.")
@click.option("--seed", metavar="N", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of the random order.")
@click.option("--from", "file", metavar="FILE.csv", type=click.Path(path_type=Path), help="Take ratings in from a table.")
@click.option("--results", "show_results", is_flag=True, help="Show what the votes say; ask nothing.")
@click.option("--no-open", is_flag=True, help="Print where the pictures are and do not open a viewer.")
@click.option("--json", "as_json", is_flag=True, help="Print the results as one JSON object.")
def rate_command(
    runs: tuple[str, ...], way: str, metric: str | None, rater: str, count: int, seed: int, file: Path | None,
    *, show_results: bool, no_open: bool, as_json: bool,
) -> None:  # fmt: skip
    """Judge pictures of runs blind: in random order, without run and epoch, some of them twice.

    Every answer is saved at once; Ctrl-C loses nothing, and the next session goes on where this one ended.
    The votes become scores that pick, compare and impact use like any others.

    \b
    Examples:
    lorascope rate my_run --rater anna
    lorascope rate first second --pairs --n 60
    lorascope rate --results my_run
    lorascope rate --from ratings.csv --metric likeness
    """
    from lorascope.jobs.rate import PAIR_METRIC, SCORE_METRIC, RateRequest, Session
    from lorascope.settings import Settings
    from lorascope.store import Store

    lab = Settings.find()
    pairs = way == "pairs"
    name = metric or (PAIR_METRIC if pairs else SCORE_METRIC)
    with Store.open(lab.store_url, lab.blobs) as store:
        if file is not None:
            _take_in(store, file, name, rater, as_json=as_json)
            return
        if not show_results:
            if not runs:
                raise click.UsageError("name a run to rate, or --results to see what was said")
            with Session(store, RateRequest(runs, rater, pairs, name, count, seed)) as session:
                _ask(session, opens=not no_open and sys.stdin.isatty() and sys.stdout.isatty(), aside=as_json)
                if not session.given and not session.earlier and not as_json:
                    return
        _results(store, runs, name if metric or not show_results else _rated(store, runs, name), as_json=as_json)


def _rated(store: Store, runs: tuple[str, ...], name: str) -> str:
    """The metric of the votes on these runs; ``name`` where there are none, or it is one of several."""
    from lorascope.errors import BadParameter
    from lorascope.jobs.rating_scores import rated_metrics

    there = rated_metrics(store, runs)
    if len(there) > 1 and name not in there:
        raise BadParameter(f"there are votes of {' and '.join(there)}", next_step=f"name one: --metric {there[0]}")
    return name if name in there or not there else there[0]


def _ask(session: Session, *, opens: bool, aside: bool) -> None:
    """Ask until all was asked, the rater quits, or the input ends; ``aside``: on the error stream, as the answer is for a program."""
    from lorascope.errors import BadParameter
    from lorascope.jobs.rate import QUIT, UNDO

    if session.earlier:
        say(f"{session.earlier} answers of yours are there already; this session goes on from them", err=True)
    question = session.ask()
    while question is not None:
        _show(question, opens=opens, aside=aside)
        begun = time.monotonic()
        say("a (left), b (right), t tie, s skip, u undo, q quit > " if question.pairs else "0 to 10, s skip, u undo, q quit > ", err=True)
        line = sys.stdin.readline()
        word = line.strip().lower()
        if not line or word in QUIT:
            break
        if word in UNDO:
            if not session.undo():
                say("there is nothing to take back in this session", err=True)
        else:
            try:
                session.answer(line, time.monotonic() - begun)
            except BadParameter as error:
                say_line(f"{error.message}: {error.next_step}", err=aside)
        question = session.ask()
    say(f"{session.given} answers saved", err=True)


def _show(question: Question, *, opens: bool, aside: bool) -> None:
    say_line(f"{question.number}/{question.of}  {question.picture}{'  asked for: ' + question.asks if question.asks else ''}", err=aside)
    if opens:
        click.launch(str(question.picture))


def _take_in(store: Store, file: Path, metric: str, rater: str, *, as_json: bool) -> None:
    from lorascope.jobs.read_ratings import as_json as answer
    from lorascope.jobs.read_ratings import take_in

    taken = take_in(store, file, metric, rater)
    if as_json:
        click.echo(json.dumps(answer(taken)))
        return
    say(f"read {taken.votes} ratings, {taken.new} of them new; {taken.scores} scores new or changed")
    if taken.unblinded:
        say(f"{taken.unblinded} do not say that they were given blind (column blind: yes): they are kept apart, as {metric}_unblinded")
    for run in taken.unknown_runs:
        say_line(f"run {run} is not in this store: its ratings are kept, and become scores when it is imported and they are read again")


def _results(store: Store, runs: tuple[str, ...], metric: str, *, as_json: bool) -> None:
    from lorascope.jobs.rating_scores import answer, keep_scores, results

    keep_scores(store, metric)
    found = results(store, runs, metric)
    if as_json:
        click.echo(json.dumps(answer(found)))
        return
    of = "share of comparisons won" if found.strengths else "0 to 10"
    say(f"{found.metric}: {found.votes} answers of {', '.join(found.raters)} ({of}{'' if found.blind else ', NOT known to be blind'})\n")
    if found.measurements:
        _table(found)
    say()
    for note in found.notes:
        say(f"- {note}")
    say_line(f"next: lorascope pick {shlex.quote(found.runs[0])} --metric {shlex.quote(found.metric)}")


def _table(found: RatingResults) -> None:
    rows = found.measurements
    columns = [
        [one.run for one in rows], [str(one.epoch) for one in rows], in_column([one.mean for one in rows]),
        in_column([one.low for one in rows]), in_column([one.high for one in rows]), [str(one.images) for one in rows],
    ]  # fmt: skip
    titles = ["run", "epoch", "mean", "low", "high", "pictures"]
    if found.strengths:
        by_item = {one.item: one for one in found.strengths.items}
        strengths = [by_item[one.run, one.epoch] for one in rows]
        titles += ["strength", "from", "to", "P(best)"] + (["group"] if found.strengths.groups > 1 else [])
        columns += [in_column([one.strength for one in strengths]), in_column([one.low for one in strengths])]
        columns += [in_column([one.high for one in strengths]), [f"{one.p_best:.2f}" for one in strengths]]
        columns += [[str(one.group + 1) for one in strengths]] if found.strengths.groups > 1 else []
    draw_table(titles, list(zip(*columns, strict=True)), left=("run",))
