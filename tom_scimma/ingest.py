"""Notice -> Event, Alert, Localization, Reaction, in one transaction; the only writer of those.

A batch is stored with a handful of statements. If anything in it fails, it is rolled back and each message is stored
alone, so that a bad one costs itself and nothing else: it ends as a quarantined row with its bytes and traceback.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError, connection, transaction
from django.utils import timezone

from tom_scimma import bulk, detectors, fold, folding, hooks, inbox, overtaken, proposals, reading, roster, targets
from tom_scimma.conf import reading_limits
from tom_scimma.inbox import Arrival
from tom_scimma.models import Alert, Event, Localization, Message, Reaction
from tom_scimma.reading import Reading
from tom_scimma.record import Record
from tom_scimma.statements import Statement, statements_of

logger = logging.getLogger(__name__)
#: what a reaction is stored with: what differs, and what is the same of all that are new
QUEUED = ("alert", "name", "change", "run", "state", "attempts", "worker", "created", "error")


@dataclass(frozen=True)
class Result:
    """What became of one record."""

    uid: UUID
    state: str  #: parsed, ignored, quarantined, dropped
    created: bool  #: False: it was here already, or its topic's policy dropped it
    alerts: tuple[int, ...] = ()


def ingest(records: Sequence[Record], *, via: str = "listen", now: datetime | None = None) -> list[Result]:
    """Stores records and what they say; returns one Result a record, in order.

    Bad messages never raise. Raises OperationalError or InterfaceError when the database is away: then nothing was
    written, and the same batch may be tried again. `via` is listen, ingest, replay or backfill: only listen is live,
    also where another way was quicker.
    """
    limits = reading_limits()
    collecting = gc.isenabled()
    gc.disable()  # a batch makes many small objects and no cycles; looking for some costs a tenth of its time
    try:
        return store([reading.read(record, **limits) for record in records], via=via, now=now)
    finally:
        if collecting:
            gc.enable()


def store(readings: Sequence[Reading], *, via: str, now: datetime | None = None) -> list[Result]:
    """Stores what was read; see `ingest`."""
    now = now or timezone.now()
    for _ in range(2):  # a second try for the batch that met another listener's insert of the same rows
        try:
            with transaction.atomic():
                return _store(readings, via, now)
        except IntegrityError:
            continue
        except Exception as error:
            if away(error):
                raise
            break
    return [_alone(item, via, now) for item in readings]


def away(error: BaseException) -> bool:
    """Whether an error means that the database cannot be written now, rather than that a row is bad."""
    if isinstance(error, InterfaceError):
        return True
    if not isinstance(error, OperationalError):
        return False
    code = getattr(error.__cause__, "sqlstate", None)
    if code is not None:  # PostgreSQL: connection, resources, operator's intervention, serialization, system
        return code[:2] in ("08", "40", "53", "55", "57", "58")
    return connection.vendor != "postgresql" or not connection.is_usable()


def _alone(item: Reading, via: str, now: datetime) -> Result:
    """Stores one reading, as well as it can be: in full, else without what it sets off here, else quarantined."""
    error: Exception | None = None
    for attempt in (
        _in_full,
        _in_full,
        _bare,
        _quarantined,
    ):  # twice in full: another listener may have stored its event meanwhile
        try:
            with transaction.atomic():
                return attempt(item, error, via, now)
        except Exception as failure:
            if away(failure):
                raise
            error = failure
            logger.warning("message could not be stored", extra={"uid": str(item.record.uid)}, exc_info=failure)
    raise DatabaseError(f"message {item.record.uid} can be stored neither parsed nor quarantined: {error}") from error


def _in_full(item: Reading, error: Exception | None, via: str, now: datetime) -> Result:
    return _store([item], via, now)[0]


def _bare(item: Reading, error: Exception | None, via: str, now: datetime) -> Result:
    """The alert itself matters more than a target's or another app's trouble with it."""
    note = item.quarantined(error)
    text = f"stored, but without its target and other apps' part: {note.error}. Try again once that is mended."
    return _store([replace(item, error=item.error or text, traceback=note.traceback)], via, now, bare=True)[0]


def _quarantined(item: Reading, error: Exception | None, via: str, now: datetime) -> Result:
    return _store([item.quarantined(error)], via, now, bare=True)[0]


def _store(readings: Sequence[Reading], via: str, now: datetime, *, bare: bool = False) -> list[Result]:
    arrivals = inbox.accept(readings, via, now)
    new = [arrival for arrival in arrivals if arrival.created]
    heard = overtaken.repeats(arrivals, via)
    said = [item for arrival in (*new, *heard) for item in statements_of(arrival, via, now)]
    stored = overtaken.stored(said)
    statements = _unsaid([item for item in said if item.arrival.created], stored)
    if statements:
        _write(statements)
    if stored or heard:
        woken = overtaken.wake([item for item in said if item.key in stored], stored, heard)
        _reactions(woken, overtaken.asked(woken))
    if not bare:
        spread(statements, new)
    detectors.hear(arrivals, now)
    inbox.count(arrivals, now)
    return [_result(arrival) for arrival in arrivals]


def _write(statements: list[Statement]) -> None:
    """Writes events, alerts, localizations, aliases and reactions."""
    new = roster.resolve(statements)
    folding.start(new, statements)
    bulk.insert(new)
    _alerts(statements)
    folding.finish(new, statements)
    roster.add_aliases(statements)
    proposals.note(statements)
    _reactions(statements)


def spread(statements: Sequence[Statement], arrivals: Sequence[Arrival]) -> None:
    """What statements and messages set off within this TOM: targets, and the apps that asked for the topic."""
    best = {}
    for item in sorted(statements, key=lambda item: item.order):  # the newest good position of each event
        # a good position that came late, behind a newer and poorer one, still gives the event the target it lacks
        late = item.change == fold.LATE and item.event.target_id is None and item.event.state != Event.State.RETRACTED
        shown = item.public or not item.event.public  # what only some may read places no event that all see
        if shown and (late or item.change in targets.CHANGES) and targets.good_enough(item.notice, item.arrival.policy):
            best[item.event.pk] = item
    targets.attach([(item.event, item.notice, item.arrival.policy) for item in best.values()])
    _hand_on(arrivals)


def _hand_on(arrivals: Sequence[Arrival]) -> None:
    """Gives messages to the apps that asked for their topics: one by one, or all together to those that take many.

    Whatever an app raises undoes the batch, whose messages then come alone: what one cannot bear costs only that one.
    """
    receivers = hooks.message_receivers({arrival.reading.record.topic for arrival in arrivals})
    heard: dict[Callable, list[tuple[Message, Any]]] = {}
    for arrival in arrivals:
        for receiver in receivers[arrival.reading.record.topic]:
            heard.setdefault(receiver, []).append((arrival.message, arrival.reading.document))
    for receiver, pairs in heard.items():
        if getattr(receiver, "many", False):
            with transaction.atomic():
                receiver(pairs)
            continue
        for message, document in pairs:
            with transaction.atomic():
                receiver(message, document)


def refold(event_ids: Sequence[int]) -> None:
    """Works out the values of these events anew from all their alerts; those without alerts are deleted."""
    with transaction.atomic():
        folding.refold(list(Event.objects.select_for_update().filter(pk__in=event_ids).order_by("pk")))


def _unsaid(statements: list[Statement], stored: Collection[str]) -> list[Statement]:
    """Those that no stored alert says already, and no earlier one of this batch."""
    said, unsaid = set(stored), []
    for statement in statements:
        if statement.key not in said:
            said.add(statement.key)
            unsaid.append(statement)
    return unsaid


def _alerts(statements: list[Statement]) -> None:
    for statement in statements:
        statement.alert = alert_row(statement)
    bulk.insert([statement.alert for statement in statements])
    for statement in statements:
        statement.arrival.alerts.append(statement.alert.pk)
        statement.localizations = [localization_row(statement.alert, item) for item in statement.maps]
    bulk.insert([row for statement in statements for row in statement.localizations])


def alert_row(statement: Statement) -> Alert:
    """The unsaved Alert of a statement whose event and message are stored."""
    notice = statement.notice
    return Alert(
        event_id=statement.event.pk,
        message_id=statement.arrival.message.pk,
        position=statement.position,
        key=statement.key,
        kind=notice.kind,
        alert_type=notice.alert_type,
        role=notice.role,
        source=notice.source[:100],
        time=notice.time,
        sent=notice.sent,
        order=statement.order,
        far_hz=notice.far_hz,
        authority=statement.authority,
        live=statement.live,
        public=statement.public,
        document=notice.to_json(),
    )


def localization_row(alert: Alert, item: reading.ReadMap) -> Localization:
    """The unsaved Localization of a stored alert."""
    mean, sd = item.distance or (None, None)
    return Localization(
        alert_id=alert.pk,
        name=item.name,
        sha256=item.sha256,
        data=item.data,
        pixels=item.pixels,
        area_50=item.area_50,
        area_90=item.area_90,
        distance_mpc=mean,
        distance_sd_mpc=sd,
        ra=item.ra,
        dec=item.dec,
        error=item.error,
    )


def _reactions(statements: list[Statement], asked: Collection[tuple[int, str]] = ()) -> None:
    """Queues what installed apps want done, but what was asked for before; reports change nothing and are "reported".

    A reaction that names `tests` is also queued for tests as young as live alerts; it must look what it is given.
    """
    wanted, fresh = hooks.event_reactions(), (Reaction.State.QUEUED.value, 0, "", timezone.now(), "")
    rows = [
        (statement.alert.pk, reaction["name"], statement.change, reaction["run"], *fresh)
        for statement in statements
        for reaction in wanted
        if statement.change in reaction["on"]
        and (statement.alert.pk, reaction["name"]) not in asked
        and (statement.live or not reaction.get("live_only", True) or (statement.drill and reaction.get("tests")))
    ]
    bulk.insert_rows(Reaction, QUEUED, rows)


def _result(arrival: Arrival) -> Result:
    if arrival.message is None:
        return Result(arrival.uid, "dropped", False)
    state = arrival.reading.state if arrival.created else arrival.message.state
    return Result(arrival.uid, state, arrival.created, tuple(arrival.alerts))
