"""Sample images, as trainers draw them while they train: where in the training, which prompt, which seed, read from names.

kohya      <output_dir>/sample/[<name>_](e<epoch>|<step>)_<prompt>_<local time>[_<seed>].png   (library/train_util.py)
ai-toolkit <training>/samples/<unix ms>__<step>_<prompt>.jpg
OneTrainer <workspace>/samples/<prompt> - <text>/<local time>-training-sample-<step>-<epoch>-<step of epoch>.png  (GenericTrainer.py)
SimpleTuner <output_dir>/validation_images/step_<step>_<short name>_<width>x<height>.png   (helpers/training/validation.py)

diffusers' scripts hand their validation images to the tracker and write none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from lorascope.importers.evidence import Authority, Evidence, SampleSeen
from lorascope.importers.importer import Imported
from lorascope.importers.picture_file import is_picture, look_at_picture
from lorascope.records.run import CountedIn

_FOLDERS = frozenset({"sample", "samples", "validation_images"})
_LARGEST = 2**63 - 1  # what the store can hold

_KOHYA = re.compile(
    r"(?:(?P<name>.+)_)?(?:e(?P<epoch>\d{6,9})|(?P<step>\d{6,9}))_(?P<position>\d{2,6})_(?P<at>20\d{12})(?:_(?P<seed>\d{1,20}))?\.png"
)
_AI_TOOLKIT = re.compile(r"(?P<ms>1\d{12})__(?P<step>\d{9})_(?P<position>\d{1,6})\.(?:jpe?g|png|webp)")
_ONETRAINER = re.compile(
    r"(?P<name>.*?)(?P<at>20\d\d-\d\d-\d\d_\d\d-\d\d-\d\d)-training-sample-(?P<step>\d{1,12})-(?P<epoch>\d{1,9})-(?P<epoch_step>\d{1,9})"
    r"\.(?:jpe?g|png|webp)"
)
_ONETRAINER_FOLDER = re.compile(r"(?P<position>\d{1,6}) - (?P<text>.*)", re.DOTALL)
_SIMPLETUNER = re.compile(r"step_(?P<step>\d{1,12})_(?P<short_name>.+?)_\d{2,5}x\d{2,5}\.png")


@dataclass(frozen=True, slots=True)
class _Named:
    """What names and folders say of a picture."""

    trainer: str
    sample: SampleSeen
    folder: Path
    training: str | None = None


class _SampleImages:
    """Pictures that a trainer drew while training."""

    name = "sample image"

    def recognizes(self, head: bytes, path: Path) -> bool:
        """Whether it is a picture whose name one of the trainers gives to its samples."""
        return is_picture(head) and _named(path) is not None

    def read(self, path: Path) -> Iterator[Imported]:
        """The picture as one Evidence.

        Raises:
            MissingFile: it is not there or cannot be read.
            UnfinishedFile: it is not all there yet.
        """
        picture = look_at_picture(path)
        named = _named(path)
        if named is None:  # renamed since it was recognized, or read by name from elsewhere
            return
        text = picture.texts.get("parameters")
        yield Imported(
            evidence=(
                Evidence(
                    source=path,
                    format=self.name,
                    folder=named.folder,
                    trainer=named.trainer,
                    authority=Authority.NAME,
                    training=named.training,
                    samples=(named.sample,),
                    kept={"parameters": text} if text else {},
                ),
            )
        )


SAMPLE_IMAGES = _SampleImages()


def _named(path: Path) -> _Named | None:
    return next((named for reads in _TRAINERS if (named := reads(path)) is not None), None)


def _kohya(path: Path) -> _Named | None:
    found = _KOHYA.fullmatch(path.name)
    if found is None:
        return None
    counted_in = CountedIn.EPOCHS if found["epoch"] else CountedIn.STEPS
    seed = int(found["seed"]) if found["seed"] else None
    sample = SampleSeen(
        path,
        int(found["epoch"] or found["step"]),
        counted_in,
        int(found["position"]),
        seed=seed if seed is None or seed <= _LARGEST else None,
        drawn_at=_local_time(found["at"], "%Y%m%d%H%M%S"),
    )
    return _Named("kohya", sample, _above(path.parent), found["name"])


def _ai_toolkit(path: Path) -> _Named | None:
    found = _AI_TOOLKIT.fullmatch(path.name)
    if found is None:
        return None
    sample = SampleSeen(path, int(found["step"]), CountedIn.STEPS, int(found["position"]), drawn_at=int(found["ms"]) / 1000)
    return _Named("ai-toolkit", sample, _above(path.parent))


def _onetrainer(path: Path) -> _Named | None:
    """Between two epochs it counts in epochs, as its checkpoints do; within one, in steps (micro-batches)."""
    found, place = _ONETRAINER.fullmatch(path.name), _ONETRAINER_FOLDER.fullmatch(path.parent.name)
    if found is None or place is None:
        return None
    is_whole = int(found["epoch_step"]) == 0 < int(found["epoch"])
    sample = SampleSeen(
        path,
        int(found["epoch"] if is_whole else found["step"]),
        CountedIn.EPOCHS if is_whole else CountedIn.STEPS,
        int(place["position"]),
        drawn_at=_local_time(found["at"], "%Y-%m-%d_%H-%M-%S"),
    )
    return _Named("onetrainer", sample, _above(path.parent.parent))


def _simpletuner(path: Path) -> _Named | None:
    """Its prompts have short names instead of positions; the short name stands for the text."""
    found = _SIMPLETUNER.fullmatch(path.name)
    if found is None:
        return None
    sample = SampleSeen(path, int(found["step"]), CountedIn.STEPS, 0, prompt_text=found["short_name"])
    return _Named("simpletuner", sample, _above(path.parent))


_TRAINERS: tuple[Callable[[Path], _Named | None], ...] = (_kohya, _ai_toolkit, _onetrainer, _simpletuner)


def _above(folder: Path) -> Path:
    """The training's own folder of a folder of samples."""
    return folder.parent if folder.name in _FOLDERS else folder


def _local_time(text: str, pattern: str) -> float | None:
    """A time that names no zone, taken to be in this machine's."""
    try:
        return datetime.strptime(text, pattern).astimezone().timestamp()
    except (ValueError, OverflowError, OSError):
        return None
