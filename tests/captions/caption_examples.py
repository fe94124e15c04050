"""Examples of caption checks as a check sees them: entries, surroundings, findings."""

from __future__ import annotations

from lorascope.captions.audit import surroundings
from lorascope.captions.check import Check, Entry, Example, Knowledge
from lorascope.captions.clauses import read_caption
from lorascope.captions.encoding import Encoding
from lorascope.captions.sight import Sight
from lorascope.records.color import parse_hex
from lorascope.records.finding import Finding


def entry_of(example: Example) -> Entry:
    """An example as a check sees it."""
    sight = example.sight
    if example.background or example.palette:
        colors = [parse_hex(code) for code in (*example.palette, *([example.background] if example.background else []))]
        sight = Sight.of_colors(colors, parse_hex(example.background) if example.background else None)
    caption_file = None if example.text is None else example.caption_file
    caption = None if example.text is None else read_caption(example.text)
    file = caption_file or example.image_file or ""
    return Entry(file, example.image_file, caption_file, caption, example.encoding, sight, example.image_problem)


def others_of(example: Example) -> list[Entry]:
    """The other captions of an example's dataset."""
    sight = example.sight if example.others_look_alike else None
    return [Entry(f"{n}.txt", f"{n}.png", f"{n}.txt", read_caption(text), Encoding(), sight) for n, text in enumerate(example.others)]


def findings_of(check: Check, example: Example, knowledge: Knowledge) -> list[Finding]:
    """What a check says of an example: of its file, or of the dataset where the example is about that."""
    entry = entry_of(example)
    entries = [entry, *others_of(example)]
    around = surroundings(entries, knowledge, reader=example.reader, trigger=example.trigger, files=example.files)
    found = list(check.find(entry, around)) if check.find else []
    surveyed = list(check.survey(entries, around)) if check.survey else []
    return [*found, *(finding for finding in surveyed if finding.file == ("" if example.in_dataset else entry.file))]
