"""Names become files: a path, an option or a control sign in one is refused before anything is written."""

import pytest

from lorascope.errors import BadParameter
from lorascope.jobs.run_name import check_run_name


@pytest.mark.parametrize(
    "name",
    ["", "  ", "../../etc/x", "a/b", "a\\b", "/tmp/x", ".", "..", ".hidden", "-lead", "x" * 300, "日" * 50, "con", "NUL.txt", "a\nb",
     "a\x1b[31m", "a\x00", "a:b", "a*", "[a]", "~", "$(id)", "end.", "end ", " begin", "\udcff", "a\u202eb"],
)  # fmt: skip
def test_what_is_no_safe_file_name_is_refused(name):
    with pytest.raises(BadParameter, match="a run cannot be called"):
        check_run_name(name)


@pytest.mark.parametrize("name", ["first", "run 2", "dim=32,alpha=16", "v1.2_b", "2024-05-01", "größe", "日本", "console", "a (copy)"])
def test_ordinary_names_will_do(name):
    check_run_name(name)
