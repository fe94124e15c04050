"""Reads a trainer's configuration as evidence: what a training was told, before any of its checkpoints is seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from lorascope.errors import BadFile
from lorascope.importers.config_file import SUFFIXES, ConfigFile, parsed_head, read_config
from lorascope.importers.evidence import Authority, Evidence
from lorascope.importers.importer import Imported
from lorascope.parameters.dialects import dialect_of
from lorascope.parameters.dialects.dialect import Dialect, Translation
from lorascope.records.run import JsonValue


class _TrainerConfig:
    """A configuration of any trainer that ``parameters/dialects`` knows."""

    name = "trainer configuration"

    def recognizes(self, head: bytes, path: Path) -> bool:
        """Whether the beginning has the keys of a trainer's configuration; only endings of configurations are looked at."""
        if path.suffix.lower() not in SUFFIXES:
            return False
        document = parsed_head(head, path)
        return document is not None and dialect_of(document) is not None

    def read(self, path: Path) -> Iterator[Imported]:
        """One piece of evidence.

        Raises:
            MissingFile: the file is not there or cannot be read.
            BadFile: it cannot be read as a configuration, or is none of a trainer that is known here.
        """
        file = read_config(path)
        dialect = dialect_of(file.document)
        if dialect is None:
            raise BadFile(
                "no trainer that is known here has such a configuration", where=str(path), next_step="lorascope check --trainer NAME"
            )
        yield Imported(evidence=(evidence_of(file, dialect),))


TRAINER_CONFIG = _TrainerConfig()


def evidence_of(file: ConfigFile, dialect: Dialect) -> Evidence:
    """What a configuration says of its training. Unknown settings are kept; keys and passwords to other services are not."""
    said = dialect.translate(file.entries)
    unknown: dict[str, JsonValue] = {entry.key: entry.value for entry in said.unknown}
    kept = {**unknown, **said.other}
    secrets = sorted(key for key, value in kept.items() if value and _is_secret(key))
    return Evidence(
        source=file.path,
        format=f"{dialect.name} configuration",
        folder=_folder(file.path, dialect),
        trainer=dialect.trainer,
        authority=_authority(file, dialect),
        training=said.training,
        parameters=said.parameters,
        base_model=said.base_model,
        prompts=_prompts(file.document),
        kept={key: value for key, value in kept.items() if key not in secrets} | ({"folders": list(said.folders)} if said.folders else {}),
        notes=tuple(_notes(file, said, secrets)),
    )


def _folder(path: Path, dialect: Dialect) -> Path:
    """The training's own folder: OneTrainer keeps what ran in ``config`` inside it."""
    return path.parent.parent if dialect.name == "onetrainer" and path.parent.name == "config" else path.parent


def _authority(file: ConfigFile, dialect: Dialect) -> Authority:
    """A form's state and a preset say what was meant; everything else is what a trainer was started with."""
    if dialect.name == "kohya-gui":
        return Authority.INTENDED
    if dialect.name == "onetrainer":
        is_pack = isinstance(file.document, dict) and isinstance(file.document.get("concepts"), list)
        return Authority.CONFIGURED if is_pack else Authority.INTENDED
    return Authority.CONFIGURED


def _is_secret(key: str) -> bool:
    """Whether a key names a password to another service.

    >>> [_is_secret(key) for key in ("huggingface_token", "secrets.cloud.api_key", "keep_tokens", "max_token_length")]
    [True, True, False, False]
    """
    name = key.lower().rpartition(".")[2].lstrip("-")
    return name.endswith(("token", "api_key", "password", "secret", "secret_key")) or "secrets" in key.lower().split(".")


def _notes(file: ConfigFile, said: Translation, secrets: list[str]) -> Iterator[str]:
    """What was unclear, in sentences that name the file and the line."""
    for problem in said.problems:
        yield f"{_at(file.path, problem.entry.line)}: {problem.message}"
    if said.unknown:
        names = ", ".join(entry.key for entry in said.unknown[:8]) + (", …" if len(said.unknown) > 8 else "")
        yield f"{file.path}: unknown to the trainer, kept: {names}"
    if secrets:
        yield f"{file.path}: left out, since it opens other services: {', '.join(secrets)}"
    for note in (*file.notes, *said.notes):
        yield f"{file.path}: {note}"


def _at(path: Path, line: int | None) -> str:
    return str(path) if line is None else f"{path}:{line}"


def _prompts(document: JsonValue) -> Mapping[int, str]:
    """The sampling prompts by position, of trainers whose sample images are numbered by them."""
    if not isinstance(document, dict):
        return {}
    samples = document.get("samples")  # OneTrainer
    config = document.get("config")
    process = config.get("process") if isinstance(config, dict) else None
    if isinstance(process, list) and process and isinstance(process[0], dict):  # ai-toolkit
        section = process[0].get("sample")
        samples = (section.get("samples") or section.get("prompts")) if isinstance(section, dict) else None
    found: dict[int, str] = {}
    for position, sample in enumerate(samples if isinstance(samples, list) else []):
        text = sample.get("prompt") if isinstance(sample, dict) else sample
        if isinstance(text, str):
            found[position] = text
    return found
