"""Are the things in the picture that the prompt asks for (sunglasses), and are those away that it forbids?

Judged by classifiers learned from the user's own training images (``evaluation.traits``), each only as far as its measured precision
allows. A picture unlike all training images is not judged at all.
"""

from __future__ import annotations

from lorascope.evaluation.metric import Direction, Metric, NotMeasurable, Picture, Reading
from lorascope.evaluation.seen_figure import seen_figure
from lorascope.evaluation.traits import LEAST_PRECISION, Presence
from lorascope.pixels.figure import Unlearned
from lorascope.records.run import JsonValue

NOTHING_ASKED = NotMeasurable("the prompt neither asks for a thing nor forbids one")


def measure(picture: Picture) -> Reading | NotMeasurable:
    """Share of the asked things that are confirmed, among those whose check may confirm them; what was seen of each stands beside it."""
    asked = picture.prompt.traits
    if not asked:
        return NOTHING_ASKED
    figure = seen_figure(picture)
    if isinstance(figure, NotMeasurable):
        return figure
    training = picture.training
    assert training is not None
    reasons, seen, confirmed = [], dict[str, JsonValue](), []
    for trait in asked:
        check = training.traits.get(trait.label)
        if check is None or isinstance(check, Unlearned):
            reasons.append(check.reason if check else f"{trait.label}: no training image is labeled")
            continue
        wanted = Presence.PRESENT if trait.present else Presence.ABSENT
        refusal = check.refusal(wanted)
        if refusal:
            reasons.append(refusal)
            continue
        judged = check.judge(figure.lab, figure.mask)
        confirmed.append(judged.presence is wanted)
        measured = check.answer(wanted).summary()
        seen[trait.label] = {"asked": wanted.value, "seen": judged.presence.value, "score": judged.score, "measured": measured}
    if not confirmed:
        return NotMeasurable("undecided: " + "; ".join(reasons))
    undecided: list[JsonValue] = list(reasons)
    return Reading(sum(confirmed) / len(confirmed), {"traits": seen, "undecided": undecided})


METRIC = Metric(
    name="trait_accuracy",
    title="trait accuracy",
    unit="share of asked things",
    low=0,
    high=1,
    direction=Direction.HIGHER,
    meaning=(
        "Share of the things that the prompt asks for (accessories) or forbids (without) that are confirmed: seen, or seen to be absent; "
        "doubtful counts as 0. A small classifier for each is learned from the training images and the words of their captions, and "
        f"cross-validated. It may confirm a thing only where doing so is right with a precision of at least {LEAST_PRECISION:g} (lower "
        "95 % bound, at even odds, on unseen training images with noise); other things do not count. Not measurable when none is left, "
        "with the reason and the measured precision, and for pictures unlike every training image. What is there and not recognized "
        "counts as 0, too: the recall stands beside each value. Both are of training images; a model may draw things that are unlike any."
    ),
    measure=measure,
)
