"""The configurations of trainers. Adding one: a file with its ``Dialect``, its line here, and a sample in ``tests/parameters/configs``."""

from lorascope.parameters.dialects.ai_toolkit import AI_TOOLKIT
from lorascope.parameters.dialects.dialect import Dialect
from lorascope.parameters.dialects.diffusers import DIFFUSERS
from lorascope.parameters.dialects.kohya import KOHYA
from lorascope.parameters.dialects.kohya_dataset import KOHYA_DATASET
from lorascope.parameters.dialects.kohya_gui import KOHYA_GUI
from lorascope.parameters.dialects.onetrainer import ONETRAINER
from lorascope.parameters.dialects.simpletuner import SIMPLETUNER
from lorascope.records.run import JsonValue

DIALECTS: tuple[Dialect, ...] = (AI_TOOLKIT, DIFFUSERS, KOHYA, KOHYA_DATASET, KOHYA_GUI, ONETRAINER, SIMPLETUNER)


def dialect_of(document: JsonValue) -> Dialect | None:
    """The dialect that a configuration is written in, or None when no trainer of ours has such a one."""
    return next((dialect for dialect in DIALECTS if dialect.recognizes(document)), None)
