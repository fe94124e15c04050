"""Foreign formats. Adding one: a file with its ``Importer``, its line here, and a sample in ``tests/importers/samples``."""

from lorascope.importers.csv_table import CSV_TABLE
from lorascope.importers.diffusers_peft import PEFT_CONFIG
from lorascope.importers.importer import Importer
from lorascope.importers.interchange import INTERCHANGE
from lorascope.importers.kohya_state import KOHYA_STATE
from lorascope.importers.loss_log import LOSS_LOG
from lorascope.importers.prompt_file import PROMPT_FILE
from lorascope.importers.sample_images import SAMPLE_IMAGES
from lorascope.importers.simpletuner import TRAINING_STATE
from lorascope.importers.tensorboard_events import TENSORBOARD_EVENTS
from lorascope.importers.trainer_config import TRAINER_CONFIG
from lorascope.importers.weights_file import WEIGHTS_FILE

IMPORTERS: tuple[Importer, ...] = (
    CSV_TABLE,
    INTERCHANGE,
    KOHYA_STATE,
    LOSS_LOG,
    PEFT_CONFIG,
    PROMPT_FILE,
    SAMPLE_IMAGES,
    TENSORBOARD_EVENTS,
    TRAINER_CONFIG,
    TRAINING_STATE,
    WEIGHTS_FILE,
)
