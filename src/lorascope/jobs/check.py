"""Check a training's configuration: read its files, hold every rule against it, and work out the training before it is paid for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lorascope.errors import BadFile, BadParameter, LorascopeError
from lorascope.importers.config_file import ConfigFile, read_config
from lorascope.jobs.preflight import gather_facts
from lorascope.jobs.progress import Progress, Silent
from lorascope.parameters.dialects import DIALECTS
from lorascope.parameters.dialects.dialect import Dialect
from lorascope.parameters.rules import RULES, lint
from lorascope.parameters.rules.configuration import DATASET_DIALECT, Configuration, Document, configure
from lorascope.parameters.rules.rule import FAILING, LintFinding, Rule
from lorascope.records.run import JsonValue

TRAINERS = ("kohya", "onetrainer", "ai-toolkit", "simpletuner", "diffusers")
# what a file is taken for when a trainer is named and nothing recognizes it
_BY_SYNTAX = {
    "toml": ("kohya",),
    "json": ("onetrainer", "simpletuner"),
    "yaml": ("ai-toolkit",),
    "arguments": ("kohya", "diffusers", "simpletuner"),
}


@dataclass(frozen=True, slots=True)
class Checked:
    """One training's configuration with its findings. ``files`` are what was read; ``notes`` say what was unclear."""

    configuration: Configuration
    files: tuple[ConfigFile, ...]
    findings: tuple[LintFinding, ...]
    notes: tuple[str, ...] = ()

    @property
    def fails(self) -> bool:
        """Whether something would stop, or silently train something else than was asked."""
        return any(finding.severity in FAILING for finding in self.findings)


def check(
    paths: Sequence[Path],
    *,
    dataset: Path | None = None,
    trainer: str | None = None,
    family: str = "",
    rules: Sequence[Rule] = RULES,
    progress: Progress | None = None,
) -> tuple[Checked, ...]:
    """Check configurations. A dataset_config among the paths belongs to each of the others; alone it is checked by itself.

    ``trainer`` says whose they are where a file does not tell; ``family`` is the base model's, "sd15" or "sdxl", where it names none.

    Raises:
        MissingFile, BadFile: a file cannot be read, or no trainer's configuration is recognized in it.
    """
    read = [(file, document_of(file, trainer)) for file in map(read_config, paths)]
    trainings = [pair for pair in read if pair[1].dialect != DATASET_DIALECT]
    datasets = [pair for pair in read if pair[1].dialect == DATASET_DIALECT]
    groups = [[training, *datasets] for training in trainings] or [datasets]
    return tuple(_checked(group, dataset, family, rules, progress or Silent()) for group in groups)


def _checked(
    group: Sequence[tuple[ConfigFile, Document]], dataset: Path | None, family: str, rules: Sequence[Rule], progress: Progress
) -> Checked:
    notes: list[str] = []
    pairs = [*group]
    if not any(document.dialect == DATASET_DIALECT for _, document in pairs):
        pairs += _followed(pairs[0][1], notes)
    files, documents = tuple(file for file, _ in pairs), [document for _, document in pairs]
    configuration = configure(documents, family=family)
    facts = gather_facts(configuration, dataset, progress)
    if facts is not None:
        configuration = replace(configuration, facts=facts)
    elif documents[0].trainer == "kohya":
        notes.append("no dataset was looked at: name its folder with --dataset for steps, buckets and captions")
    findings = lint(configuration, rules)
    # subsets that differ are no matter here: each is checked by itself
    said = [note for document in documents if document.dialect != DATASET_DIALECT for note in document.translation.notes]
    said += [note for file in files for note in file.notes]
    names = tuple(f"{finding.key.rsplit('.', 1)[-1]} " for finding in findings)
    notes += [note for note in said if not note.startswith(names)]
    return Checked(configuration, files, findings, tuple(dict.fromkeys(notes)))


def document_of(file: ConfigFile, trainer: str | None = None) -> Document:
    """A file as the configuration of its trainer. Raises BadFile when nothing tells whose it is."""
    dialect = _dialect(file, trainer)
    if dialect is None:
        whose = f"a configuration of {trainer}" if trainer else "a configuration of any trainer that is known here"
        raise BadFile(f"this is not {whose}", where=str(file.path), next_step=f"say whose it is: --trainer {'|'.join(TRAINERS)}")
    return Document(
        str(file.path), dialect.name, dialect.trainer, file.entries, dialect.translate(file.entries), dialect.known_keys(), file.syntax
    )


def _dialect(file: ConfigFile, trainer: str | None) -> Dialect | None:
    """The dialect that recognizes a file; a TOML file that none does is taken for sd-scripts', if a key of it stands there."""
    mine = [dialect for dialect in DIALECTS if trainer in {None, dialect.trainer, dialect.name}]
    recognized = next((dialect for dialect in mine if dialect.recognizes(file.document)), None)
    if recognized is not None or not isinstance(file.document, dict):
        return recognized
    if trainer is not None:
        usual = _BY_SYNTAX.get(file.syntax, ())
        return next((dialect for dialect in mine if dialect.name in usual), mine[0] if mine else None)
    kohya = next((dialect for dialect in mine if dialect.name == "kohya"), None)
    return kohya if kohya is not None and file.syntax == "toml" and _is_flat(file.document) else None


def _is_flat(document: JsonValue) -> bool:
    """Whether a document has settings, on one level or under section names."""
    if not isinstance(document, dict):
        return False
    return all(not isinstance(inner, dict) for value in document.values() if isinstance(value, dict) for inner in value.values())


def _followed(document: Document, notes: list[str]) -> Iterator[tuple[ConfigFile, Document]]:
    """The dataset_config that a config_file names, and the config_file that a command names: from here, or from where the file lies."""
    for key in ("dataset_config", "config_file"):
        entry = document.entry(key) if document.dialect == "kohya" else None
        if entry is None or not isinstance(entry.value, str) or not entry.value or "$" in entry.value:
            continue
        path = _existing(entry.value, Path(document.file).parent)
        if path is None:
            notes.append(f"{key} = {entry.value} is not here: it was not checked")
            continue
        try:
            file = read_config(path)
            yield file, document_of(file, "kohya")
        except (BadFile, BadParameter) as error:
            notes.append(f"{key} = {entry.value} was not checked: {_said(error)}")


def _existing(name: str, near: Path) -> Path | None:
    for path in (Path(name), near / name, Path(f"{name}.toml"), near / f"{name}.toml"):
        try:
            if path.is_file():
                return path
        except (OSError, ValueError):  # a name that no system can hold
            continue
    return None


def _said(error: LorascopeError) -> str:
    return str(error)
