"""What HERMES' reply brings: the uuid, TNS's names, the circular's number; and what of it is kept."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Mapping
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from tom_hermes.conf import page
from tom_hermes.models import SharedMessage
from tom_scimma import tnsnames
from tom_scimma.destinations import Receipt

#: HERMES knows by uuid the messages of these topics only
KNOWN = ("hermes.*", "microlensing.*")


def receipt(published: Mapping[str, Any]) -> Receipt:
    """The receipt of what was published, as HERMES, its archive or the stream gives it."""
    uuid = str(published["uuid"])
    said = [item for item in (published.get("data") or {}).get("references") or [] if isinstance(item, dict)]
    names = [str(item.get("citation")) for item in said if item.get("source") == "tns_object"]
    circulars = [item.get("citation") for item in said if item.get("source") == "gcn_circular"]
    data = {"topic": published.get("topic", ""), "tns": names, "circular": next(iter(circulars), None)}
    brought = [f"TNS has it as {name}." for name in names]
    brought += [f"It is GCN Circular {data['circular']}."] if data["circular"] else []
    said_of = {name: value for name, value in data.items() if value}
    return Receipt(uuid, page(f"message/{uuid}"), said_of, note=" ".join(brought))


def afterwards(delivery: Any) -> tuple[str, str] | None:
    """Where what was delivered can be taken back as far as that goes."""
    if not SharedMessage.objects.filter(delivery=delivery.pk).exists():
        return None
    return "Retract it at HERMES, or show it again", f"{reverse('tom_hermes:shared')}?delivery={delivery.pk}"


def keep(delivery: Any, receipt: Receipt) -> None:
    """Writes down what HERMES has of ours; a name of TNS becomes an alias of its target, where nobody else has it."""
    said = json.loads(bytes(delivery.payload))
    tns = bool(said["message"].get("submit_to_tns"))
    names = _names(said, receipt) if tns else {}
    number = str(receipt.data.get("circular") or "")
    SharedMessage.objects.get_or_create(
        uuid=receipt.id,
        defaults={
            "delivery": delivery,
            "topic": said["message"]["topic"][:255],
            "title": said["message"]["title"][:500],
            "sent": timezone.now(),
            "names": names,
            "circular": int(number) if number.isdecimal() else None,
        },
    )
    for key, name in names.items():
        _alias(int(key), name)
    if tns and said["message"]["data"].get("spectroscopy"):  # TNS has the object by the name that was typed
        for name, key in said["targets"].items():
            if tnsnames.bare(name):
                _alias(key, name)


def _names(said: Mapping[str, Any], receipt: Receipt) -> dict[str, str]:
    """TNS's name by the key of its target: TNS answers in the order of the targets. A classification names them itself."""
    if said["message"]["data"].get("spectroscopy"):
        return {}
    keys = [said["targets"].get(row["name"]) for row in said["message"]["data"].get("targets", [])]
    return {str(key): name for key, name in zip(keys, receipt.data.get("tns", []), strict=False) if key is not None}


def _alias(target: int, name: str) -> None:
    """TNS's name for a target, as people write it: TNS itself says 2026abc. Not where anybody has it, however written."""
    from tom_targets.models import Target, TargetName

    alias = f"AT{name}" if name == tnsnames.bare(name) else name
    written = reduce(or_, (Q(name__iexact=spelling) for spelling in tnsnames.spellings(alias)))
    taken = Target.objects.filter(written).exists() or TargetName.objects.filter(written).exists()
    if not taken and Target.objects.filter(pk=target).exists():
        TargetName.objects.create(target_id=target, name=alias)


def retracted(said: Mapping[str, Any]) -> None:
    """Notes that a message is hidden, or shown again."""
    when = timezone.now() if said["retracted"] else None
    SharedMessage.objects.filter(uuid=said["uuid"]).update(retracted=said["retracted"], retracted_at=when)


def cites(delivery: Any) -> dict[str, str]:
    """How a later message refers to this one: by its uuid, where HERMES knows it by that, else by its page."""
    if not delivery.receipt_id:
        return {}
    topic = delivery.destination.partition(":")[2]
    if any(fnmatch.fnmatchcase(topic, pattern) for pattern in KNOWN):
        return {"source": "hop_uuid", "citation": delivery.receipt_id}
    return {"url": delivery.receipt_url} if delivery.receipt_url else {}
