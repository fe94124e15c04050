"""The prompts that a trainer samples with: kohya's text, TOML and JSON forms, and OneTrainer's samples.json.

A line of kohya's text form is a prompt, then options: ``a red fox --n blurry --w 512 --h 512 --d 42 --l 7.5 --s 30``
(library/train_util.py, line_to_prompt_dict). Positions count from 0, and are the numbers in the names of the sample images.
"""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from lorascope.errors import BadFile, MissingFile
from lorascope.importers.evidence import Authority, Evidence
from lorascope.importers.importer import Imported
from lorascope.records.run import JsonValue

_MAX_BYTES = 1 << 20
_MAX_PROMPTS = 10_000
# option letter → (name as in the TOML and JSON forms, kind of its value)
_OPTIONS: dict[str, tuple[str, Callable[[str], JsonValue]]] = {
    "n": ("negative_prompt", str),
    "w": ("width", int),
    "h": ("height", int),
    "d": ("seed", int),
    "l": ("scale", float),
    "s": ("sample_steps", int),
    "g": ("guidance_scale", float),
    "ss": ("sample_sampler", str),
    "cn": ("controlnet_image", str),
    "fs": ("flow_shift", float),
}
_OPTION = re.compile(rf"(?P<letters>{'|'.join(sorted(_OPTIONS, key=len, reverse=True))}) (?P<value>.+)", re.IGNORECASE | re.DOTALL)
_LINE_WITH_OPTION = re.compile(
    rb"^[^#\n][^\n]* --(?:w|h|d|s) \d+|^[^#\n][^\n]* --(?:l|g) [\d.]+|^[^#\n][^\n]* --(?:n|ss|cn) \S", re.MULTILINE
)
_TOML_SUBSET = re.compile(rb"^\s*\[\[\s*prompt\s*\.\s*subset\s*\]\]", re.MULTILINE)
_JSON_OBJECTS = re.compile(rb'\s*\[\s*\{[^\]]*"prompt"\s*:')
_JSON_KEYS = re.compile(rb'"(?:negative_prompt|sample_steps|diffusion_steps|cfg_scale|scale|sample_sampler|noise_scheduler)"\s*:')
_JSON_TEXTS = re.compile(rb'\s*\[\s*"[^"]* --(?:n|w|h|d|l|s) [^"]*"')


class _PromptFile:
    """Files of sampling prompts."""

    name = "sampling prompts"

    def recognizes(self, head: bytes, path: Path) -> bool:
        """Whether the beginning shows prompts with sampling options."""
        match path.suffix.lower():
            case ".txt":
                return _LINE_WITH_OPTION.search(head) is not None
            case ".toml":
                return _TOML_SUBSET.search(head) is not None
            case ".json":
                return _JSON_TEXTS.match(head) is not None or (
                    _JSON_OBJECTS.match(head) is not None and _JSON_KEYS.search(head) is not None
                )
            case _:
                return False

    def read(self, path: Path) -> Iterator[Imported]:
        """The prompts as one Evidence.

        Raises:
            MissingFile: it is not there or cannot be read.
            BadFile: it is not what its ending says.
        """
        prompts = _read(path)[:_MAX_PROMPTS]
        texts = {position: _storable(str(prompt.pop("prompt"))) for position, prompt in enumerate(prompts) if "prompt" in prompt}
        unseeded = [position for position in texts if "seed" not in prompts[position] or prompts[position].get("random_seed") is True]
        options = {str(position): prompt for position, prompt in enumerate(prompts) if prompt}
        yield Imported(
            evidence=(
                Evidence(
                    source=path,
                    format=self.name,
                    folder=path.parent,
                    authority=Authority.CONFIGURED,
                    prompts=texts,
                    kept={"sampling": dict(options)} if options else {},
                    notes=tuple(_notes(path, unseeded, len(texts))),
                ),
            )
        )


PROMPT_FILE = _PromptFile()


def prompt_of_line(line: str) -> dict[str, JsonValue]:
    """A prompt of kohya's text form and its options; an option that is not understood is left out, as the trainer does.

    >>> prompt_of_line("a red fox --d 42 --l 7.5")
    {'prompt': 'a red fox', 'seed': 42, 'scale': 7.5}
    """
    text, *options = line.strip().split(" --")
    prompt: dict[str, JsonValue] = {"prompt": text.strip()}
    for option in options:
        found = _OPTION.match(option)
        if found:
            name, kind = _OPTIONS[found["letters"].lower()]
            try:
                prompt[name] = kind(found["value"].strip())
            except ValueError:
                continue
    return _plain(prompt)


def _read(path: Path) -> list[dict[str, JsonValue]]:
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise MissingFile(f"cannot be read: {error.strerror}", where=str(path), next_step="check the path") from error
    if len(data) > _MAX_BYTES:
        raise BadFile(f"more than {_MAX_BYTES >> 20} MiB: too large for a file of prompts", where=str(path), next_step="leave it out")
    try:
        text = data.decode("utf-8-sig")
        match path.suffix.lower():
            case ".toml":
                return _of_toml(tomllib.loads(text))
            case ".json":
                return _of_list(json.loads(text))
            case _:
                return [prompt_of_line(line) for line in text.splitlines() if line.strip() and not line.startswith("#")]
    except (ValueError, RecursionError) as error:
        raise BadFile(f"these are no sampling prompts: {error}", where=str(path), next_step="mend the file, or leave it out") from error


def _of_toml(document: Mapping[str, JsonValue]) -> list[dict[str, JsonValue]]:
    """``[prompt]`` gives what all have, each ``[[prompt.subset]]`` one prompt."""
    common = document.get("prompt")
    subsets = common.get("subset") if isinstance(common, dict) else None
    if not isinstance(common, dict) or not isinstance(subsets, list):
        raise ValueError("no [[prompt.subset]]")  # noqa: TRY004
    shared = {key: value for key, value in common.items() if key != "subset"}
    return [{**shared, **_plain(subset)} for subset in subsets]


def _of_list(document: JsonValue) -> list[dict[str, JsonValue]]:
    if not isinstance(document, list):
        raise ValueError("not a list")  # noqa: TRY004
    return [prompt_of_line(one) if isinstance(one, str) else _plain(one) for one in document]


def _plain(prompt: object) -> dict[str, JsonValue]:
    """A prompt's own values: texts, numbers and flags."""
    if not isinstance(prompt, dict):
        raise ValueError("a prompt is neither a text nor a table")  # noqa: TRY004
    return {str(key): value for key, value in prompt.items() if isinstance(value, str | int | None) or _is_finite(value)}


def _is_finite(value: object) -> bool:
    return isinstance(value, float) and math.isfinite(value)


def _storable(text: str) -> str:
    """A text without what no database takes: zero bytes, halves of characters."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def _notes(path: Path, unseeded: Sequence[int], count: int) -> Iterator[str]:
    if unseeded:
        which = "no prompt has" if len(unseeded) == count else f"prompts {', '.join(map(str, unseeded[:10]))} do not have"
        yield f"{path}: {which} a fixed seed: their images differ by the noise as well as by the training"
