"""``lorascope pick``."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

import click

from lorascope.cli.say import say
from lorascope.cli.table import draw_table, in_column

if TYPE_CHECKING:
    from lorascope.evaluation.color_reading import ColorReading
    from lorascope.jobs.pick import Pick


@click.command("pick")
@click.argument("run")
@click.option(
    "--metric",
    metavar="METRIC",
    help="What to choose by, such as background_color_accuracy; left out: what the prompts ask for, if measured.",
)
@click.option("--direction", type=click.Choice(["lower", "higher"]), help="Which way is better, where the metric does not say.")
@click.option("--prompt", metavar="PROMPT", help="Look at one prompt only.")
@click.option("--purpose", metavar="TEXT", help='Look at the prompts that ask for something only: "green background".')
@click.option("--where", metavar="CONDITION", help='Only checkpoints whose level meets it: "background_color_accuracy >= .9".')
@click.option("--also", metavar="METRIC", multiple=True, help="Weigh another metric, too: which checkpoints does no other beat in all?")
@click.option(
    "--seed", metavar="N", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of the probability's random draws."
)
@click.option("--json", "as_json", is_flag=True, help="Print the choice as one JSON object.")
def pick_command(
    run: str, metric: str | None, direction: str | None, prompt: str | None, purpose: str | None, where: str | None, also: tuple[str, ...],
    seed: int, *, as_json: bool,
) -> None:  # fmt: skip
    """Choose a checkpoint of RUN, with the probability that it is the best.

    Every checkpoint is shown with its mean, 95 % interval, number of images, an estimate shrunk for being picked out
    of several, and its probability of being the best. Below a probability of 0.5 nothing is called best.

    \b
    Examples:
    lorascope pick my_run
    lorascope pick my_run --metric unique_colors --where "background_color_accuracy >= .9"
    lorascope pick my_run --purpose "green background"
    lorascope pick my_run --metric background_color_accuracy --also palette_adherence
    lorascope pick caption_fix --metric dominant_color_difference --prompt green_bg_lad
    """
    from lorascope.evaluation.metric import Direction
    from lorascope.jobs.pick import answer, pick
    from lorascope.settings import Settings
    from lorascope.store import Store

    lab = Settings.find()
    with Store.open(lab.store_url, lab.blobs) as store:
        way = Direction(direction) if direction else None
        choice = pick(store, run, metric, direction=way, prompt=prompt, purpose=purpose, where=where, also=also, seed=seed)
    if as_json:
        click.echo(json.dumps(answer(choice)))
    else:
        _show(choice, prompt)


def _show(choice: Pick, prompt: str | None) -> None:
    of_prompt = f", prompt {prompt}" if prompt else f", for {choice.purpose.text}" if choice.purpose else ""
    unit = f" ({choice.unit})" if choice.unit else ""
    say(f"run {choice.run}: {choice.metric}{unit}, {choice.direction} is better{of_prompt}")
    say(f"{_plural(choice.prompts, 'prompt')} x {_plural(choice.seeds, 'image')} per checkpoint\n")
    joint = ("meets", "unbeaten", "best of those") if choice.joint is not None and choice.joint.choice is not None else ()
    draw_table(("epoch", "mean", "low", "high", "n", "shrunk", "P(best)", *joint, "<"), _rows(choice), left=("<",))
    if joint:
        say("meets: P(meets the conditions); unbeaten: P(no other is better in every metric); best of those: P(best that meets them)")
    if choice.cannot_tell and joint and choice.joint is not None and choice.joint.where is not None:
        say("~ cannot be told apart: one of these is the best of those that meet the condition, if any does, with 90 % probability")
    elif choice.cannot_tell:
        say("~ cannot be told apart" + (": one of these is the best with 90 % probability" if choice.leader is not None else ""))
    say()
    for note in choice.notes:
        say(f"- {note}")
    if choice.needed and (choice.best is None or choice.cannot_tell):
        _show_needed(choice)
    if choice.readings:
        _show_colors(choice.readings, in_full=prompt is not None)


def _rows(choice: Pick) -> list[tuple[str, ...]]:
    measured = [row.measured for row in choice.checkpoints]
    columns = [
        in_column([row.mean for row in measured]),
        in_column([row.low for row in measured]),
        in_column([row.high for row in measured]),
        [str(row.images) for row in measured],
        in_column([row.shrunk for row in choice.checkpoints]),
        ["-" if row.p_best is None else f"{row.p_best:.2f}" for row in choice.checkpoints],
    ]
    if choice.joint is not None and choice.joint.choice is not None:
        rows = [row.joint for row in choice.checkpoints]
        columns += [
            ["-" if row is None else f"{row.p_feasible:.2f}" for row in rows],
            ["-" if row is None else f"{row.p_pareto:.2f}" for row in rows],
            ["-" if row is None else f"{row.p_best_feasible:.2f}" for row in rows],
        ]
    best = choice.best.epoch if choice.best else None
    columns.append(["best" if row.epoch == best else "~" if row.epoch in choice.cannot_tell else "" for row in measured])
    names = ["=".join(map(str, (row.measured.epoch, *row.same_as))) for row in choice.checkpoints]
    return list(zip(names, *columns, strict=True))


def _show_needed(choice: Pick) -> None:
    """What larger evaluations would show: prompts down, images of each across."""
    seeds = sorted({row.seeds for row in choice.needed})
    unit = f" ({choice.unit})" if choice.unit else ""
    say(f"\nwhat more pictures would show: the true difference of two checkpoints{unit} found with 80 % power")
    shown = in_column([row.detectable for row in choice.needed], 3)
    cells = {(row.prompts, row.seeds): text for row, text in zip(choice.needed, shown, strict=True)}
    prompts = sorted({row.prompts for row in choice.needed})
    titles = ("prompts", *(f"x {_plural(count, 'image')}" for count in seeds))
    draw_table(titles, [(str(count), *(cells[count, each] for each in seeds)) for count in prompts])
    if choice.noise is not None and choice.noise.assumed:
        say("(one image per prompt does not show how the noise splits between prompts and images: a split of 26 to 74 % is assumed)")


def _show_colors(readings: tuple[ColorReading, ...], *, in_full: bool) -> None:
    """Measured colors beside the asked ones: a line per prompt, or for one prompt a line per epoch."""
    from lorascope.evaluation.color_reading import by_prompt
    from lorascope.records.color import hex_code

    say("\ncolors measured, by epoch: (!) is not what the prompt asks, (?) is doubtful")
    for (metric, prompt), group in by_prompt(readings).items():
        asked = f"asks {group[0].expected}" if group[0].expected else "asks no one color"
        if not in_full:
            say(f"  {prompt} {asked}: " + ", ".join(_by_epoch(group)))
            continue
        say(f"{prompt} {asked}")
        values = in_column([reading.value for reading in group])
        rows = [(str(item.epoch), value, hex_code(item.rgb), _color_word(item)) for item, value in zip(group, values, strict=True)]
        draw_table(("epoch", metric, "code", "color"), rows, left=("code", "color"))


def _by_epoch(group: Sequence[ColorReading]) -> Iterator[str]:
    """Each epoch with its colors, equal ones counted: "2 brown (!) x 3 + green"."""
    for epoch, readings in groupby(group, key=lambda reading: reading.epoch):
        counts = Counter(map(_color_word, readings))
        yield f"{epoch} " + " + ".join(word if count == 1 else f"{word} x {count}" for word, count in counts.most_common())


def _color_word(reading: ColorReading) -> str:
    lacks = f" (not {' or '.join(reading.lacks)})" if reading.lacks and reading.agreement == "agree" else ""
    mark = {"conflict": " (!)", "unsure": " (?)"}.get(str(reading.agreement), "")
    return f"{reading.color}{mark}{lacks}"


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
