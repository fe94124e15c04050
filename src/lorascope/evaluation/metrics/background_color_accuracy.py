"""Is the background the color that the prompt asks for?

The color looked at is the median of the background's cells. A word is held against it by what people call that color
(``records.color_names``: 98.6 % of 146 true names accepted, no true name called a conflict), a code by its OKLab distance. A
distance to one fixed green, or a count of colors, answers another question: by the first, good greens fail; by the second, a
brown background passes.

A background without a single color (split, checkered, a gradient, a scene) is not measurable rather than wrong: what share of
pictures that were is counted beside the mean, and ``background_uniformity`` says how far they are from one color.
"""

from __future__ import annotations

from lorascope.evaluation.asked_color import judge
from lorascope.evaluation.grounds import without_one_background_color
from lorascope.evaluation.metric import Direction, Metric, NotMeasurable, Picture, Reading
from lorascope.records.color_names import Agreement
from lorascope.records.run import JsonValue

NOTHING_ASKED = NotMeasurable("the prompt does not say what color the background is")


def measure(picture: Picture) -> Reading | NotMeasurable:
    """1 when the background's color agrees with the one asked for, 0 when it is in conflict or doubtful."""
    asked = picture.prompt.expected("background")
    lacking = NOTHING_ASKED if asked is None else without_one_background_color(picture.look)
    if asked is None or lacking is not None:
        return lacking or NOTHING_ASKED
    rgb = picture.look.background.rgb
    verdict = judge(asked, rgb, picture.names)
    seen: dict[str, JsonValue] = {
        "rgb": list(rgb), "expected": asked.color, "verdict": verdict.agreement.value, "distance": round(verdict.distance, 6),
        "lacks": list(verdict.lacks),
    }  # fmt: skip
    return Reading(float(verdict.agreement is Agreement.AGREE), seen)


METRIC = Metric(
    name="background_color_accuracy",
    title="background color accuracy",
    unit="share of pictures",
    low=0,
    high=1,
    direction=Direction.HIGHER,
    meaning=(
        "1 when the median color of the background agrees with the color word or code that the prompt asks for, else 0: doubtful "
        "counts as 0. Words by the nearest of the colors that people give that name (OKLab, lightness at half weight, up to 0.06; "
        "neutral words need a low chroma, too), codes by OKLab distance up to 0.06. A modifier that does not hold (bright, dark) is "
        "told beside it and does not count. Not measurable when the prompt names no background color, or the background has no "
        "single one (split, checkered, gradient, complex)."
    ),
    measure=measure,
    version=2,
    yes_or_no=True,
)
