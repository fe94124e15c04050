"""What a caption check is: one kind of defect, the reason it matters, examples, and how it is found and mended.

A check looks at one image with its caption (an :class:`Entry`) among its dataset (the :class:`Surroundings`) and returns
findings with exact character spans. Its edits obey one contract: they touch only what they announce, claim nothing that
the pixels do not show, and once made, the finding is gone. A check of the whole dataset (``survey``) sees all entries at once
and edits nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar, cast

from lorascope.captions.clauses import Caption
from lorascope.captions.dialect import Dialect
from lorascope.captions.encoding import Encoding
from lorascope.captions.sight import Sight
from lorascope.captions.window import WINDOW_TOKENS, ClipTokenizer
from lorascope.records.color_names import BASIC_TERMS, ColorNames
from lorascope.records.finding import Edit, Finding, FixKind, Severity
from lorascope.records.run import JsonValue

Known = TypeVar("Known")


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
class Reader:
    """How the trainer will read the captions. The defaults are those of kohya's sd-scripts.

    ``separator`` is where it cuts a caption into tags to shuffle; ``keep_tokens`` tags at the front, or all before
    ``keep_tokens_separator`` ("|||"), stay in place. ``trainer`` is its dialect's name ("kohya").
    """

    trainer: str = "kohya"
    window_tokens: int = WINDOW_TOKENS
    shuffles: bool = False
    keep_tokens: int = 0
    separator: str = ","
    keep_tokens_separator: str = ""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a check may know beyond one caption.

    ``clause_shares`` maps a clause's key to the share of captions that hold it (0 to 1); ``head`` holds the clauses that nearly all
    captions begin with (trigger and class); ``background_terms`` are the color words this dataset uses for backgrounds;
    ``word_counts`` tells in how many captions a word (lower case) stands; ``noun_shares`` in what share of captions a thing is
    named, in any of its words ("eyes" for "blue-eyed"); ``dialect`` is that of most captions.

    ``files`` are all files of the folder, whatever they are; empty where captions came from elsewhere. ``likely_trigger`` is the clause
    that nearly all captions begin with, where the user named no trigger; ``bare`` is True when no caption says anything but what all begin
    with; ``opening`` is ``head`` in order. ``lined_share`` is the share of captions that have several lines;
    ``intended`` are phrases that the user means to belong to the trigger, so that nobody complains of them.
    """

    knowledge: Knowledge
    captions: int = 1
    reader: Reader = field(default_factory=Reader)
    trigger: str = ""
    clause_shares: Mapping[str, float] = field(default_factory=dict)
    head: frozenset[str] = frozenset()
    background_terms: tuple[str, ...] = BASIC_TERMS
    image_names: frozenset[str] = frozenset()
    word_counts: Mapping[str, int] = field(default_factory=dict)
    noun_shares: Mapping[str, float] = field(default_factory=dict)
    dialect: Dialect = Dialect.TAGS
    files: frozenset[str] = frozenset()
    likely_trigger: str = ""
    bare: bool = False
    opening: tuple[str, ...] = ()
    lined_share: float = 0.0
    intended: frozenset[str] = frozenset()
    _known: dict[object, object] = field(default_factory=dict, init=False, repr=False, compare=False, hash=False)

    def once(self, work: Callable[[Surroundings], Known]) -> Known:
        """The result of a pure function of a dataset's surroundings, worked out once for all of its captions."""
        if work not in self._known:
            self._known[work] = work(self)
        return cast("Known", self._known[work])

    @property
    def window_tokens(self) -> int:
        """How many tokens of a caption the trainer lets the text encoder read."""
        return self.reader.window_tokens


@dataclass(frozen=True, slots=True)
class Example:
    """A caption that shows a defect or its absence. ``marked`` are the stretches a finding covers, ``fixed`` the repaired text.

    ``background`` and ``palette`` stand for the picture (hex codes); ``sight`` for a picture of which more must be known; ``others``
    are further captions of the dataset (each beside a picture of its own, with the same sight as this one's if ``others_look_alike``).
    ``in_dataset`` marks a finding that points to no file but to the dataset. ``reader`` and ``trigger`` are what the user says.
    ``files`` are all files of the folder, ``caption_file`` is this caption's, where their names matter.
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
    sight: Sight | None = None
    others_look_alike: bool = False
    in_dataset: bool = False
    reader: Reader = field(default_factory=Reader)
    trigger: str = ""
    files: tuple[str, ...] = ()
    caption_file: str = "0001.txt"


Find = Callable[[Entry, Surroundings], Iterable[Finding]]
Survey = Callable[[Sequence[Entry], Surroundings], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Check:
    """One kind of defect. ``severity`` and ``fix`` are the gravest and boldest a finding can have; ``reason`` says why it matters.

    ``find`` looks at one caption, ``survey`` at the whole dataset; a check has one of them or both. Findings of a survey carry no
    edits; those on no single file have an empty ``file``. ``signal`` is a regular expression (Rust and RE2 syntax, case ignored)
    without which ``find`` has nothing to find in a text: captions by the million are screened by it. Empty: every caption must be
    looked at.
    """

    name: str
    title: str
    reason: str
    severity: Severity
    fix: FixKind
    find: Find | None = field(default=None, repr=False)
    survey: Survey | None = field(default=None, repr=False)
    signal: str = ""
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
