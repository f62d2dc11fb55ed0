"""Alert -> Annotations: every annotator is run, its answer kept with version and seconds; one that fails costs only itself."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from tom_scimma import eventmaps, memory, skymap
from tom_scimma.annotators import Annotator, Finding, annotators
from tom_scimma.conf import conf
from tom_scimma.errors import BadSkyMap
from tom_scimma.limit import apart
from tom_scimma.models import Alert, Annotation, Event

#: so many alerts an annotator are done anew in one run: those that an older version spoke of, and those that were asked for
REFRESHED, RENEWED = 100, 20
#: versions of what is to be worked out again, and of what is just being
AGAIN, BEGUN = "", "-"
#: a longer answer is not an annotation
LARGEST = 64 * 1024


def react(alert_id: int, change: str) -> None:
    """The reaction `annotate`: everything this TOM works out about an alert. Harmless to repeat."""
    alert = Alert.objects.select_related("event").filter(pk=alert_id).first()
    if alert is not None:
        known = list(annotators())
        annotate(alert, known)
        for annotator in known:
            ask_again(annotator, alert)


def annotate(alert: Alert, which: Iterable[Annotator]) -> None:
    """Runs these annotators on an alert and stores what they say."""
    which = list(which)
    ours = [one for one in which if one.trusted]
    with memory.one_map():
        map, trouble = map_of(alert)
        answers = [_asked(annotator, alert, map) for annotator in ours]
    for annotator, (findings, seconds, error) in zip(ours, answers, strict=True):
        _store(alert, annotator, findings, seconds, error or trouble)
    for annotator in which:
        if not annotator.trusted:  # it may not end: nobody waits for that
            findings, seconds, error = _asked(annotator, alert, map)
            _store(alert, annotator, findings, seconds, error or trouble)


def ask_again(annotator: Annotator, alert: Alert) -> None:
    """Has what was said of other alerts worked out again where this one may have changed it, soon and once for many alerts."""
    if hasattr(annotator.run, "renew"):
        said = Annotation.objects.filter(annotator=annotator.name, alert__in=annotator.run.renew(alert))
        said.exclude(version=AGAIN).update(version=AGAIN)


def about(events: Iterable[Event]) -> None:
    """Has what stands on these events' pages of events near them, and on theirs, worked out again: a person joined or parted them."""
    for annotator in annotators():
        if hasattr(annotator.run, "renew"):
            for event in events:
                said = Annotation.objects.filter(annotator=annotator.name, alert__event=event)
                newest = said.select_related("alert").order_by("-alert__order", "-alert_id").first()
                if newest is not None:
                    said.filter(alert=newest.alert_id).update(version=AGAIN)
                    ask_again(annotator, newest.alert)


def renew() -> None:
    """A worker job: what was asked for again, the newest alerts first, some at a time."""
    for annotator in annotators():
        if hasattr(annotator.run, "renew"):
            _anew(annotator, Annotation.objects.filter(annotator=annotator.name, version=AGAIN), RENEWED)


def refresh() -> None:
    """A worker job: the same for what older versions of the annotators said."""
    for annotator in annotators():
        said = Annotation.objects.filter(annotator=annotator.name)
        _anew(annotator, said.exclude(version=annotator.version), REFRESHED)


def _anew(annotator: Annotator, said: QuerySet[Annotation], most: int) -> None:
    pks = list(said.order_by("-alert").values_list("alert", flat=True).distinct()[:most])
    for alert in Alert.objects.select_related("event").filter(pk__in=pks).order_by("-pk"):
        said.filter(alert=alert).update(version=BEGUN)  # who asks from now on is not answered by this
        annotate(alert, [annotator])


def map_of(alert: Alert) -> tuple[skymap.SkyMap | None, str]:
    """Where this alert itself says the event is, and what is wrong with its map; (None, "") where it does not say."""
    try:
        found = eventmaps.of_alert(alert)
        return (found.sky if found is not None else None), ""
    except BadSkyMap as error:
        return None, f"the sky map cannot be read: {error}"


def _asked(annotator: Annotator, alert: Alert, map: skymap.SkyMap | None) -> tuple[list[Finding], float, str]:
    """What an annotator says, after how many seconds, and what went wrong; then whatever it wrote to the database is undone."""
    began = time.monotonic()
    try:
        if annotator.trusted:
            findings = _ours(annotator, alert, map)
        else:  # somebody else's may wait for ever
            findings = apart(annotator.name, conf.ANNOTATOR_SECONDS, lambda: _run(annotator, alert, map))
        return findings, time.monotonic() - began, ""
    except Exception as error:  # somebody else's code may raise anything; it costs only itself
        if isinstance(error, (InterfaceError, DatabaseError)) and not connection.is_usable():
            raise
        return [], time.monotonic() - began, f"{type(error).__name__}: {error}"[:2000]


def _ours(annotator: Annotator, alert: Alert, map: skymap.SkyMap | None) -> list[Finding]:
    """What an annotator of ours says. SQLite refuses what it writes where others wrote since it began to read: then it begins again."""
    try:
        with _deferred():
            return _run(annotator, alert, map)
    except OperationalError:
        if connection.vendor != "sqlite":
            raise
    return _run(annotator, alert, map)  # with the write lock from its beginning, for which it waits


@contextmanager
def _deferred() -> Iterator[None]:
    """Transactions that begin in it do not take SQLite's write lock: who computes long keeps nobody from writing."""
    if connection.vendor != "sqlite":
        yield
        return
    connection.ensure_connection()  # which sets the mode that the settings say
    usual, connection.transaction_mode = connection.transaction_mode, "DEFERRED"
    try:
        yield
    finally:
        connection.transaction_mode = usual


def _run(annotator: Annotator, alert: Alert, map: skymap.SkyMap | None) -> list[Finding]:
    with transaction.atomic():
        more = (alert,) if getattr(annotator.run, "takes_alert", False) else ()
        said = annotator.run(alert.event, map, *more)
        return [_plain(finding) for finding in ([Finding(said)] if isinstance(said, dict) else said)]


def _plain(finding: Finding) -> Finding:
    """The finding with its value as JSON keeps it. Raises TypeError or ValueError for what JSON cannot say."""
    text = json.dumps(_finite(finding.value), default=_number)
    if len(text) > LARGEST:
        raise ValueError(f"an answer of {len(text):,} characters; at most {LARGEST:,} are kept")
    return Finding(json.loads(text), finding.users, tuple(sorted(finding.groups)))


def _finite(value: Any) -> Any:
    """No number where there is none: JSON of any database has neither NaN nor infinity."""
    if isinstance(value, dict):
        return {str(key): _finite(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _number(value: Any) -> Any:
    if hasattr(value, "item"):  # of numpy
        return _finite(value.item())
    raise TypeError(f"{value!r} is no number, text, list or mapping")


def _store(alert: Alert, annotator: Annotator, findings: list[Finding], seconds: float, error: str) -> None:
    """Keeps what was found and forgets what an earlier run found for audiences that are no more."""
    now, kept = timezone.now(), []
    if error and not findings:
        findings = [Finding({})]
    with transaction.atomic():
        for finding in findings:
            said = {"value": finding.value, "seconds": seconds, "error": error, "made": now}
            row, _ = Annotation.objects.update_or_create(
                alert=alert,
                annotator=annotator.name,
                audience=_audience(finding),
                defaults=said,
                create_defaults={**said, "version": annotator.version},
            )
            if row.version not in (annotator.version, AGAIN):  # asked for again meanwhile: it stays so
                row.version = annotator.version
                row.save(update_fields=["version"])
            if finding.groups:
                row.groups.set(finding.groups)
            kept.append(row.pk)
        Annotation.objects.filter(alert=alert, annotator=annotator.name).exclude(pk__in=kept).delete()


def _audience(finding: Finding) -> str:
    if finding.groups:
        return f"groups {' '.join(map(str, finding.groups))}"[:255]
    return Annotation.USERS if finding.users else Annotation.EVERYBODY
