"""The configurations of trainers. Adding one: a file with its ``Dialect``, its line here, and a sample in ``tests/parameters/configs``."""

from lorascope.parameters.dialects.dialect import Dialect

DIALECTS: tuple[Dialect, ...] = ()
