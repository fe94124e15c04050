"""What a suite asks beyond colors is kept on both databases, and stores that never heard of it are read as before."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from lorascope.importers.interchange_format import PROMPT, SUITE, line, parse
from lorascope.records.prompt import Expectation, Prompt, PromptSuite, Trait
from lorascope.store import Store

LAD = Prompt(
    "lad",
    "a lad with sunglasses, green background",
    (Expectation("background", "green", (48, 166, 70)), Expectation("hat", "#aa1122", (170, 17, 34))),
    {"note": "mine"},
    (Trait("sunglasses"), Trait("beard", present=False)),
)
ASKED = PromptSuite("asked", (LAD, Prompt("plain", "a lad")), (1,), extra={"sampler": "ddim"}, trait_words={"sunglasses": ("shades",)})
RELEASED = sorted((Path(__file__).parent / "released").glob("*.db"))


@pytest.fixture(params=["sqlite", "postgres"])
def store(request, tmp_path):
    url = "sqlite://" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    with Store.open(url, tmp_path / "blobs") as opened:
        yield opened


def test_things_and_their_words_come_back(store):
    assert store.add_suite(ASKED)
    assert not store.add_suite(ASKED)
    assert store.suite("asked") == ASKED
    assert store.suite("asked").prompts[0].extra == {"note": "mine"}
    assert store.suite("asked").extra == {"sampler": "ddim"}


def test_a_foreign_value_under_the_same_key_is_left_as_it_is(store):
    foreign = PromptSuite("theirs", (Prompt("p", "t", extra={"traits": ["hat"]}),), (1,), extra={"trait_words": "none"})
    store.add_suite(foreign)
    assert store.suite("theirs") == foreign


@pytest.mark.parametrize("released", RELEASED, ids=lambda file: file.stem)
def test_suites_of_released_stores_ask_for_no_things(released, tmp_path):
    shutil.copy(released, tmp_path / "lab.db")
    with Store.open(f"sqlite:///{tmp_path / 'lab.db'}", tmp_path / "blobs") as opened:
        suites = opened.suites()
        assert suites
        assert all(suite.labels() == () and suite.trait_words == {} for suite in suites)


def test_the_interchange_carries_them_both_ways():
    suite = parse(SUITE, json.loads(line(SUITE, ASKED)))
    prompt = parse(PROMPT, json.loads(line(PROMPT, LAD, suite="asked")))
    assert suite["trait_words"] == ASKED.trait_words
    assert (prompt["traits"], prompt["expectations"]) == (LAD.traits, LAD.expectations)
    assert "traits" not in line(PROMPT, Prompt("plain", "a lad"), suite="asked")


@pytest.mark.parametrize(
    ("traits", "said"),
    [
        ('"hat"', "must be a list"),
        ('[{"label": "hat"}]', "needs exactly the keys label, present"),
        ('[{"label": "hat", "present": 1}]', "needs present as true or false"),
        ('[{"label": "", "present": true}]', "must not be empty"),
    ],
)
def test_a_file_that_says_them_wrongly_is_refused_with_the_key(traits, said):
    with pytest.raises(ValueError, match=f"traits = .*{said}"):
        parse(PROMPT, json.loads(f'{{"suite": "s", "name": "p", "text": "t", "traits": {traits}}}'))
