"""``lorascope inspect``."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lorascope.reports.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lorascope.jobs.inspect import Inspected, Inspection
    from lorascope.records.lora import Family, LoraDrift
    from lorascope.reports.lora import GroupLine, Spread

_BAR_CELLS = 24
_MOST_NOTES = 12


@click.command("inspect")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--header", "header_only", is_flag=True, help="Read the header alone: ranks and coverage, no norms. Takes milliseconds.")
@click.option("--modules", "with_modules", is_flag=True, help="Also list every module (with --json: as modules).")
@click.option("--recipe", "with_recipe", is_flag=True, help="Print a configuration for sd-scripts that would train it again.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def inspect_command(files: Sequence[Path], *, header_only: bool, with_modules: bool, with_recipe: bool, as_json: bool) -> None:
    """What a LoRA FILE says about its own making: trainer, recipe, coverage, norms, ranks, damage.

    Read from the tensors alone, without the base model. Several files of one training are compared in their order.

    \b
    Examples:
    lorascope inspect my_lora.safetensors
    lorascope inspect my_lora-*.safetensors my_lora.safetensors
    lorascope inspect my_lora.safetensors --recipe > again.toml
    """
    # Thousands of small matrices: with more threads BLAS waits longer for them than it computes, many times so on a busy machine.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from lorascope.jobs.inspect import inspect

    if with_recipe and (len(files) > 1 or header_only or as_json):
        raise click.UsageError("--recipe takes one file, and neither --header nor --json")
    found = inspect(files, header_only=header_only)
    if with_recipe:
        from lorascope.reports.lora_recipe import recipe_toml

        click.echo(recipe_toml(found.files[0].lora, found.files[0].origin), nl=False)
    elif as_json:
        click.echo(json.dumps(_as_json(found, with_modules=with_modules), allow_nan=False))
    elif found.drift is not None:
        _show_alarms(found.files)
        _show_drift(found.drift)
    else:
        for number, each in enumerate(found.files):
            if number:
                click.echo()
            _show(each, with_modules=with_modules)


def _as_json(found: Inspection, *, with_modules: bool) -> dict[str, object]:
    from lorascope.reports.lora_json import drift_json, lora_json

    files = [lora_json(each.lora, each.origin, with_modules=with_modules) for each in found.files]
    if len(files) == 1:
        return dict(files[0])
    return {"format": 1, "files": files, "drift": drift_json(found.drift) if found.drift is not None else None}


def _show(each: Inspected, *, with_modules: bool) -> None:
    from lorascope.reports import lora as view
    from lorascope.reports.lora_notes import notes
    from lorascope.reports.wording import one_line

    lora, origin = each.lora, each.origin
    click.echo(f"{click.style(one_line(lora.file), bold=True)}  {one_line(view.size_line(lora))}")
    covered = lora.coverage
    ranks, alphas, scales = (view.spread(getattr(module, name) for module in lora.modules) for name in ("rank", "alpha", "scale"))
    facts = [
        ("made by", view.made_line(origin)),
        ("base model", lora.family.value + (f" ({origin.base_model})" if origin.base_model else "")),
        ("recipe", view.recipe_line(origin)),
        ("coverage", f"U-Net {view.covered_shown(covered.unet)} layers, text encoder {view.covered_shown(covered.text_encoder)}"),
        ("rank", view.spread_shown(ranks) + _alpha_shown(alphas, scales)),
        ("norm", view.norm_sentence(lora)),
        ("spread", view.rank_sentence(lora)),
    ]
    for name, text in facts:
        if text:
            click.echo(f"  {name:<11} {one_line(text)}")
    found = notes(lora, origin)
    if found:
        click.echo()
    for note in found[:_MOST_NOTES]:
        mark, color = (("!!", "red"), ("! ", "yellow"), ("- ", None))[note.gravity]
        click.echo(f"  {click.style(mark, fg=color)} {one_line(note.text)}")
    if len(found) > _MOST_NOTES:
        click.echo(f"  … and {counted(len(found) - _MOST_NOTES, 'more note')}: --json lists all")
    _show_lines("kind of layer", view.kind_lines(lora))
    _show_lines("U-Net block", _labeled(view.block_lines(lora), lora.family))
    if with_modules:
        _show_modules(each)


def _alpha_shown(alphas: Spread, scales: Spread) -> str:
    from lorascope.reports.lora import spread_shown

    if alphas.low is None:
        return ""
    return f", alpha {spread_shown(alphas)}, scale {spread_shown(scales)}"


def _labeled(lines: Sequence[GroupLine], family: Family) -> list[GroupLine]:
    from dataclasses import replace

    from lorascope.records.lora import block_label

    return [replace(line, label=block_label(int(line.label), family)) for line in lines]


def _show_lines(title: str, lines: Sequence[GroupLine]) -> None:
    from lorascope.cli.table import draw_table, in_column

    if not lines:
        return
    most = max(line.share for line in lines) or 1.0
    columns = (
        [str(line.modules) for line in lines],
        in_column([line.norm for line in lines]),
        [f"{100 * line.share:.1f} %" for line in lines],
        in_column([line.stable_rank for line in lines], 3),
        in_column([line.effective_rank for line in lines], 3),
        in_column([line.rank_90 for line in lines], 3),
        ["█" * round(_BAR_CELLS * line.share / most) for line in lines],
    )
    click.echo()
    titles = (title, "modules", "norm", "share", "stable rank", "effective rank", "90 % in", "<")
    rows = [(line.label, *(column[at] for column in columns)) for at, line in enumerate(lines)]
    draw_table(titles, rows, left={title, "<"})


def _show_modules(each: Inspected) -> None:
    from lorascope.cli.table import draw_table
    from lorascope.reports.wording import number, one_line

    rows = []
    for module in sorted(each.lora.modules, key=lambda module: -(module.spectrum.norm if module.spectrum else 0.0)):
        spectrum = module.spectrum
        numbers = (spectrum.norm, spectrum.spectral_norm, spectrum.stable_rank, spectrum.effective_rank) if spectrum else (None,) * 4
        rank = "-" if module.rank is None else str(module.rank)
        rows.append(
            (one_line(module.name), module.algorithm, rank, *(number(value) for value in numbers), module.problem or module.state.value)
        )
    click.echo()
    draw_table(("module", "kind", "rank", "norm", "largest", "stable", "effective", "state"), rows, left={"module", "kind", "state"})


def _show_drift(drift: LoraDrift) -> None:
    from lorascope.cli.table import draw_table, in_column
    from lorascope.reports.lora_drift import drift_sentences, rows
    from lorascope.reports.wording import one_line

    for sentence in drift_sentences(drift):
        click.echo(one_line(sentence))
    click.echo()
    lines = rows(drift)
    most = max(line.norm for line in lines) or 1.0
    columns = (
        [str(line.number) for line in lines],
        in_column([line.norm for line in lines]),
        ["-" if line.growth is None else f"{100 * line.growth:+.1f} %" for line in lines],
        ["-" if line.change is None else f"{100 * line.change:.1f} %" for line in lines],
        in_column([line.cosine for line in lines]),
        in_column([line.unet_norm for line in lines]),
        in_column([line.text_norm for line in lines]),
        ["-" if line.text_change is None else f"{100 * line.text_change:.1f} %" for line in lines],
        [one_line(Path(line.file).name.removesuffix(".safetensors")) for line in lines],
        ["█" * round(_BAR_CELLS * line.norm / most) for line in lines],
    )
    title = {"epochs": "epoch", "steps": "step", "files": "file"}[drift.counted_in]
    titles = (title, "norm", "growth", "change", "cosine", "U-Net norm", "text norm", "text change", "name", "<")
    draw_table(titles, [tuple(column[at] for column in columns) for at in range(len(lines))], left={"name", "<"})


def _show_alarms(files: Sequence[Inspected]) -> None:
    """What is broken in any of the files; everything else stands in the file's own inspection."""
    from lorascope.reports.lora_notes import Gravity, notes
    from lorascope.reports.wording import one_line

    for each in files:
        for note in notes(each.lora, each.origin):
            if note.gravity is Gravity.BROKEN:
                click.echo(f"{click.style('!!', fg='red')} {one_line(Path(each.lora.file).name)}: {one_line(note.text)}")
