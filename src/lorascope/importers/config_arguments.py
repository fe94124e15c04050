"""The arguments of a command: ``accelerate launch train_network.py --network_dim=32 …`` in a shell, batch or text file.

Nothing is run. A variable that the same file sets to a plain text is filled in; every other one is kept as it is written. A file
that only sets variables (SimpleTuner's config.env) gives those.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lorascope.importers.config_parsed import MAX_VALUES, Parsed, Unreadable
from lorascope.parameters.dialects.dialect import Place
from lorascope.parameters.dialects.launch import LAUNCHER, SCRIPT
from lorascope.records.run import JsonValue

_ASSIGNMENT = re.compile(r"(?:export\s+|set\s+|\$env:|\$)?\"?([A-Za-z_]\w*)\s*=\s*", re.IGNORECASE)
_VARIABLE = re.compile(r"\$\{(\w+)\}|\$env:(\w+)|\$(\w+)|%(\w+)%")
_SCRIPT = re.compile(r"(?:.*[/\\])?[\w.-]+\.py", re.DOTALL)
_OPTION = re.compile(r"--?[A-Za-z][\w.-]*")
_REMARK = re.compile(r"^[ \t]*(?:@?rem\b|::).*$", re.IGNORECASE | re.MULTILINE)
_CONTINUED = re.compile(r"[\\^`][ \t]*\n")
_PIECE = re.compile(r"'([^']*)'|\"((?:[^\"\\]|\\.)*)\"|(\\.)|([^\s'\"\\;|&]+)|(\\)", re.DOTALL)
_MAX_FILLED_LETTERS = 10_000  # a variable that holds variables that hold variables grows by powers


@dataclass(frozen=True, slots=True)
class _Word:
    """One word of a command and its line. ``is_text`` marks what was quoted in single quotes or has no variable."""

    text: str
    line: int


def parse_arguments(text: str) -> Parsed:
    """The options of the first training command of a text, or its variables where there is no command. Raises Unreadable."""
    commands = [command for command in _commands(text) if command]
    variables: dict[str, _Word] = {}
    found: list[tuple[str, list[_Word]]] = []
    for command in commands:
        assignments = _assignments(command)
        if assignments is not None:
            variables.update({name: _Word(_filled(word.text, variables), word.line) for name, word in assignments})
            continue
        words = [_Word(_filled(word.text, variables), word.line) for word in command]
        script = next((word.text for word in words if _SCRIPT.fullmatch(word.text)), "")
        if script or any(_OPTION.match(word.text) for word in words[:2]):
            found.append((script, words))
    if not found:
        lines: dict[Place, int] = {(name,): word.line for name, word in variables.items()}
        return Parsed({name: word.text for name, word in variables.items()}, lines)
    script, words = next((command for command in found if "train" in command[0]), found[0])
    return _parsed(script, words, others=len(found) - 1)


def _parsed(script: str, words: list[_Word], *, others: int) -> Parsed:
    """The document of one command."""
    place = next((position for position, word in enumerate(words) if word.text == script), -1)
    document: dict[str, JsonValue] = {SCRIPT: script}
    lines: dict[Place, int] = {(SCRIPT,): words[max(place, 0)].line}
    notes = [f"{others} more commands stand in the file; this is the one that was read: {script or 'the first'}"] if others else []
    launcher = _options(words[: max(place, 0)], (LAUNCHER,), lines, [])
    if launcher:
        document[LAUNCHER] = launcher
    document.update(_options(words[place + 1 :], (), lines, notes))
    return Parsed(document, lines, tuple(notes))


def _options(words: list[_Word], above: Place, lines: dict[Place, int], notes: list[str]) -> dict[str, JsonValue]:
    """Options by name: ``--flag`` is true, ``--key value`` a text, ``--key a b`` a list. The last of equal ones counts, as in argparse."""
    given: dict[str, list[str]] = {}
    name = ""
    for word in words:
        if not _OPTION.match(word.text):
            if name:
                given[name].append(word.text)
            elif not above:
                notes.append(f"line {word.line}: {word.text[:60]!r} belongs to no option")
            continue
        name, equals, value = word.text.lstrip("-").partition("=")
        if name in given and not above:
            notes.append(f"line {word.line}: --{name} is given twice; the last one counts")
        given[name] = [value] if equals else []
        lines[*above, name] = word.line
    if len(given) > MAX_VALUES:
        raise Unreadable(f"more than {MAX_VALUES:,} options")
    return {key: True if not values else values[0] if len(values) == 1 else list(values) for key, values in given.items()}


def _assignments(command: list[_Word]) -> list[tuple[str, _Word]] | None:
    """The variables that a command sets, or None when it does something else."""
    words = command[1:] if command[0].text.lower() in {"export", "set", "declare", "local", "readonly"} else command
    found = []
    joined = _joined(words)
    for word in joined:
        match = _ASSIGNMENT.match(word.text)
        if match is None or word.text.startswith("-"):
            return None
        found.append((match[1], _Word(word.text[match.end() :].rstrip('"'), word.line)))
    return found or None


def _joined(words: list[_Word]) -> list[_Word]:
    """``$name = value`` (PowerShell) as one word."""
    if len(words) >= 3 and words[1].text == "=":
        return [_Word(f"{words[0].text}={' '.join(word.text for word in words[2:])}", words[0].line)]
    return words


def _filled(text: str, variables: dict[str, _Word]) -> str:
    """A text with the variables filled in that the file has set."""

    def value(found: re.Match[str]) -> str:
        word = variables.get(next(name for name in found.groups() if name is not None))
        return found[0] if word is None else word.text

    filled = _VARIABLE.sub(value, text)
    return filled if len(filled) <= _MAX_FILLED_LETTERS else text


def _commands(text: str) -> Iterator[list[_Word]]:
    """The words of each command; one that goes on in the next line is one command."""
    # a continued line keeps its place: the sign goes, the line's end becomes a mark that still counts as a line
    text = _CONTINUED.sub("\v\n", _REMARK.sub("", text))
    command: list[_Word] = []
    at, line, goes_on = 0, 1, False
    while at < len(text):
        sign = text[at]
        if sign == "\n":
            if not goes_on:
                yield command
                command = []
            line, goes_on, at = line + 1, False, at + 1
        elif sign == "\v":
            goes_on, at = True, at + 1
        elif sign in " \t\r\f":
            at += 1
        elif sign in ";|&":
            yield command
            command, at = [], at + 1
        elif sign == "#":
            end = text.find("\n", at)
            at = len(text) if end < 0 else end
        else:
            word, at, lines = _word(text, at)
            command.append(_Word(word, line))
            line += lines
    yield command


def _word(text: str, at: int) -> tuple[str, int, int]:
    """The word that begins here, without its quotes; where it ends; and how many lines it goes over."""
    start, pieces = at, []
    while found := _PIECE.match(text, at):
        single, double, escaped, plain, _ = found.groups()
        if double is not None:
            # only these are escapes between double quotes: a path of Windows keeps its backslashes
            piece = re.sub(r'\\(["$`])', r"\1", double)
        elif escaped is not None:
            piece = escaped[1:] if escaped[1] in "\"'$ \\" else escaped
        else:
            piece = single if single is not None else plain if plain is not None else "\\"
        pieces.append(piece)
        at = found.end()
    if at == start:  # a quote that is never closed
        end = text.find("\n", at)
        at = len(text) if end < 0 else end
        pieces.append(text[start:at].lstrip("\"'"))
    return "".join(pieces).replace("\v", ""), at, text.count("\n", start, at)
