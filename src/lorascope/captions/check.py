"""What a caption check is: one kind of defect, the reason it matters, examples, and how it is found and mended.

A check looks at one image with its caption (an :class:`Entry`) among its dataset (the :class:`Surroundings`) and returns
findings with exact character spans. Its edits obey one contract: they touch only what they announce, claim nothing that
the pixels do not show, and once made, the finding is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from lorascope.captions.clauses import Caption
from lorascope.captions.encoding import Encoding
from lorascope.captions.sight import Sight
from lorascope.captions.window import WINDOW_TOKENS, ClipTokenizer
from lorascope.records.color_names import BASIC_TERMS, ColorNames
from lorascope.records.finding import Edit, Finding, FixKind, Severity
from lorascope.records.run import JsonValue


@dataclass(frozen=True, slots=True)
class Entry:
    """One image with its caption, read. ``caption`` is None without a caption file, ``image_file`` None for an orphan caption.

    ``file`` is where findings point: the caption file, or else the image. ``sight`` is None when the pixels were not looked
    at or could not be read; ``image_problem`` then says why.
    """

    file: str
    image_file: str | None
    caption_file: str | None
    caption: Caption | None
    encoding: Encoding = field(default_factory=Encoding)
    sight: Sight | None = None
    image_problem: str = ""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What every audit needs and a job reads from the package's data files."""

    tokenizer: ClipTokenizer
    names: ColorNames


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a check may know beyond one caption.

    ``clause_shares`` maps a clause to the share of captions that hold it (0 to 1); ``head`` holds the clauses that nearly all
    captions begin with (trigger and class); ``background_terms`` are the color words this dataset uses for backgrounds.
    """

    knowledge: Knowledge
    captions: int = 1
    window_tokens: int = WINDOW_TOKENS
    trigger: str = ""
    clause_shares: Mapping[str, float] = field(default_factory=dict)
    head: frozenset[str] = frozenset()
    background_terms: tuple[str, ...] = BASIC_TERMS
    image_names: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Example:
    """A caption that shows a defect or its absence. ``marked`` are the stretches a finding covers, ``fixed`` the repaired text.

    ``background`` and ``palette`` stand for the picture (hex codes); ``others`` are further captions of the dataset.
    """

    text: str | None
    marked: tuple[str, ...] = ()
    fixed: str | None = None
    background: str | None = None
    palette: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    encoding: Encoding = field(default_factory=Encoding)
    image_file: str | None = "0001.png"
    image_problem: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """One kind of defect. ``severity`` and ``fix`` are the gravest and boldest a finding can have; ``reason`` says why it matters."""

    name: str
    title: str
    reason: str
    severity: Severity
    fix: FixKind
    find: Callable[[Entry, Surroundings], Iterable[Finding]] = field(repr=False)
    good: tuple[Example, ...] = ()
    bad: tuple[Example, ...] = ()

    def finding(
        self,
        entry: Entry,
        message: str,
        *,
        spans: Iterable[tuple[int, int]] = (),
        edits: Iterable[Edit] = (),
        fix: FixKind | None = None,
        severity: Severity | None = None,
        evidence: Mapping[str, JsonValue] | None = None,
    ) -> Finding:
        """A finding of this check; without ``fix`` the check's own where there are edits, else report only."""
        made = tuple(edits)
        kind = fix if fix is not None else (self.fix if made else FixKind.NONE)
        return Finding(self.name, entry.file, severity or self.severity, message, tuple(spans), kind, made, evidence or {})
