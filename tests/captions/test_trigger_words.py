from __future__ import annotations

import pytest

from lorascope.captions.trigger_words import trigger_words


@pytest.mark.parametrize(
    ("captions", "expected"),
    [
        (["ohwx, a hat"] * 9 + ["a coat"], "ohwx"),
        (["ohwx man, a hat"] * 5, "ohwx man"),
        (["ohwx, a hat"] * 4, None),
        ([f"{n}, a hat" for n in range(9)], None),
        (["", "", "", "", ""], None),
        (["long " * 40] * 6, None),
        ([], None),
    ],
)
def test_the_trigger_is_what_nearly_all_captions_begin_with(captions, expected):
    assert trigger_words(captions) == expected
