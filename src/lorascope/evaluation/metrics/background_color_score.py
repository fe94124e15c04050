"""How far is the background from the color that the prompt asks for? The same question as the accuracy's, answered without a step."""

from __future__ import annotations

from lorascope.evaluation.metric import Direction, Metric, NotMeasurable, Picture, Reading
from lorascope.evaluation.metrics import background_color_accuracy
from lorascope.records.color_names import CONFLICT_DISTANCE


def measure(picture: Picture) -> float | NotMeasurable:
    """1 at distance 0, 0 from the distance of a conflict on."""
    seen = picture.of(background_color_accuracy.METRIC)
    if not isinstance(seen, Reading):
        return seen if isinstance(seen, NotMeasurable) else background_color_accuracy.NOTHING_ASKED
    distance = seen.extra["distance"]
    assert isinstance(distance, float)
    return 1 - min(distance / CONFLICT_DISTANCE, 1.0)


METRIC = Metric(
    name="background_color_score",
    title="background color score",
    unit="score",
    low=0,
    high=1,
    direction=Direction.HIGHER,
    meaning=(
        f"1 - d / {CONFLICT_DISTANCE:.2f}, at least 0: d is the OKLab distance (lightness at half weight) of the background's median "
        "color from the nearest color that people give the asked name, or from the asked code (lightness in full). It falls steadily "
        "where background_color_accuracy has a step, so fewer pictures show a difference. Not measurable where that one is not."
    ),
    measure=measure,
)
