"""Reading captions and counting their tokens, beside Hugging Face's tokenizers: ``python benchmarks/bench_window.py``.

All ways count the same captions and must agree. Times are the least of several rounds, in CPU microseconds a caption; "fresh" captions
were never seen before (but share words, and short clauses, with those of earlier rounds), "again" are the same ones once more.
"""

from __future__ import annotations

import gzip
import random
import time
from collections.abc import Callable, Sequence
from importlib.resources import files

import transformers

from lorascope.captions.check import Reader
from lorascope.captions.clauses import read_caption
from lorascope.captions.features import features
from lorascope.captions.shuffling import tag_chances
from lorascope.captions.window import ClipTokenizer
from table import keep, show

CAPTIONS = 2000
ROUNDS = 5
COLORS = "red green blue brown gray teal pink orange".split()
THINGS = "hair eyes lips skin hat jacket scarf background".split()
KINDS = "long short curly dark bright pale knitted leather".split()
TAIL = "smiling, sharp pixel edges, no anti-aliasing"


def coded(rng: random.Random) -> str:
    """A sprite's caption with six codes, about 230 bytes."""
    parts = [f"{rng.choice(KINDS)} {rng.choice(COLORS)} {thing} (#{rng.randrange(1 << 24):06x})" for thing in rng.sample(THINGS, 6)]
    return ", ".join(["bespoke", "pixel art portrait", *parts, TAIL])


def tags(rng: random.Random) -> str:
    """Booru tags, about 230 bytes."""
    parts = [f"{rng.choice(KINDS)}_{rng.choice(COLORS)}_{rng.choice(THINGS)}" for _ in range(9)]
    return ", ".join(["1girl", "solo", *parts, "looking_at_viewer", "outdoors"])


def prose(rng: random.Random) -> str:
    """Two sentences, about 230 bytes."""
    said = [f"{rng.choice(KINDS)} {rng.choice(COLORS)} {thing}" for thing in rng.sample(THINGS, 5)]
    return (
        f"A photo of a woman with {said[0]} and {said[1]}, sitting on a bench in the park. She wears a {said[2]} and a {said[3]}, "
        f"and behind her there is a {said[4]} with a few people walking by at number {rng.randrange(10_000)}."
    )


def merge_lines() -> list[str]:
    return gzip.decompress(files("lorascope").joinpath("assets/clip/merges.txt.gz").read_bytes()).decode("utf-8").splitlines()


def reference() -> transformers.CLIPTokenizer:
    """Hugging Face's tokenizer (Rust) with the same merges."""
    merges = [tuple(line.split()) for line in merge_lines() if line and not line.startswith("#version")]
    single = [chr(byte) for byte in (*range(33, 127), *range(161, 173), *range(174, 256))] + [chr(256 + at) for at in range(68)]
    symbols = [*single, *(sign + "</w>" for sign in single), *("".join(pair) for pair in merges), "<|startoftext|>", "<|endoftext|>"]
    return transformers.CLIPTokenizer(vocab={symbol: at for at, symbol in enumerate(symbols)}, merges=merges)


def least_us(way: Callable[[str], object], batches: Sequence[Sequence[str]]) -> float:
    """The least time of a round, a caption, in CPU microseconds of the whole process (the tokenizers' threads included)."""
    times = []
    for batch in batches:
        start = time.process_time_ns()
        for text in batch:
            way(text)
        times.append((time.process_time_ns() - start) / len(batch) / 1e3)
    return min(times)


def main() -> None:
    theirs = reference()
    backend = theirs.backend_tokenizer
    ours = ClipTokenizer.from_merges(merge_lines())
    rows = []
    for name, make in (("coded", coded), ("tags", tags), ("prose", prose)):
        rng = random.Random(11)
        fresh = [[make(rng) for _ in range(CAPTIONS)] for _ in range(ROUNDS)]
        again = [fresh[0]] * ROUNDS
        for text in fresh[0][:300]:
            assert ours.count(text) == len(theirs(text).input_ids) - 2, text
        ways: tuple[tuple[str, Callable[[str], object]], ...] = (
            ("count tokens", ours.count),
            ("count: tokenizers (Rust)", lambda text: len(backend.encode(text).ids)),
            ("count: transformers CLIPTokenizer", lambda text: len(theirs(text).input_ids)),
            ("read_caption", read_caption),
            ("read_caption + features", lambda text: features(read_caption(text))),
            ("read_caption + features + count", lambda text: (features(read_caption(text)), ours.count(text))),
        )
        size = sum(len(text.encode()) for text in fresh[0]) / CAPTIONS
        for way, work in ways:
            first, second = least_us(work, fresh), least_us(work, again)
            rows.append({"captions": name, "bytes": size, "way": way, "fresh us": first, "again us": second})
        shuffled = least_us(lambda text: tag_chances(text, Reader(shuffles=True), ours), [fresh[0][:100]] * ROUNDS)
        rows.append({"captions": name, "bytes": size, "way": "chances under shuffling, exact", "again us": shuffled})
    show(f"Reading captions ({CAPTIONS} a round, least of {ROUNDS} rounds, CPU microseconds a caption)", rows)
    keep("window", rows, captions=CAPTIONS, rounds=ROUNDS)


if __name__ == "__main__":
    main()
