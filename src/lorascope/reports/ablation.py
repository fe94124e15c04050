"""The ablation graph as a picture: runs on a circle, a solid line where two differ in one setting, a dashed one for two or three."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from lorascope.reports.wording import amount, shortened

MOST_RUNS = 300  # more are no picture
_SIDE, _MARGIN = 900, 170


@dataclass(frozen=True, slots=True)
class Drawn:
    """A run and what its metric came out as."""

    name: str
    value: float


@dataclass(frozen=True, slots=True)
class DrawnEdge:
    """Two runs and the settings they differ in."""

    first: str
    second: str
    settings: tuple[str, ...]


def draw_ablation(metric: str, unit: str, runs: Sequence[Drawn], edges: Sequence[DrawnEdge]) -> str:
    """The graph as SVG. Runs without an edge are left out and counted; of very many, those with most edges are drawn."""
    degree = {run.name: 0 for run in runs}
    for edge in edges:
        degree[edge.first] += 1
        degree[edge.second] += 1
    linked = sorted((run for run in runs if degree[run.name]), key=lambda run: (-degree[run.name], run.name))[:MOST_RUNS]
    shown = sorted(linked, key=lambda run: run.name)
    names = {run.name for run in shown}
    place = {run.name: _on_circle(index, len(shown)) for index, run in enumerate(shown)}
    lines = [_line(edge, place) for edge in edges if edge.first in names and edge.second in names]
    low, high = min((run.value for run in shown), default=0.0), max((run.value for run in shown), default=0.0)
    nodes = [_node(run, place[run.name], unit, (run.value - low) / (high - low) if high > low else 0.5) for run in shown]
    solid = sum(len(edge.settings) == 1 for edge in edges)
    alone = len(runs) - len(shown)
    caption = (
        f"{metric}: {len(shown)} runs, {solid} pairs that differ in one setting (solid), {len(edges) - solid} in two or three (dashed)"
    )
    more = f"; {alone} runs not drawn: no other is that close" if alone else ""
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_SIDE} {_SIDE}" font-family="sans-serif" font-size="11">',
        f"<title>{escape(shortened(caption, 200))}</title>",
        f'<text x="12" y="20" font-size="13">{escape(shortened(caption, 200))}{escape(more)}</text>',
        *lines,
        *nodes,
        "</svg>\n",
    ])  # fmt: skip


def _on_circle(index: int, count: int) -> tuple[float, float, float]:
    angle = 2 * math.pi * index / max(1, count) - math.pi / 2
    radius = _SIDE / 2 - _MARGIN
    return _SIDE / 2 + radius * math.cos(angle), _SIDE / 2 + radius * math.sin(angle), angle


def _line(edge: DrawnEdge, place: dict[str, tuple[float, float, float]]) -> str:
    (x1, y1, _), (x2, y2, _) = place[edge.first], place[edge.second]
    label = escape(shortened(", ".join(edge.settings), 200))
    style = 'stroke="#444" stroke-width="1.6"' if len(edge.settings) == 1 else 'stroke="#999" stroke-width="0.8" stroke-dasharray="4 4"'
    where = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    text = ""
    if len(edge.settings) == 1:
        text = f'<text x="{(x1 + x2) / 2:.1f}" y="{(y1 + y2) / 2 - 3:.1f}" fill="#333" text-anchor="middle">{label}</text>'
    return f"<line {where} {style}><title>{label}</title></line>{text}"


def _node(run: Drawn, place: tuple[float, float, float], unit: str, share: float) -> str:
    x, y, angle = place
    right = math.cos(angle) >= 0
    shade = f"rgb({round(230 - 200 * share)},{round(235 - 130 * share)},{round(245 - 60 * share)})"
    label = escape(f"{shortened(run.name, 22)} {amount(run.value, unit)}")
    at = f'x="{x + (9 if right else -9):.1f}" y="{y + 4:.1f}" text-anchor="{"start" if right else "end"}"'
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" fill="{shade}" stroke="#222"/><text {at}>{label}</text>'
