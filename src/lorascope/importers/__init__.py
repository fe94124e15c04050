"""Foreign formats. Adding one: a file with its ``Importer``, its line here, and a sample in ``tests/importers/samples``."""

from lorascope.importers.importer import Importer
from lorascope.importers.interchange import INTERCHANGE

IMPORTERS: tuple[Importer, ...] = (INTERCHANGE,)
