"""Stored messages -> parsed again with today's parsers. Never live: nobody is told and nothing moves (promise 8)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from tom_scimma import ingest, offload, proposals, reading, roster
from tom_scimma.conf import conf, reading_limits
from tom_scimma.inbox import Arrival
from tom_scimma.ingest import Result
from tom_scimma.models import Alert, Event, Localization, Message, MessageBody
from tom_scimma.models.messages import compress, header_text
from tom_scimma.policies import closed, policy_of
from tom_scimma.reading import Reading
from tom_scimma.record import Record, printable
from tom_scimma.statements import Statement, statements_of


def replay(messages: Iterable[Message], *, now: datetime | None = None) -> list[Result]:
    """Parses stored messages again, each in its own transaction; returns one Result a message.

    Alerts keep their rows where a message still says as much; what it no longer says is removed, and every event
    touched is worked out anew. A message that still cannot be read stays, or becomes, quarantined.
    """
    now = now or timezone.now()
    return [_again(message, now) for message in messages]


def _again(message: Message, now: datetime) -> Result:
    limits = reading_limits()
    item = reading.read(_record(message), **limits)
    error: Exception | None = None
    for spread in (
        True,
        True,
        False,
    ):  # twice: a listener may have stored its event meanwhile; then without what it sets off
        try:
            with transaction.atomic():
                return _rewrite(message, item, now, spread)
        except Exception as failure:
            if ingest.away(failure):
                raise
            error = failure
    failed = item.quarantined(error)  # a trouble of ours: what was understood before stays as it is
    Message.objects.filter(pk=message.pk).update(error=failed.error, traceback=failed.traceback)
    return Result(message.uid, message.state, False)


def _rewrite(message: Message, item: Reading, now: datetime, spread: bool) -> Result:
    policy = policy_of(message.topic, message.source)
    if not (message.public or policy.groups or message.groups.exists()):  # it came for superusers alone
        policy = closed(policy, ())
    arrival = Arrival(item, policy, message.uid, message, created=True)
    touched = set(message.alerts.values_list("event_id", flat=True))
    statements = _unsaid(statements_of(arrival, "replay", now))
    roster.lock(
        touched, statements
    )  # events before their message, as `prune` does, so that neither waits for the other
    note(message, item)
    if statements:
        Event.objects.bulk_create(roster.resolve(statements))
    before = _matched(message, statements)
    Alert.objects.filter(message=message).exclude(pk__in=[alert.pk for alert in before.values()]).delete()
    message.alerts.update(position=-1 - F("position"))  # out of the way of the positions they are now given
    for statement in statements:
        _put(statement, before.get(statement.key))
    roster.add_aliases(statements)
    ingest.refold(touched | {statement.event.pk for statement in statements})
    proposals.note(statements)
    if spread:
        _spread(arrival, statements)
    return Result(message.uid, item.state, False, tuple(statement.alert.pk for statement in statements))


def _unsaid(statements: list[Statement]) -> list[Statement]:
    """Those that no other message says, and each of them once."""
    once = {statement.key: statement for statement in reversed(statements)}
    return [item for item in statements if once[item.key] is item and not _said_elsewhere(item)]


def _matched(message: Message, statements: list[Statement]) -> dict[str, Alert]:
    """The stored alert that each statement takes the place of: the one that says the same, else the one in its position."""
    stored = list(message.alerts.all())
    by_key = {alert.key: alert for alert in stored}
    matched = {item.key: by_key[item.key] for item in statements if item.key in by_key}
    taken = {alert.pk for alert in matched.values()}
    by_position = {alert.position: alert for alert in stored if alert.pk not in taken}
    for item in statements:
        if item.key not in matched and item.position in by_position:
            matched[item.key] = by_position[item.position]
    return matched


def _record(message: Message) -> Record:
    """The record as stored; of a large message that could not be fetched then, the message itself if it can be now."""
    record = message.record()
    kept = record.header(offload.REFERENCE) is not None  # nobody asked for it
    if not offload.is_stub(record) or record.source not in conf.SOURCES or kept:
        return record
    from tom_scimma.broker import retrieve

    return retrieve(record, pauses=())


def note(message: Message, item: Reading) -> None:
    """Writes on a message's row how it was read; of a stub also what was fetched, or why it could not be."""
    message.state, message.format, message.parser = item.state, item.format, item.parser
    message.error, message.traceback = item.error, item.traceback
    fields = ["state", "format", "parser", "error", "traceback"]
    if offload.is_stub(message.record()):  # it was fetched, or the reason why not is another
        message.headers = [[printable(name), header_text(value)] for name, value in item.record.headers]
        message.sha256, message.size = item.record.sha256, len(item.record.payload)
        MessageBody.objects.filter(message=message).update(data=compress(item.record.payload))
        fields += ["headers", "sha256", "size"]
    message.save(update_fields=fields)


def _said_elsewhere(statement: Statement) -> bool:
    return Alert.objects.filter(key=statement.key).exclude(message=statement.arrival.message).exists()


def _put(statement: Statement, before: Alert | None) -> None:
    """Writes the statement's alert over the one it had, if any; an alert that was live stays so."""
    statement.alert = ingest.alert_row(statement)
    statement.alert.public = statement.arrival.message.public  # for those it was received for
    if before is not None:
        statement.alert.pk = before.pk
        statement.alert.live = before.live
    statement.alert.save()
    kept = []
    for item in statement.maps:
        row = ingest.localization_row(statement.alert, item)
        row.pk = statement.alert.localizations.filter(name=item.name).values_list("pk", flat=True).first()
        row.save()
        kept.append(row.pk)
    Localization.objects.filter(alert=statement.alert).exclude(pk__in=kept).delete()


def _spread(arrival: Arrival, statements: list[Statement]) -> None:
    """Targets and other apps' part again, for statements that are still their event's newest word."""
    for statement in statements:
        statement.event.refresh_from_db()
        if statement.authority and statement.order == statement.event.folded:
            statement.change = "updated"
    ingest.spread(statements, [arrival])
