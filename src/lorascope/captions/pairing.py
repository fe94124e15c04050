"""Which caption file each trainer takes for an image, and where names leave that open.

All look beside the image for its name with another ending; they differ in which ending, and in what else they accept (read in
their sources, 2026):

- kohya's sd-scripts takes ``caption_extension`` (``.caption`` unless set), and for a name of five or more parts between underscores
  falls back on the name without its last four: ``a_1_2_3_4.png`` takes ``a.caption`` when it has none of its own;
- OneTrainer (prompt source "sample"), ai-toolkit (``caption_ext``) and SimpleTuner (``caption_strategy = textfile``) take ``.txt``;
- diffusers' scripts read no caption files at all, but a table ``metadata.jsonl`` or ``metadata.csv``.

Names are compared as Linux does, letter by letter; Windows and macOS find ``a.TXT`` for ``a.txt``.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

IMAGE_ENDINGS = frozenset({"png", "jpg", "jpeg", "webp", "bmp"})
CAPTION_ENDINGS = ("txt", "caption")
KOHYA_ENDING = "caption"
TABLES = ("metadata.jsonl", "metadata.csv")
_FALLBACK_PARTS = 5
_FALLBACK_CUT = 4


@dataclass(frozen=True, slots=True)
class Names:
    """The files of a folder, sorted out. ``images`` and ``captions`` map a stem to its files; ``alike`` maps a stem, made the same in case

    and Unicode form, to the captions that have it.
    """

    files: frozenset[str]
    images: Mapping[str, tuple[str, ...]]
    captions: Mapping[str, tuple[str, ...]]
    alike: Mapping[str, tuple[str, ...]]


def sort_out(files: Iterable[str]) -> Names:
    """The images and captions among the files of a folder, by stem."""
    images: defaultdict[str, list[str]] = defaultdict(list)
    captions: defaultdict[str, list[str]] = defaultdict(list)
    alike: defaultdict[str, list[str]] = defaultdict(list)
    names = sorted(files)
    for name in names:
        stem, ending = split_name(name)
        if ending.lower() in IMAGE_ENDINGS:
            images[stem].append(name)
        elif ending.lower() in CAPTION_ENDINGS:
            captions[stem].append(name)
            alike[same(stem)].append(name)
    return Names(frozenset(names), _fixed(images), _fixed(captions), _fixed(alike))


def split_name(name: str) -> tuple[str, str]:
    """A file's stem and ending, without the dot between them.

    >>> split_name("a.b.png")
    ('a.b', 'png')
    """
    stem, dot, ending = name.rpartition(".")
    return (stem, ending) if dot and stem else (name, "")


def same(name: str) -> str:
    """A name as a file system sees it that ignores case and Unicode form."""
    return unicodedata.normalize("NFC", name).casefold()


def taken(image_file: str, files: Collection[str], ending: str = CAPTION_ENDINGS[0]) -> dict[str, str | None]:
    """The caption file that each trainer would read for an image; None where it would find none.

    ``ending`` is the caption ending that trainers are told where they can be told one.
    """
    stem, _ = split_name(image_file)
    parts = stem.split("_")
    kohya = [f"{stem}.{KOHYA_ENDING}"]
    if len(parts) >= _FALLBACK_PARTS:
        kohya.append(f"{'_'.join(parts[:-_FALLBACK_CUT])}.{KOHYA_ENDING}")
    wanted = {
        f"kohya (caption_extension = .{KOHYA_ENDING}, its default)": kohya,
        f"kohya (caption_extension = .{ending})": [f"{name.rpartition('.')[0]}.{ending}" for name in kohya],
        "OneTrainer": [f"{stem}.txt"],
        "ai-toolkit": [f"{stem}.{ending}"],
        "SimpleTuner": [f"{stem}.txt"],
        "diffusers": list(TABLES),
    }
    return {trainer: next((name for name in names if name in files), None) for trainer, names in wanted.items()}


def fallback(image_file: str, files: Collection[str], ending: str) -> str | None:
    """Another image's caption that kohya would take for an image without one of its own."""
    stem, _ = split_name(image_file)
    parts = stem.split("_")
    other = f"{'_'.join(parts[:-_FALLBACK_CUT])}.{ending}"
    return other if len(parts) >= _FALLBACK_PARTS and f"{stem}.{ending}" not in files and other in files else None


def near_misses(image_file: str, names: Names) -> list[str]:
    """Captions that were meant for an image and are not found: another case or Unicode form, or named ``a.png.txt``."""
    stem, _ = split_name(image_file)
    found = [*names.alike.get(same(stem), ()), *names.alike.get(same(image_file), ())]
    return [name for name in found if name not in names.captions.get(stem, ()) or not _well_ended(name)]


def _well_ended(name: str) -> bool:
    return split_name(name)[1] in CAPTION_ENDINGS


def _fixed(lists: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {key: tuple(names) for key, names in lists.items()}
