"""The kinds of values in interchange records, and how each is read: a value comes back as a record holds it, or ValueError says why not."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from lorascope.records.dataset import DatasetItem
from lorascope.records.hypothesis import Verdict
from lorascope.records.prompt import Expectation, Trait
from lorascope.records.run import CountedIn, JsonValue, ParameterValue, RunStatus

Read = Callable[[Any], Any]
_LARGEST = 2**63 - 1
LARGEST_MEASURED = 1e100


def text(value: object) -> str:
    """Any text that can be written as UTF-8."""
    if not isinstance(value, str):
        raise ValueError("must be text")  # noqa: TRY004 - one kind of error for everything a file can get wrong
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ValueError("must be valid Unicode (it holds half of a surrogate pair)") from None
    return value


def name(value: object) -> str:
    """Text that is not empty."""
    if not text(value):
        raise ValueError("must not be empty")
    return str(value)


def raw_text(value: object) -> str:
    """Text as it was found in a caption file or file name, valid or not."""
    if not isinstance(value, str):
        raise ValueError("must be text")  # noqa: TRY004
    return value


def integer(value: object) -> int:
    """A whole number of 64 bits."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError("must be a whole number")  # noqa: TRY004
    if not -_LARGEST <= value <= _LARGEST:
        raise ValueError("must lie within 64 bits")
    return value


def count(value: object) -> int:
    """A whole number, not negative."""
    if integer(value) < 0:
        raise ValueError("must not be negative")
    return integer(value)


def number(value: object) -> float:
    """A finite number."""
    if isinstance(value, float):
        return value
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("must be a number")  # noqa: TRY004
    try:
        converted = float(value)
    except OverflowError:
        converted = math.inf
    if converted != value:
        raise ValueError("has more digits than can be stored")
    return converted


def measured(value: object) -> float:
    """A number that can be averaged and squared."""
    if abs(number(value)) > LARGEST_MEASURED:
        raise ValueError(f"must lie within {LARGEST_MEASURED:g} of zero")
    return number(value)


def share(value: object) -> float:
    """A number from 0 to 1."""
    if not 0 <= number(value) <= 1:
        raise ValueError("must lie between 0 and 1")
    return number(value)


def status(value: object) -> RunStatus:
    """How a run stands."""
    if value not in tuple(RunStatus):
        raise ValueError(f"must be one of {', '.join(RunStatus)}")
    return RunStatus(str(value))


def counted_in(value: object) -> CountedIn:
    """What the numbers of checkpoints count."""
    if value not in tuple(CountedIn):
        raise ValueError(f"must be one of {', '.join(CountedIn)}")
    return CountedIn(str(value))


def verdict(value: object) -> Verdict:
    """What the data say of a hypothesis."""
    if value not in tuple(Verdict):
        raise ValueError(f"must be one of {', '.join(Verdict)}")
    return Verdict(str(value))


def direction(value: object) -> str:
    """Whether more or less of a metric is claimed."""
    if value not in ("higher", "lower"):
        raise ValueError("must be higher or lower")
    return str(value)


def mapping(value: object) -> dict[str, JsonValue]:
    """Any JSON object."""
    if not isinstance(value, dict):
        raise ValueError("must be an object {…}")  # noqa: TRY004
    return value


def parameters(value: object) -> dict[str, ParameterValue]:
    """A flat object: name → number, text, true, false or null."""
    found: dict[str, ParameterValue] = {}
    for key, item in mapping(value).items():
        if isinstance(item, list | dict):
            what = "list" if isinstance(item, list) else "object"
            raise ValueError(f"must be flat; {key!r} holds a {what}: write it as text")  # noqa: TRY004
        found[key] = item
    return found


def outcome(value: object) -> dict[str, float | None]:
    """An object: metric → number or null."""
    found: dict[str, float | None] = {}
    for key, item in mapping(value).items():
        if item is not None and (isinstance(item, bool) or not isinstance(item, int | float)):
            raise ValueError(f"must hold numbers or null; {key!r} does not")
        found[key] = item
    return found


def texts(value: object) -> tuple[str, ...]:
    """A list of texts."""
    return tuple(raw_text(item) for item in _list(value))


def integers(value: object) -> tuple[int, ...]:
    """A list of whole numbers."""
    return tuple(integer(item) for item in _list(value))


# A loss may become NaN or infinite; JSON has no such numbers, so they are texts.
NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def points(value: object) -> tuple[float, ...]:
    """A list of numbers, in which the texts NaN, Infinity and -Infinity stand for what JSON cannot say."""
    return tuple(NOT_FINITE[item] if isinstance(item, str) and item in NOT_FINITE else number(item) for item in _list(value))


def written_point(point: float) -> float | str:
    """A number as ``points`` reads it."""
    if math.isfinite(point):
        return point
    return "NaN" if math.isnan(point) else "Infinity" if point > 0 else "-Infinity"


def items(value: object) -> tuple[DatasetItem, ...]:
    """A list of images with their captions."""
    return tuple(_item(mapping(item)) for item in _list(value))


def expectations(value: object) -> tuple[Expectation, ...]:
    """A list of what a prompt's picture must show."""
    return tuple(_expectation(mapping(item)) for item in _list(value))


def traits(value: object) -> tuple[Trait, ...]:
    """A list of things that a prompt's picture must show, or must not."""
    return tuple(_trait(mapping(item)) for item in _list(value))


def trait_words(value: object) -> dict[str, tuple[str, ...]]:
    """An object: label → the words that captions use for it."""
    return {label: tuple(name(word) for word in _list(words)) for label, words in mapping(value).items()}


def written_words(words: Mapping[str, tuple[str, ...]]) -> dict[str, JsonValue]:
    """The words of labels as ``trait_words`` reads them."""
    return {label: list(of_label) for label, of_label in words.items()}


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError("must be a list […]")  # noqa: TRY004
    return value


def _item(item: dict[str, Any]) -> DatasetItem:
    _exactly(item, {"image_file", "image_digest", "caption_file", "caption"})
    caption_file, caption = item["caption_file"], item["caption"]
    return DatasetItem(
        raw_text(item["image_file"]),
        raw_text(item["image_digest"]),
        None if caption_file is None else raw_text(caption_file),
        None if caption is None else raw_text(caption),
    )


def _expectation(item: dict[str, Any]) -> Expectation:
    _exactly(item, {"feature", "color", "rgb"})
    rgb = integers(item["rgb"])
    if len(rgb) != 3 or not all(0 <= level <= 255 for level in rgb):
        raise ValueError("needs an rgb of three levels, 0 to 255")
    return Expectation(text(item["feature"]), text(item["color"]), (rgb[0], rgb[1], rgb[2]))


def _trait(item: dict[str, Any]) -> Trait:
    _exactly(item, {"label", "present"})
    if not isinstance(item["present"], bool):
        raise ValueError("needs present as true or false")  # noqa: TRY004
    return Trait(name(item["label"]), item["present"])


def _exactly(item: dict[str, Any], keys: set[str]) -> None:
    if item.keys() != keys:
        wrong = ", ".join(sorted(item.keys() ^ keys))
        raise ValueError(f"needs exactly the keys {', '.join(sorted(keys))} in each entry (missing or unknown: {wrong})")
