"""Read a recipe: a TOML file with training parameters under kohya's names; section names are decoration, as in sd-scripts."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from lorascope.errors import BadFile, BadParameter
from lorascope.jobs.read_text import read_text
from lorascope.parameters.catalogue import validate
from lorascope.records.run import ParameterValue


def read_recipe(path: Path) -> dict[str, ParameterValue]:
    """The parameters of a recipe, checked; every error names the file and line.

    Raises:
        MissingFile, BadFile: the file is not there or is no TOML.
        UnknownParameter, BadParameter: with the nearest names or what is allowed.
    """
    text = read_text(path, "recipe")
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadFile(f"not TOML: {error}", where=str(path), next_step="quote text, write true and false in lower case") from error
    except RecursionError as error:
        raise BadFile("nested too deeply", where=str(path), next_step="write name = value, one parameter a line") from error
    flat: dict[str, object] = {}
    for key, value in document.items():
        for name, said in value.items() if isinstance(value, dict) else ((key, value),):
            if name in flat:
                raise BadFile(f"{name} is given twice, in different sections", where=str(path), next_step="keep one of the two")
            flat[name] = said
    parsed: dict[str, ParameterValue] = {}
    for key, value in flat.items():
        try:
            parsed.update(validate({key: value}))
        except BadParameter as error:
            raise type(error)(error.message, where=f"{path}, line {_line(text, key)}", next_step=error.next_step) from error
    return parsed


def _line(text: str, key: str) -> int:
    found = re.search(rf"^\s*[\"']?{re.escape(key)}[\"']?\s*=", text, re.MULTILINE)
    return text.count("\n", 0, found.end()) + 1 if found else 1
