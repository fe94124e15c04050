"""A run trained here lends its name to folders and files, so not every name will do."""

from __future__ import annotations

import re

from lorascope.errors import BadParameter

LONGEST_BYTES = 120  # a file's name has 255, and endings are added
_ALLOWED = re.compile(r"\w[\w .+=@(),-]*")
_DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{kind}{number}" for kind in ("com", "lpt") for number in range(1, 10))})


def check_run_name(name: str) -> None:
    """Refuse a name that is no safe file name on every system: no path, nothing hidden, nothing a shell takes for an option.

    Raises:
        BadParameter: says what is wrong with it.
    """
    if not name.strip():
        problem = "it is empty"
    elif not _ALLOWED.fullmatch(name):
        problem = "it may hold letters, digits, spaces and . _ - + = @ ( ) , and begins with a letter or digit"
    elif name[-1] in " .":
        problem = "it ends with a space or a period"
    elif len(name.encode("utf-8")) > LONGEST_BYTES:
        problem = f"it is longer than {LONGEST_BYTES} bytes"
    elif name.partition(".")[0].lower() in _DEVICES:
        problem = "Windows keeps it for a device"
    else:
        return
    raise BadParameter(f"a run cannot be called {name[:80]!r}: {problem}", next_step="choose another: --name first")
