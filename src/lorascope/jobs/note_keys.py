"""What other programs call the numbers of a run's diagnostics: one name for each here, with the names it may come under.

``docs/reference/interchange.md`` documents every one; a test compares the two.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, median

from lorascope.records.run import JsonValue, ParameterValue

MOST_VALUES = 1_000_000  # of one list in a record; more are not read
LARGEST = 1e100  # squares of larger numbers are none any more: what is larger counts as not finite


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A number of a note: its name here, and the other names it is accepted under."""

    name: str
    also: tuple[str, ...] = ()


WEIGHTS_KEYS = (
    NoteKey("norm", ("delta_norm", "weight_norm", "frobenius_norm", "fro_norm", "total_norm", "mean_norm", "l2", "dw_norm", "norm_total")),
    NoteKey("unet_norm", ("norm_unet", "unet", "unet_delta_norm", "norm_unet_mean")),
    NoteKey("text_encoder_norm", ("norm_text_encoder", "te_norm", "norm_te", "text_norm", "te", "text_encoder")),
    NoteKey("te_unet_ratio", ("te_ratio", "te_to_unet", "te_over_unet", "text_encoder_ratio", "ratio_te_unet", "te_unet")),
    NoteKey("effective_rank", ("eff_rank", "erank", "effective_rank_mean", "rank_effective")),
    NoteKey("stable_rank", ("stable_rank_mean",)),
    NoteKey("nan_share", ("nan_fraction", "nan_rate", "nan_ratio", "nonfinite_share", "inf_share", "frac_nan", "nan")),
    NoteKey("nan_count", ("nans", "nonfinite_count", "n_nan")),
    NoteKey("zero_share", ("zero_fraction", "zero_rate", "dead_share", "dead_fraction", "frac_zero", "zeros", "zero_up_share", "zero")),
)
LOSS_KEYS = (
    NoteKey("final", ("last", "end", "final_loss", "loss_final", "last_loss", "level", "loss", "final_mean", "mean")),
    NoteKey("first", ("start", "initial", "first_loss", "loss_first", "begin")),
    NoteKey("roughness", ("rough", "jitter", "noise", "std", "sd", "spikiness", "volatility", "variance", "cv")),
    NoteKey("nan_share", ("nan_fraction", "nan_rate", "nan_steps", "nonfinite_share", "frac_nan", "nan", "nan_count")),
)
CURVES = ("curve", "values", "losses", "series", "history", "points")  # under these a loss record may hold the whole curve
CHECK_KEYS = ("check", "defect", "class", "kind", "rule", "finding", "id", "name")
COUNT_KEYS = ("count", "n", "number", "occurrences", "files", "hits", "value")
SHARE_KEYS = ("share", "rate", "fraction", "ratio")
IMAGES_KEYS = ("images", "of", "n_images", "num_images", "total", "captions", "dataset_size")
PARENT_KEYS = ("parent", "from", "base", "parent_run", "derived_from")
RUN_KEYS = ("run", "run_name", "run_id")

_NOT_FINITE = frozenset({"nan", "inf", "-inf", "infinity", "-infinity", "+inf", "+infinity"})
_HASH = re.compile(
    r"hash|sha(?:1|256)?$|sha256|digest|checksum|md5|(?:file|tensors?|checkpoint|weights|lora)_?(?:match|mismatch|verified|differ)|^match|mismatch"
)
_OF_FILES = re.compile(r"file|tensor|checkpoint|lora|model|weight|adapter|evaluated|expected|match|trained|actual|loaded|sampled|verified")
_MATCH = re.compile(r"match|verified|differ")
_NO_HASH = frozenset({"", "-", "?", "none", "null", "nan", "n/a", "na", "unknown", "missing", "not recorded"})
_YES_OR_NO: Mapping[str, bool] = {"true": True, "yes": True, "ok": True, "1": True, "false": False, "no": False, "0": False}
_OWN = re.compile(r"expected|trained|own|saved|record|should|run_|final")


def first_of(record: Mapping[str, JsonValue], names: Sequence[str]) -> JsonValue:
    """The first of these keys that is there and not null."""
    return next((record[name] for name in names if record.get(name) is not None), None)


def as_number(value: JsonValue) -> float | None:
    """A finite number, also one written as text; None for everything else, and for what is absurdly large.

    >>> as_number("0.5"), as_number("NaN"), as_number(True), as_number(1e300)
    (0.5, None, None, None)
    """
    if isinstance(value, str) and len(value) <= 40:
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return float(value) if abs(value) <= LARGEST else None
        except OverflowError:
            return None
    return None


def is_not_finite(value: JsonValue) -> bool:
    """Whether a value says NaN or infinity, as text, or is a number beyond all that a training has."""
    if isinstance(value, str):
        return value.strip().lower() in _NOT_FINITE
    return isinstance(value, int | float) and abs(value) > LARGEST


def weights_numbers(record: Mapping[str, JsonValue]) -> dict[str, float]:
    """What a ``weights`` record says, under our names; unknown numbers are kept under their own.

    >>> weights_numbers({"part": "te", "norm": 2.0}), weights_numbers({"delta_norm": "NaN"})
    ({'text_encoder_norm': 2.0}, {'nan_count': 1.0})
    """
    part = str(record.get("part") or "").lower()
    prefix = "text_encoder_" if part.startswith(("te", "text")) else f"{part}_" if part and part not in {"all", "whole", "total"} else ""
    found: dict[str, float] = {}
    for name, value in _flat(record):
        if is_hash(name):
            continue
        known = canonical(WEIGHTS_KEYS, name)
        if is_not_finite(value):
            found["nan_count"] = max(found.get("nan_count", 0.0), 1.0)
            continue
        numbers = _numbers_in(value)
        if numbers:
            joined = math.sqrt(math.fsum(n * n for n in numbers)) if known.endswith("norm") and len(numbers) > 1 else median(numbers)
            own = known.startswith(("unet_", "text_encoder_")) or known in {"nan_share", "nan_count"}
            found.setdefault(known if own else f"{prefix}{known}", joined)
    if prefix == "text_encoder_":
        found.pop("norm", None)
    return found


def loss_numbers(record: Mapping[str, JsonValue]) -> dict[str, float]:
    """What a ``loss`` record says, under our names; a whole curve is summed up.

    >>> loss_numbers({"curve": [1.0, 0.5, 0.5, "NaN"]})["nan_share"]
    0.25
    """
    found: dict[str, float] = {}
    for name, value in _flat(record):
        if name in CURVES and isinstance(value, list):
            found = loss_of_curve(value) | found
        elif is_not_finite(value):
            found["nan_share"] = max(found.get("nan_share", 0.0), 1.0)
        elif (number := as_number(value)) is not None:
            found[canonical(LOSS_KEYS, name)] = number
    return found


def loss_of_curve(values: Sequence[JsonValue]) -> dict[str, float]:
    """First and last level (means of a tenth each), roughness (standard deviation of neighbors' differences over the level), NaN share."""
    points = values[:MOST_VALUES]
    if not points:
        return {}
    finite = [number for value in points if (number := as_number(value)) is not None]
    found = {"nan_share": 1 - len(finite) / len(points)}
    if finite:
        tenth = max(1, len(finite) // 10)
        level = fmean(finite)
        found |= {"first": fmean(finite[:tenth]), "final": fmean(finite[-tenth:])}
        if len(finite) > 2 and level > 0:
            differences = [after - before for before, after in pairwise(finite)]
            found["roughness"] = math.sqrt(fmean(difference**2 for difference in differences) / 2) / level
    return found


def canonical(keys: Sequence[NoteKey], name: str) -> str:
    """Our name of a key; its own where we have none."""
    plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    for key in keys:
        if plain == key.name or plain in key.also:
            return key.name
    return name


def protocol_items(record: Mapping[str, JsonValue]) -> tuple[dict[str, ParameterValue], dict[str, ParameterValue]]:
    """What a ``protocol`` record says of the evaluation, and what of files by hash (``evaluated:…`` or ``trained:…``).

    A null says nothing. A hash is a text, and whether hashes match is yes or no: anything else would be taken for a file of its own.

    >>> protocol_items({"steps": 30, "seeds": [1, 2], "file_hash": "ab"})
    ({'steps': 30, 'seeds': '[1, 2]'}, {'evaluated:file_hash': 'ab'})
    """
    items: dict[str, ParameterValue] = {}
    hashes: dict[str, ParameterValue] = {}
    for name, value in _flat(record):
        plain = str(value) if isinstance(value, list) else value
        if isinstance(plain, dict) or (isinstance(plain, str) and len(plain) > 10_000):
            continue
        if plain is None:
            continue
        if is_hash(name) and _OF_FILES.search(name.lower()):
            if (found := hash_value(name, value)) is not None:
                hashes[f"{'trained' if _OWN.search(name.lower()) else 'evaluated'}:{name}"] = found
        else:
            items[name] = plain
    return items, hashes


def hash_value(name: str, value: JsonValue) -> ParameterValue:
    """What stands under a key with a hash: the hash, or whether hashes match; None for what is neither.

    >>> hash_value("file_hash", " ab "), hash_value("hash_match", "no"), hash_value("file_hash", "unknown"), hash_value("file_hash", [1])
    ('ab', False, None, None)
    """
    says_match = _MATCH.search(name.lower()) is not None
    if isinstance(value, str):
        word = value.strip().lower()
        return _YES_OR_NO.get(word) if says_match else value.strip() if word not in _NO_HASH else None
    if says_match:
        return value if isinstance(value, bool | int | float) else None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def is_hash(name: str) -> bool:
    """Whether a key holds a hash, or says whether hashes match.

    >>> is_hash("file_hash"), is_hash("hash_matches"), is_hash("guidance")
    (True, True, False)
    """
    return _HASH.search(name.lower()) is not None


def _flat(record: Mapping[str, JsonValue]) -> Iterator[tuple[str, JsonValue]]:
    """The items of a record without those that say whose it is; of objects inside, one level is joined by underscores."""
    for name, value in record.items():
        if name in {"type", "dataset", "epoch", "part", "reason", "step", "metric", *RUN_KEYS}:
            continue
        if isinstance(value, dict):
            yield from ((f"{name}_{inner}", each) for inner, each in value.items() if not isinstance(each, dict))
        else:
            yield name, value


def _numbers_in(value: JsonValue) -> list[float]:
    many = value[:MOST_VALUES] if isinstance(value, list) else [value]
    return [number for each in many if (number := as_number(each)) is not None]
