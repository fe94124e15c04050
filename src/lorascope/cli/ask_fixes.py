"""Ask which fixes to make: class by class, and caption by caption where somebody wants to look closer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click

from lorascope.cli.difference import difference, show_differences
from lorascope.reports.wording import counted, one_line

if TYPE_CHECKING:
    from lorascope.captions.clean import Repair
    from lorascope.jobs.clean import CleaningPlan, FixClass
    from lorascope.records.finding import Finding, FixKind


@dataclass(slots=True)
class Chosen:
    """The classes of fixes that were chosen, and the captions left out of them."""

    classes: set[tuple[str, FixKind]] = field(default_factory=set)
    left: set[tuple[str, str, FixKind]] = field(default_factory=set)

    def wants(self, finding: Finding) -> bool:
        """Whether a finding is to be mended."""
        return (finding.check, finding.fix) in self.classes and (finding.file, finding.check, finding.fix) not in self.left


def ask_fixes(plan: CleaningPlan, most: int) -> Chosen | None:
    """Ask for every class of fixes; None when somebody quits."""
    chosen = Chosen()
    for each in plan.classes:
        if not _ask_class(plan, each, chosen, most):
            return None
    return chosen


def _ask_class(plan: CleaningPlan, each: FixClass, chosen: Chosen, most: int) -> bool:
    """Ask for one class; False when somebody quits."""
    usual = "y" if each.fix.value == "safe" else "n"
    kind = "safe" if each.fix.value == "safe" else "worth a look"
    captions = counted(len(each.files), "caption")
    question = f"{each.check}: {captions}, {kind}. Make them? [y]es [n]o [s]how [e]ach [q]uit"
    while (answer := _answer(question, "ynseq", usual)) == "s":
        click.echo()
        show_differences(_repairs(plan, each), max(most, 1) if most else len(each.files), more="[e]ach shows all, one by one")
    if answer == "y":
        chosen.classes.add((each.check, each.fix))
    if answer == "e":
        return _ask_captions(plan, each, chosen)
    return answer != "q"


def _ask_captions(plan: CleaningPlan, each: FixClass, chosen: Chosen) -> bool:
    """Ask for every caption of a class; False when somebody quits."""
    repairs = _repairs(plan, each)
    wanted: set[str] = set()
    for place, repair in enumerate(repairs):
        click.echo(f"\n{one_line(repair.file)}\n    {difference(repair)}")
        answer = _answer(f"{place + 1} of {len(repairs)}. Make it? [y]es [n]o [a]ll from here [d]one, none from here [q]uit", "ynadq", "y")
        if answer == "q":
            return False
        if answer in "ya":
            wanted.add(repair.file)
        if answer == "a":
            wanted.update(later.file for later in repairs[place:])
        if answer in "ad":
            break
    chosen.classes.add((each.check, each.fix))
    chosen.left.update((file, each.check, each.fix) for file in each.files if file not in wanted)
    return True


def _repairs(plan: CleaningPlan, each: FixClass) -> list[Repair]:
    """What this class alone would change."""
    only = Chosen({(each.check, each.fix)})
    return [repair for repair in plan.repairs(only.wants) if repair.changed]


def _answer(question: str, letters: str, usual: str) -> str:
    """One of the letters; a whole word counts by its first one."""

    def letter(said: str) -> str:
        first = said.strip().lower()[:1]
        if not first or first not in letters:
            raise click.UsageError(f"one of {', '.join(letters)}")
        return first

    said = click.prompt(question, default=usual, value_proc=letter)
    assert isinstance(said, str)
    return said
