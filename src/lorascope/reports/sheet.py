"""A contact sheet of findings: one card per caption, worst first, its words marked with the numbers of what was found there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from lorascope.records.finding import Finding
from lorascope.reports.captions import GRAVITY
from lorascope.reports.wording import visible

MOST_SAID = 40  # of one caption's findings
LONGEST_CHARACTERS = 1500  # of one caption on a card


@dataclass(frozen=True, slots=True)
class Stretch:
    """Part of a caption. ``numbers`` are those of the findings that cover it; ``severity`` the gravest of them, empty where none does."""

    text: str
    numbers: tuple[int, ...] = ()
    severity: str = ""
    ends: tuple[int, ...] = ()  # the findings whose marked stretch ends here: their numbers are written


@dataclass(frozen=True, slots=True)
class Said:
    """One finding on a card."""

    number: int
    title: str
    severity: str
    message: str
    fix: str


@dataclass(frozen=True, slots=True)
class Card:
    """One picture with its caption and everything that was found there. ``background`` is what was seen behind the figure, in words."""

    file: str
    image_file: str | None
    stretches: tuple[Stretch, ...]
    findings: tuple[Said, ...]
    background: str = ""


def cards(
    findings: Iterable[Finding],
    texts: Mapping[str, str],
    image_files: Mapping[str, str | None],
    titles: Mapping[str, str],
    seen: Mapping[str, str] | None = None,
) -> tuple[Card, ...]:
    """Every file with findings, the worst first: by its gravest findings, how many there are of them, then by name's order in ``texts``.

    ``texts`` maps caption files to their texts, ``image_files`` files to their pictures, ``titles`` checks to words, ``seen`` pictures to
    what was seen of their backgrounds.
    """
    by_file: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.file:
            by_file.setdefault(finding.file, []).append(finding)
    place = {file: index for index, file in enumerate(by_file)}
    ranked = sorted(by_file, key=lambda file: (_weight(by_file[file]), place[file]))
    return tuple(_card(file, by_file[file], texts.get(file, ""), image_files.get(file), titles, seen or {}) for file in ranked)


def _weight(findings: Sequence[Finding]) -> tuple[int, ...]:
    """Sort key: more errors first, then more warnings, then more notes."""
    return tuple(-sum(finding.severity is severity for finding in findings) for severity in GRAVITY)


def _card(
    file: str, findings: Sequence[Finding], text: str, image_file: str | None, titles: Mapping[str, str], seen: Mapping[str, str]
) -> Card:
    ordered = sorted(findings, key=lambda finding: (GRAVITY[finding.severity], min(finding.spans, default=(0, 0)), finding.check))
    said = tuple(
        Said(number, titles.get(one.check, one.check), one.severity.value, visible(one.message), one.fix.value)
        for number, one in enumerate(ordered[:MOST_SAID], start=1)
    )
    if len(ordered) > MOST_SAID:
        more = f"{len(ordered) - MOST_SAID} more findings on this caption: lorascope audit --json lists them"
        said = (*said, Said(MOST_SAID + 1, "and", ordered[MOST_SAID].severity.value, more, "none"))
        ordered = ordered[:MOST_SAID]
    return Card(visible(file), image_file, stretches(text, ordered), said, seen.get(image_file or "", ""))


def stretches(text: str, findings: Sequence[Finding]) -> tuple[Stretch, ...]:
    """A caption cut where the spans of findings begin and end; findings are numbered from 1 in the given order.

    >>> from lorascope.records.finding import Severity
    >>> spans = [Finding("a", "f", Severity.ERROR, "", ((0, 3),)), Finding("b", "f", Severity.NOTE, "", ((0, 8),))]
    >>> [(one.text, one.numbers, one.ends) for one in stretches("red hair", spans)]
    [('red', (1, 2), (1,)), (' hair', (2,), (2,))]
    """
    shown = text[:LONGEST_CHARACTERS]
    spans = [
        (min(start, len(shown)), min(end, len(shown)), number, finding.severity)
        for number, finding in enumerate(findings, start=1)
        for start, end in finding.spans
    ]
    spans = [span for span in spans if span[0] < span[1]]
    cuts = sorted({0, len(shown), *(at for start, end, *_ in spans for at in (start, end))})
    result = []
    for start, end in pairwise(cuts):
        over = [(number, severity) for first, last, number, severity in spans if first <= start and end <= last]
        gravest = min((severity for _, severity in over), key=GRAVITY.__getitem__, default=None)
        ends = tuple(sorted({number for _, last, number, _ in spans if last == end}))
        numbers = tuple(sorted({number for number, _ in over}))
        result.append(Stretch(visible(shown[start:end]), numbers, gravest.value if gravest else "", ends))
    return (*result, Stretch(" …")) if len(text) > len(shown) else tuple(result)
