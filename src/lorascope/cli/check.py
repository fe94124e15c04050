"""``lorascope check``: lint a trainer's configuration, work out its steps and files, and write a corrected copy."""

from __future__ import annotations

import json
import shlex
import sys
import textwrap
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lorascope.cli.say import say
from lorascope.cli.table import terminal_width
from lorascope.reports.wording import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lorascope.jobs.check import Checked
    from lorascope.jobs.fix_config import Fix
    from lorascope.parameters.rules.rule import LintFinding, Rule

_COLORS = {"abort": "red", "wrong": "red", "no-effect": "yellow", "note": "cyan"}
_WIDTH = 110
_LONGEST_LINE = 100


@click.command("check")
@click.argument("configs", metavar="CONFIG...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--dataset",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The folder of images, where the configuration does not name one that is here.",
)
@click.option(
    "--trainer",
    type=click.Choice(["kohya", "onetrainer", "ai-toolkit", "simpletuner", "diffusers"]),
    help="Whose configuration it is; read from the file by default.",
)
@click.option("--base", "family", type=click.Choice(["sd15", "sdxl"]), help="The base model's family, where its name does not tell.")
@click.option("--fix", is_flag=True, help="Write a corrected copy beside each file (NAME.fixed.toml) and show what changed.")
@click.option("--all", "include_all", is_flag=True, help="With --fix: also take out what has no effect.")
@click.option("--in-place", is_flag=True, help="With --fix: change the file itself; the original is kept as NAME.bak.")
@click.option("--ignore", multiple=True, metavar="RULE", help="Leave out the findings of this rule; may be given several times.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def check_command(
    configs: Sequence[Path],
    dataset: Path | None,
    trainer: str | None,
    family: str | None,
    ignore: Sequence[str],
    *,
    fix: bool,
    include_all: bool,
    in_place: bool,
    as_json: bool,
) -> None:
    """Lint the configuration of a trainer, and work out its steps, buckets and files before the GPU is rented.

    Reads what sd-scripts (config_file, dataset_config, a launch script), kohya_ss, OneTrainer, ai-toolkit, SimpleTuner and diffusers read.
    Exits with 1 when something would stop the training, or silently train something else.

    \b
    Examples:
    lorascope check train.toml
    lorascope check train.toml dataset.toml --dataset my_images/
    lorascope check train.toml --fix
    """
    from lorascope.jobs.check import check
    from lorascope.parameters.rules.rule import FAILING

    if (include_all or in_place) and not fix:
        raise click.UsageError("--all and --in-place belong to --fix")
    rules = _rules(ignore)
    results = check(configs, dataset=dataset, trainer=trainer, family=family or "", rules=rules)
    fixes = _write_fixes(results, include_all=include_all, in_place=in_place) if fix else []
    if as_json:
        click.echo(json.dumps(_as_json(results, fixes)))
    else:
        for result in results:
            _show(result)
        for one, written in fixes:
            _show_fix(one, written)
        if not fix:
            _offer_fix(results, configs)
        elif not fixes:
            say("\nnothing to fix" if include_all else "\nnothing to fix by itself; --fix --all also takes out what has no effect")
    mended = [finding for one, _ in fixes for finding in one.made]
    if any(finding.severity in FAILING and finding not in mended for result in results for finding in result.findings):
        sys.exit(1)


def _rules(ignore: Sequence[str]) -> tuple[Rule, ...]:
    """The rules that are asked for. Raises a usage error for a name that no rule has."""
    from lorascope.errors import did_you_mean
    from lorascope.parameters.rules import RULES

    names = [rule.name for rule in RULES]
    for name in ignore:
        if name not in names:
            raise click.UsageError(f"no rule {name!r}. {did_you_mean(name, names)}".strip())
    return tuple(rule for rule in RULES if rule.name not in ignore)


def _show(result: Checked) -> None:
    """The findings by file, the pre-flight, and one sentence."""
    from lorascope.reports.configuration import preflight_rows, verdict
    from lorascope.reports.wording import one_line

    texts = {str(file.path): file.text.split("\n") for file in result.files}
    dialects = {document.file: document.dialect for document in result.configuration.documents}
    for file, dialect in dialects.items():
        if not any(finding.file == file for finding in result.findings):
            say(f"{one_line(file)}  ({dialect}): nothing found\n")
    for file, findings in groupby(result.findings, key=lambda finding: finding.file):
        say(f"{one_line(file)}" + (f"  ({dialects[file]})" if file in dialects else ""))
        for finding in findings:
            _show_finding(finding, texts.get(file, []))
        say()
    facts = result.configuration.facts
    if facts is not None:
        say("Pre-flight")
        for what, value in preflight_rows(facts):
            say(
                textwrap.fill(one_line(value), _width(), initial_indent=f"  {what:<17}", subsequent_indent=" " * 19, break_long_words=False)
            )
        say()
    for note in result.notes:
        say(textwrap.fill(one_line(note), _width(), initial_indent="note: ", subsequent_indent="      "))
    say(textwrap.fill(verdict(result.findings), _width()))


def _width() -> int:
    """How long a line of text may be here."""
    return max(40, min(_WIDTH, terminal_width() or _WIDTH))


def _show_finding(finding: LintFinding, lines: Sequence[str]) -> None:
    """Where, how grave and which rule; the line as it stands; what happens; what to write."""
    from lorascope.reports.wording import one_line, shortened

    where = f"line {finding.line}" if finding.line else one_line(finding.key)
    severity = click.style(finding.severity.value, fg=_COLORS[finding.severity.value])
    click.echo(f"  {where}  {severity}  {finding.rule}")
    if finding.line and finding.line <= len(lines):
        say(f"      | {shortened(lines[finding.line - 1].strip(), _LONGEST_LINE)}")
    indent = " " * 6
    say(textwrap.fill(one_line(finding.message), _width(), initial_indent=indent, subsequent_indent=indent, break_long_words=False))
    if finding.fix:
        say(
            textwrap.fill(
                one_line(finding.fix), _width(), initial_indent=f"{indent}fix: ", subsequent_indent=f"{indent}     ", break_long_words=False
            )
        )


def _write_fixes(results: Sequence[Checked], *, include_all: bool, in_place: bool) -> list[tuple[Fix, Path]]:
    """Work out every corrected copy first, then write them: a file that several trainings share is written once."""
    from lorascope.jobs.fix_config import fix_config, write_fix

    fixes: dict[Path, Fix] = {}
    for result in results:
        for file in result.files:
            one = fix_config(file, result.findings, include_all=include_all)
            if one.made:
                fixes.setdefault(file.path, one)
    return [(one, write_fix(one, in_place=in_place)) for one in fixes.values()]


def _show_fix(fix: Fix, written: Path) -> None:
    """The changes as a diff, and where they were written."""
    say()
    for line in fix.diff().splitlines():
        color = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1]) if not line.startswith(("+++", "---")) else None
        click.echo(click.style(visible(line), fg=color))
    kept = f"; the original is {fix.file}.bak" if written == fix.file else f"; {fix.file} is unchanged"
    count = len(fix.made)
    say(f"{count} {'finding' if count == 1 else 'findings'} mended in {written}{kept}")
    if fix.open:
        say(f"left for you: {', '.join(dict.fromkeys(finding.key for finding in fix.open))} (--fix --all takes out what has no effect)")


def _offer_fix(results: Sequence[Checked], configs: Sequence[Path]) -> None:
    """Say how to mend what can be mended, in the text of these files."""
    for how, include_all in (("--fix", False), ("--fix --all", True)):
        count = _mended(results, include_all=include_all)
        if count:
            names = shlex.join(map(str, configs))
            say(f"next: lorascope check {names} {how}  (mends {count} of them in a copy)")
            return


def _mended(results: Sequence[Checked], *, include_all: bool) -> int:
    """How many findings a corrected copy would mend."""
    from lorascope.jobs.fix_config import fix_config

    return sum(len(fix_config(file, result.findings, include_all=include_all).made) for result in results for file in result.files)


def _as_json(results: Sequence[Checked], fixes: Sequence[tuple[Fix, Path]]) -> dict[str, object]:
    from lorascope.reports.configuration import check_json

    objects = [check_json(result.configuration.file, result.findings, result.configuration.facts, result.notes) for result in results]
    answer: dict[str, object] = {"format": 1, **objects[0]}
    if len(objects) > 1:
        answer["more"] = objects[1:]
    if fixes:
        answer["fixed"] = [
            {"file": str(one.file), "written": str(written), "rules": [finding.rule for finding in one.made], "diff": one.diff()}
            for one, written in fixes
        ]
    return answer
