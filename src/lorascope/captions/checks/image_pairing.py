"""Names that pair images and captions in two ways, or almost: the trainer may read another caption than you think.

Two captions for one image (``a.txt`` and ``a.caption``): which one is read depends on the trainer. Two images for one caption
(``a.png`` and ``a.jpg``): both are trained with it, and caches named after the stem may be mixed up. A caption that differs from
its image in case or Unicode form only is found on Windows and macOS and lost on Linux. kohya gives an image with many
underscores in its name, and no caption, that of a shorter name. Only reported: which file is right, only people know.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lorascope.captions.check import Check, Entry, Example, Surroundings
from lorascope.captions.pairing import Names, fallback, near_misses, sort_out, split_name, taken
from lorascope.records.finding import Finding, FixKind, Severity


def survey(entries: Sequence[Entry], around: Surroundings) -> Iterator[Finding]:
    """Findings on images whose names leave their caption open."""
    if not around.files:
        return
    names = sort_out(around.files)
    for entry in entries:
        if entry.image_file is not None:
            for message, severity in _problems(entry.image_file, entry.caption_file, names):
                takes = taken(entry.image_file, names.files, _ending(entry))
                yield CHECK.finding(entry, message, severity=severity, evidence={"image": entry.image_file, "takes": {**takes}})


def _problems(image: str, caption_file: str | None, names: Names) -> Iterator[tuple[str, Severity]]:
    stem, _ = split_name(image)
    captions, images = names.captions.get(stem, ()), names.images.get(stem, ())
    if len(captions) > 1:
        yield f"{image} has {len(captions)} captions, {' and '.join(captions)}: {_who_reads(image, names)}", Severity.WARNING
    if len(images) > 1 and captions:
        others = " and ".join(name for name in images if name != image)
        yield f"{image} and {others} share the caption {captions[0]}: all are trained with it", Severity.WARNING
    if caption_file is None:
        for other in near_misses(image, names):
            how = (
                "is named after the whole image file"
                if split_name(other)[0].lower() == image.lower()
                else "differs in case or Unicode form"
            )
            yield f"{image} has no caption, but {other} is there and {how}: on Linux no trainer finds it", Severity.ERROR
        for ending in ("txt", "caption"):
            if other_caption := fallback(image, names.files, ending):
                yield f"{image} has no caption; kohya takes {other_caption} for it, that of another image", Severity.WARNING


def _who_reads(image: str, names: Names) -> str:
    """Which trainer takes which of the captions, in words."""
    readers: dict[str, list[str]] = {}
    for trainer, name in taken(image, names.files).items():
        if name in names.captions[split_name(image)[0]]:
            readers.setdefault(name, []).append(trainer)
    return "; ".join(f"{name} is read by {', '.join(trainers)}" for name, trainers in readers.items())


def _ending(entry: Entry) -> str:
    return split_name(entry.caption_file)[1] if entry.caption_file else "txt"


CHECK = Check(
    name="image_pairing",
    title="pairs of image and caption left open by their names",
    reason="Trainers pair by name: another one, or another system, may read another caption or none.",
    severity=Severity.ERROR,
    fix=FixKind.NONE,
    survey=survey,
    good=(
        Example("bespoke, smiling", files=("0001.png", "0001.txt", "0002.png", "0002.txt", "notes.md")),
        Example("1girl, solo, smile", files=("0001.png", "0001.txt", "0001.json")),
        Example("A girl smiles.", image_file="a.b.png", caption_file="a.b.txt", files=("a.b.png", "a.b.txt", "a.png", "a.txt")),
        Example(None, files=("0001.png", "0002.png", "0002.txt")),
    ),
    bad=(
        Example("bespoke, smiling", files=("0001.png", "0001.txt", "0001.caption")),
        Example("1girl, solo, smile", files=("0001.png", "0001.jpg", "0001.txt")),
        Example("A girl smiles.", files=("0001.png", "0001.webp", "0001.txt")),
        Example(None, image_file="Cat.png", files=("Cat.png", "cat.txt")),
        Example(None, image_file="cat.png", files=("cat.png", "cat.png.txt")),
        Example(None, image_file="cat.png", files=("cat.png", "cat.TXT")),
        Example(None, image_file="cat_1_2_3_4.png", files=("cat_1_2_3_4.png", "cat.png", "cat.txt")),
    ),
)
