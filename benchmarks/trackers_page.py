"""Write ``results/trackers.md``, the figures beside other trackers on one page, from the results that are kept.

``python benchmarks/trackers_page.py``, after ``bench_logging.py``, ``bench_runs.py``, ``bench_query.py`` and ``bench_start_up.py`` with
``--peers``: of each the newest line that has peers is taken. The other figures come from the newest lines of the other scripts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from table import RESULTS

NAMES = {"trackio": "Trackio", "mlflow": "MLflow", "wandb": "W&B offline", "tensorboard": "TensorBoard", "aim": "Aim", "raw": "floor"}
Row = dict[str, Any]


def newest(name: str, *, peers: bool = True) -> Row:
    """The newest line of results of a script, with peers where it has any."""
    lines = [json.loads(line) for line in (RESULTS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if not peers or any(row.get("tool") in {"trackio", "mlflow"} for row in line["rows"])][-1]


def number(value: float) -> str:
    """Three digits, as people write them."""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def line(goal: str, what: str, unit: str, ours: Row, others: Iterable[Row], key: str, *, note: Callable[[Row], str] = lambda _: "") -> str:
    """A row of the table: ours, and every other with its ratio to ours."""
    cells = [number(ours[key]) + note(ours)]
    by_tool = {row["tool"]: row for row in others}
    for tool in NAMES:
        row = by_tool.get(tool)
        cells.append(f"{number(row[key])} {_ratio(row[key] / ours[key])}{note(row)}" if row else "–")
    return f"| {what} | {unit} | {goal} | " + " | ".join(cells) + f" | {ours['n']} |"


def _ratio(times: float) -> str:
    return f"(**×{number(times)}**)" if times < 1 else f"(×{number(times)})"


def plain(what: str, unit: str, goal: str, told: dict[str, str], n: object) -> str:
    """A row of the table in words."""
    return f"| {what} | {unit} | {goal} | " + " | ".join(told.get(tool, "–") for tool in ("lorascope", *NAMES)) + f" | {n} |"


def split(rows: list[Row], **wanted: object) -> tuple[Row, list[Row]]:
    """Ours and the others among the rows with these values."""
    found = [row for row in rows if all(row.get(key) == value for key, value in wanted.items())]
    return next(row for row in found if row["tool"] == "lorascope"), [row for row in found if row["tool"] != "lorascope"]


def start_up() -> list[str]:
    rows = newest("start_up_trackers")["rows"]
    goals = {
        "import": ("≤ 60 ms", "`import`, over bare python (TensorBoard: tensorboardX)"),
        "--help": ("≤ 120 ms", "`--help`, over bare python"),
        "first run, new store": ("", "a whole process: import, new store, one run of 45 + 10×20"),
        "one run, store of one": ("", "the same, in a store that is there"),
    }
    return [line(goal, text, "ms CPU", *split(rows, what=what), "cpu_more_than_bare_ms") for what, (goal, text) in goals.items()]


def runs() -> list[str]:
    rows = newest("runs")["rows"]
    empty = split(rows, other_runs=0)
    found = [
        line("≤ 5 ms", "a run of 45 parameters + 10 epochs × 20 metrics", "ms CPU", *empty, "cpu_ms_per_run"),
        line("", "the same by the clock", "ms wall", *empty, "wall_ms_per_run"),
        line("≤ 8 kB", "bytes for such a run", "bytes", *empty, "bytes_per_run"),
    ]
    for others in sorted({row["other_runs"] for row in rows} - {0}):
        grown = [row for row in rows if row["other_runs"] == others]
        text = {row["tool"]: f"{number(row['cpu_ms_per_run'])} ({number(row['ratio_to_empty'])}× its empty store)" for row in grown}
        found.append(plain(f"a run beside {others:,} others", "ms CPU", "≤ 1.3× the empty store", text, grown[0]["n"]))
    return found


def logging() -> list[str]:
    caller, each = newest("logging_caller", peers=False)["rows"][0], newest("logging_points")["rows"]
    single, kill = newest("logging_single")["rows"], newest("logging_kill")["rows"]
    points, alone, killed = split(each), split(single), split(kill)
    lost = {row["tool"]: f"{row['lost_least']:,}–{row['lost_most']:,}" + _torn(row) for row in kill}
    cost = f"{number(caller['cpu_us_p50'])} / {number(caller['cpu_us_p99'])}"
    return [
        plain(
            "`log(20 values)`, cost to the caller, median / 99 %", "µs CPU", "≤ 40 / ≤ 1,000", {"lorascope": cost}, f"{caller['n']:,} calls"
        ),
        line("Trackio ≥ ×1.2, MLflow ≥ ×120", "a point, 20 a call, until safe", "µs CPU", *points, "cpu_us_per_point"),
        line("Trackio ≥ ×5, TensorBoard ≥ ×9, MLflow ≥ ×400", "a point, one a call, until safe", "µs CPU", *alone, "cpu_us_per_point"),
        line("≤ 30", "bytes a point, while it runs", "bytes", points[0] | {"n": 1}, points[1], "bytes_per_point_live"),
        line("≤ 12", "bytes a point, after", "bytes", *points, "bytes_per_point_after"),
        plain("acknowledged points lost by SIGKILL, least–most, at up to 100 steps/s", "points", "0", lost, killed[0]["n"]),
    ]


def _torn(row: Row) -> str:
    return f", a step torn in {row['torn_last_step']} of {row['n']}" if row["torn_last_step"] else ""


def questions() -> list[str]:
    rows = newest("query")["rows"]
    found = []
    for runs in sorted({row["runs"] for row in rows}):
        ours, others = split(rows, runs=runs)
        goals = {2_000: ("≤ 2 ms", "≤ 250 ms"), 20_000: ("≤ 10 ms", "")}.get(runs, ("", ""))
        for key, text, goal in (
            ("top_cpu_ms", "dim = 32, best 20 by **best** epoch", goals[0]),
            ("frame_cpu_ms", "all parameters and last values as a frame", goals[1]),
        ):
            note = _wrong if key == "top_cpu_ms" else (lambda _: "")
            found.append(
                line(goal, f"{text}, {runs:,} runs", "ms CPU", ours | {"n": 7 if key == "top_cpu_ms" else 5}, others, key, note=note)
            )
    return found


def _wrong(row: Row) -> str:
    return "" if row["right"] else " **wrong: by the last value**"


def others() -> list[str]:
    """Figures without peers."""
    headers = newest("import", peers=False)
    imported = {row["stage"]: row for row in headers["rows"]}
    wall, cpu = (imported[f"import, all of it{kind}"]["median_s"] for kind in ("", " (CPU)"))
    told = {"lorascope": f"{number(wall)} wall, {number(cpu)} CPU"}
    found = [plain("`import` of 1,000 safetensors headers", "s", "≤ 2", told, headers["runs"])]
    line = newest("postgres", peers=False)
    copied = {row["what"]: row for row in line["rows"] if row["how"] == "raw COPY"}
    for row in line["rows"]:
        if row["how"] == "lorascope":
            raw = copied[row["what"]]
            told = {tool: f"{number(one['wall_ms'])} wall, {number(one['cpu_ms'])} CPU" for tool, one in (("lorascope", row), ("raw", raw))}
            told["lorascope"] += f": {number(row['x raw'])}× the floor's speed by the clock"
            found.append(plain(f"{row['what']} into PostgreSQL; floor: COPY", "ms", "≥ 0.7× the speed of COPY", told, line["rounds"]))
    return found


def page() -> str:
    used = {name: newest(name) for name in ("start_up_trackers", "runs", "logging_points", "logging_kill", "query")}
    facts = used["runs"]
    versions = ", ".join(f"{NAMES.get(tool, tool)} {version}" for tool, version in facts["versions"].items())
    when = ", ".join(sorted({one["at"][:10] for one in used.values()}))
    machine = f"{facts['machine']['cpus']} cores ({facts['machine']['processor']}), Python {facts['machine']['python']}"
    head = ["measured", "unit", "goal", "lorascope", *NAMES.values(), "n"]
    body = start_up() + runs() + logging() + questions() + others()
    return "\n".join(
        [
            "# lorascope beside other trackers",
            "",
            f"{when}; {machine}; shared with other work: CPU counts more than the clock.",
            f"{versions}.",
            "",
            "Medians of n. (×r) is a figure over ours: above 1 ours needs less, **bold** where ours needs more. The floor is Python's",
            "sqlite3 with a plain schema and a transaction for each step, and COPY for PostgreSQL. Written by `trackers_page.py` from the",
            "lines beside this file; how each tool is driven is in `tracker_jobs.py` and `tracker_peers.py`.",
            "",
            "| " + " | ".join(head) + " |",
            "|" + "---|" * len(head),
            *body,
            "",
            (RESULTS.parent / "trackers_notes.md").read_text(encoding="utf-8").rstrip(),
            "",
        ]
    )


if __name__ == "__main__":
    (RESULTS / "trackers.md").write_text(page(), encoding="utf-8")
    print(f"wrote {RESULTS / 'trackers.md'}")
