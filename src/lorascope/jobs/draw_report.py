"""Draw a report's page as one HTML file: pictures and charts inside, no script, no request to anywhere.

The page's own style sheet is the only one its security policy admits (by its hash), so that nothing a run, prompt or caption
says can become markup, style or script.
"""

from __future__ import annotations

import base64
import hashlib
import importlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from numpy.typing import NDArray
from PIL import Image

from lorascope.jobs.evaluate import png_bytes
from lorascope.pixels.cells import NATIVE_SIDE_PX, lossless
from lorascope.reports.charts import PALETTE, curve_spec
from lorascope.reports.curves import Curve, curve_table
from lorascope.reports.page_view import Page
from lorascope.reports.project import ProjectPage, opening
from lorascope.reports.source import HOW, has_digits
from lorascope.reports.wording import one_line

CELL_SIDE_PX, CELL_SIDE_NARROW_PX, CELL_SIDE_PRINT_PX = 96, 72, 72  # what a large picture may take, by medium

Pixels = NDArray[np.uint8]
_CLIP = re.compile(r"\bclip\d+\b")


@dataclass(frozen=True, slots=True)
class Size:
    """A picture's size on the page before zoom, in CSS pixels; ``smooth`` pictures were reduced and are not enlarged."""

    width: int
    height: int
    smooth: bool

    @property
    def name(self) -> str:
        """The style class of this size."""
        return f"{'reduced' if self.smooth else 'native'}-{self.width}x{self.height}"

    @property
    def zoom(self) -> int:
        """Whole-number zoom of a large picture on a wide screen."""
        return self._zoom(CELL_SIDE_PX)

    @property
    def zoom_narrow(self) -> int:
        """Whole-number zoom on a narrow screen."""
        return self._zoom(CELL_SIDE_NARROW_PX)

    @property
    def zoom_print(self) -> int:
        """Whole-number zoom on paper."""
        return self._zoom(CELL_SIDE_PRINT_PX)

    def _zoom(self, side: int) -> int:
        return max(1, side // max(self.width, self.height))


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture ready for the page."""

    uri: str
    size: Size


def draw_html(page: Page, images: Mapping[str, Pixels], *, with_charts: bool = True) -> str:
    """The report as one HTML text. ``images`` maps digests to pixels, (height, width, 3); pictures that it lacks keep their place."""
    pictures = {digest: drawn(pixels) for digest, pixels in images.items()}
    return render(
        "page.html",
        pictures.values(),
        page.numbering.by_target(),
        page=page,
        drawn=pictures,
        charts=draw_charts(page.curves) if with_charts else None,
        tables={curve.metric: curve_table(curve) for curve in page.curves},
        how=HOW,
    )


def draw_project_html(page: ProjectPage) -> str:
    """The report of a project as one HTML text."""
    return render("project.html", (), page.numbering.by_target(), page=page, opening=opening(page.recorded), how=HOW)


def render(template: str, pictures: Iterable[Drawn], references: Mapping[object, str] | None = None, **values: object) -> str:
    """A page of our own: escaped, with one style sheet that knows the sizes of its pictures; ``references`` by sentence or table."""
    environment = Environment(
        loader=PackageLoader("lorascope", "assets/report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["visible"] = one_line
    environment.globals["ref"] = partial(_reference, references or {})
    sizes = sorted({picture.size for picture in pictures}, key=lambda size: size.name)
    style = environment.get_template("style.css").render(sizes=sizes, colors=PALETTE)
    return environment.get_template(template).render(
        style=Markup(style),  # noqa: S704 - our own style sheet, filled with numbers and our palette
        style_digest=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        **values,
    )


def _reference(references: Mapping[object, str], target: object, part: object = "", texts: Iterable[str] | None = None) -> Markup:
    """The mark beside a sentence, a table's caption or one of its rows; empty where there is no reference, or no digit in ``texts``."""
    name = references.get(target, "")
    wanted = has_digits([target] if isinstance(target, str) else texts if texts is not None else ["0"])
    if not name or not wanted:
        return Markup("")
    full = f"{name}.{part}" if part != "" else name
    return Markup('<a class="ref" href="#{}" data-ref="{}">{}</a>').format(name, full, full)


def draw_charts(curves: Sequence[Curve]) -> dict[str, Markup] | None:
    """Metric → chart as inline SVG, or None when vl-convert (the extra ``report``) is not installed."""
    try:
        vl_convert = importlib.import_module("vl_convert")
    except ModuleNotFoundError:
        return None
    return {curve.metric: _inline(vl_convert.vegalite_to_svg(curve_spec(curve)), place) for place, curve in enumerate(curves)}


def _inline(svg: str, place: int) -> Markup:
    """An SVG whose ids are its own on the page and the same in every drawing (the converter counts them up over a process)."""
    names = {name: f"chart{place}-clip{index}" for index, name in enumerate(dict.fromkeys(_CLIP.findall(svg)))}
    renamed = _CLIP.sub(lambda match: names[match.group()], svg)
    return Markup(renamed.replace("<svg ", '<svg aria-hidden="true" ', 1))  # noqa: S704 - drawn from numbers and our own titles


def drawn(pixels: Pixels) -> Drawn:
    """A picture as a data: address: pixel by pixel when it is small or certain to be an enlarged small one, else reduced to a cell."""
    small = lossless(pixels)
    if small is not None and max(small.shape[:2]) <= NATIVE_SIDE_PX:
        return Drawn(_data_uri(small), Size(small.shape[1], small.shape[0], smooth=False))
    picture = Image.fromarray(pixels)
    picture.thumbnail((CELL_SIDE_PX, CELL_SIDE_PX), Image.Resampling.LANCZOS)
    return Drawn(_data_uri(np.asarray(picture)), Size(picture.width, picture.height, smooth=True))


def _data_uri(pixels: Pixels) -> str:
    return f"data:image/png;base64,{base64.b64encode(png_bytes(pixels)).decode()}"
