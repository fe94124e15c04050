"""lorascope: why a LoRA run came out as it did, which checkpoint to ship, and what to try next."""

from __future__ import annotations

from typing import TYPE_CHECKING

__version__ = "0.1.0"

__all__ = ["__version__", "open", "start_run", "tracker"]

if TYPE_CHECKING:
    from lorascope.api.lab import open  # noqa: A004 - lorascope.open() opens a lab, as the name says
    from lorascope.api.recording import start_run
    from lorascope.api.tracker import tracker

_WHERE = {"open": "lab", "start_run": "recording", "tracker": "tracker"}


def __getattr__(name: str) -> object:
    """Import a public name when it is asked for: ``import lorascope`` itself costs nothing."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.api.{_WHERE[name]}"), name)
