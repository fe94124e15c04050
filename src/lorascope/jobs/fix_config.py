"""Write a corrected copy of a configuration: only what somebody evidently meant is changed, comments and order stay."""

from __future__ import annotations

import difflib
import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from lorascope.errors import AlreadyExists
from lorascope.importers.config_file import ConfigFile
from lorascope.parameters.rules.rule import Change, Deed, LintFinding


@dataclass(frozen=True, slots=True)
class Fix:
    """A file before and after its changes. ``made`` are the findings that were mended, ``open`` those that only the user can decide."""

    file: Path
    before: str
    after: str
    made: tuple[LintFinding, ...]
    open: tuple[LintFinding, ...]

    def diff(self) -> str:
        """The changes as a unified diff."""
        lines = difflib.unified_diff(
            self.before.splitlines(keepends=True), self.after.splitlines(keepends=True), self.file.name, fixed_path(self.file).name
        )
        return "".join(line if line.endswith("\n") else line + "\n" for line in lines)


def fix_config(file: ConfigFile, findings: Sequence[LintFinding], *, include_all: bool = False) -> Fix:
    """The text of a file with the changes of its findings made; nothing is written.

    Evident changes are made, with ``include_all`` the others too (such as taking out what has no effect). Each setting is changed once;
    what cannot be changed with certainty in the text of its syntax is left open.
    """
    text = file.text
    changes: list[Change] = []
    made: list[LintFinding] = []
    left: list[LintFinding] = []
    for finding in sorted(findings, key=_turn):  # names first: they need the lines of the original
        change = finding.change
        if finding.file != str(file.path) or change is None:
            continue
        if change in changes:
            made.append(finding)
            continue
        edited = ""
        if (change.evident or include_all) and not any(_clash(change, other) for other in changes):
            edited = _edited(text, file, change)
        if edited:
            text = edited
            changes.append(change)
        (made if edited else left).append(finding)
    return Fix(file.path, file.text, text, tuple(made), tuple(left))


def _turn(finding: LintFinding) -> int:
    return list(Deed).index(finding.change.deed) if finding.change else 0


def _clash(change: Change, other: Change) -> bool:
    """Whether two changes are of one setting, or would give two settings one name."""
    if change.place == other.place:
        return True
    return change.deed is other.deed is Deed.RENAME and change.place[:-1] == other.place[:-1] and change.to == other.to


def fixed_path(path: Path) -> Path:
    """Where the corrected copy goes: train.fixed.toml beside train.toml."""
    return path.with_name(f"{path.stem}.fixed{path.suffix}")


def write_fix(fix: Fix, *, in_place: bool = False) -> Path:
    """Write the corrected copy beside the original, or in its place; then the original is kept as NAME.bak. Nothing is overwritten.

    Raises:
        AlreadyExists: the copy, or the backup, is there already.
    """
    target = fixed_path(fix.file)
    if not in_place:
        _write_new(target, fix.after)
        return target
    _write_new(fix.file.with_name(fix.file.name + ".bak"), fix.before)
    partial = fix.file.with_name(f".{fix.file.name}.{os.getpid()}")
    _write_new(partial, fix.after)
    partial.replace(fix.file)
    return fix.file


def _write_new(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8", newline="") as file:
            file.write(text)
    except FileExistsError as error:
        raise AlreadyExists("this file is there already", where=str(path), next_step="remove or rename it; nothing was written") from error


def _edited(text: str, file: ConfigFile, change: Change) -> str:
    """The text with one change made; "" where it cannot be made with certainty."""
    key = str(change.place[-1]) if change.place else ""
    if file.syntax == "toml" and change.deed is not Deed.RENAME:
        return _edited_toml(text, key, change)
    pattern = {
        "toml": rf"(?<![\w.-])([\"']?{re.escape(key)}[\"']?)()(?=\s*=)",
        "json": rf'("{re.escape(key)}")\s*:\s*("(?:[^"\\]|\\.)*"|[^\s,\]}}]+)',
        "yaml": rf"^\s*(?:- )?({re.escape(key)})\s*:[ \t]*([^#\n]*?)(?=\s*(?:#|$))",
    }.get(file.syntax)
    line = next((entry.line for entry in file.entries if entry.place == change.place), None)
    if pattern is None or line is None or change.deed is Deed.REMOVE:
        return ""
    lines = text.split("\n")
    found = list(re.finditer(pattern, lines[line - 1])) if line <= len(lines) else []
    if len(found) != 1:
        return ""
    lines[line - 1] = _replaced(lines[line - 1], found[0], key, change)
    return "\n".join(lines)


def _replaced(line: str, match: re.Match[str], key: str, change: Change) -> str:
    if change.deed is Deed.RENAME:
        return line[: match.start(1)] + match[1].replace(key, str(change.to)) + line[match.end(1) :]
    return line[: match.start(2)] + json.dumps(change.to) + line[match.end(2) :]


def _edited_toml(text: str, key: str, change: Change) -> str:
    """Set or remove one key in its place, its comment kept. A rename before it may have given it another name: then it is left."""
    try:
        document: Any = tomlkit.parse(text)
        table = document
        for part in change.place[:-1]:
            table = table[part]
        if change.deed is Deed.REMOVE:
            table.remove(key)
        else:
            table[key] = change.to
        return tomlkit.dumps(document)
    except (TOMLKitError, LookupError, TypeError, ValueError):  # a form of TOML that tomlkit cannot edit: left to the user
        return ""
