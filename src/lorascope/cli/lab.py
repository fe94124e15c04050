"""Open the store of the lab that the working folder lies in, for commands that also work without one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lorascope.cli.say import say
from lorascope.errors import LorascopeError, MissingFile

if TYPE_CHECKING:
    from lorascope.store import Store


@contextmanager
def lab_store(*, required: bool) -> Iterator[Store | None]:
    """The lab's store; None without a lab. Where it is not ``required``, a store that cannot be opened is told of and passed over.

    Raises:
        MissingFile: there is no lab, and one is required. LorascopeError: its store cannot be opened, and it is required.
    """
    from lorascope.settings import Settings

    store = None
    try:
        lab = Settings.find()
    except MissingFile:
        if required:
            raise
        yield None
        return
    try:
        from lorascope.store import Store

        store = Store.open(lab.store_url, lab.blobs)
    except LorascopeError as error:
        if required:
            raise
        say(f"the lab's store was passed over: {error}", err=True)
        yield None
        return
    with store:
        yield store
