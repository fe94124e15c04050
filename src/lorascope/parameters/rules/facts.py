"""What was seen of a dataset: sizes, captions and caches of its images. Read by a job, judged by the rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lorascope.parameters.bucket_plan import BucketRules, Size
from lorascope.parameters.flight_plan import DatasetPlan, FlightPlan, plan_flight


@dataclass(frozen=True, slots=True)
class ImageSeen:
    """One image of a training folder.

    ``size`` is None when it cannot be read (``problem`` says why). ``caption`` is the text that the trainer reads, None when
    there is none; ``caption_problem`` says what is wrong with its file. ``tokens`` it costs, ``words_lost`` beyond the window.
    ``stale`` names caches on disk that are older than what they were made from.
    """

    name: str
    size: Size | None = None
    problem: str = ""
    caption: str | None = None
    caption_problem: str = ""
    more_lines: bool = False
    tokens: int = 0
    words_lost: int = 0
    stale: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FolderSeen:
    """A folder that is trained on, as the trainer would read it. ``scope`` is its place among the configuration's scopes.

    ``extension`` is that of its caption files; ``other_captions`` counts images with a caption under another one.
    """

    path: str
    images: tuple[ImageSeen, ...] = ()
    repeats: int = 1
    is_reg: bool = False
    extension: str = ".caption"
    other_captions: Mapping[str, int] = field(default_factory=dict)
    class_tokens: str = ""
    scope: int = 0


@dataclass(frozen=True, slots=True)
class Facts:
    """What was seen of everything a configuration trains on.

    ``window_tokens`` is how far the text encoder reads. ``left_out`` are places the trainer passes over, each with its reason.
    ``plan`` is None when it cannot be worked out; ``no_plan`` then says why. ``prompts`` are the lines of the file of sample prompts.
    """

    folders: tuple[FolderSeen, ...] = ()
    window_tokens: int = 75
    left_out: tuple[tuple[str, str], ...] = ()
    plan: FlightPlan | None = None
    no_plan: str = ""
    prompts: tuple[str, ...] | None = None


def planned(*counts: int, batch_size: int = 1, regularization: int = 0, **parameters: int) -> Facts:
    """Facts for an example: a bucket of so many images each (512, 448, 384 … px wide), planned with these parameters.

    >>> planned(203, batch_size=4, max_train_epochs=10).plan.total_steps
    510
    """
    images = tuple(((512 - 64 * position, 512), 1) for position, count in enumerate(counts) for _ in range(count))
    rules = BucketRules((512, 512), enable_bucket=True, bucket_no_upscale=True)
    dataset = DatasetPlan(rules, batch_size, images, (((512, 512), 1),) * regularization)
    return Facts(plan=plan_flight([dataset], parameters, family="sd15"))
