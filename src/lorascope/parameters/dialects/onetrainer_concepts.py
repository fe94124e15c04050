"""OneTrainer's concepts: folders of images with settings of their own, in the pack itself or in a file beside it."""

from __future__ import annotations

from collections.abc import Mapping

from lorascope.parameters.dialects.dialect import Entry, Place
from lorascope.parameters.dialects.reading import Reading, number
from lorascope.parameters.dialects.shared import Meant, as_it_stands, say_where_agreed

NAMES = {
    ("text", "enable_tag_shuffling"): "shuffle_caption",
    ("text", "keep_tags_count"): "keep_tokens",
    ("text", "tag_delimiter"): "caption_separator",
    ("image", "enable_random_flip"): "flip_aug",
}
_READ = {*NAMES, ("text", "tag_dropout_enable"), ("text", "tag_dropout_probability"), ("balancing",), ("repeats",), ("path",)}


def say_concepts(given: Mapping[Place, Entry], reading: Reading) -> None:
    """Say what all enabled training concepts agree on; regularization concepts give the folder and the weight of their loss."""
    concepts: dict[int, dict[Place, Entry]] = {}
    for place, entry in given.items():
        if place[0] == "concepts" and len(place) > 2 and isinstance(place[1], int):
            concepts.setdefault(place[1], {})[place[2:]] = entry
            if place[2:] not in _READ:
                reading.keep(entry)
    enabled = [concept for _, concept in sorted(concepts.items()) if not _is(concept, ("enabled",), False)]
    if len(enabled) < len(concepts):
        reading.note(f"{len(concepts) - len(enabled)} of {len(concepts)} concepts are disabled")
    training = []
    for concept in enabled:
        folder = concept.get(("path",))
        if folder is not None:
            reading.folder(folder.value)
        if _is(concept, ("type",), "PRIOR_PREDICTION"):
            _say_regularization(concept, reading)
        elif not (_is(concept, ("type",), "VALIDATION") or _is(concept, ("validation_concept",), True)):
            training.append(concept)
    for place, name in NAMES.items():
        say_where_agreed(name, [as_it_stands(concept.get(place)) for concept in training], reading, "concepts")
    say_where_agreed("caption_tag_dropout_rate", [_tag_dropout(concept) for concept in training], reading, "concepts")
    say_where_agreed("num_repeats", [_repeats(concept, reading) for concept in training], reading, "concepts")


def _is(concept: Mapping[Place, Entry], place: Place, value: object) -> bool:
    return place in concept and concept[place].value == value


def _say_regularization(concept: Mapping[Place, Entry], reading: Reading) -> None:
    if ("path",) in concept:
        reading.say("reg_data_dir", concept["path",].value, concept["path",])
    if ("loss_weight",) in concept:
        reading.say("prior_loss_weight", concept["loss_weight",].value, concept["loss_weight",])


def _tag_dropout(concept: Mapping[Place, Entry]) -> Meant | None:
    """The share of tags that is dropped: 0 where dropping is off."""
    entry = concept.get(("text", "tag_dropout_probability"))
    if entry is None:
        return None
    return Meant(entry, entry.value if _is(concept, ("text", "tag_dropout_enable"), True) else 0.0)


def _repeats(concept: Mapping[Place, Entry], reading: Reading) -> Meant | None:
    """Whole repeats; a number of samples, or a part of a repeat, has no equal here."""
    entry = concept.get(("balancing",)) or concept.get(("repeats",))
    if entry is None:
        return None
    repeats = number(entry.value)
    if _is(concept, ("balancing_strategy",), "SAMPLES") or repeats is None or repeats != int(repeats):
        reading.keep(entry)
        reading.note(f"{entry.key} = {entry.value}: not a whole number of repeats")
        return None
    return Meant(entry, int(repeats))
