"""What a person, or the worker, does with rows that could not be placed: try again, assign, make a target, mend, dismiss.

Whoever acts must see the message, and may change the target; data of a protected topic go to no target that others see,
whoever puts them there, unless the topic's policy says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from tom_targets.models import Target, TargetName
from tom_targets.permissions import targets_for_user

from tom_hermes import audience, datums, finding, keeping, reading, receive
from tom_hermes.arrived import Arrived
from tom_hermes.intake import Intake, intake
from tom_hermes.models import Received, Unplaced
from tom_hermes.said import DATA, Said, SaidDatum, SaidTarget, Unread
from tom_scimma import bulk, decode, tnsnames
from tom_scimma.errors import Undecodable
from tom_scimma.models import MessageBody
from tom_scimma.targets import share

Waits = Unplaced.State
#: what a person may say in a row's place
MENDED = ("bandpass", "brightness_unit", "limiting_brightness_unit", "flux_units", "wavelength_units", "date_obs")


class NotNow(ValueError):
    """What was asked for cannot be done; the text says why, for the person."""


def document_of(received: Received) -> Any:
    """The message as it came; None when its bytes are no longer kept."""
    if received.message_id is None:
        return received.document
    if not MessageBody.objects.filter(pk=received.message_id).exists():
        return None
    try:
        return decode.decode(received.message.record()).content
    except Undecodable:
        return None


def arrival_of(received: Received, said: Said, wanted: Intake | None = None) -> Arrived:
    """A stored message as it is placed, with what is said in its place."""
    return Arrived(
        said,
        received.topic,
        wanted or intake(received.topic),
        key=received.key,
        uuid=received.uuid,
        sent=received.sent,
        message=received.message,
        document=received.document,
        protected=not received.public,
        groups=frozenset(received.groups.values_list("pk", flat=True)),
        row=received,
    )


def again(received: Received, wanted: Intake | None = None) -> Received:
    """Places what of a message waits, with today's targets, settings and readers. Raises NotNow when it is no longer kept."""
    document = document_of(received)
    if document is None:
        raise NotNow("The message itself is no longer kept; its rows can still be assigned.")
    receive.place([arrival_of(received, reading.read(document), wanted)])
    received.refresh_from_db()
    return received


def assign(received: Received, name: str, target: Target, user: Any) -> int:
    """Puts the waiting rows of a name onto a target; how many of them are placed or on their way. Raises NotNow."""
    _may(received, target, user)
    return put(received, waiting(received, name), target.pk, user)


def waiting(received: Received, name: str) -> list[Unplaced]:
    """The rows of a name that wait in a message."""
    return list(received.unplaced.filter(name=name, state=Waits.WAITING))


def make(received: Received, name: str, user: Any) -> Target:
    """A new target as the message describes it, which is the user's, with the waiting rows of that name. Raises NotNow."""
    said = reading.read(document_of(received)).target(name)
    if said is None or (said.ra is None and not said.moving):
        raise NotNow(
            f"The message has no usable position of {name}; make the target yourself and assign the rows to it."
        )
    groups = frozenset(received.groups.values_list("pk", flat=True))
    if not received.public and audience.everywhere(groups, user):
        raise NotNow("There are people who see every target of this TOM, and may not see this topic.")
    if Target.objects.filter(name__in=tnsnames.spellings(name)).exists():
        raise NotNow(f"A target is called {name} already; assign the rows to it.")
    try:
        with transaction.atomic():
            target = _made(said, received, user)
            put(received, waiting(received, name), target.pk, user)
            return target
    except IntegrityError:  # somebody made it at this very moment
        raise NotNow(f"A target is called {name} by now; assign the rows to it.") from None


def _made(said: SaidTarget, received: Received, user: Any) -> Target:
    target = finding.unsaved(said)
    if not received.public:
        target.permissions = Target.Permissions.PRIVATE
    target.save(extras=said.extras)
    target.give_user_access(user)
    if not received.public:
        share(target, received.groups.all())
    finding.name(target, said.aliases)
    received.made += 1
    return target


def mend(unplaced: Unplaced, changes: dict[str, str], user: Any) -> None:
    """Reads a row with what a person says in its place, and puts it where it belongs. Raises NotNow."""
    if unplaced.target is None:
        raise NotNow("The row has no target yet; assign it to one first.")
    _may(unplaced.received, unplaced.target, user)
    said = {key: value for key, value in changes.items() if key in MENDED and value}
    if not said:
        raise NotNow("Say what the row lacks: a filter, a unit or a date.")
    if not isinstance(unplaced.row, dict):
        raise NotNow("The row is no row.")
    unplaced.row = {**unplaced.row, **said, "mended_by": f"{user.get_username()}: {', '.join(said)}"}
    if not put(unplaced.received, [unplaced], unplaced.target_id, user):
        raise NotNow(unplaced.words)


def dismiss(unplaced: Unplaced, user: Any) -> None:
    """Puts a row aside; it stays with its message."""
    unplaced.state, unplaced.settled_by, unplaced.settled_at = Waits.DISMISSED, user, timezone.now()
    unplaced.save(update_fields=["state", "settled_by", "settled_at"])
    keeping.sum_up(unplaced.received)


def take_back(unplaced: Unplaced) -> None:
    """Lets a dismissed row wait again."""
    unplaced.state, unplaced.settled_by, unplaced.settled_at = Waits.WAITING, None, None
    unplaced.save(update_fields=["state", "settled_by", "settled_at"])
    keeping.sum_up(unplaced.received)


def _may(received: Received, target: Target, user: Any) -> None:
    if not targets_for_user(user, Target.objects.filter(pk=target.pk), "change_target").exists():
        raise NotNow("You may not change that target.")
    groups = frozenset(received.groups.values_list("pk", flat=True))
    if received.public or intake(received.topic).attach == "any" or audience.contained(target.pk, groups, user):
        return
    raise NotNow(f"{target.name} is seen by others than those who may see this message.")


def put(received: Received, rows: Sequence[Unplaced], target_id: int, user: Any = None) -> int:
    """Puts rows of a message onto a target and returns how many of them are placed or on their way to be."""
    with transaction.atomic():
        found = {row: _read(row) for row in rows if row.section in DATA}
        arrival = arrival_of(received, Said(data=tuple(item for item in found.values() if isinstance(item, SaidDatum))))
        arrival.homes = dict.fromkeys({item.target for item in arrival.said.data}, target_id)
        made = datums.write([arrival])
        lost = {(item.section, item.index): item for item in arrival.unplaced}
        done = [_settle(row, lost.get((row.section, row.index)) or found.get(row), target_id, user) for row in rows]
        received.targets.add(target_id)
        received.data += arrival.data
        keeping.sum_up(received)
        receive.tell([arrival], made)
    return sum(done)


def _read(row: Unplaced) -> SaidDatum | Unread:
    found = reading.datum(row.section, row.index, row.row, row.name)
    return replace(found, target=row.name) if isinstance(found, SaidDatum) else found


def _settle(row: Unplaced, found: SaidDatum | Unread | None, target_id: int, user: Any) -> bool:
    """Notes what became of a row; True when it is placed, or its file is to be fetched."""
    row.target_id = target_id
    if isinstance(found, Unread):
        row.reason, row.words = found.reason, found.words
        fetching = found.reason == "file"
        row.state, row.due = (Waits.FETCHING, timezone.now()) if fetching else (Waits.WAITING, None)
    else:  # a datum, or a target's own row
        fetching = False
        row.state, row.settled_by, row.settled_at = Waits.PLACED, user, timezone.now()
    row.save()
    return fetching or row.state == Waits.PLACED


def _otherwise_written(names: Iterable[str]) -> list[str]:
    """Those of these names that are TNS's, and that a target has in another spelling."""
    known = [name for name in names if tnsnames.bare(name)]
    spelled = tnsnames.spelled(known)
    tables = (Target._meta.get_field("name").model, TargetName)
    here = {tnsnames.key(name) for table in tables for (name,) in bulk.find(table, ["name"], name=spelled)}
    return [name for name in known if tnsnames.key(name) in here]


def follow() -> int:
    """Job of the worker: rows that wait for a target of a name, or a place, that has turned up. Returns how many messages moved."""
    names = Unplaced.objects.filter(state=Waits.WAITING, reason__in=("target", "place")).exclude(name="")
    here = names.filter(name__in=Target.objects.values("name")) | names.filter(
        name__in=TargetName.objects.values("name")
    )
    here |= names.filter(name__in=_otherwise_written(names.values_list("name", flat=True).distinct()))
    moved = 0
    for received in Received.objects.filter(pk__in=here.values("received_id"), retracted=False)[:100]:
        before = received.open
        if document_of(received) is not None:
            moved += again(received).open < before
    return moved
