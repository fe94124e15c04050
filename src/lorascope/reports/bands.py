"""One checkpoint's numbers beside those of the images it was trained on."""

from __future__ import annotations

from lorascope.records.measurement import Measurement
from lorascope.reports.evidence import BandNote, Evidence, RunEvidence
from lorascope.reports.table import Column, Row, Table
from lorascope.reports.wording import interval, number, shortened, unit_shown, visible


def bands_table(evidence: Evidence, run: RunEvidence) -> Table | None:
    """Every metric that the training images have, at the chosen epoch, else the last; None when their bands are not known."""
    measured = [one for one in run.measurements if one.mean is not None and one.metric in run.bands]
    if not measured:
        return None
    chosen = run.choice.leader if run.choice else None
    epochs = {one.epoch for one in measured}
    epoch = chosen if chosen in epochs else max(epochs)
    columns = (
        Column("metric", numeric=False),
        Column("unit", numeric=False),
        Column("mean"),
        Column("95 % interval"),
        Column("n images"),
        Column("training images, 5 to 95 %"),
        Column("their median"),
        Column("n"),
        Column("the mean lies", numeric=False),
    )
    rows = tuple(_row(evidence, one, run.bands[one.metric]) for one in measured if one.epoch == epoch)
    outside = sum(row.marked for row in rows)
    caption = f"{shortened(run.run.name)}: epoch {evidence.epoch_shown(epoch)} beside its training images"
    note = (
        "A band is where 90 % of the training images lie, each measured like a drawn picture. A mean outside is unlike them; what "
        f"describes and does not judge is not better or worse for it. Outside: {outside} of {len(rows)}."
    )
    return Table(caption, columns, rows, (note,))


def _row(evidence: Evidence, measured: Measurement, band: BandNote) -> Row:
    assert measured.mean is not None
    note = evidence.note(measured.metric)
    place = "below" if measured.mean < band.low else "above" if measured.mean > band.high else "inside"
    cells = (
        visible(note.title),
        unit_shown(note.unit),
        number(measured.mean, note.unit),
        interval(measured.low, measured.high, note.unit),
        str(measured.images),
        interval(band.low, band.high, note.unit),
        number(band.median, note.unit),
        str(band.n),
        place,
    )
    return Row(cells, marked=place != "inside")
