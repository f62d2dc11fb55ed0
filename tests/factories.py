"""Rows in bulk for tests of pages, as ingest would leave them. For what ingest itself does, tests give it messages."""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime, timedelta, timezone

from django.contrib.auth.models import Group, Permission, User
from django.utils import timezone as clock

from tom_scimma import skymap
from tom_scimma.models import Alert, Alias, Delivery, Event, Localization, Message, MessageBody
from tom_scimma.models.messages import compress
from tom_scimma.notice import Notice, Sky

NIGHT = datetime(2026, 11, 20, 3, 0, tzinfo=timezone.utc)


def user(name: str, *groups: Group, **fields) -> User:
    """A user, in these groups."""
    found = User.objects.create_user(name, password="x", **fields)
    found.groups.set(groups)
    return found


def permitted(user: User, codename: str) -> User:
    """The user, who may now do that."""
    user.user_permissions.add(Permission.objects.get(codename=codename))
    return user


def message(payload: bytes = b'{"hello": "sky"}', *, groups: tuple[Group, ...] = (), **fields) -> Message:
    """A stored message with its bytes; protected when it has groups."""
    received = fields.pop("received", NIGHT)
    values = {
        "uid": uuid.uuid4(),
        "source": "hopskotch",
        "topic": "igwn.gwalert",
        "partition": 0,
        "offset": 7,
        "format": "json",
        "headers": [["_sender", "lvk-1"]],
        "sender": "lvk-1",
        "broker": "kafka.scimma.org:9092",
        "sha256": hashlib.sha256(payload).hexdigest(),
        "size": len(payload),
        "state": "parsed",
        "parser": "igwn",
        "published": received - timedelta(seconds=1),
        "received": received,
        "stored": received + timedelta(milliseconds=40),
        "public": not groups,
    }
    row = Message.objects.create(**{**values, **fields})
    MessageBody.objects.create(message=row, data=compress(payload))
    row.groups.set(groups)
    return row


def notice(name: str, **fields) -> Notice:
    """A preliminary gravitational-wave notice, changed as asked."""
    values = {
        "event": name,
        "kind": "GW",
        "alert_type": "preliminary",
        "source": "LVK",
        "time": NIGHT - timedelta(seconds=40),
        "sent": NIGHT - timedelta(seconds=2),
        "instruments": ("H1", "L1"),
        "far_hz": 1 / (12.3 * 31557600),
        "classification": {"BNS": 0.4, "NSBH": 0.3, "Terrestrial": 0.3},
        "properties": {"HasNS": 0.9},
        "links": {"gracedb": f"https://gracedb.ligo.org/superevents/{name}/view/"},
    }
    return Notice(**{**values, **fields})


def alert(
    event: Event, said: Notice, of: Message, *, authority: bool = True, live: bool = True, position: int = 0
) -> Alert:
    """The stored alert of a notice in a message."""
    order = said.sent or of.published
    return Alert.objects.create(
        event=event,
        message=of,
        position=position,
        key=hashlib.sha256(f"{of.pk} {position}".encode()).hexdigest(),
        kind=said.kind,
        alert_type=said.alert_type,
        role=said.role,
        source=said.source,
        time=said.time,
        sent=said.sent,
        order=order,
        far_hz=said.far_hz,
        authority=authority,
        live=live,
        public=of.public,
        document=said.to_json(),
    )


def localization(of: Alert, sky: skymap.SkyMap, name: str = "skymap") -> Localization:
    """The stored map of an alert, measured."""
    distance = sky.distance or (None, None)
    ra, dec = sky.mode
    return Localization.objects.create(
        alert=of,
        name=name,
        sha256=hashlib.sha256(sky.pack()).hexdigest(),
        data=sky.pack(),
        pixels=len(sky),
        area_50=sky.area(0.5),
        area_90=sky.area(0.9),
        distance_mpc=distance[0],
        distance_sd_mpc=distance[1],
        ra=ra,
        dec=dec,
    )


def event(name: str, *, groups: tuple[Group, ...] = (), **fields) -> Event:
    """An event's row alone."""
    values = {
        "kind": "GW",
        "state": "active",
        "source": "LVK",
        "time": NIGHT - timedelta(seconds=40),
        "latest": NIGHT,
        "instruments": ["H1", "L1"],
        "far_hz": 1 / (12.3 * 31557600),
        "classification": {"BNS": 0.4, "NSBH": 0.3, "Terrestrial": 0.3},
        "top_class": "BNS",
        "top_probability": 0.4,
        "properties": {"HasNS": 0.9},
        "alert_count": 1,
        "public": not groups,
    }
    row = Event.objects.create(name=name, **{**values, **fields})
    row.groups.set(groups)
    return row


def known(
    name: str, *, groups: tuple[Group, ...] = (), sky: skymap.SkyMap | None = None, said: dict | None = None, **fields
) -> Event:
    """An event with one message, one alert and, when given, its map: as one ingested message leaves it."""
    found = event(name, groups=groups, **fields)
    first = alert(found, notice(name, **(said or {})), message(groups=groups))
    Alias.objects.create(event=found, name=f"{name} too")
    if sky is not None:
        show(found, localization(first, sky))
    return found


def show(found: Event, row: Localization) -> None:
    """Lets a map stand for the event."""
    found.localization, found.area_50, found.area_90 = row, row.area_50, row.area_90
    found.ra, found.dec, found.distance_mpc, found.distance_sd_mpc = (
        row.ra,
        row.dec,
        row.distance_mpc,
        row.distance_sd_mpc,
    )
    found.save()


def binary(**fields) -> Event:
    """A binary neutron star in three versions, the last of them by the broker's clock slow to come."""
    found = event(
        "S261120ab",
        classification={"BNS": 0.92, "Terrestrial": 0.08},
        top_class="BNS",
        top_probability=0.92,
        properties={"HasNS": 0.999, "significant": True},
        **fields,
    )
    for minute, (kind, sigma, classes) in enumerate(
        (("early_warning", 9.0, 0.4), ("preliminary", 6.0, 0.4), ("initial", 2.0, 0.92))
    ):
        sent = NIGHT + timedelta(minutes=minute)
        said = notice(found.name, alert_type=kind, sent=sent, classification={"BNS": classes})
        late = timedelta(seconds=20 if kind == "initial" else 1)
        last = alert(found, said, message(published=sent, received=sent + late))
        sky = skymap.from_gaussian(30.0, 20.0, sigma, order=3, rounds=3, distance=(156.0, 41.0))
        show(found, localization(last, sky))
    return found


def many(count: int, start: int = 0) -> list[Event]:
    """So many different events, of all kinds, one in ten a test, without alerts."""
    kinds = ("GW", "GRB", "NU", "XRT", "GW", "OT")
    rows = []
    for i in range(start, start + count):
        kind, gw = kinds[i % 6], kinds[i % 6] == "GW"
        rows.append(
            Event(
                name=f"S{i:06d}a" if gw else f"{kind} {i}",
                kind=kind,
                role="test" if i % 10 == 9 else "observation",
                state=("active", "active", "retracted", "active", "reported")[i % 5],
                source="LVK" if gw else "Fermi GBM",
                time=NIGHT - timedelta(hours=i),
                latest=NIGHT - timedelta(hours=i, minutes=-5),
                instruments=["H1", "L1"],
                far_hz=10.0 ** -(5 + i % 9) if gw else None,
                classification={"BBH": 0.9, "BNS": 0.1} if gw else {},
                top_class="BBH" if gw else "",
                top_probability=0.9 if gw else None,
                properties={"HasNS": 0.1} if gw else {},
                distance_mpc=100.0 + i if gw else None,
                distance_sd_mpc=20.0 if gw else None,
                ra=i % 360,
                dec=i % 90,
                area_50=1.0 + i % 500,
                area_90=4.0 * (1 + i % 500),
            )
        )
    return Event.objects.bulk_create(rows, batch_size=1000)


def many_messages(count: int, **fields) -> list[Message]:
    """So many messages without bytes, one in fifty in quarantine."""
    return Message.objects.bulk_create(
        [
            Message(
                **{
                    "uid": uuid.uuid4(),
                    "source": "hopskotch",
                    "topic": ("igwn.gwalert", "gcn.notices.swift.bat.guano")[i % 2],
                    "sha256": "0" * 64,
                    "size": 2000 + i,
                    "received": NIGHT - timedelta(seconds=i),
                    "stored": NIGHT,
                    "sender": "lvk-1",
                    "state": "quarantined" if i % 50 == 0 else "parsed",
                    "error": "broken JSON at byte 7" if i % 50 == 0 else "",
                    **fields,
                }
            )
            for i in range(count)
        ],
        batch_size=1000,
    )


def circle(ra: float, dec: float, radius_deg: float) -> Sky:
    """An error circle at 90 %."""
    return Sky("circle", ra, dec, radius_deg, 0.9)


def delivery(by: User | None, event: Event, payload: bytes = b"{}", **fields) -> Delivery:
    """Something said about an event, as `outbox.queue` would leave it."""
    values = {
        "destination": "hopskotch:tom.test",
        "service": "hopskotch",
        "key": hashlib.sha256(payload + event.name.encode()).hexdigest(),
        "origin": "kafka.scimma.org:9092/tom.test",
        "payload": payload,
        "sha256": hashlib.sha256(payload).hexdigest(),
        "size": len(payload),
        "by": by,
        "by_name": by.get_username() if by is not None else "",
        "subject": f"event:{event.name}",
        "event": event,
        "event_name": event.name,
        "deadline": clock.now() + timedelta(days=1),
    }
    return Delivery.objects.create(**{**values, **fields})
