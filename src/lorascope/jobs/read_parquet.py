"""The rows of a Parquet file, for measuring: keys, pictures and captions under whatever names they have there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lorascope.errors import BadFile
from lorascope.jobs.shards import Source

LARGEST_VALUE_BYTES = 256_000_000


def parquet_rows(file: Any, source: Source, name: str, *, rows: int, text_only: bool) -> Iterator[pa.RecordBatch]:
    """Batches of up to ``rows`` rows with the columns key, image and caption.

    A picture may be a column of bytes or, as Hugging Face's datasets store it, a struct with a field ``bytes``. A value repeated by a
    dictionary is read once: a small file that claims terabytes stays small.

    Raises:
        BadFile: the columns are not there. pyarrow.ArrowInvalid: it is no Parquet file.
    """
    opened = pq.ParquetFile(file)
    known = opened.schema_arrow.names
    wanted = {"caption": source.caption_column} | ({} if text_only else {"image": source.image_column}) | {"key": source.key_column}
    there = {role: column for role, column in wanted.items() if column in known}
    if not {"image", "caption"} & set(there):
        raise BadFile(
            f"no column {source.caption_column} or {source.image_column}; there are {', '.join(known[:12])}",
            where=name,
            next_step="name them: --caption-column, --image-column, --key-column",
        )
    dictionaries = _dictionaries(opened.metadata)
    opened = pq.ParquetFile(file, read_dictionary=[column for column in there.values() if column in dictionaries])
    first = 0
    for batch in opened.iter_batches(rows, columns=[*there.values()]):
        columns = {role: _plain(batch.column(column)) for role, column in there.items()}
        places = pa.array(range(first, first + batch.num_rows)).cast(pa.string())
        numbers = pc.binary_join_element_wise(f"{name}#", places, "")
        keys = columns.get("key")
        columns["key"] = numbers if keys is None else pc.coalesce(keys.cast(pa.string()), numbers)
        first += batch.num_rows
        yield pa.RecordBatch.from_pydict(columns)


def _dictionaries(metadata: pq.FileMetaData) -> set[str]:
    """The columns stored with a dictionary in any row group."""
    found = set()
    for group in range(metadata.num_row_groups):
        for index in range(metadata.num_columns):
            column = metadata.row_group(group).column(index)
            if column.has_dictionary_page:
                found.add(column.path_in_schema)
    return found


def _plain(column: pa.Array) -> pa.Array:
    """Bytes or text without a dictionary; values that are far too large become null."""
    if pa.types.is_struct(column.type) and column.type.get_field_index("bytes") >= 0:
        column = column.field("bytes")
    if not pa.types.is_dictionary(column.type):
        return column
    values = column.dictionary
    large = pa.types.is_string(values.type) or pa.types.is_large_string(values.type)
    values = values.cast(pa.large_string() if large else pa.large_binary())
    sizes = pc.binary_length(values)
    spent = pc.sum(pc.take(sizes, column.indices)).as_py() or 0
    if spent > 4 * LARGEST_VALUE_BYTES:
        values = pc.if_else(pc.less(sizes, LARGEST_VALUE_BYTES // max(1, len(column))), values, pa.scalar(None, values.type))
    return values.take(column.indices)
