"""``lorascope parameters``: the catalogue as a table, or one parameter explained."""

from __future__ import annotations

import json
import sys

import click

from lorascope.parameters.catalogue import PARAMETERS, find
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
    lines = [f"  {label:<10} {text}" for label, text in rows if text]
    return "\n".join([parameter.name, f"  {parameter.meaning}", "", *lines])


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
