"""Write the generated pages of docs/reference from the catalogues in the code.

Run: ``python tools/write_docs.py`` (``--check`` only says whether they are up to date). A new catalogue is a function
that returns its page, and one line in PAGES.
"""

from __future__ import annotations

import argparse
import math
import textwrap
from collections.abc import Callable
from pathlib import Path

import click

from lorascope.captions.checks import CHECKS
from lorascope.claims.flags import FLAGS
from lorascope.cli.main import COMMANDS, cli
from lorascope.evaluation.metric import Direction
from lorascope.evaluation.metrics import METRICS
from lorascope.parameters.catalogue import PARAMETERS
from lorascope.parameters.parameter import Category, Parameter, shown
from lorascope.parameters.renamed import RENAMED, RENAMED_VALUES
from lorascope.parameters.rules import RULES
from lorascope.parameters.rules.rule import Example

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "reference"

TITLES = {
    Category.ARCHITECTURE: "Architecture: what the adapter is",
    Category.OPTIMIZATION: "Hyperparameters: how the weights move",
    Category.DATA: "Data: images and captions",
    Category.AUGMENTATION: "Augmentation: how samples are varied",
    Category.BUCKETS: "Preprocessing: buckets",
    Category.STABILITY: "Stability: precision and memory",
    Category.ADVANCED: "Advanced: rates by part, and the loss",
    Category.DERIVED: "Derived: what follows from the others",
}

INTRODUCTION = """\
# Training parameters

The names are those of kohya's sd-scripts. Each entry defines a parameter; what a value does to your pictures is for your runs to say.

- **ours** is lorascope's preset for SD 1.5, **trainer** is what sd-scripts really does when nothing is said; - is unset.
- **scale** says how values compare in an analysis: linear, log (ratios), nominal (equal or not), ignored (left out of analyses:
  bookkeeping, or a change in the last digits only).
- lorascope keeps, for every value, whether somebody gave it (explicit), our preset said so (preset) or the trainer's default applied.
- Unknown keys of imported runs are kept under "other"; in a recipe they are refused, with the nearest names.

The same in a terminal: `lorascope parameters`, `lorascope parameters network_alpha`, `lorascope parameters --json`.
"""


def parameters_page() -> str:
    """The reference of all parameters, by group."""
    parts = [INTRODUCTION]
    for category in Category:
        members = [parameter for parameter in PARAMETERS if parameter.category is category]
        parts.append(f"## {TITLES[category]}\n\nStored under `{category.value}`.\n")
        parts += [_entry(parameter) for parameter in members]
    names = "\n".join(f"| `{other}` | `{ours}` |" for other, ours in RENAMED.items())
    values = "\n".join(
        f"| `{name}` | {f'`{other}`' if other else '(empty)'} | `{ours}` |"
        for name, spellings in RENAMED_VALUES.items()
        for other, ours in spellings.items()
    )
    parts.append(f"## Other spellings\n\n| given | read as |\n|---|---|\n{names}\n")
    parts.append(f"| parameter | value given | read as |\n|---|---|---|\n{values}\n")
    return "\n".join(parts)


def _entry(parameter: Parameter) -> str:
    facts = [
        parameter.allowed(),
        f"unit {parameter.unit}" if parameter.unit else "",
        f"ours `{shown(parameter.default)}`",
        f"trainer `{shown(parameter.trainer_default)}`",
        f"scale {parameter.scale.value}",
        f"passed as `{parameter.argument()}`" if parameter.argument() else "not passed to the trainer",
    ]
    lines = [f"### {parameter.name}", "", parameter.meaning, "", " · ".join(fact for fact in facts if fact), ""]
    if parameter.interactions:
        lines += [parameter.interactions, ""]
    return "\n".join([*lines, f"Source: {parameter.source}", ""])


METRICS_INTRODUCTION = """\
# Metrics

A metric turns one image, and what its prompt asks for, into one number. `lorascope evaluate` measures them all; `lorascope pick` chooses a
checkpoint by one of them. A metric that has nothing to measure in an image says why, and the image is left out of the mean; how many were
is counted beside it.

**Native scale.** Large pictures are first brought to one pixel a cell: where they consist of equal blocks, exactly; else on the grid that
is found in them, by the median of the middle of each cell. Where no grid is certain, the training images' number of cells is taken if
they agree on one (the score then carries `grid: assumed`, and `pick` says how many do); without that, a picture has no cells (a
photograph): its colors are measured on a reduced picture, and what needs cells is not measurable. Pictures of up to 64 px are taken to be
at native scale. `unique_colors` alone reads one pixel of each of 24 x 24 cells.

**Beside the training images.** Every metric that needs no prompt is measured on the training images, too, and their 5th to 95th percentile
is shown beside the mean (`evaluate`, `show`, `pick`, `report`). No number says by itself what is good: 10 % of cells that stand alone are
noise in one set and eyes in another. A mean outside the band is unlike the training images. Of datasets with more than 1,000 images as many
are read, spread evenly.

**A checkpoint's measurement** is the mean over prompts of the mean over seeds, with a 95 % interval over prompts: Student's t, cut at the
metric's range; none for a single prompt, or without any spread. Where each picture is answered with 1 or 0 it is Wilson's interval of a
share: n pictures count as n / (1 + (m - 1) r), with m seeds to a prompt and r the correlation of a prompt's seeds (analysis of variance,
plus 1 / prompts, since few prompts show too little of it); if all answers are alike, as many pictures count as there are prompts. In
simulations it holds the truth in 95 to 97 % of cases, at worst in 93.5 % (4 to 32 prompts, 1 to 8 seeds, r from 0 to 1).

**Versions.** A metric whose rule changed has a version; pictures in the store are measured anew by `evaluate`.

Imported scores may carry any metric name. Which way is better is then read from the score's key `direction` ("lower" or "higher"), or
from a name that ends in `_difference`, `_distance`, `_error` or `_loss` (lower is better); otherwise `--direction` says it. A score's
keys `rgb` (`[143, 93, 61]`) and `expected` (`"bright green"`) make `pick` name the measured color beside the asked one.
"""

BETTER = {Direction.HIGHER: "higher is better", Direction.LOWER: "lower is better", Direction.NONE: "describes, does not judge"}


def metrics_page() -> str:
    """Every metric with unit, range, direction and meaning."""
    parts = [METRICS_INTRODUCTION]
    for metric in METRICS:
        high = f"{metric.high:g}" if math.isfinite(metric.high) else "no upper limit"
        version = f" · version {metric.version}" if metric.version > 1 else ""
        facts = f"unit: {metric.unit} · range {metric.low:g} to {high} · {BETTER[metric.direction]}{version}"
        parts.append(f"## {metric.name}\n\n{metric.meaning}\n\n{facts}\n")
    return "\n".join(parts)


CHECKS_INTRODUCTION = """\
# Caption checks

What `lorascope audit` looks for and what `lorascope clean` does about it. A fix is *safe* (made by default), *ask* (made with
`--ask`) or *none* (reported only). No color is written into a caption without evidence in the pixels; everything outside an edit
stays as it was, to the byte; cleaning twice changes nothing.
"""


def checks_page() -> str:
    """Every caption check with its reason and its examples."""
    parts = [CHECKS_INTRODUCTION]
    for check in CHECKS:
        examples = [f"- good: `{_quoted(example.text)}`" for example in check.good]
        for example in check.bad:
            fixed = f" → `{_quoted(example.fixed)}`" if example.fixed is not None else ""
            examples.append(f"- bad: `{_quoted(example.text)}`{fixed}")
        facts = f"severity up to {check.severity.value} · fix: {check.fix.value}"
        parts.append("\n".join([f"## {check.name}", "", f"{check.title}. {check.reason}", "", facts, "", *examples, ""]))
    return "\n".join(parts)


def _quoted(text: str | None) -> str:
    if text is None:
        return "(no caption file)"
    return text.encode("unicode_escape").decode() if not text.isprintable() else text.replace("`", "'")


RULES_INTRODUCTION = """\
# Lint rules

What `lorascope check` looks for in the configuration of a training. A finding is of one of four kinds:

- **abort**: the trainer stops, at its start or in the middle.
- **wrong**: it runs, and silently trains something else than the configuration says.
- **no-effect**: the setting is not looked at.
- **note**: worth knowing; nothing is wrong.

`check` exits with 1 when there is an abort or a wrong one. The severity below is the gravest that a rule has. Rules are for sd-scripts
and kohya_ss unless another trainer is named; their source is a line of sd-scripts 48d368f unless another is named. `--ignore RULE` leaves
one out. What a rule finds only with a dataset (`--dataset`) has no example of a configuration here.
"""


def rules_page() -> str:
    """Every lint rule with its reason and its examples."""
    parts = [RULES_INTRODUCTION]
    for rule in RULES:
        facts = [f"severity up to {rule.severity.value}", f"source: {rule.source}"]
        if rule.trainers != ("kohya",):
            facts.insert(1, f"for {', '.join(rule.trainers)}")
        lines = [f"## {rule.name}", "", f"{rule.title[0].upper()}{rule.title[1:]}. {rule.reason}", "", " · ".join(facts), ""]
        for kind, examples in (("good", rule.good), ("bad", rule.bad)):
            lines += [_rule_example(kind, example) for example in examples if example.facts is None]
        parts.append("\n".join(lines).rstrip() + "\n")
    return "\n".join(parts)


def _rule_example(kind: str, example: Example) -> str:
    fixed = f"\n\nwritten by `--fix`:\n\n```\n{example.fixed.rstrip()}\n```" if example.fixed else ""
    where = "" if example.dialect == "kohya" else f" ({example.dialect})"
    return f"{kind}{where}:\n\n```\n{example.text.rstrip()}\n```{fixed}\n"


FLAGS_INTRODUCTION = """\
# Flags

What `lorascope claims` looks for in a report beyond its arithmetic. A flag does not say that a number is wrong: it says why a sentence does
not follow from it, and what would settle it. Each stands here with a report that raises it and one that does not.

A claim gets one of four verdicts, and where several things are found of one line it gets the worst of them:

- **inconsistent**: recomputed from the report's own numbers, from another statement or from the store, it comes out differently.
- **misleading**: the numbers agree, and the claim does not follow from them.
- **not derivable**: what it would have to be computed from is not there.
- **consistent**: it comes out as stated. Rounded numbers are intervals: 216.6 may have been 216.55 to 216.65.
"""


def flags_page() -> str:
    """Every flag with its meaning and its examples."""
    parts = [FLAGS_INTRODUCTION]
    for flag in FLAGS:
        lines = [f"## {flag.id} {flag.title}", "", f"{flag.meaning} {flag.misleads}", "", f"What to do: {flag.remedy}", ""]
        for kind, example in (("raised by", flag.fires[0]), ("not by", flag.silent[0])):
            lines += [f"{kind}:", "", "````", example.text.strip("\n"), "````", ""]
        parts.append("\n".join(lines).rstrip() + "\n")
    return "\n".join(parts)


def commands_page() -> str:
    """Every command's own help."""
    parts = ["# Commands\n\nWhat each command says with `--help`.\n"]
    context = click.Context(cli, info_name="lorascope", help_option_names=cli.context_settings["help_option_names"])
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        vars(command)["_help_option"] = None  # click keeps the first one made, which may be that of a command run by itself
        with click.Context(command, info_name=name, parent=context, terminal_width=100, max_content_width=100) as inner:
            parts.append(f"## {name}\n\n{textwrap.indent(command.get_help(inner), '    ')}\n")
            for part, inside in command.commands.items() if isinstance(command, click.Group) else ():
                vars(inside)["_help_option"] = None
                with click.Context(inside, info_name=part, parent=inner) as innermost:
                    parts.append(f"### {name} {part}\n\n{textwrap.indent(inside.get_help(innermost), '    ')}\n")
    return "\n".join(parts)


PAGES: tuple[tuple[str, Callable[[], str]], ...] = (
    ("checks.md", checks_page),
    ("commands.md", commands_page),
    ("flags.md", flags_page),
    ("metrics.md", metrics_page),
    ("parameters.md", parameters_page),
    ("rules.md", rules_page),
)


def main() -> None:
    """Write every page, or with --check name the ones that are out of date and exit with 1."""
    parser = argparse.ArgumentParser(description="Write the generated reference pages.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 when a page is out of date")
    check = parser.parse_args().check
    stale = []
    for name, page in PAGES:
        path, text = FOLDER / name, page()
        if path.exists() and path.read_text("utf-8") == text:
            continue
        stale.append(name)
        if not check:
            path.write_text(text, "utf-8")
            print(f"wrote {path.relative_to(FOLDER.parent.parent)}")
    if check and stale:
        raise SystemExit(f"out of date: {', '.join(stale)}; run: python tools/write_docs.py")


if __name__ == "__main__":
    main()
