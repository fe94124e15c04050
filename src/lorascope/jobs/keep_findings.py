"""Keep what an audit found with the dataset version it was found in: a run trained on it can then be explained without its folder."""

from __future__ import annotations

import time
from collections import Counter

from lorascope.errors import NotFound
from lorascope.jobs.audit import AuditResult
from lorascope.records.finding import Severity
from lorascope.records.run import JsonValue
from lorascope.store import Store


def keep_findings(store: Store, result: AuditResult) -> int:
    """Record how many findings each check has, and how many of them are errors, as records of type finding; returns how many are news.

    Nothing is recorded for a dataset version that the store does not have (no run was trained on it), nor what is recorded already.
    """
    digest = result.dataset.digest
    try:
        store.dataset(digest)
    except NotFound:
        return 0
    kept = {
        record["check"]: (record["count"], record.get("errors"))
        for record in store.foreign_records("finding")
        if record.get("dataset") == digest and "check" in record and "count" in record
    }
    about: dict[str, JsonValue] = {"type": "finding", "dataset": digest, "images": len(result.dataset.items), "audited_at": time.time()}
    errors = Counter(finding.check for finding in result.findings if finding.severity is Severity.ERROR)
    found = {check: (count, errors[check]) for check, count in result.counts().items()}
    news = [
        ({**about, "check": check, "count": count, "errors": serious}, 0)
        for check, (count, serious) in found.items()
        if kept.get(check) != (count, serious)
    ]
    return store.keep_foreign(news)
