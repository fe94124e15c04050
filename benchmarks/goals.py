"""Numbers beside their goals, and a page of tables: a number that misses its goal is marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lorascope.analysis.intervals import exact_share_interval
from table import RESULTS

Row = Mapping[str, object]
MISSED = "MISSED"


@dataclass(frozen=True, slots=True)
class Goal:
    """A number and what it should be: at least ``low``, at most ``high``. ``value`` None: there was nothing to measure."""

    what: str
    value: float | None
    n: int
    low: float | None = None
    high: float | None = None
    stretch: bool = False

    @property
    def is_met(self) -> bool | None:
        """Whether the number is within the goal."""
        if self.value is None:
            return None
        return (self.low is None or self.value >= self.low) and (self.high is None or self.value <= self.high)

    def row(self) -> Row:
        """The goal as a row of a table."""
        wanted = " and ".join(
            f"{sign} {bound:g}" for sign, bound in ((">=", self.low), ("<=", self.high)) if bound is not None
        )  # fmt: skip
        verdict = {None: "not measured", True: "met", False: MISSED}[self.is_met]
        return {
            "goal": self.what + (" (stretch)" if self.stretch else ""), "wanted": wanted,
            "measured": None if self.value is None else round(self.value, 4), "n": self.n, "": verdict,
        }  # fmt: skip


def share(part: int, whole: int) -> str:
    """A share with its exact 95 % interval, in percent."""
    if not whole:
        return "-"
    interval = exact_share_interval(part, whole)
    return f"{100 * part / whole:.0f} % [{100 * interval.low:.0f}, {100 * interval.high:.0f}]"


def percent(value: float | None) -> str:
    """A share in percent."""
    return "-" if value is None else f"{100 * value:.0f} %"


def write_page(name: str, title: str, notes: Sequence[str], tables: Sequence[tuple[str, Sequence[Row]]]) -> None:
    """Write ``results/<name>.md``."""
    lines = [f"# {title}", "", *notes]
    for heading, rows in tables:
        columns = list(dict.fromkeys(column for row in rows for column in row))
        lines += ["", f"## {heading}", "", "| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
        lines += ["| " + " | ".join(_cell(row.get(column)) for column in columns) + " |" for row in rows]
    (RESULTS / f"{name}.md").write_text("\n".join([*lines, ""]), "utf-8")


def _cell(value: object) -> str:
    text = f"{value:.4g}" if isinstance(value, float) else "" if value is None else str(value)
    return text.replace("|", "\\|")
