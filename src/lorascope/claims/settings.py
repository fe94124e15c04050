"""The settings that a report states: in a configuration, in a sentence, in the name of a file, and what was changed to what."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lorascope.claims.markdown import Code, Document, Statement
from lorascope.parameters.catalogue import PARAMETERS
from lorascope.parameters.renamed import RENAMED

_SHORT = {
    "dim": "network_dim", "rank": "network_dim", "lora_rank": "network_dim", "alpha": "network_alpha", "lora_alpha": "network_alpha",
    "lr": "learning_rate", "learning rate": "learning_rate", "epochs": "max_train_epochs", "max_epochs": "max_train_epochs",
    "num_epochs": "max_train_epochs", "num_train_epochs": "max_train_epochs", "batch_size": "train_batch_size",
    "batch size": "train_batch_size",
    "batch": "train_batch_size", "caption_dropout": "caption_dropout_rate", "dropout": "caption_dropout_rate",
    "optimizer": "optimizer_type",
    "scheduler": "lr_scheduler", "network dim": "network_dim", "network alpha": "network_alpha", "keep tokens": "keep_tokens",
    "noise offset": "noise_offset", "repeats": "num_repeats", "gradient_accumulation": "gradient_accumulation_steps",
}  # fmt: skip
NAMES: dict[str, str] = {parameter.name: parameter.name for parameter in PARAMETERS} | dict(RENAMED) | _SHORT
_VALUE = r"(?:\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|none|[A-Za-z][\w.-]{1,40})"
_LINE = re.compile(r"^\s*[\"']?(?P<name>[A-Za-z_][\w.]*)[\"']?\s*[:=]\s*(?P<value>[^#]*?)\s*,?\s*(?:#(?P<note>.*))?$")
_INLINE = re.compile(rf"(?<![\w.])(?P<name>[A-Za-z_]+)\s?(?:=|≥|>=|:\s(?=\d))\s?(?P<value>{_VALUE})(?P<more>\+)?")
_CONDITION = re.compile(
    r"(?<![\w.])(?P<name>[A-Za-z_]+)\s?(?P<sign>==|>=|<=|=|≥|≤|>|<)\s?(?P<value>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(?P<more>\+)?"
)
_CHANGED = re.compile(
    r"(?<![A-Za-z_])(?:(?P<verb>[A-Za-z]+ed|set|cut)\s+)?(?P<name>[A-Za-z_]+(?:\s(?!from\b|"
    r"to\b)[a-z]+)?)\s?[:(]?\s?(?P<from>from\s)?(?P<before>\d[\d.]*(?:[eE][+-]?\d+)?)"
    r"\s?(?:→|->|=>|to)\s?(?P<after>\d[\d.]*(?:[eE][+-]?\d+)?\+?)"
)
_VERB = re.compile(
    r"^[^\w]*(?P<verb>removed|added|changed|switched|replaced|kept|reverted|reduced|increased|raised|lowered|swapped|fixed|cleaned|set|"
    r"dropped)\b",
    re.IGNORECASE,
)
_WEIGHTS = re.compile(r"[\w.-]+\.(?:safetensors|ckpt|pt)\b")
_IN_FILE = re.compile(
    r"(?<![A-Za-z])(keep_tokens|network_dim|network_alpha|conv_dim|dim|rank|alpha|lr|batch|"
    r"noise_offset)[_-]?(\d+(?:\.\d+)?(?:e-?\d+)?)(?![\dA-Za-z])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Setting:
    """One value of one parameter, where it stands, and in what: "config", "text" or "file"."""

    document: str
    line: int
    name: str
    value: float | str
    place: str
    text: str
    section: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """Something that was changed between two runs. ``name`` is the parameter, "captions" and the like, or "" where it cannot be told.

    ``listed``: it stands in a list, not in the middle of a text.
    """

    document: str
    line: int
    name: str
    text: str
    before: float | None = None
    after: float | None = None
    listed: bool = True


@dataclass(frozen=True, slots=True)
class Condition:
    """What a rule asks of a parameter: ``sign`` is one of = > < >= <=."""

    name: str
    sign: str
    value: float

    def holds(self, value: float | str | None) -> bool | None:
        """Whether a value meets it; None where it cannot be said."""
        if not isinstance(value, float | int):
            return None
        return {"=": value == self.value, ">": value > self.value, "<": value < self.value, ">=": value >= self.value}.get(
            self.sign, value <= self.value
        )

    def __str__(self) -> str:
        return f"{self.name} {self.sign} {self.value:g}"


def parameter_named(name: str) -> str | None:
    """A parameter's own name, however it is spelled; None for what is no parameter.

    >>> parameter_named("dim"), parameter_named("avg_loss")
    ('network_dim', None)
    """
    return NAMES.get(name) or NAMES.get(name.lower())


def conditions_in(text: str) -> tuple[Condition, ...]:
    """The conditions on parameters in a text: "dim>32", "network_dim=64+".

    >>> [str(one) for one in conditions_in("3/3 runs with dim≥64 failed")]
    ['network_dim >= 64']
    """
    found = []
    for match in _CONDITION.finditer(text):
        name = parameter_named(match["name"])
        if name:
            sign = {"≥": ">=", "≤": "<=", "==": "="}.get(match["sign"], match["sign"])
            found.append(Condition(name, ">=" if match["more"] and sign == "=" else sign, float(match["value"])))
    return tuple(found)


def read_settings(document: Document) -> list[Setting]:
    """Every setting the document states of itself: in configurations, in sentences and in names of weight files."""
    found = [setting for code in document.codes if is_config(code) for setting in _of_code(code)]
    for statement in document.statements:
        if statement.kind != "row" and ("=" in statement.text or ":" in statement.text):
            found += [
                Setting(statement.document, statement.line, name, number(match["value"]), "text", statement.text, statement.section)
                for match in _INLINE.finditer(statement.text)
                if (name := parameter_named(match["name"])) and not match["more"] and "≥" not in match[0] and ">" not in match[0]
            ]
        if "." in statement.raw:
            found += list(_of_files(statement))
    return found


def is_config(code: Code, *, least: int = 3) -> bool:
    """Whether a block is a trainer's configuration: at least so many lines set a known parameter."""
    return sum(1 for _ in _of_code(code)) >= least


def _of_code(code: Code) -> Iterator[Setting]:
    for line, text in code.lines:
        match = _LINE.match(text[:300]) if len(text) < 2_000 else None
        name = parameter_named(match["name"].rpartition(".")[2]) if match else None
        if match and name and match["value"] not in {"", "{", "["}:
            yield Setting(code.document, line, name, number(match["value"].strip("\"' ")), "config", text.strip(), code.section)


def _of_files(statement: Statement) -> Iterator[Setting]:
    for file in _WEIGHTS.findall(statement.raw):
        for name, value in _IN_FILE.findall(file):
            known = parameter_named(name)
            if known:
                yield Setting(statement.document, statement.line, known, number(value), "file", file, statement.section)


def read_changes(document: Document) -> list[Change]:
    """What the document says was changed: items that begin with a verb of change under such a heading, and "x (3 → 1)"."""
    found = []
    for statement in document.statements:
        if statement.kind not in {"item", "text"}:
            continue
        match = _CHANGED.search(statement.text) if ("→" in statement.text or "->" in statement.text or " to " in statement.text) else None
        name = parameter_named((match["name"] or "").strip()) if match else None
        if match and name is None:
            name = parameter_named(match["name"].split()[-1])
        if match and name and (match["from"] or "→" in match[0] or "->" in match[0]):
            found.append(
                Change(
                    statement.document,
                    statement.line,
                    name,
                    statement.text,
                    _float(match["before"]),
                    _float(match["after"]),
                    statement.kind == "item",
                )
            )
        elif (verb := _VERB.match(statement.text)) and verb["verb"].lower() != "kept" and under_changes(statement):
            found.append(Change(statement.document, statement.line, _subject(statement.text), statement.text))
    return found


def under_changes(statement: Statement) -> bool:
    """Whether it stands under a heading that announces changes."""
    return any(
        re.search(r"\b(?:changes?|changed|differences?|what we did|modifications?|fix(?:es)?)\b", above, re.IGNORECASE)
        for above in statement.section[-2:]
    )


def _subject(text: str) -> str:
    lowered = text.lower()
    if "caption" in lowered:
        return "captions"
    for word in re.findall(r"[A-Za-z_]+", text):
        if (name := parameter_named(word)) or (name := parameter_named(word.lower())):
            return name
    if re.search(r"\b(?:dataset|images|photos|pictures)\b", lowered):
        return "dataset"
    return ""


def number(text: str) -> float | str:
    """A value as a number where it is one, else as it is written."""
    found = _float(text)
    return text.lower() if found is None else found


def _float(text: str) -> float | None:
    try:
        return float(text.rstrip("+."))
    except ValueError:
        return None
