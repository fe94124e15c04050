"""Dataset versions and prompt suites in the database."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Row, insert, or_, select

from lorascope.errors import AlreadyExists, NotFound, did_you_mean
from lorascope.records.dataset import Dataset, DatasetItem
from lorascope.records.prompt import Expectation, Prompt, PromptSuite, Trait
from lorascope.records.run import JsonValue
from lorascope.store.tables import caption_versions, prompt_suites, test_prompts


def add_dataset(connection: Connection, dataset: Dataset) -> bool:
    """Record a version. One of the same digest has the same content, so it stays as it is. Returns whether it is new."""
    known = connection.execute(select(caption_versions.c.version_id).where(caption_versions.c.digest == dataset.digest))
    if known.first():
        return False
    row = {
        "digest": dataset.digest,
        "version_name": dataset.name,
        "folder": dataset.folder,
        "items": [asdict(item) for item in dataset.items],
        "orphans": list(dataset.orphans),
        "parent": dataset.parent,
        "note": dataset.note,
        "extra": dict(dataset.extra) or None,
    }
    connection.execute(insert(caption_versions), row)
    return True


def dataset(connection: Connection, digest_or_name: str) -> Dataset:
    """The version with this digest, or the latest with this name.

    Raises:
        NotFound: there is none.
    """
    table = caption_versions
    wanted = select(table).where(or_(table.c.digest == digest_or_name, table.c.version_name == digest_or_name))
    row = connection.execute(wanted.order_by((table.c.digest == digest_or_name).desc(), table.c.version_id.desc())).first()
    if row is None:
        known = connection.execute(select(table.c.version_name)).scalars().all()
        raise NotFound(f"no dataset {digest_or_name!r} in the store", next_step=did_you_mean(digest_or_name, known))
    return _dataset(row)


def datasets(connection: Connection) -> list[Dataset]:
    """All versions in the order they were recorded."""
    return [_dataset(row) for row in connection.execute(select(caption_versions).order_by(caption_versions.c.version_id))]


def _dataset(row: Row[Any]) -> Dataset:
    return Dataset(
        name=row.version_name,
        folder=row.folder,
        items=tuple(DatasetItem(**item) for item in row.items),
        digest=row.digest,
        orphans=tuple(row.orphans),
        parent=row.parent,
        note=row.note,
        extra=row.extra or {},
    )


def add_suite(connection: Connection, suite: PromptSuite) -> bool:
    """Record a suite. The same suite again changes nothing. Returns whether it is new.

    Raises:
        AlreadyExists: another suite has this name. Scores are comparable only within one suite, so it is not replaced.
    """
    known = _suites(connection, suite.name)
    if known == [suite]:
        return False
    if known:
        raise AlreadyExists(
            f"a prompt suite {suite.name!r} with other prompts or settings is in the store", next_step="give it another name"
        )
    row = {
        "suite_name": suite.name,
        "seeds": list(suite.seeds),
        **{name: getattr(suite, name) for name in _SUITE_COLUMNS},
        "extra": {**suite.extra, **_words_kept(suite)} or None,
    }
    suite_id = connection.execute(insert(prompt_suites).returning(prompt_suites.c.suite_id), row).scalar_one()
    rows = [
        {
            "suite_id": suite_id,
            "position": position,
            "prompt_name": prompt.name,
            "prompt_text": prompt.text,
            "expectations": [asdict(expectation) for expectation in prompt.expectations],
            "extra": {**prompt.extra, **_traits_kept(prompt)} or None,
        }
        for position, prompt in enumerate(suite.prompts)
    ]
    if rows:
        connection.execute(insert(test_prompts), rows)
    return True


_SUITE_COLUMNS = ("steps", "guidance", "negative", "width_px", "height_px")


def suite(connection: Connection, name: str) -> PromptSuite:
    """The suite of this name.

    Raises:
        NotFound: there is none.
    """
    found = _suites(connection, name)
    if not found:
        known = connection.execute(select(prompt_suites.c.suite_name)).scalars().all()
        raise NotFound(f"no prompt suite {name!r} in the store", next_step=did_you_mean(name, known))
    return found[0]


def suites(connection: Connection) -> list[PromptSuite]:
    """All suites in the order they were recorded."""
    return _suites(connection, None)


def _suites(connection: Connection, name: str | None) -> list[PromptSuite]:
    wanted = select(prompt_suites).order_by(prompt_suites.c.suite_id)
    if name is not None:
        wanted = wanted.where(prompt_suites.c.suite_name == name)
    return [_suite(connection, row) for row in connection.execute(wanted).all()]


def _suite(connection: Connection, row: Row[Any]) -> PromptSuite:
    words, extra = _words_read(row.extra or {})
    prompts = select(test_prompts).where(test_prompts.c.suite_id == row.suite_id).order_by(test_prompts.c.position)
    return PromptSuite(
        name=row.suite_name,
        prompts=tuple(_prompt(prompt) for prompt in connection.execute(prompts)),
        seeds=tuple(row.seeds),
        **{name: getattr(row, name) for name in _SUITE_COLUMNS},
        extra=extra,
        trait_words=words,
    )


def _prompt(row: Row[Any]) -> Prompt:
    expectations = tuple(Expectation(item["feature"], item["color"], tuple(item["rgb"])) for item in row.expectations)
    traits, extra = _traits_read(row.extra or {})
    return Prompt(row.prompt_name, row.prompt_text, expectations, extra, traits)


# Traits came after the first tables. They lie in the column of unknown keys, where versions that do not know them read past them.
_TRAITS, _TRAIT_WORDS = "traits", "trait_words"


def _traits_kept(prompt: Prompt) -> dict[str, JsonValue]:
    return {_TRAITS: [asdict(trait) for trait in prompt.traits]} if prompt.traits else {}


def _traits_read(extra: dict[str, Any]) -> tuple[tuple[Trait, ...], dict[str, Any]]:
    """The traits and what else lies beside them. A foreign key of the same name stays what it is."""
    kept = extra.get(_TRAITS)
    if not isinstance(kept, list) or not all(isinstance(item, dict) and item.keys() == {"label", "present"} for item in kept):
        return (), extra
    return tuple(Trait(item["label"], item["present"]) for item in kept), {key: extra[key] for key in extra if key != _TRAITS}


def _words_kept(suite: PromptSuite) -> dict[str, JsonValue]:
    return {_TRAIT_WORDS: {label: list(words) for label, words in suite.trait_words.items()}} if suite.trait_words else {}


def _words_read(extra: dict[str, Any]) -> tuple[dict[str, tuple[str, ...]], dict[str, Any]]:
    kept = extra.get(_TRAIT_WORDS)
    if not isinstance(kept, dict) or not all(isinstance(words, list) for words in kept.values()):
        return {}, extra
    return {label: tuple(words) for label, words in kept.items()}, {key: extra[key] for key in extra if key != _TRAIT_WORDS}
