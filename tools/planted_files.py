"""Plant what is wrong with files rather than with words: encodings, pairs, empty captions, broken and doubled pictures."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from planted_defects import Case

# A planter changes one image's files in a folder and names the files that a finding may point to; none when it planted nothing.
FilePlanter = Callable[[np.random.Generator, Path, Case, Sequence[Case]], tuple[str, ...]]


@dataclass(frozen=True)
class FileClass:
    """A class of defects of files: the checks any of which must find it, and its planter."""

    name: str
    checks: tuple[str, ...]
    plant: FilePlanter
    share: float = 0.1


def write(folder: Path, cases: Sequence[Case]) -> None:
    """A folder of pictures and captions."""
    folder.mkdir()
    for case in cases:
        Image.fromarray(case.picture).save(folder / f"{case.name}.png")
        (folder / f"{case.name}.txt").write_text(case.text + "\n", "utf-8")


def _text(folder: Path, case: Case) -> Path:
    return folder / f"{case.name}.txt"


def encoded(rng: np.random.Generator, folder: Path, case: Case, cases: Sequence[Case]) -> tuple[str, ...]:
    """Bytes that are not plain UTF-8, or signs that nobody sees."""
    words = [case.text, case.text.replace("a ", "a\u00a0", 1), case.text.replace(",", "\uff0c", 1), case.text.replace("o", "o\u200b", 1)]
    words += [f"{case.text}, caf\u00c3\u00a9", f"{case.text}\u202e"]
    path, kind = _text(folder, case), int(rng.integers(9))
    if kind == 0:
        path.write_bytes(b"\xef\xbb\xbf" + case.text.encode())
    elif kind == 1:
        path.write_bytes(case.text.encode("utf-16"))
    elif kind == 2:
        path.write_bytes(
            case.text.replace("punk", "p\u00fcnk").encode("cp1252") if "punk" in case.text else f"{case.text}, caf\u00e9".encode("cp1252")
        )
    elif kind == 3:
        path.write_bytes(case.text.replace(", ", ",\r\n", 1).encode())
    else:
        changed = words[1 + (kind - 4) % 5]
        path.write_text(changed if changed != case.text else f"{case.text}\u200b", "utf-8")
    return (path.name,)


def empty(rng: np.random.Generator, folder: Path, case: Case, cases: Sequence[Case]) -> tuple[str, ...]:
    """No caption, an empty one, or nothing but the trigger."""
    path, kind = _text(folder, case), int(rng.integers(3))
    if kind == 0:
        path.unlink()
    else:
        path.write_text(" \n" if kind == 1 else "bespoke\n", "utf-8")
    return path.name, f"{case.name}.png"


def orphan(rng: np.random.Generator, folder: Path, case: Case, cases: Sequence[Case]) -> tuple[str, ...]:
    """A caption whose picture has another name, or none."""
    path = folder / f"{case.name}_old.txt"
    path.write_text(case.text, "utf-8")
    return (path.name,)


def paired(rng: np.random.Generator, folder: Path, case: Case, cases: Sequence[Case]) -> tuple[str, ...]:
    """Two captions for a picture, two pictures for a caption, or names that differ in the case of their letters."""
    kind = int(rng.integers(3))
    if kind == 0:
        (folder / f"{case.name}.caption").write_text("another caption", "utf-8")
        return f"{case.name}.caption", f"{case.name}.txt", f"{case.name}.png"
    if kind == 1:
        Image.open(folder / f"{case.name}.png").convert("RGB").save(folder / f"{case.name}.jpg", quality=95)
        return f"{case.name}.jpg", f"{case.name}.txt", f"{case.name}.png"
    _text(folder, case).rename(folder / f"{case.name}.TXT")
    return f"{case.name}.TXT", f"{case.name}.txt", f"{case.name}.png"


def broken(rng: np.random.Generator, folder: Path, case: Case, cases: Sequence[Case]) -> tuple[str, ...]:
    """A picture that is cut off, empty, or no picture."""
    path = folder / f"{case.name}.png"
    data = path.read_bytes()
    path.write_bytes([data[: len(data) // 2], b"", b"<html>not found</html>"][int(rng.integers(3))])
    return path.name, f"{case.name}.txt"


def same_words(rng: np.random.Generator, folder: Path, case: Case, cases: Sequence[Case]) -> tuple[str, ...]:
    """The caption of another picture. Pairs keep apart: only every other case has one."""
    if int(case.name) % 2 or int(case.name) + 1 >= len(cases):
        return ()
    other = cases[int(case.name) + 1]
    _text(folder, case).write_text(_text(folder, other).read_text("utf-8"), "utf-8")
    return f"{case.name}.txt", f"{other.name}.txt"


def same_picture(rng: np.random.Generator, folder: Path, case: Case, cases: Sequence[Case]) -> tuple[str, ...]:
    """The picture of another caption: the very file, or the same cells at another size. Pairs keep apart: only every other case has one."""
    if int(case.name) % 2 or int(case.name) + 1 >= len(cases):
        return ()
    other = cases[int(case.name) + 1]
    source, target = folder / f"{other.name}.png", folder / f"{case.name}.png"
    if rng.random() < 0.5:
        shutil.copyfile(source, target)
    else:
        picture = np.asarray(Image.open(source))
        Image.fromarray(picture.repeat(2, 0).repeat(2, 1)).save(target)
    names = [f"{one.name}{ending}" for one in (case, other) for ending in (".txt", ".png")]
    return tuple(names)


FILE_CLASSES: tuple[FileClass, ...] = (
    FileClass("encoding", ("encoding",), encoded),
    FileClass("missing, empty or bare caption", ("missing_or_empty_caption",), empty),
    FileClass("caption without a picture", ("orphan_caption", "image_pairing"), orphan),
    FileClass("pairs that trainers resolve differently", ("image_pairing",), paired),
    FileClass("unreadable picture", ("unreadable_image",), broken),
    FileClass("same words, other picture", ("near_duplicate_captions",), same_words),
    FileClass("same picture twice", ("duplicate_image",), same_picture),
)
