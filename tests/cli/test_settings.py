"""A lab's settings: what is mistyped is said, not ignored."""

import pytest

from lorascope.errors import BadFile
from lorascope.settings import Settings


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("store = [", "cannot be read"),
        ("a = " + "[" * 5000 + "]" * 5000, "cannot be read"),
        ("blobs = 5", "blobs = 5: must be text"),
        ('stroe = "sqlite:///x"', "unknown setting 'stroe'"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(tmp_path, monkeypatch, text, said):
    monkeypatch.delenv("LORASCOPE_STORE", raising=False)
    (tmp_path / "settings.toml").write_text(text)
    with pytest.raises(BadFile, match=said):
        Settings.at(tmp_path)


def test_a_mistyped_setting_is_told_the_nearest_name(tmp_path):
    (tmp_path / "settings.toml").write_text('stroe = "x"')
    with pytest.raises(BadFile) as caught:
        Settings.at(tmp_path)
    assert "did you mean store?" in caught.value.next_step
