"""Print a benchmark as a table and keep it, with the machine and the commit, as one line of JSON."""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


def show(title: str, rows: Sequence[Mapping[str, object]], notes: Sequence[str] = ()) -> None:
    """Print the rows in aligned columns, with a title above and notes below."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    cells = [[_text(row.get(column)) for column in columns] for row in rows]
    widths = [max(len(text) for text in (column, *(row[index] for row in cells))) for index, column in enumerate(columns)]
    print(f"\n{title}")
    print("  ".join(column.ljust(width) for column, width in zip(columns, widths, strict=True)))
    for row in cells:
        print("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)))
    for note in notes:
        print(f"  {note}")


def keep(name: str, rows: Sequence[Mapping[str, object]], **facts: object) -> None:
    """Append the rows to ``results/<name>.jsonl`` with where and when they were measured."""
    RESULTS.mkdir(exist_ok=True)
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
    machine = {"cpus": os.cpu_count(), "processor": platform.machine(), "python": platform.python_version()}
    line = {"at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"), "commit": commit, "machine": machine, **facts, "rows": rows}
    with (RESULTS / f"{name}.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return "" if value is None else str(value)
