"""Token counts are exact, every token has its place, and what a trainer reads of a caption is known."""

from __future__ import annotations

import gzip
import random
import time
from importlib.resources import files
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lorascope.captions.clauses import read_caption
from lorascope.captions.encoders import ENCODERS, SD15, SDXL_SECOND, encoder_rows
from lorascope.captions.prices import prices, total
from lorascope.captions.token_map import chunks, clause_tokens, tokens_of
from lorascope.captions.window import ClipTokenizer, first_unread
from lorascope.captions.window_map import window_map
from lorascope.jobs.read_assets import clip_tokenizer

ALPHABETS = (
    "abc XYZ 019 ,.()#'\u2019-_ \t\n", "".join(map(chr, range(0x20, 0x250))), " 女孩の、\uff0c。中文日本語한국어 ab", "😀👨‍👩‍👧🇩🇪❤️ #a",
    "".join(map(chr, range(0x300, 0x370))) + "aeiouAEIOU ", "\u200b\u200c\u200d\ufeff\u00ad\u2060\u202e a,b",
    "İI\u0131\u017fΣςσ'Kk '\u2019sStTlL ",
    "\x00\x01\x1c\x1d\x1e\x1f\x7f\x85\xa0 a\r\n", "①½²Ⅷ٣९ 12 a", "".join(map(chr, range(0x1100, 0x1200))) + " ", "ﬁﬂÅÅΩΩ",
)  # fmt: skip
WORDS = (
    "don't I'll we've it's 'S 'T 'LL n't rock'n'roll <|endoftext|> <|startoftext|> <| |> #7e351a (#03dc73), 1girl, 24x24 woman"
).split()


@pytest.fixture(scope="module")
def tokenizer():
    return clip_tokenizer()


@pytest.fixture(scope="module")
def reference():
    """Hugging Face's tokenizer of CLIP, built from the same merges."""
    transformers = pytest.importorskip("transformers")
    lines = gzip.decompress(files("lorascope").joinpath("assets/clip/merges.txt.gz").read_bytes()).decode("utf-8").splitlines()
    merges = [tuple(line.split()) for line in lines if line and not line.startswith("#version")]
    single = [chr(byte) for byte in (*range(33, 127), *range(161, 173), *range(174, 256))] + [chr(256 + at) for at in range(68)]
    symbols = [*single, *(sign + "</w>" for sign in single), *("".join(pair) for pair in merges), "<|startoftext|>", "<|endoftext|>"]
    return transformers.CLIPTokenizer(vocab={symbol: at for at, symbol in enumerate(symbols)}, merges=merges)


def texts(count, seed):
    rng = random.Random(seed)
    for _ in range(count):
        pool = rng.choice((*ALPHABETS, WORDS))
        yield ("" if isinstance(pool, str) else " ").join(rng.choice(pool) for _ in range(rng.randint(1, 25)))


def test_counts_and_numbers_equal_those_of_the_reference(tokenizer, reference):
    for text in texts(3000, seed=5):
        numbers = reference(text).input_ids[1:-1]
        assert tokenizer.count(text) == len(numbers), ascii(text)
        assert tokenizer.numbers(text) == numbers, ascii(text)


def test_numbers_of_a_known_caption(tokenizer):
    assert tokenizer.numbers("a photo of a cat") == [320, 1125, 539, 320, 2368]


@given(st.text(max_size=60))
def test_every_token_has_a_place_and_words_add_up(text):
    tokenizer = clip_tokenizer()
    spans = tokenizer.token_spans(text)
    assert len(spans) == tokenizer.count(text)
    assert [span.index for span in spans] == list(range(len(spans)))
    assert all(0 <= span.start < span.end <= len(text) for span in spans)
    assert all(first.start <= second.start for first, second in pairwise(spans))
    words = tokenizer.word_spans(text)
    assert (words[-1].index + 1 if words else 0) == tokenizer.count(text)


def test_lone_surrogates_are_counted_too(tokenizer):
    assert tokenizer.count("a\ud800b") > 1


def test_a_long_word_is_merged_like_a_short_one(tokenizer, monkeypatch):
    rng = random.Random(0)
    for length in (65, 90, 300):
        word = "".join(rng.choice("abcdefghij") for _ in range(length))
        long = tokenizer.symbols(word)
        monkeypatch.setattr("lorascope.captions.window.LONG_PIECE", 10**9)
        assert tokenizer.symbols(word) == long
        monkeypatch.undo()


@pytest.mark.parametrize("word", ["a", "女", "!", "ab"])
def test_time_grows_with_the_length_only(tokenizer, word):
    def seconds(count):
        start = time.process_time()
        tokenizer.count(word * count)
        return time.process_time() - start

    assert seconds(40_000) < 60 * max(seconds(4_000), 0.01)


def test_the_first_word_that_is_not_read(tokenizer):
    text = "cat " * 74 + "extraordinarily_long dog"
    assert first_unread(text, tokenizer) == text.index("extra")
    assert first_unread(text, tokenizer, 150) is None
    assert first_unread("", tokenizer) is None


@given(st.text(alphabet="ab ,.\t\nÄ<|#7", max_size=80), st.integers(0, 30))
def test_the_first_unread_word_is_the_first_whose_last_token_is_beyond(text, window):
    tokenizer = clip_tokenizer()
    expected = next((span.start for span in tokenizer.word_spans(text) if span.index >= window), None)
    assert first_unread(text, tokenizer, window) == expected


def test_each_clause_knows_its_tokens(tokenizer):
    caption = read_caption("bespoke, brown hair (#7e351a), red lips")
    assert [(found.first, found.last) for found in clause_tokens(caption, tokenizer)] == [(0, 1), (2, 12), (12, 14)]
    assert tokens_of(tokenizer.token_spans(caption.text), 9, 14) == (2, 3)


def test_a_clause_over_a_border_is_torn(tokenizer):
    caption = read_caption("cat, " * 37 + "red hat, dog")
    torn = [found.clause.text for found in clause_tokens(caption, tokenizer) if found.torn(150)]
    assert torn == ["red hat"]
    cut = [found.clause.text for found in clause_tokens(caption, tokenizer) if not found.read_whole(75)]
    assert cut == ["red hat", "dog"]


def test_windows_are_filled_one_after_the_other(tokenizer):
    text = "a " * 100
    assert [(chunk.start, chunk.tokens) for chunk in chunks(text, tokenizer, 150)] == [(0, 75), (150, 25)]
    assert [chunk.tokens for chunk in chunks(text, tokenizer, 75)] == [75]
    assert chunks("", tokenizer) == ()


@pytest.mark.parametrize("length", [0, 1, 74, 75, 76, 100, 150, 151, 225, 300])
def test_rows_are_laid_out_as_by_sd_scripts(length):
    numbers = list(range(1000, 1000 + length))
    first, *_ = encoder_rows(numbers, SD15)
    assert first[:1] + first[-1:] == [49406, 49407]
    assert first[1:76] == (numbers + [49407] * 75)[:75]
    for encoder in ENCODERS:
        rows = encoder_rows(numbers, encoder, 225)
        assert [len(row) for row in rows] == [77, 77, 77]
        read = [number for row in rows for number in row[1:76] if number >= 1000 and number < 49406]
        assert read == numbers[:225]
    padded = encoder_rows(numbers, SDXL_SECOND, 225)[2]
    if length <= 150:
        assert padded[:3] == [49406, 49407, 0]


def test_codes_lists_and_boilerplate_have_their_price(tokenizer):
    caption = read_caption("bespoke, brown hair (#7e351a, #aabbcc), sharp edges, palette: #03dc73, #7e351a")
    found = {price.what: price for price in prices(caption, tokenizer, lambda clause: clause.key == "sharp edges")}
    assert {what: price.pieces for what, price in found.items()} == {"codes": 2, "palette lists": 1, "boilerplate": 1}
    assert found["codes"].tokens == tokenizer.count(caption.text) - tokenizer.count(caption.text.replace(" (#7e351a, #aabbcc)", ""))
    assert found["boilerplate"].tokens == 3
    assert [price.what for price in total(found.values())] == ["palette lists", "codes", "boilerplate"]


def test_a_caption_without_any_of_it_costs_nothing(tokenizer):
    assert prices(read_caption("1girl, solo"), tokenizer, lambda clause: False) == ()


def test_the_map_of_a_dataset_counts_what_is_cut_and_lost(tokenizer):
    long = "cat, " * 37 + "red hat, green background"
    found = window_map([("1.txt", read_caption(long)), ("2.txt", read_caption("green background")), ("3.txt", read_caption(""))], tokenizer)
    assert found.tokens == (0, 2, 79)
    assert found.cut == 1
    assert found.cut_at == ((75, 1), (150, 0), (225, 0))
    assert {(word.word, word.lost, word.captions) for word in found.lost_words} == {("green", 1, 2), ("background", 1, 2), ("hat", 1, 1)}
    assert [(one.file, one.tokens) for one in found.longest] == [("1.txt", 79)]
    assert found.halved == 1
    assert found.shuffled == ()


def test_merges_may_come_as_lines():
    assert ClipTokenizer.from_merges(["#version: 0.2", "a b</w>"]).count("ab") == 1
