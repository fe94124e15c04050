"""Reading a configuration: every setting with its line, in four syntaxes, and nothing that hurts."""

import json
import textwrap

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from lorascope.errors import BadFile, MissingFile
from lorascope.importers.config_file import MAX_BYTES, read_config
from lorascope.importers.config_head import closed_json
from lorascope.importers.config_json import parse_json
from lorascope.importers.config_toml import parse_toml
from lorascope.importers.config_yaml import parse_yaml


@pytest.fixture
def read(tmp_path):
    def reading(name, text, encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(textwrap.dedent(text).encode(encoding))
        return read_config(path)

    return reading


def lines(file):
    return {entry.key: entry.line for entry in file.entries}


def values(file):
    return {entry.key: entry.value for entry in file.entries}


def test_toml_keys_in_tables_have_their_own_lines(read):
    file = read(
        "a.toml",
        """\
        # a comment = 1
        seed = 42   # another
        text.encoder.lr = 5e-5

        [network]
        "network_dim" = 32
        'network alpha' = 16.0
        network_args = [  # over
            "conv_dim=8",

            "conv_alpha=4",
        ]
        note = \"""
        [not.a.table]
        key = 1
        \"""
        after = true
        """,
    )
    assert lines(file) == {
        "seed": 2,
        "text.encoder.lr": 3,
        "network.network_dim": 6,
        "network.network alpha": 7,
        "network.network_args": 8,
        "network.note": 13,
        "network.after": 17,
    }
    assert values(file)["network.network_args"] == ["conv_dim=8", "conv_alpha=4"]


def test_toml_arrays_of_tables_are_counted_and_inline_tables_are_looked_into(read):
    file = read(
        "a.toml",
        """\
        [[datasets]]
        batch_size = 4
        [[datasets.subsets]]
        image_dir = "a"
        [[datasets.subsets]]
        image_dir = "b"
        [[datasets]]
        subsets = [
          { image_dir = "c", keep_tokens = 1 },
          { image_dir = "d" },
        ]
        """,
    )
    assert lines(file) == {
        "datasets[0].batch_size": 2,
        "datasets[0].subsets[0].image_dir": 4,
        "datasets[0].subsets[1].image_dir": 6,
        "datasets[1].subsets[0].image_dir": 9,
        "datasets[1].subsets[0].keep_tokens": 9,
        "datasets[1].subsets[1].image_dir": 10,
    }


def test_json_members_have_the_line_of_their_key(read):
    file = read("a.json", '{\n  "a": {"b":\n 1, "c": "}{,"},\n  "list": [1,\n 2],\n "objects": [\n{"x": 1},\n{"x": 2}]\n}')
    assert lines(file) == {"a.b": 2, "a.c": 3, "list": 4, "objects[0].x": 7, "objects[1].x": 8}


def test_yaml_means_what_the_trainer_makes_of_it(read):
    file = read("a.yaml", "lr: 1e-4\nplain: 0.1\nflag: no\ntext: 'no'\nempty:\nday: 2024-01-31\n1: one\nlong: |\n  a: b\nafter: x\n")
    assert values(file) == {
        "lr": 1e-4,
        "plain": 0.1,
        "flag": False,
        "text": "no",
        "empty": None,
        "day": "2024-01-31",
        "1": "one",
        "long": "a: b\n",
        "after": "x",
    }
    assert lines(file)["after"] == 10


def test_what_an_alias_stands_for_is_found_where_the_alias_is(read):
    file = read("a.yaml", "base: &base\n  x: 1\n  y: 2\nmine:\n  <<: *base\n  y: 3\nsame: *base\n")
    assert values(file) == {"base.x": 1, "base.y": 2, "mine.y": 3, "mine.x": 1, "same.x": 1, "same.y": 2}
    assert lines(file)["same.x"] == 7


@pytest.mark.parametrize(("name", "text"), [("a.json", '{"seed": 1,\n"seed": 2}'), ("a.yaml", "seed: 1\nseed: 2\n")])
def test_of_a_key_that_stands_twice_the_later_counts_and_it_is_noted(read, name, text):
    file = read(name, text)
    assert values(file) == {"seed": 2}
    assert "'seed' stands twice" in file.notes[0]


def test_arguments_over_several_lines(read):
    file = read(
        "train.sh",
        """\
        #!/bin/bash
        # train --seed=1
        NAME="my lady"
        accelerate launch --mixed_precision bf16 train_network.py \\
            --output_name="$NAME" --network_dim 32 \\
            --network_args "conv_dim=4" conv_alpha=1 \\
            --output_dir='$HOME/out' --data=$UNKNOWN --flip_aug  # the end
        echo done --seed 3
        """,
    )
    assert values(file) == {
        "(script)": "train_network.py",
        "(launcher).mixed_precision": "bf16",
        "output_name": "my lady",
        "network_dim": "32",
        "network_args": ["conv_dim=4", "conv_alpha=1"],
        "output_dir": "$HOME/out",
        "data": "$UNKNOWN",
        "flip_aug": True,
    }
    assert lines(file)["network_args"] == 6


def test_arguments_of_a_batch_file(read):
    file = read(
        "train.bat",
        'REM --seed 1\r\nset LR=1e-4\r\npython train_network.py ^\r\n --learning_rate=%LR% --vae "C:\\my models\\vae.pt" ^\r\n'
        " --seed 7\r\n",
    )
    assert values(file) == {"(script)": "train_network.py", "learning_rate": "1e-4", "vae": "C:\\my models\\vae.pt", "seed": "7"}
    assert lines(file)["seed"] == 5


def test_a_file_that_only_sets_variables_gives_those(read):
    file = read("config.env", "export LEARNING_RATE=1e-4\nMODEL_TYPE='lora'  # a comment\n")
    assert values(file) == {"LEARNING_RATE": "1e-4", "MODEL_TYPE": "lora"}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_byte_order_marks_are_understood(read, encoding):
    assert values(read("a.toml", 'note = "ü"\n', encoding)) == {"note": "ü"}


def test_numbers_that_nothing_can_hold_are_texts(read):
    file = read("a.json", '{"a": NaN, "b": -Infinity, "c": 1e999, "d": 123456789012345678901234567890, "e": 1}')
    assert values(file) == {"a": "nan", "b": "-inf", "c": "inf", "d": "123456789012345678901234567890", "e": 1}
    assert values(read("a.toml", "a = nan\nb = -inf\n")) == {"a": "nan", "b": "-inf"}


@pytest.mark.parametrize(
    ("name", "text", "line", "words"),
    [
        ("a.toml", "a = 1\nb = = 2\n", 2, "not TOML"),
        ("a.toml", "a = 1\na = 2\n", 2, "not TOML"),
        ("a.json", '{"a": 1,\n b}', 2, "not JSON"),
        ("a.yaml", "a: 1\nb: [1\nc: 2\n", 3, "not YAML"),
        ("a.toml", "a = 1\n\0\n", 2, "zero byte"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(read, tmp_path, name, text, line, words):
    with pytest.raises(BadFile, match=words) as caught:
        read(name, text)
    assert caught.value.where == f"{tmp_path / name}:{line}"
    assert caught.value.next_step


MANY = 100_000
HOSTILE = {
    "parts.toml": ".".join("a" * MANY) + " = 1",
    "inline.toml": "x = " + "{a = " * MANY,
    "nested.toml": "x = " + "[" * MANY,
    "digits.toml": "x = " + "9" * MANY,
    "tables.toml": "[[a]]\nx = 1\n" * 60_000,
    "nested.json": "[" * MANY,
    "objects.json": '{"a":' * MANY,
    "wide.json": "[" + "{}," * 60_000 + "{}]",
    "nested.yaml": "[" * MANY,
    "bomb.yaml": "a: &a [x, x, x, x, x, x, x, x, x]\n"
    + "".join(f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefghij", "bcdefghijk", strict=True)),
    "itself.yaml": "a: &a [*a]",
    "tag.yaml": 'a: !!python/object/apply:os.system ["touch pwned"]',
    "key.yaml": "? [a, b]\n: 1\n",
    "options.sh": "train_network.py " + " ".join(f"--k{n}" for n in range(60_000)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_bombs_are_refused_and_nothing_is_run(read, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadFile) as caught:
        read(name, HOSTILE[name])
    assert str(tmp_path / name) in caught.value.where
    assert len(str(caught.value)) < 500
    assert not (tmp_path / "pwned").exists()


def test_variables_that_hold_variables_do_not_grow_without_end(read):
    text = "A=aaaaaaaaaa\n" + "".join(f"{chr(66 + n)}={('$' + chr(65 + n)) * 10}\n" for n in range(20)) + "train_network.py --x=$U\n"
    assert len(read("a.sh", text).entries[-1].value) <= 10_000


def test_a_large_file_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "large.json"
    with path.open("wb") as file:
        file.truncate(50 * 2**20)
    with pytest.raises(BadFile, match=f"larger than {MAX_BYTES // 2**20} MiB"):
        read_config(path)


def test_what_is_not_there_or_is_a_folder_is_said_to_be_so(tmp_path):
    with pytest.raises(MissingFile):
        read_config(tmp_path / "none.toml")
    with pytest.raises(BadFile, match="folder"):
        read_config(tmp_path)


KEYS = st.text(st.sampled_from("ab.\"=[#'\\é "), max_size=4)
DOCUMENTS = st.dictionaries(
    KEYS,
    st.recursive(
        st.booleans() | st.integers(-5, 5) | st.text(st.sampled_from("ab\"'\\\n\t[]{},:#=é"), max_size=6),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
        max_leaves=8,
    ),
    max_size=4,
)


@given(DOCUMENTS, st.sampled_from([None, 1]))
def test_every_json_document_keeps_its_values_and_each_place_has_a_line(document, indent):
    parsed = parse_json(json.dumps(document, indent=indent))
    assert parsed.document == document
    assert set(parsed.lines) >= places(document)


@given(DOCUMENTS)
def test_every_yaml_document_keeps_its_values_and_each_place_has_a_line(document):
    parsed = parse_yaml(yaml.safe_dump(document, allow_unicode=True))
    assert parsed.document == document
    assert set(parsed.lines) >= places(document)


@given(DOCUMENTS)
def test_every_toml_document_keeps_its_values_and_each_place_has_a_line(document):
    parsed = parse_toml(as_toml(document))
    assert parsed.document == document
    assert set(parsed.lines) >= places(document)


@given(DOCUMENTS, st.data())
def test_a_json_document_that_was_cut_is_closed_again(document, data):
    text = json.dumps(document)
    length = data.draw(st.integers(0, len(text)))
    closed = closed_json(text[:length])
    assert set(json.loads(closed or "{}")) <= set(document)


def places(value, place=()):
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = {(*place, key) for key, _ in below}
    return (
        found.union(*(places(member, (*place, key)) for key, member in (value.items() if isinstance(value, dict) else enumerate(value))))
        if (isinstance(value, dict | list))
        else found
    )


def as_toml(document):
    return "".join(f"{json.dumps(key, ensure_ascii=False)} = {toml_value(value)}\n" for key, value in document.items())


def toml_value(value):
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key, ensure_ascii=False)} = {toml_value(member)}" for key, member in value.items()) + " }"
    if isinstance(value, list):
        return "[\n" + ",\n".join(toml_value(member) for member in value) + " # ]\n]"
    return json.dumps(value, ensure_ascii=False)
