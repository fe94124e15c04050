"""Where the numbers of a report come from: one source for each table and each sentence, numbered in the order they are read."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass

from lorascope.reports.table import Table
from lorascope.reports.wording import visible

HOW = (
    "A reference beside a number (r12, in the third row of a table r12.3) names its line here: the run and epochs, the metric, the "
    "statistic, what it was computed over, and the command that prints the same. lorascope report --verify FILE recomputes all of them."
)
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Source:
    """Where numbers come from. ``about``: which run and epochs; ``metric`` and ``statistic`` what was computed of what, over ``n`` of what,
    by which ``method``; ``command`` prints the same numbers. ``key`` names the place in the report and stays the same when numbers change.
    """

    key: str
    about: str
    metric: str = ""
    statistic: str = ""
    n: str = ""
    method: str = ""
    command: str = ""

    @property
    def words(self) -> str:
        """The source on one line, without its command.

        >>> Source("k", "caption_fix", "unique_colors", "mean", "7 prompts").words
        'caption_fix · unique_colors · mean · 7 prompts'
        """
        return " · ".join(visible(part) for part in (self.about, self.metric, self.statistic, self.n, self.method) if part)


@dataclass(frozen=True, slots=True)
class Reference:
    """A numbered source: ``id`` stands beside the numbers ("r12", in row 3 of a table "r12.3")."""

    id: str
    source: Source


@dataclass(frozen=True, slots=True)
class Numbering:
    """The references of a page in order, and which one each sentence or table has."""

    references: tuple[Reference, ...] = ()
    ids: tuple[tuple[object, str], ...] = ()

    def by_target(self) -> dict[object, str]:
        """Sentence or table → id."""
        return dict(self.ids)


def number(targets: Iterable[tuple[object, Source]]) -> Numbering:
    """Number what holds digits, in order; the same sentence or table twice is one reference."""
    ids: dict[object, str] = {}
    found: list[Reference] = []
    for target, source in targets:
        if target in ids or not _DIGIT.search(_text(target)):
            continue
        ids[target] = f"r{len(ids) + 1}"
        found.append(Reference(ids[target], source))
    return Numbering(tuple(found), tuple(ids.items()))


def has_digits(texts: Iterable[str]) -> bool:
    """Whether any of these holds a digit."""
    return any(map(_DIGIT.search, texts))


def command(name: str, *words: str) -> str:
    """A command line to type, its words quoted where a shell needs it.

    >>> command("pick", "my run", "--metric", "unique_colors")
    "lorascope pick 'my run' --metric unique_colors"
    """
    return " ".join(["lorascope", name, *(shlex.quote(visible(word)) for word in words)])


def _text(target: object) -> str:
    if isinstance(target, Table):
        heads = [column.heading for column in target.columns]
        cells = [cell for row in target.rows for cell in row.cells]
        return " ".join([target.caption, *heads, *cells, *target.notes, *target.more])
    return target if isinstance(target, str) else repr(target)
