"""A session of blind rating: pictures in random order without their run and epoch, every answer saved at once, resumable."""

from __future__ import annotations

import hashlib
import random
import secrets
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from lorascope.errors import BadFile, BadParameter, NotFound
from lorascope.jobs.draw_report import Pixels
from lorascope.jobs.evaluate import png_bytes
from lorascope.jobs.rating_scores import keep_scores, read_votes, refuse_other_kind
from lorascope.jobs.read_pixels import load_pixels
from lorascope.records.sample import Sample
from lorascope.records.vote import HIGHEST, LOWEST, PAIR_ANSWERS, Shown, Vote, standing
from lorascope.reports.wording import shortened
from lorascope.store import Store

SCORE_METRIC, PAIR_METRIC = "rating", "preference"
REPEAT_EVERY = 10  # one question in ten is shown again, to see how consistent a rater is
REPEAT_AFTER = 5  # at the earliest after so many others
_SHOWN_SIDE_PX, _GAP_PX = 384, 24
_WORDS = {
    "a": "a",
    "1": "a",
    "left": "a",
    "b": "b",
    "2": "b",
    "right": "b",
    "t": "tie",
    "tie": "tie",
    "=": "tie",
    "s": "skip",
    "skip": "skip",
}
UNDO, QUIT = ("u", "undo"), ("q", "quit")


@dataclass(frozen=True, slots=True)
class RateRequest:
    """What to rate. ``pairs``: which of two is better, else 0 to 10. ``count`` questions at most; ``seed`` decides their order."""

    runs: tuple[str, ...]
    rater: str = "anonymous"
    pairs: bool = False
    metric: str | None = None
    count: int = 40
    seed: int = 0

    @property
    def of_metric(self) -> str:
        """The name under which the results are scores."""
        return self.metric or (PAIR_METRIC if self.pairs else SCORE_METRIC)


@dataclass(frozen=True, slots=True)
class Question:
    """One question as it is shown: its number, the file to look at, and what the prompt asked for. Nothing says run or epoch."""

    number: int
    of: int
    picture: Path
    asks: str
    pairs: bool


class Session:
    """A session. Use as a context manager: its neutral pictures are removed at the end, and the votes become scores."""

    def __init__(self, store: Store, request: RateRequest) -> None:
        self._store, self._request = store, request
        self._digests, self._texts = _pictures(store, request)
        refuse_other_kind(store, request.of_metric, pairs=request.pairs)
        earlier = [vote for vote in read_votes(store, request.of_metric) if vote.rater == request.rater]
        self._votes = list(standing(earlier))
        begun = f"{request.rater}\n{request.of_metric}\n{len(earlier)}\n{time.time_ns()}"
        self._id = hashlib.blake2b(begun.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
        self._random = random.Random(f"{request.seed}:{request.rater}:{len(earlier)}")  # noqa: S311 - an order, not a secret
        self._folder = Path(tempfile.mkdtemp(prefix="pictures-"))
        self._asked: tuple[Shown, ...] = ()
        self._repeat_of: str | None = None
        self._given = 0
        self._own: list[Vote] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    @property
    def earlier(self) -> int:
        """How many votes of this rater were there before."""
        return len(self._votes) - len(self._own)

    @property
    def given(self) -> int:
        """How many answers of this session stand."""
        return len(self._own)

    def close(self) -> None:
        """Turn the votes into scores and remove the pictures."""
        shutil.rmtree(self._folder, ignore_errors=True)
        keep_scores(self._store, self._request.of_metric)

    def ask(self) -> Question | None:
        """The next question; None when all were asked."""
        if len(self._own) >= self._request.count:
            return None
        drawn = self._next_drawn()
        if drawn is None:
            return None
        path = self._folder / f"{secrets.token_hex(4)}.png"
        path.write_bytes(png_bytes(drawn))
        prompt = self._asked[0].prompt
        return Question(len(self._own) + 1, self._request.count, path, self._texts.get(prompt, ""), self._request.pairs)

    def answer(self, text: str, latency_s: float) -> Vote:
        """Save an answer and go on. Raises BadParameter when it is not understood."""
        value = _understood(text, pairs=self._request.pairs)
        self._given += 1
        vote = Vote(
            id=f"{self._id}:{self._given}", rater=self._request.rater, metric=self._request.of_metric, shown=self._asked, answer=value,
            session=self._id, position=len(self._own) + 1, at=time.time(), latency_s=round(latency_s, 3), repeat_of=self._repeat_of,
        )  # fmt: skip
        self._store.keep_foreign([(vote.as_record(), 0)])
        self._votes.append(vote)
        self._own.append(vote)
        self._asked, self._repeat_of = (), None
        return vote

    def undo(self) -> bool:
        """Take the last answer of this session back and ask it again; False when there is none."""
        if not self._own:
            return False
        last = self._own.pop()
        self._votes.remove(last)
        self._given += 1
        taken = replace(last, id=f"{self._id}:{self._given}", answer="undo", undoes=last.id, at=time.time(), latency_s=None, repeat_of=None)
        self._store.keep_foreign([(taken.as_record(), 0)])
        self._asked, self._repeat_of = last.shown, last.repeat_of
        return True

    def _next_drawn(self) -> Pixels | None:
        """What is asked next, drawn; a broken picture is passed over. None when nothing is left to ask."""
        while True:
            if not self._asked:
                self._choose()
            if not self._asked:
                return None
            try:
                return self._drawn()
            except BadFile:
                for shown in self._asked:
                    self._digests.pop(shown, None)
                self._asked, self._repeat_of = (), None

    def _choose(self) -> None:
        """Now and then something from this session again; else what was seen least, and of that anything."""
        again = self._to_repeat()
        if again is not None:
            self._asked, self._repeat_of = again.shown[::-1], again.id  # a pair the other way round: the better one stays the better one
            return
        seen: Counter[Shown] = Counter(shown for vote in self._votes for shown in vote.shown)
        checkpoints: Counter[tuple[str, int]] = Counter(shown.checkpoint for vote in self._votes for shown in vote.shown)
        known = sorted(self._digests, key=repr)
        self._random.shuffle(known)
        if not self._request.pairs:
            fresh = [shown for shown in known if not seen[shown]]
            if fresh:
                self._asked = (min(fresh, key=lambda shown: checkpoints[shown.checkpoint]),)
            return
        self._asked = self._pair(known, checkpoints)

    def _pair(self, known: Sequence[Shown], checkpoints: Counter[tuple[str, int]]) -> tuple[Shown, ...]:
        """Two checkpoints on one prompt, those first that were compared least, with each other and at all."""
        met: Counter[frozenset[tuple[str, int]]] = Counter(frozenset(one.checkpoint for one in vote.shown) for vote in self._votes)
        done = {frozenset(vote.shown) for vote in self._votes}
        by_prompt: dict[str, list[Shown]] = {}
        for shown in known:
            by_prompt.setdefault(shown.prompt, []).append(shown)
        best: tuple[tuple[int, int, int], tuple[Shown, Shown]] | None = None
        for of_prompt in by_prompt.values():
            for place, one in enumerate(of_prompt[:60]):
                for other in of_prompt[place + 1 : 60]:
                    if one.checkpoint == other.checkpoint or frozenset((one, other)) in done:
                        continue
                    together = met[frozenset((one.checkpoint, other.checkpoint))]
                    cost = (together, checkpoints[one.checkpoint] + checkpoints[other.checkpoint], one.seed != other.seed)
                    if best is None or cost < best[0]:
                        best = cost, (one, other)
        if best is None:
            return ()
        return best[1] if self._random.random() < 0.5 else best[1][::-1]

    def _to_repeat(self) -> Vote | None:
        """A vote of this session to ask again, once in ten questions."""
        if not self._own or len(self._own) % REPEAT_EVERY != REPEAT_EVERY - 1:
            return None
        repeated = {vote.repeat_of for vote in self._own}
        usable = [
            vote
            for vote in self._own[:-REPEAT_AFTER]
            if vote.answer != "skip"
            and vote.repeat_of is None
            and vote.id not in repeated
            and all(one in self._digests for one in vote.shown)
        ]
        return self._random.choice(usable) if usable else None

    def _drawn(self) -> Pixels:
        """The pictures to look at, enlarged pixel by pixel, two of them beside each other; only pixels: a file's own notes stay behind."""
        parts = [_enlarged(load_pixels(self._store.blob_path(self._digests[shown]))) for shown in self._asked]
        height = max(part.shape[0] for part in parts)
        padded = [np.pad(part, ((0, height - part.shape[0]), (0, 0), (0, 0)), constant_values=128) for part in parts]
        gap = np.full((height, _GAP_PX, 3), 128, np.uint8)
        return np.concatenate([padded[0], *(piece for part in padded[1:] for piece in (gap, part))], axis=1)


def _understood(text: str, *, pairs: bool) -> str | float:
    word = text.strip().lower()
    said = repr(shortened(text.strip()))
    if pairs:
        if word in _WORDS and _WORDS[word] in PAIR_ANSWERS:
            return _WORDS[word]
        raise BadParameter(f"{said} is not understood", next_step="a, b, t (tie), s (skip), u (undo) or q (quit)")
    if word in {"s", "skip"}:
        return "skip"
    try:
        value = float(word.replace(",", "."))
    except ValueError:
        value = -1.0
    if not LOWEST <= value <= HIGHEST:  # also when it is no number at all
        raise BadParameter(f"{said} is not understood", next_step="a number from 0 to 10, s (skip), u (undo) or q (quit)")
    return value


def _enlarged(pixels: Pixels) -> Pixels:
    zoom = max(1, _SHOWN_SIDE_PX // max(pixels.shape[:2]))
    return np.asarray(pixels.repeat(zoom, 0).repeat(zoom, 1), np.uint8)


def _pictures(store: Store, request: RateRequest) -> tuple[dict[Shown, str], dict[str, str]]:
    """The pictures of saved checkpoints that are there and whole, and the prompts' texts.

    Raises:
        NotFound: no such run, or nothing of them can be shown. BadParameter: pairs of a single checkpoint.
    """
    digests: dict[Shown, str] = {}
    for run in request.runs:
        saved = {checkpoint.epoch for checkpoint in store.checkpoints(store.run(run).name)}
        for sample in store.samples(run):
            if (sample.epoch != 0 or 0 in saved) and _is_there(store, sample):
                digests[Shown(run, sample.epoch, sample.prompt, sample.seed, sample.draw)] = sample.image_digest
    if not digests:
        raise NotFound(f"there is no picture of {' or '.join(request.runs)} to show", next_step=f"lorascope evaluate {request.runs[0]}")
    if request.pairs and len({shown.checkpoint for shown in digests}) < 2:
        raise BadParameter("one checkpoint alone has nothing to be compared with", next_step="rate it from 0 to 10: --score")
    texts = {prompt.name: prompt.text for suite in store.suites() for prompt in suite.prompts}
    return digests, texts


def _is_there(store: Store, sample: Sample) -> bool:
    try:
        return store.blob_path(sample.image_digest).is_file()
    except NotFound:
        return False
