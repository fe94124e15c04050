"""One batch of pictures and captions in, one batch of measurements out: the contract that every engine and every source shares.

In: ``key`` (string), ``image`` (the bytes of an image file, may be null), ``caption`` (string, or the bytes of a caption file, may be
null); if present, ``image_problem`` and ``caption_problem`` (string) say why a reader has no bytes to give. Out: :func:`output_schema`, row
by row in the same order. A row's measurements depend on that row and the options alone, so the size of the batches changes nothing. What
cannot be read is a row that says why.

Checks see single captions here: what only the whole collection can tell (boilerplate, near-duplicates) is left to its totals.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from hashlib import blake2b
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lorascope.captions.check import Check, Entry, Reader, Surroundings
from lorascope.captions.checks import CHECKS
from lorascope.captions.clauses import read_caption
from lorascope.captions.encoding import Encoding, decode
from lorascope.captions.screening import MOST_ROWS, Screening, Vocabulary, screen
from lorascope.captions.sight import Sight, see
from lorascope.errors import BadFile, BadParameter
from lorascope.evaluation.metric import NotMeasurable, Picture, Reading
from lorascope.evaluation.metrics import METRICS
from lorascope.jobs.read_assets import color_names, knowledge
from lorascope.jobs.read_dataset import LARGEST_CAPTION_BYTES
from lorascope.jobs.read_pixels import load_pixels
from lorascope.pixels.cells import Scale
from lorascope.records.finding import Finding
from lorascope.records.prompt import Prompt

SCHEMA_VERSION = 1  # of the output; a column never changes its meaning within a version
NO_IMAGE = "no image of this name"  # the problem of a caption that has none
ABOUT_IMAGES = ("unreadable_image", "orphan_caption")  # checks that say something of a row whatever its caption is

FINDING = pa.struct(
    [("check", pa.string()), ("start", pa.int32()), ("end", pa.int32()), ("severity", pa.string()), ("fix", pa.string())],
)


@dataclass(frozen=True, slots=True)
class MeasureOptions:
    """How to measure. ``text_only`` leaves pictures unread; ``declared_side`` is how many cells their short side has, if known."""

    reader: Reader = field(default_factory=Reader)
    trigger: str = ""
    text_only: bool = False
    declared_side: int | None = None


@cache
def output_schema() -> pa.Schema:
    """The columns of a measured batch.

    ``native_digest`` is equal for pictures with equal cells (BLAKE2b-128); ``background_color`` is given where the background is solid and
    the picture's scale certain; ``metrics`` holds a number or null for each metric that needs no prompt, ``reasons`` why it is null;
    ``caption_digest`` is equal for captions with equal clauses in any order; a finding's ``start`` and ``end`` count characters, from the
    first stretch it marks to the last, null when it marks none.
    """
    names = [metric.name for metric in METRICS]
    return pa.schema(
        [
            pa.field("key", pa.string(), nullable=False),
            ("width", pa.int32()),
            ("height", pa.int32()),
            ("image_problem", pa.string()),
            ("scale", pa.string()),
            ("columns", pa.int32()),
            ("rows", pa.int32()),
            ("background_kind", pa.string()),
            ("background_color", pa.string()),
            ("native_digest", pa.string()),
            ("metrics", pa.struct([(name, pa.float64()) for name in names])),
            ("reasons", pa.struct([(name, pa.string()) for name in names])),
            ("tokens", pa.int32()),
            ("caption_problem", pa.string()),
            ("caption_digest", pa.uint64()),
            ("findings", pa.list_(FINDING)),
        ],
        metadata={"lorascope.measure": str(SCHEMA_VERSION)},
    )


def measure(batch: pa.RecordBatch, options: MeasureOptions | None = None) -> pa.RecordBatch:
    """Measure every row of a batch, at most a million of them.

    Raises:
        BadParameter: a column is missing or of another type, or there are too many rows.
    """
    return measure_with_words(batch, options or MeasureOptions())[0]


def measure_with_words(batch: pa.RecordBatch, options: MeasureOptions) -> tuple[pa.RecordBatch, Screening]:
    """As :func:`measure`, with what was found out of the captions' words on the way."""
    _hold_to_the_contract(batch)
    problems = _problems(batch, "image_problem")
    images = [None] * len(problems) if options.text_only else _images(batch, problems, options)
    captions = _captions(batch)
    screening = _screened(captions, images, problems, options)
    columns = {"key": batch.column("key").cast(pa.string()), **_image_columns(images, problems)}
    columns |= {
        "tokens": pa.array(screening.column.tokens, mask=~captions.present),
        "caption_digest": pa.array(screening.column.digest, mask=~captions.present),
        "caption_problem": pa.array(captions.problems, pa.string()),
        "findings": _checked(screening, batch.column("key"), captions, images, problems, options),
    }
    schema = output_schema()
    return pa.RecordBatch.from_arrays([columns[name] for name in schema.names], schema=schema), screening


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was read from one picture."""

    width: int
    height: int
    sight: Sight
    metrics: dict[str, float | None]
    reasons: dict[str, str | None]


@dataclass(frozen=True, slots=True)
class _Captions:
    """``texts`` (rows,) with "" where there is none; ``present`` where there is one; ``encodings`` of those that are not plain UTF-8."""

    texts: Any
    present: NDArray[np.bool_]
    encodings: dict[int, Encoding]
    problems: list[str | None]


def _hold_to_the_contract(batch: pa.RecordBatch) -> None:
    for name, fits in (("key", _is_text), ("image", _is_binary), ("caption", _is_either)):
        index = batch.schema.get_field_index(name)
        if index < 0 and name == "key":
            raise BadParameter("a batch to measure has no column named key", next_step="give each row a key: a file name, a number")
        if index >= 0 and not (fits(batch.schema.types[index]) or pa.types.is_null(batch.schema.types[index])):
            raise BadParameter(
                f"the column {name} holds {batch.schema.types[index]}", next_step="see lorascope measure --help for the types"
            )
    if batch.num_rows > MOST_ROWS:
        raise BadParameter(f"{batch.num_rows} rows are too many for a batch", next_step=f"cut it into batches of up to {MOST_ROWS}")


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _is_binary(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind))


def _is_either(kind: pa.DataType) -> bool:
    return _is_text(kind) or _is_binary(kind)


def _problems(batch: pa.RecordBatch, name: str) -> list[str | None]:
    index = batch.schema.get_field_index(name)
    found: list[str | None] = batch.column(index).to_pylist() if index >= 0 else [None] * batch.num_rows
    return found


def _images(batch: pa.RecordBatch, problems: list[str | None], options: MeasureOptions) -> list[_Seen | None]:
    """Every picture looked at; a problem is written into ``problems`` at its row."""
    index = batch.schema.get_field_index("image")
    if index < 0:
        return [None] * batch.num_rows
    seen: list[_Seen | None] = []
    for row, value in enumerate(batch.column(index)):
        data = value.as_buffer() if value.is_valid else None
        try:
            seen.append(None if data is None or problems[row] else _look(data.to_pybytes(), options))
        except BadFile as error:
            problems[row] = error.message
            seen.append(None)
    return seen


def _look(data: bytes, options: MeasureOptions) -> _Seen:
    pixels = load_pixels(io.BytesIO(data))
    pixels.flags.writeable = False
    picture = Picture(pixels, Prompt("", ""), names=color_names())
    metrics: dict[str, float | None] = {}
    reasons: dict[str, str | None] = {}
    for metric in METRICS:
        found = metric.measure(picture)
        value = found.value if isinstance(found, Reading) else found
        metrics[metric.name] = None if isinstance(value, NotMeasurable) else float(value)
        reasons[metric.name] = value.reason if isinstance(value, NotMeasurable) else None
    height, width = pixels.shape[:2]
    look = picture.look if options.declared_side is None else None  # what the metrics have found need not be found again
    sight = see(pixels, options.declared_side, look)
    return _Seen(width, height, sight, metrics, reasons)


def _image_columns(images: Sequence[_Seen | None], problems: Sequence[str | None]) -> dict[str, pa.Array]:
    schema = output_schema()
    names = ("width", "height", "scale", "columns", "rows", "background_kind", "background_color", "native_digest", "metrics", "reasons")
    problem = pa.array(problems, pa.string())
    if not any(images):
        return {"image_problem": problem, **{name: pa.nulls(len(images), schema.field(name).type) for name in names}}
    values = zip(*(_image_values(seen) if seen else (None,) * len(names) for seen in images), strict=True)
    arrays = {name: pa.array(column, schema.field(name).type) for name, column in zip(names, values, strict=True)}
    return {"image_problem": problem, **arrays}


def _image_values(seen: _Seen) -> tuple[object, ...]:
    sight = seen.sight
    sure = sight.cells is not None and sight.scale in {Scale.NATIVE, Scale.EXACT, Scale.DETECTED}
    rows, columns = sight.cells.shape[:2] if sight.cells is not None and sight.scale is not Scale.NONE else (None, None)
    digest = None
    if sure and sight.cells is not None:
        shape = f"{sight.cells.shape[0]}x{sight.cells.shape[1]}:".encode()
        digest = blake2b(shape + sight.cells.tobytes(), digest_size=16).hexdigest()
    kind = str(sight.kind) if sight.kind else None
    return (seen.width, seen.height, str(sight.scale), columns, rows, kind, sight.background_code, digest, seen.metrics, seen.reasons)


def _captions(batch: pa.RecordBatch) -> _Captions:
    import polars as pl

    rows, index = batch.num_rows, batch.schema.get_field_index("caption")
    problems = _problems(batch, "caption_problem")
    if index < 0 or pa.types.is_null(batch.schema.types[index]):
        return _Captions(pl.Series("caption", [""] * rows, pl.String), np.zeros(rows, bool), {}, problems)
    column = batch.column(index)
    sizes = np.asarray(pa.compute.fill_null(pa.compute.binary_length(column.cast(pa.large_binary())), 0))
    large = np.flatnonzero(sizes > LARGEST_CAPTION_BYTES)
    for row in large:
        problems[row] = f"larger than {LARGEST_CAPTION_BYTES // 1000} kB: not a caption"
    present = np.asarray(column.is_valid()) & np.array([problem is None for problem in problems], bool)
    encodings: dict[int, Encoding] = {}
    if _is_binary(column.type):
        column = _decoded(column, encodings)
    texts = pl.Series("caption", pl.from_arrow(pa.chunked_array([column.cast(pa.large_string())]))).fill_null("")
    if not present.all():
        texts = texts.scatter(np.flatnonzero(~present), "")
    return _Captions(texts, present, encodings, problems)


def _decoded(column: pa.Array, encodings: dict[int, Encoding]) -> pa.Array:
    """Bytes to text: at once when all are plain UTF-8, else one by one."""
    odd = pa.compute.match_substring_regex(column, "^(?:\xef\xbb\xbf)|\\x00".encode("latin-1"))
    try:
        if not pa.compute.any(odd).as_py():
            return column.cast(pa.large_string())
    except pa.ArrowInvalid:  # not UTF-8
        pass
    texts: list[str | None] = []
    for row, data in enumerate(column.to_pylist()):
        text, encoding = decode(data[: LARGEST_CAPTION_BYTES + 1]) if data is not None else (None, Encoding())
        texts.append(text)
        if not encoding.plain:
            encodings[row] = encoding
    return pa.array(texts, pa.large_string())


_own = threading.local()


@cache
def _surroundings(reader: Reader, trigger: str) -> Surroundings:
    return Surroundings(knowledge(), captions=0, reader=reader, trigger=trigger)


def _vocabulary() -> Vocabulary:
    """What this thread knows of words."""
    if not hasattr(_own, "vocabulary"):
        _own.vocabulary = Vocabulary(knowledge().tokenizer)
    known: Vocabulary = _own.vocabulary
    return known


def _screened(captions: _Captions, images: Sequence[_Seen | None], problems: Sequence[str | None], options: MeasureOptions) -> Screening:
    rows = len(problems)
    odd = np.zeros(rows, bool)
    odd[list(captions.encodings)] = True
    imaged = np.array([problem != NO_IMAGE for problem in problems], bool)
    readable = np.array([problem is None for problem in captions.problems], bool)
    screening = screen(
        captions.texts,
        _surroundings(options.reader, options.trigger),
        _vocabulary(),
        pictured=np.array([image is not None for image in images], bool),
        imaged=imaged,
        broken=imaged & np.array([problem is not None for problem in problems], bool),
        odd_bytes=odd,
    )
    for name, mask in screening.candidates.items():  # of a caption that could not be read only its problem is told
        if name not in ABOUT_IMAGES:
            np.logical_and(mask, readable, out=mask)
    return screening


def _checked(
    screening: Screening,
    keys: pa.Array,
    captions: _Captions,
    images: Sequence[_Seen | None],
    problems: Sequence[str | None],
    options: MeasureOptions,
) -> pa.Array:
    around = _surroundings(options.reader, options.trigger)
    found: list[Finding] = []
    counts = np.zeros(len(keys) + 1, np.int32)
    for row, flagged in _flagged(screening, [check for check in CHECKS if check.name in screening.candidates]):
        key, seen, problem = keys[row].as_py(), images[row], problems[row]
        entry = Entry(
            file=key,
            image_file=None if problem == NO_IMAGE else key,
            caption_file=key if captions.present[row] else None,
            caption=read_caption(captions.texts[row]) if captions.present[row] else None,
            encoding=captions.encodings.get(row, Encoding()),
            sight=seen.sight if seen else None,
            image_problem=problem if problem and problem != NO_IMAGE else "",
        )
        made = [finding for check in flagged if check.find for finding in check.find(entry, around)]
        counts[row + 1] = len(made)
        found += made
    return _findings(found, counts)


def _flagged(screening: Screening, checks: Sequence[Check]) -> list[tuple[int, list[Check]]]:
    """The rows that any check must look at, each with its checks, in their order."""
    if not checks:
        return []
    table = np.stack([screening.candidates[check.name] for check in checks])
    rows = np.flatnonzero(table.any(axis=0))
    return [(int(row), [checks[int(at)] for at in np.flatnonzero(table[:, row])]) for row in rows]


def _findings(found: Sequence[Finding], counts: NDArray[np.int32]) -> pa.Array:
    spans = [(finding.spans[0][0], max(end for _, end in finding.spans)) if finding.spans else (None, None) for finding in found]
    columns = [
        pa.array([finding.check for finding in found], pa.string()),
        pa.array([start for start, _ in spans], pa.int32()),
        pa.array([end for _, end in spans], pa.int32()),
        pa.array([str(finding.severity) for finding in found], pa.string()),
        pa.array([str(finding.fix) for finding in found], pa.string()),
    ]
    structs = pa.StructArray.from_arrays(columns, fields=[*FINDING])
    return pa.ListArray.from_arrays(pa.array(np.cumsum(counts, dtype=np.int32)), structs)
