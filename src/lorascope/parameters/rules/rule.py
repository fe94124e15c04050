"""What a lint rule is: one way in which a configuration does not do what it says, with its reason, its source and examples.

A rule looks at a :class:`Configuration` and yields findings. Its examples are its tests and its page in the reference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from lorascope.parameters.dialects.dialect import Entry, Place
from lorascope.parameters.rules.configuration import Configuration, Said
from lorascope.parameters.rules.facts import Facts
from lorascope.records.run import JsonValue


class Gravity(StrEnum):
    """What becomes of it: the trainer stops, trains something else than was asked, ignores the setting, or does what is worth knowing."""

    ABORT = "abort"
    WRONG = "wrong"
    NO_EFFECT = "no-effect"
    NOTE = "note"


FAILING = (Gravity.ABORT, Gravity.WRONG)


class Deed(StrEnum):
    """What a change does to its setting."""

    RENAME = "rename"
    SET = "set"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Change:
    """A change of one setting that would mend a finding: a new key (``to`` is its name), a new value, or its removal.

    ``evident`` marks what somebody clearly meant; the others are made only when asked for.
    """

    deed: Deed
    place: Place
    to: JsonValue = None
    evident: bool = True


@dataclass(frozen=True, slots=True)
class LintFinding:
    """A place in a configuration (or a fact of its dataset) that a rule has something to say of.

    ``message`` says what happens and why, ``fix`` what to write instead. ``file`` and ``line`` (from 1) may be unknown.
    """

    rule: str
    severity: Gravity
    file: str
    line: int | None
    key: str
    message: str
    fix: str = ""
    change: Change | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """A configuration that shows a fault or its absence.

    ``text`` is a file of ``dialect``. ``key`` is what the finding points at, ``fixed`` the text after its change, where it has one.
    ``facts`` stand for a dataset that was looked at.
    """

    text: str
    key: str = ""
    fixed: str = ""
    dialect: str = "kohya"
    facts: Facts | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One fault. ``reason`` says why it matters; ``source`` where that was read; ``trainers`` whose configurations it is for.

    ``severity`` is the gravest that its findings have.
    """

    name: str
    title: str
    severity: Gravity
    reason: str
    find: Callable[[Configuration], Iterable[LintFinding]] = field(repr=False)
    source: str = ""
    trainers: tuple[str, ...] = ("kohya",)
    good: tuple[Example, ...] = ()
    bad: tuple[Example, ...] = ()

    def at(self, said: Said, message: str, fix: str = "", change: Change | None = None, severity: Gravity | None = None) -> LintFinding:
        """A finding that points at a setting."""
        entry = said.entry
        return LintFinding(self.name, severity or self.severity, said.file, entry.line, entry.key, message, fix, change)

    def about(self, file: str, key: str, message: str, fix: str = "", severity: Gravity | None = None) -> LintFinding:
        """A finding about something that is not said, or about the dataset: it has no line."""
        return LintFinding(self.name, severity or self.severity, file, None, key, message, fix)


def removed(entry: Entry, *, evident: bool = False) -> Change:
    """The change that takes a setting out: it had no effect, so that nothing else changes."""
    return Change(Deed.REMOVE, entry.place, evident=evident)


def renamed(entry: Entry, name: str) -> Change:
    """The change that gives a setting its right name."""
    return Change(Deed.RENAME, entry.place, name)


def set_to(entry: Entry, value: JsonValue, *, evident: bool = True) -> Change:
    """The change that gives a setting another value."""
    return Change(Deed.SET, entry.place, value, evident)
