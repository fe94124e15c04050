"""``lorascope hypothesis``: a ledger of hypotheses, written before, judged after."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from lorascope.cli.lab import lab_store

if TYPE_CHECKING:
    from lorascope.records.run import ParameterValue

JSON = click.option("--json", "as_json", is_flag=True, help="Print the same as one JSON object.")


@click.group("hypothesis")
def hypothesis_command() -> None:
    """A ledger of hypotheses: written before, judged after.

    Write down what a change should do before you train it; the ledger keeps what the data say of it, and how often you are right.

    \b
    Example: lorascope hypothesis list
    """


@hypothesis_command.command("add")
@click.argument("name")
@click.argument("statement")
@click.option("--metric", required=True, metavar="METRIC", help="What must move for it to be true.")
@click.option("--direction", required=True, type=click.Choice(["higher", "lower"]), help="Which way it moves.")
@click.option("--threshold", type=float, metavar="X", help="By how much at least (of a rule: the metric's value that it speaks of).")
@click.option("--change", "changes", multiple=True, metavar="NAME=FROM:TO", help="The setting that changes; repeat for several.")
@click.option("--rule", metavar="CONDITION", help='Instead of a change: the runs it speaks of, such as "network_dim > 32".')
@click.option("--share", type=float, metavar="P", help='Of a rule: the rate it claims (0.9 for "always").')
@click.option("--prior", type=float, metavar="P", help="How probable you hold it, 0 to 1.")
@click.option("--n", type=click.IntRange(1, 10**9), metavar="N", help="How many prompts you will look at on each side (of a rule: runs).")
@click.option("--seeds", type=click.IntRange(1, 10**6), metavar="N", help="Images per prompt (1).")
@click.option("--runs-per-arm", type=click.IntRange(1, 10**6), metavar="N", help="Trainings of each side (1).")
@click.option("--baseline", type=float, metavar="P", help="For a yes-or-no metric: its share before the change.")
@click.option(
    "--sd", type=float, metavar="X", help="Otherwise: how much the difference varies from prompt to prompt (measured if left out)."
)
@click.option("--run-sd", type=float, metavar="X", help="How much two trainings differ that have only another seed (measured if left out).")
@click.option(
    "--protocol", multiple=True, metavar="KEY=VALUE", help="How images are made (steps=30); runs recorded otherwise do not count."
)
@click.option("--value", type=float, metavar="X", help="What knowing it is worth to you, beside the others (1).")
@click.option("--cost-gpu-hours", type=float, metavar="H", help="What testing it costs.")
@click.option("--falsified-by", metavar="TEXT", help="What would speak against it, where the default says too little.")
@click.option("--source", default="", metavar="TEXT", help="Where it comes from.")
@click.option("--replaces", metavar="NAME", help="The hypothesis that this is a new version of.")
@click.option("--note-only", is_flag=True, help="Keep it as an idea, never to be judged (no power is asked for).")
@JSON
def add_command(*, as_json: bool, changes: tuple[str, ...], protocol: tuple[str, ...], **declared: Any) -> None:
    """Register a hypothesis: what will be measured, by how much it must move, and on how many prompts.

    A test that would find the effect in less than half of the cases is refused, with the n that would do. What is registered cannot
    be changed, only replaced by a new version.

    \b
    Examples:
    lorascope hypothesis add keep3 "keep_tokens 3 repairs backgrounds" --metric background_color_accuracy --direction higher \\
        --threshold 0.3 --change keep_tokens=1:3 --baseline 0.6 --n 38 --prior 0.85
    lorascope hypothesis add big_dim "rank above 32 looks like a photo" --metric quality_score --direction lower --threshold 5 \\
        --rule "network_dim > 32" --baseline 0.1 --n 8
    """
    from lorascope.cli.hypothesis_words import show_registered
    from lorascope.jobs.ledger_answer import registered_answer
    from lorascope.jobs.register_hypothesis import Draft, register

    change = dict(_change(text) for text in changes)
    kept = dict(_pair(text, "--protocol") for text in protocol)
    draft = Draft(**declared, change=change or None, protocol={name: _value(text) for name, text in kept.items()} or None)
    with lab_store(required=True) as store:
        assert store is not None
        registered = register(store, draft)
    if as_json:
        click.echo(json.dumps(registered_answer(registered)))
    else:
        show_registered(registered)


@hypothesis_command.command("list")
@click.option("--all", "everything", is_flag=True, help="Also those that are resolved, only noted, or cannot be tested as written.")
@JSON
def list_command(*, as_json: bool, everything: bool) -> None:
    """What to test next: hypotheses by how much a test would teach for its cost, and where each stands.

    \b
    Example: lorascope hypothesis list --all
    """
    from lorascope.cli.hypothesis_words import show_ledger
    from lorascope.jobs.ledger_answer import ledger_answer
    from lorascope.jobs.read_ledger import read_ledger

    with lab_store(required=True) as store:
        assert store is not None
        ledger = read_ledger(store)
    if as_json:
        click.echo(json.dumps(ledger_answer(ledger)))
    else:
        show_ledger(ledger, everything=everything)


@hypothesis_command.command("show")
@click.argument("name")
@JSON
def show_command(name: str, *, as_json: bool) -> None:
    """Everything about one hypothesis: what was declared, every judgment, and how confidence moved.

    \b
    Example: lorascope hypothesis show experiment_a_keep_tokens_3
    """
    from lorascope.cli.hypothesis_words import show_entry
    from lorascope.jobs.ledger_answer import shown_answer
    from lorascope.jobs.read_ledger import read_ledger

    with lab_store(required=True) as store:
        assert store is not None
        ledger = read_ledger(store)
    if as_json:
        click.echo(json.dumps(shown_answer(ledger, name)))
    else:
        show_entry(ledger, ledger.find(name))


@hypothesis_command.command("judge")
@click.argument("name", required=False)
@click.option("--all", "everything", is_flag=True, help="Judge every hypothesis that is not only noted.")
@click.option("--runs", "runs", multiple=True, metavar="RUN", help="Judge by these runs only (repeat).")
@JSON
def judge_command(name: str | None, *, everything: bool, runs: tuple[str, ...], as_json: bool) -> None:
    """Judge a hypothesis on what it declared: supported, refuted, or undecided with the reason.

    The runs before and after its change are found by their settings; where more than the change differs between them, the answer is
    undecided. Every judgment is kept; the same data are judged once.

    \b
    Examples:
    lorascope hypothesis judge keep3
    lorascope hypothesis judge keep3 --runs keep_1 --runs keep_3
    lorascope hypothesis judge --all
    """
    from lorascope.cli.hypothesis_words import show_judgments
    from lorascope.jobs.judge import judge
    from lorascope.jobs.ledger_answer import judgments_answer

    if everything == (name is not None):
        raise click.UsageError("name one hypothesis, or give --all")
    with lab_store(required=True) as store:
        assert store is not None
        judgments = judge(store, name, runs=runs)
    if as_json:
        click.echo(json.dumps(judgments_answer(judgments)))
    else:
        show_judgments(judgments, alone=name is not None)


@hypothesis_command.command("calibration")
@JSON
def calibration_command(*, as_json: bool) -> None:
    """How good the stated confidences were: of what was called 80 % probable, did 80 % hold?

    \b
    Example: lorascope hypothesis calibration
    """
    from lorascope.cli.hypothesis_words import show_calibration
    from lorascope.jobs.ledger_answer import calibration_answer
    from lorascope.jobs.read_ledger import read_calibration

    with lab_store(required=True) as store:
        assert store is not None
        calibration, resolved = read_calibration(store)
    if as_json:
        click.echo(json.dumps(calibration_answer(calibration, resolved)))
    else:
        show_calibration(calibration, resolved)


@hypothesis_command.command("patterns")
@click.argument("metric")
@click.option("--bad-when", required=True, metavar="COMPARISON", help='When a run came out bad: "< 5", ">= 0.3".')
@click.option("--all", "everything", is_flag=True, help="List also what luck explains.")
@JSON
def patterns_command(metric: str, bad_when: str, *, everything: bool, as_json: bool) -> None:
    """Under which settings runs come out bad: every rule of one or two conditions is tried.

    Rules that hold for the same runs are listed together: those runs cannot tell them apart. Trying many rules finds some by luck, so
    the false discovery rate q counts all that were tried.

    \b
    Example: lorascope hypothesis patterns quality_score --bad-when "< 5"
    """
    from lorascope.cli.hypothesis_words import show_rules
    from lorascope.jobs.find_rules import find_rules
    from lorascope.jobs.ledger_answer import rules_answer

    with lab_store(required=True) as store:
        assert store is not None
        rules = find_rules(store, metric, bad_when, everything=everything)
    if as_json:
        click.echo(json.dumps(rules_answer(rules)))
    else:
        show_rules(rules)


def _change(text: str) -> tuple[str, tuple[ParameterValue, ParameterValue]]:
    """A setting with both values, as in keep_tokens=1:3; under our name for it."""
    from lorascope.parameters.renamed import RENAMED

    name, ends = _pair(text, "--change")
    old, separator, new = ends.partition(":")
    if not separator or _value(old) == _value(new):
        raise click.UsageError(f"--change {text!r}: write NAME=FROM:TO with two different values, such as keep_tokens=1:3")
    return RENAMED.get(name, name), (_value(old), _value(new))


def _pair(text: str, option: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator or not name.strip() or not value.strip():
        raise click.UsageError(f"{option} {text!r}: write NAME=VALUE")
    return name.strip(), value.strip()


def _value(text: str) -> ParameterValue:
    """A value as a configuration would give it: a number, true or false, "none", else text."""
    word = text.strip()
    if word.lower() in {"true", "false"}:
        return word.lower() == "true"
    if word.lower() in {"none", "null", ""}:
        return None
    for kind in (int, float):
        try:
            number: int | float = kind(word)
        except ValueError:
            continue
        return number if abs(number) < 1e300 else word
    return word
