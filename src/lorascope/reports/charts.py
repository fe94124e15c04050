"""Vega-Lite specifications, drawn from the numbers of ``curves``. Colors of text and lines follow the page's theme.

The six colors keep at least 3:1 contrast on white and on near-black and stay apart for color-blind readers; a run's color is
fixed by its place in the report, and its dash and point shape say the same without color.
"""

from __future__ import annotations

import math
from typing import Any

from lorascope.reports.curves import Curve, Line
from lorascope.reports.wording import is_ratio

PALETTE = ("#FA5A14", "#505FDC", "#A53C91", "#738CEB", "#CD0041", "#B97D91")
DASHES = ([1, 0], [5, 3])
SHAPES = ("circle", "square")
WIDTH_PX, HEIGHT_PX = 380, 210
SIDESTEP_EPOCHS = 0.09  # the runs' points stand a little beside each other, so that intervals do not cover each other

Spec = dict[str, Any]


def curve_spec(curve: Curve) -> Spec:
    """The chart of one metric over epochs: band = 95 % interval, line = mean, small points = prompts, ring = chosen epoch."""
    layers = [layer for line in curve.lines for layer in _layers(curve, line)]
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": WIDTH_PX,
        "height": HEIGHT_PX,
        "background": None,
        "padding": {"left": 2, "right": 6, "top": 6, "bottom": 2},
        "config": _config(),
        "layer": layers,
    }


def _config() -> Spec:
    ink = "currentColor"
    axis = {"labelColor": ink, "titleColor": ink, "gridColor": ink, "domainColor": ink, "tickColor": ink}
    quiet = {"gridOpacity": 0.12, "domainOpacity": 0.4, "tickOpacity": 0.4, "labelOpacity": 0.8, "titleOpacity": 0.8}
    sizes = {"labelFontSize": 11, "titleFontSize": 11, "titleFontWeight": "normal", "titlePadding": 6}
    return {"aria": False, "font": "sans-serif", "view": {"stroke": None}, "axis": axis | quiet | sizes, "axisX": {"grid": False}}


def _layers(curve: Curve, line: Line) -> list[Spec]:
    scale = 100 if is_ratio(curve.unit) else 1
    color, shift = PALETTE[line.place % len(PALETTE)], SIDESTEP_EPOCHS * (2 * line.place - len(curve.lines) + 1)
    dash, shape = DASHES[line.place % len(DASHES)], SHAPES[line.place % len(SHAPES)]
    means = [
        {
            "x": round(point.epoch + shift, 3),
            "y": _rounded(scale * point.mean),
            "low": _rounded(scale * (point.mean if point.low is None else point.low)),
            "high": _rounded(scale * (point.mean if point.high is None else point.high)),
        }
        for point in line.points
    ]
    dots = [{"x": round(point.epoch + shift, 3), "y": _rounded(scale * point.value)} for point in line.prompt_points]
    x, y = _x(curve), _y(curve, scale)
    plain = {"x": x, "y": y}
    ring = [mean for mean, point in zip(means, line.points, strict=True) if point.epoch == line.picked]
    layers = [
        _layer(dots, {"type": "point", "shape": shape, "filled": True, "size": 10, "opacity": 0.3, "color": color}, plain),
        _layer(
            means,
            {"type": "area", "opacity": 0.18, "color": color, "clip": True},
            {"x": x, "y": y | {"field": "low"}, "y2": {"field": "high"}},
        ),
        _layer(means, {"type": "line", "strokeWidth": 2, "strokeDash": dash, "color": color}, plain),
        _layer(means, {"type": "point", "shape": shape, "filled": True, "size": 34, "opacity": 1, "color": color}, plain),
        _layer(ring, {"type": "point", "shape": "circle", "filled": False, "size": 190, "strokeWidth": 2, "color": color}, plain),
    ]
    return [layer for layer in layers if layer["data"]["values"]]


def _layer(values: list[dict[str, float]], mark: Spec, encoding: Spec) -> Spec:
    return {"data": {"values": values}, "mark": mark, "encoding": encoding}


def _rounded(value: float) -> float:
    return float(f"{value:.6g}")


def _x(curve: Curve) -> Spec:
    epochs = sorted(
        {point.epoch for line in curve.lines for point in line.points} | {p.epoch for line in curve.lines for p in line.prompt_points}
    )
    first, last = (epochs[0], epochs[-1]) if epochs else (0, 1)
    step = max(1, math.ceil((last - first) / 12))
    ticks = [epoch for epoch in epochs if (epoch - first) % step == 0]
    axis = {
        "values": ticks,
        "title": "epoch (0 = base model)" if first == curve.base_epoch else "epoch",
        "labelExpr": "format(datum.value, 'd')",
    }
    return {"field": "x", "type": "quantitative", "scale": {"domain": [first - 0.3, last + 0.3], "nice": False}, "axis": axis}


def _y(curve: Curve, scale: int) -> Spec:
    values = [scale * value for line in curve.lines for value in _extent(line)]
    bounded = is_ratio(curve.unit) and math.isfinite(curve.high)
    domain = [scale * curve.low, scale * curve.high] if bounded else [min(values, default=0.0), max(values, default=1.0)]
    return {
        "field": "y",
        "type": "quantitative",
        "scale": {"domain": domain, "nice": not bounded, "zero": False},
        "axis": {"title": None, "tickCount": 5},
    }


def _extent(line: Line) -> list[float]:
    bounds = [bound for point in line.points for bound in (point.mean, point.low, point.high) if bound is not None]
    return bounds + [point.value for point in line.prompt_points]
