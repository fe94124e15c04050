"""Look at a training folder as sd-scripts would: sizes from headers, the captions that are read, caches that are older than their sources.

No picture is decoded: a header says its size.
"""

from __future__ import annotations

import os
import re
import stat
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from lorascope.captions.window import ClipTokenizer
from lorascope.jobs.progress import Progress
from lorascope.jobs.read_dataset import CAPTION_EXTENSIONS, IMAGE_EXTENSIONS, LARGEST_CAPTION_BYTES
from lorascope.parameters.bucket_plan import Size
from lorascope.parameters.rules.facts import FolderSeen, ImageSeen

MOST_PIXELS = 500_000_000  # a header that claims more is a bomb, or useless for training
_LATENT = re.compile(r"(_\d+x\d+)?(_(sd|sdxl|sd3|flux|lumina|anima|hi))?\.npz$")
_TEXT = re.compile(r"_te(_outputs)?\.npz$|_[a-z0-9]+_te\.npz$")


@dataclass(frozen=True, slots=True)
class Look:
    """How a folder is to be read: its scope, and the settings that decide. ``vae`` is the VAE's file, if it is one."""

    folder: Path
    repeats: int = 1
    is_reg: bool = False
    extension: str = ".caption"
    class_tokens: str = ""
    prefix: str = ""
    suffix: str = ""
    wildcard: bool = False
    window_tokens: int = 75
    latents_on_disk: bool = False
    texts_on_disk: bool = False
    vae: Path | None = None
    scope: int = 0


def look_at(look: Look, tokenizer: ClipTokenizer, progress: Progress) -> FolderSeen:
    """Every image of one folder (not of the folders inside it), in order of names. Raises OSError when the folder cannot be listed."""
    with os.scandir(look.folder) as listing:
        files = {entry.name: entry for entry in listing if not entry.is_dir()}
    names = sorted(name for name in files if Path(name).suffix.lower() in IMAGE_EXTENSIONS)
    caches = dict(_caches(files)) if look.latents_on_disk or look.texts_on_disk else {}
    vae_time = look.vae.stat().st_mtime if look.vae is not None and look.vae.is_file() else None
    progress.start(f"reading {look.folder.name}", len(names))
    images = []
    for name in names:
        size, problem = _size(Path(files[name].path))
        caption_name, (text, caption_problem, more_lines) = _caption(look, name, files)
        tokens, lost = _cost(text, look, tokenizer)
        stale = tuple(_stale(look, files, name, caption_name, caches, vae_time)) if caches else ()
        images.append(ImageSeen(name, size, problem, text, caption_problem, more_lines, tokens, lost, stale))
        progress.advance()
    progress.finish()
    others = {} if all(image.caption is not None for image in images) else _other_captions(look, images, files)
    return FolderSeen(str(look.folder), tuple(images), look.repeats, look.is_reg, look.extension, others, look.class_tokens, look.scope)


def _size(path: Path) -> tuple[Size | None, str]:
    """Width and height as the header says, before any turning by EXIF, as sd-scripts has them."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return None, "it is a pipe or a device"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the limit below says it in our words
            with Image.open(path) as image:
                width, height = image.size
    except Image.DecompressionBombError:
        return None, "it is far too large to decode"
    except UnidentifiedImageError:
        return None, "it is no image"
    except (OSError, SyntaxError, ValueError, EOFError, OverflowError) as error:
        reason = getattr(error, "strerror", None)
        return None, f"it cannot be read: {reason}" if reason else "it is broken or cut off"
    if width * height > MOST_PIXELS:
        return None, "it is far too large to decode"
    return (width, height), ""


def _caption(look: Look, name: str, files: Mapping[str, os.DirEntry[str]]) -> tuple[str | None, tuple[str | None, str, bool]]:
    """The caption file that sd-scripts takes, and what it reads there (text, what is wrong, more lines)."""
    stem = Path(name).stem
    parts = stem.split("_")
    candidates = [stem + look.extension]
    if len(parts) >= 5:  # four numbers of a face at the end are taken off
        candidates.append("_".join(parts[:-4]) + look.extension)
    for candidate in candidates:
        if candidate in files:
            return candidate, _read(Path(files[candidate].path), look)
    return None, (None, "", False)


def _read(path: Path, look: Look) -> tuple[str | None, str, bool]:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return None, "is a pipe or a device", False
        with path.open("rb") as file:
            data = file.read(LARGEST_CAPTION_BYTES + 1)
    except OSError as error:
        return None, f"cannot be read: {error.strerror}", False
    if len(data) > LARGEST_CAPTION_BYTES:
        return None, f"is larger than {LARGEST_CAPTION_BYTES // 1000} kB", False
    if not data:
        return None, "is empty", False
    try:
        lines = data.decode("utf-8").splitlines()
    except UnicodeDecodeError:
        return None, "is not UTF-8", False
    caption = max((line.strip() for line in lines), key=len, default="") if look.wildcard else lines[0].strip() if lines else ""
    return " ".join(part for part in (look.prefix, caption, look.suffix) if part), "", any(line.strip() for line in lines[1:])


def _cost(text: str | None, look: Look, tokenizer: ClipTokenizer) -> tuple[int, int]:
    """The tokens of a caption, and how many of its words are not read whole; a comma that is cut off after a word does not count."""
    if not text:
        return 0, 0
    tokens = tokenizer.count(text)
    if tokens <= look.window_tokens:
        return tokens, 0
    lost = 0
    for span in tokenizer.word_spans(text):
        word = text[span.start : span.end]
        bare = word.rstrip(",;.")
        lost += bool(bare) and span.index - tokenizer.count(word) + tokenizer.count(bare) >= look.window_tokens
    return tokens, lost


def _caches(files: Mapping[str, os.DirEntry[str]]) -> Iterator[tuple[str, list[str]]]:
    """Image stem → the caches beside it."""
    found: dict[str, list[str]] = {}
    for name in files:
        if name.endswith(".npz"):
            pattern = _TEXT if _TEXT.search(name) else _LATENT
            found.setdefault(pattern.sub("", name), []).append(name)
    yield from found.items()


def _stale(
    look: Look,
    files: Mapping[str, os.DirEntry[str]],
    name: str,
    caption_name: str | None,
    caches: Mapping[str, list[str]],
    vae_time: float | None,
) -> Iterator[str]:
    """Which caches are older than what they were made from."""
    for cache in caches.get(Path(name).stem, ()):
        made = files[cache].stat().st_mtime
        if _TEXT.search(cache):
            if look.texts_on_disk and caption_name is not None and files[caption_name].stat().st_mtime > made:
                yield "text encoder output is older than its caption"
        elif look.latents_on_disk and files[name].stat().st_mtime > made:
            yield "latent is older than its image"
        elif look.latents_on_disk and vae_time is not None and vae_time > made:
            yield "latent is older than the VAE"


def _other_captions(look: Look, images: list[ImageSeen], files: Mapping[str, os.DirEntry[str]]) -> dict[str, int]:
    """Images without a caption that have one under another extension: extension → how many."""
    counts = {}
    for extension in (*CAPTION_EXTENSIONS, ".caption.txt", ".tags", ".json"):
        if extension != look.extension:
            count = sum(image.caption is None and Path(image.name).stem + extension in files for image in images)
            if count:
                counts[extension] = count
    return counts
