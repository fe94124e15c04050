"""How a training will read its captions, from its configuration: window, shuffling, what is kept in front, which files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lorascope.captions.check import Reader
from lorascope.captions.window import WINDOW_TOKENS
from lorascope.jobs.check import check
from lorascope.parameters.rules.configuration import Scope

_CAPTIONS_AS_TXT = {"kohya": ".caption"}  # what a trainer looks for when nothing is said; all others take .txt


@dataclass(frozen=True, slots=True)
class CaptionSettings:
    """``extension`` is that of the caption files; ``notes`` say where the configuration reads several datasets differently."""

    reader: Reader
    extension: str
    notes: tuple[str, ...] = ()


def caption_settings(config: Path) -> CaptionSettings:
    """The caption settings of a trainer's configuration. Where it holds several datasets, those of the first.

    Raises:
        MissingFile, BadFile: the file cannot be read, or no trainer's configuration is recognized in it.
    """
    (checked,) = check([config], rules=())
    configuration = checked.configuration
    scopes = configuration.scopes or (configuration.training,)
    found = [_settings(scope, configuration.training, configuration.trainer) for scope in scopes]
    differ = len(set(found)) > 1
    notes = (f"{config.name} reads its {len(found)} datasets differently: the first one's settings were taken",) if differ else ()
    reader, extension = found[0]
    return CaptionSettings(reader, extension, notes)


def _settings(scope: Scope, training: Scope, trainer: str) -> tuple[Reader, str]:
    window = int(training.number("max_token_length", WINDOW_TOKENS)) or WINDOW_TOKENS
    extension = scope.text("caption_extension") or _CAPTIONS_AS_TXT.get(trainer, ".txt")
    return Reader(
        trainer=trainer,
        window_tokens=window,
        shuffles=scope.on("shuffle_caption"),
        keep_tokens=int(scope.number("keep_tokens")),
        separator=scope.text("caption_separator") or ",",
        keep_tokens_separator=scope.text("keep_tokens_separator"),
    ), extension if extension.startswith(".") else f".{extension}"
