"""Has the color asked for the hair ended up in the background?

With "blue hair, green background" a model that binds colors badly paints the background blue. background_color_accuracy says that it is
not green; this says whose color it took.
"""

from __future__ import annotations

import numpy as np

from lorascope.evaluation.asked_color import asked_alike, colored, judge
from lorascope.evaluation.grounds import NO_BACKGROUND
from lorascope.evaluation.metric import Direction, Metric, NotMeasurable, Picture, Reading
from lorascope.records.color_names import Agreement


def measure(picture: Picture) -> Reading | NotMeasurable:
    """Share of the background that has the color asked for something else; names that thing."""
    background = picture.prompt.expected("background")
    if background is None:
        return NotMeasurable("the prompt does not say what color the background is")
    alike = asked_alike(picture.prompt, picture.names)
    others = [asked for asked in colored(picture.prompt) if asked.feature != "background" and asked.feature not in alike]
    if not others:
        return NotMeasurable("the prompt asks for no other color than the background's")
    look = picture.look
    counts = np.bincount(look.merged.labels[look.background.mask], minlength=len(look.merged))
    if not counts.any():
        return NO_BACKGROUND
    taken = {asked.feature: 0.0 for asked in others}
    for color in np.flatnonzero(counts):
        red, green, blue = (int(level) for level in look.merged.rgb[color])
        if judge(background, (red, green, blue), picture.names).agreement is Agreement.AGREE:
            continue
        for asked in others:
            if judge(asked, (red, green, blue), picture.names).agreement is Agreement.AGREE:
                taken[asked.feature] += float(counts[color] / counts.sum())
    feature = max(taken, key=lambda name: taken[name])
    return Reading(min(taken[feature], 1.0), {"feature": feature} if taken[feature] else {})


METRIC = Metric(
    name="color_leak",
    title="color leak",
    unit="share of background cells",
    low=0,
    high=1,
    direction=Direction.LOWER,
    meaning=(
        "Share of the background's cells that agree with the color asked for something else (hair, clothing; of several the one that "
        "leaked most, which is named) and not with the background's own. Not measurable unless the prompt asks for a background "
        "color and another one that differs from it."
    ),
    measure=measure,
)
