"""Which targets this TOM has reported to TNS, or is about to: an object is reported once, whoever presses the button second.

It may be classified by several spectra: a second classification is one that its author knows to be the second.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Q
from tom_targets.models import Target

from tom_scimma.compose.content import Content
from tom_scimma.compose.selection import TARGET
from tom_scimma.destinations import Need
from tom_scimma.models import Delivery, SharedItem
from tom_scimma.wording import utc

State = Delivery.State
#: in a payload, and of a field: the last classification that its author knows of
BESIDES = "besides"
#: a report in one of these is there, may be there, or will be
STANDS = (State.QUEUED, State.HELD, State.SENDING, State.UNKNOWN, State.DELIVERED)


def again(payload: bytes, server: str, *, resent: bool = False) -> list[str]:
    """Why a payload is none to send: its targets that have an AT report, by the same HERMES, or a classification that it does not know of.

    With `resent` the very same report does not stand in its own way while its reply is lost: a person has decided on that.
    """
    said = json.loads(payload)
    names, sha256 = _reports(said), hashlib.sha256(payload).hexdigest()
    if not names:
        known = max(map(int, said.get(BESIDES, ())), default=0)
        rows = [row for row in classifications(said["targets"].values(), server) if row.pk > known]
        lost = [row for row in rows if resent and row.state == State.UNKNOWN and row.sha256 == sha256]
        return [
            f"{', '.join(said['targets'])} has a classification of this TOM already: {_told(row)}. Choose whether this is another one."
            for row in rows
            if row not in lost
        ][:1]
    found: dict[int, Delivery] = {}
    for row, numbers in _carrying(names):
        stands = row.state in STANDS and row.origin.startswith(f"{server}/")
        itself = resent and row.state == State.UNKNOWN and row.sha256 == sha256
        if stands and not itself and _reports(json.loads(bytes(row.payload))):
            found = {**dict.fromkeys(numbers, row), **found}
    return [
        f"{names[key]} has an AT report of this TOM already: #{row.pk}, {row.get_state_display()}. {_instead(row)}"
        for key, row in found.items()
    ]


def classifications(targets: Iterable[int], server: str) -> list[Delivery]:
    """The classifications of these targets that are there, may be there, or will be, the newest first."""
    rows = (row for row, _ in _carrying(targets) if row.state in STANDS and row.origin.startswith(f"{server}/"))
    return sorted((row for row in rows if not _reports(json.loads(bytes(row.payload)))), key=lambda row: -row.pk)


def besides(content: Content, server: str) -> list[Need]:
    """For each target that was classified the question whether this is another one; its answer is the number of the last."""
    found = []
    for body in content.targets:
        rows = classifications([body.pk], server)
        if rows:
            choices = ((str(rows[0].pk), f"yes, besides #{rows[0].pk}"),)
            told = f"this TOM has classified {body.name} already: {_told(rows[0])}"
            found.append(
                Need(
                    f"targets.{body.pk}.{BESIDES}",
                    "Another classification",
                    "",
                    True,
                    kind="choice",
                    choices=choices,
                    help=told,
                )
            )
    return found


def _instead(row: Delivery) -> str:
    """What whoever wants another report can do."""
    waits = row.state in (State.QUEUED, State.HELD)
    return f"Cancel #{row.pk} first if this is to go instead." if waits else "An object is reported once."


def _told(row: Delivery) -> str:
    """Which one, by whom, when, as what."""
    message = json.loads(bytes(row.payload))["message"]
    spectra = message["data"].get("spectroscopy") or [{}]
    what = f"{spectra[0].get('classification', '')} of {spectra[0].get('target_name', '')}".strip()
    return f"#{row.pk} by {row.sender}, {what}, {utc(row.created, 0)} UTC, {row.get_state_display()}"


def lock(payload: bytes) -> None:
    """Until the transaction ends nobody else queues a report of these targets, where the database locks rows.

    SQLite locks the whole of itself: from the first statement in IMMEDIATE transactions, else at the first write, which
    fails where somebody has written since.
    """
    names = json.loads(payload)["targets"].values()
    list(Target.objects.select_for_update(no_key=True).filter(pk__in=names).order_by("pk").values_list("pk"))


def _reports(said: Mapping[str, Any]) -> dict[int, str]:
    """The targets of an AT report, names by key; {} for a classification."""
    if (said["message"].get("data") or {}).get("spectroscopy"):
        return {}
    return {key: name for name, key in said["targets"].items()}


def _carrying(names: Iterable[int]) -> list[tuple[Delivery, list[int]]]:
    """Deliveries to TNS that carry these targets, also such as were sent again, in their order; with which targets."""
    items = SharedItem.objects.filter(kind=TARGET, number__in=list(names), delivery__service="tns")
    carried: dict[int, list[int]] = {}
    for delivery, number in items.values_list("delivery_id", "number"):
        carried.setdefault(delivery, []).append(number)
    rows, fresh = {}, set(carried)
    while fresh:
        found = Delivery.objects.filter(Q(pk__in=fresh) | Q(resend_of__in=fresh))
        new = [row for row in found.order_by("pk") if row.pk not in rows]
        for row in new:
            rows[row.pk] = row
            carried.setdefault(row.pk, carried.get(row.resend_of_id, []))
        fresh = {row.pk for row in new}
    return [(rows[key], carried[key]) for key in sorted(rows)]
