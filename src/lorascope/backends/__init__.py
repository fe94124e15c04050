"""Trainers and renderers, by name. Only this room imports torch, and only when a backend is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from lorascope.backends.presets import TOY_PRESET
from lorascope.errors import MissingExtra, NotFound, did_you_mean
from lorascope.records.run import ParameterValue

if TYPE_CHECKING:
    from lorascope.backends.backend import Renderer, Trainer
    from lorascope.backends.clip_scorer import ClipScorer


def _toy_trainer() -> Trainer:
    from lorascope.backends.toy import ToyTrainer

    return ToyTrainer()


def _toy_renderer(base_model: Path) -> Renderer:
    from lorascope.backends.toy_renderer import ToyRenderer

    return ToyRenderer(base_model)


# name → (makes the trainer, its preset, makes the renderer)
BACKENDS: dict[str, tuple[Callable[[], Trainer], Mapping[str, ParameterValue], Callable[[Path], Renderer]]] = {
    "toy": (_toy_trainer, TOY_PRESET, _toy_renderer),
}


def backend_named(name: str) -> tuple[Trainer, Mapping[str, ParameterValue]]:
    """A trainer and its preset.

    Raises:
        NotFound: no backend of that name. MissingExtra: torch and its companions are not installed.
    """
    make, preset, _ = _entry(name)
    try:
        return make(), preset
    except ModuleNotFoundError as error:
        raise _missing(error) from error


def renderer_named(name: str, base_model: Path) -> Renderer:
    """A renderer that draws with this base model (same errors as ``backend_named``)."""
    _, _, make = _entry(name)
    try:
        return make(base_model)
    except ModuleNotFoundError as error:
        raise _missing(error) from error


def scorer_in(folder: Path) -> ClipScorer:
    """The CLIP-style model in a local folder.

    Raises:
        MissingFile, BadFile: none that can be read. MissingExtra: torch or transformers is not installed.
    """
    try:
        from lorascope.backends.clip_scorer import load_scorer
    except ModuleNotFoundError as error:
        raise MissingExtra(f"scoring needs {error.name}, which is not installed", next_step="pip install 'lorascope[train]'") from error
    return load_scorer(folder)


def _entry(name: str) -> tuple[Callable[[], Trainer], Mapping[str, ParameterValue], Callable[[Path], Renderer]]:
    if name not in BACKENDS:
        raise NotFound(f"no trainer {name!r}", next_step=did_you_mean(name, BACKENDS) or f"there is: {', '.join(BACKENDS)}")
    return BACKENDS[name]


def _missing(error: ModuleNotFoundError) -> MissingExtra:
    return MissingExtra(f"training needs {error.name}, which is not installed", next_step="pip install 'lorascope[train]'")
