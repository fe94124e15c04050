"""``lorascope parameters``: the catalogue as a table, or one parameter explained."""

from __future__ import annotations

import json
import sys
import textwrap

import click

from lorascope.parameters.catalogue import PARAMETERS, find
from lorascope.parameters.dialects.names import defaults_elsewhere, names_elsewhere
from lorascope.parameters.parameter import Category, Parameter, shown

JSON_FORMAT = 1


@click.command("parameters")
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
def parameters_command(name: str | None, *, as_json: bool) -> None:
    """Explain training parameters: all in a table, or NAME in full.

    "ours" is lorascope's preset for SD 1.5, "trainer" is what sd-scripts does when nothing is said; - is unset.

    \b
    Example: lorascope parameters network_alpha
    """
    chosen = PARAMETERS if name is None else (find(name),)
    if as_json:
        click.echo(json.dumps({"format": JSON_FORMAT, "parameters": [described(parameter) for parameter in chosen]}, indent=1))
    elif name is None:
        _print_table(chosen)
    else:
        click.echo(explanation(chosen[0]))


def described(parameter: Parameter) -> dict[str, object]:
    """Everything about a parameter as JSON-able values."""
    return {
        "name": parameter.name,
        "category": parameter.category.value,
        "kind": parameter.kind.value,
        "unit": parameter.unit,
        "low": parameter.low,
        "high": parameter.high,
        "choices": list(parameter.choices),
        "optional": parameter.optional,
        "allowed": parameter.allowed(),
        "default": parameter.default,
        "trainer_default": parameter.trainer_default,
        "meaning": parameter.meaning,
        "interactions": parameter.interactions,
        "scale": parameter.scale.value,
        "passed_as": parameter.argument(),
        "lab_only": parameter.lab_only,
        "source": parameter.source,
        "elsewhere": dict(names_elsewhere(parameter.name)),
        "elsewhere_defaults": dict(defaults_elsewhere(parameter.name)),
    }


def explanation(parameter: Parameter) -> str:
    """One parameter in full, as lines of text."""
    rows = [
        ("group", parameter.category.value),
        ("kind", parameter.kind.value),
        ("unit", parameter.unit),
        ("allowed", parameter.allowed()),
        ("ours", shown(parameter.default)),
        ("trainer", shown(parameter.trainer_default)),
        ("passed as", parameter.argument() or "not passed to the trainer: recorded or computed by lorascope"),
        ("analysis", f"{parameter.scale.value} scale" if parameter.scale.value in {"linear", "log"} else parameter.scale.value),
        ("note", parameter.interactions),
        ("source", parameter.source),
    ]
    lines = [_row(label, text) for label, text in rows if text]
    lines += _elsewhere(parameter.name)
    return "\n".join([parameter.name, f"  {parameter.meaning}", "", *lines])


def _elsewhere(name: str) -> list[str]:
    """What other trainers call it, and what they do when nothing is said; only what differs from the above is worth a line."""
    names, defaults = names_elsewhere(name), defaults_elsewhere(name)
    lines = []
    for trainer in dict.fromkeys((*names, *defaults)):
        # an alpha of 0 is read as the rank
        value = "the rank" if (name, defaults.get(trainer)) == ("network_alpha", 0.0) else shown(defaults.get(trainer))
        default = f"  (default {value})" if trainer in defaults else ""
        lines.append(f"    {trainer:<26} {names.get(trainer, name)}{default}")
    return ["", "  In other trainers:", *lines] if lines else []


def _row(label: str, text: str) -> str:
    """One fact; a long one goes on below itself."""
    return textwrap.fill(
        text, 100, initial_indent=f"  {label:<10} ", subsequent_indent=" " * 13, break_long_words=False, break_on_hyphens=False
    )


def _print_table(parameters: tuple[Parameter, ...]) -> None:
    from rich.console import Console
    from rich.table import Table

    # A pipe has no width: each parameter then keeps its one line, whole.
    console = Console(width=None if sys.stdout.isatty() else 400, highlight=False)
    with console.capture() as capture:
        for category in Category:
            table = Table(
                "name", "ours", "trainer", "unit", "meaning", title=category.value, title_justify="left", box=None, pad_edge=False
            )
            for column in table.columns:
                column.overflow = "fold"
            for parameter in parameters:
                if parameter.category is category:
                    ours, trainer = shown(parameter.default), shown(parameter.trainer_default)
                    table.add_row(parameter.name, ours, trainer, parameter.unit, parameter.meaning)
            console.print(table)
            console.print()
    click.echo("\n".join(line.rstrip() for line in capture.get().splitlines()))
    click.echo(f"{len(parameters)} parameters. One in full: lorascope parameters NAME")
