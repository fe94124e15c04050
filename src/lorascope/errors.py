"""What can go wrong, as one tree. Every message says what, where, and what to do next.

LorascopeError                 ours to show in one line; everything else is a bug and shows a traceback
├── UserError                  the user can mend it: exit code 2
│   ├── MissingFile            a file or folder that is not there or cannot be read
│   ├── BadFile                a file that is there but is not what it should be (image, caption, TOML, JSON Lines, weights)
│   │   └── UnfinishedFile     it ends too early: still being written, or cut off
│   ├── BadParameter           a parameter's value is of the wrong kind or out of range
│   │   ├── UnknownParameter   no such parameter; carries the nearest names
│   │   └── RefusedParameter   known, but this trainer cannot honor it
│   ├── NotFound               no such run, dataset, checkpoint, metric … in the store; carries the nearest names
│   ├── AlreadyExists          a run or folder of that name is there already
│   ├── Busy                   another process works on the same thing
│   └── MissingExtra           an optional dependency is not installed; says the pip command
└── OperationFailed            not the user's mistake (disk full, broken store): exit code 1
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class LorascopeError(Exception):
    """Base of all errors that are shown in one line. ``next_step`` is one thing the reader can do."""

    def __init__(self, message: str, *, where: str = "", next_step: str = "") -> None:
        super().__init__(message)
        self.message, self.where, self.next_step = message, where, next_step

    def __str__(self) -> str:
        where = f" ({self.where})" if self.where else ""
        return f"{self.message}{where}"


class UserError(LorascopeError):
    """The user can mend it: exit code 2."""


class MissingFile(UserError):  # noqa: N818 - the name says what is missing, as FileNotFoundError's cousin
    """A file or folder that is not there or cannot be read."""


class BadFile(UserError):  # noqa: N818
    """A file that is there but is not what it should be."""


class UnfinishedFile(BadFile):
    """A file that ends before its own beginning says it does: still being written, or cut off."""


class BadParameter(UserError):  # noqa: N818
    """A parameter's value is of the wrong kind or out of range."""


class UnknownParameter(BadParameter):
    """No such parameter."""


class RefusedParameter(BadParameter):
    """The parameter is known, but this trainer cannot honor it."""


class NotFound(UserError):  # noqa: N818
    """No such thing in the store."""


class AlreadyExists(UserError):  # noqa: N818
    """A thing of that name is there already."""


class Busy(UserError):  # noqa: N818
    """Another process works on the same thing."""


class MissingExtra(UserError):  # noqa: N818
    """An optional dependency is not installed."""


class OperationFailed(LorascopeError):  # noqa: N818
    """Not the user's mistake: exit code 1."""


def nearest(name: str, known: Iterable[str], count: int = 3) -> tuple[str, ...]:
    """The known names most like a mistyped one, best first.

    >>> nearest("netwrok_dim", ["network_dim", "network_alpha", "seed"])
    ('network_dim',)
    """
    return tuple(difflib.get_close_matches(name, list(known), n=count, cutoff=0.6))


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A sentence that suggests the nearest names, or an empty one.

    >>> did_you_mean("sede", ["seed", "network_dim"])
    'did you mean seed?'
    """
    close = nearest(name, known)
    return f"did you mean {' or '.join(close)}?" if close else ""
