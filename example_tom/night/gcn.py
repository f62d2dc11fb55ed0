"""Invented GCN notices in the shape of GCN's core schemas, one function a mission.

Schemas: https://gcn.nasa.gov/docs/notices/schema
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

SCHEMAS = "https://gcn.nasa.gov/schema/main/gcn/"
#: mission elapsed time of Fermi and Swift starts here; leap seconds since then count
_MISSION_START = datetime(2001, 1, 1, tzinfo=timezone.utc)
_LEAP_SECONDS = 5


def zulu(time: datetime) -> str:
    """A time as most missions write it."""
    return time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def naive(time: datetime) -> str:
    """A time as Fermi GBM and SVOM write it: UTC, and not saying so."""
    return time.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-4]


def mission_seconds(time: datetime) -> int:
    """Fermi's mission elapsed time, whole seconds: its trigger number."""
    return int((time - _MISSION_START).total_seconds()) + _LEAP_SECONDS


def guano_number(time: datetime) -> str:
    """Swift BAT-GUANO's number of the same trigger."""
    return str(mission_seconds(time) + 25)


def burst_number(time: datetime) -> str:
    """Fermi GBM's name of a burst: bnYYMMDDfff, fff the fraction of the day in thousandths."""
    midnight = time.replace(hour=0, minute=0, second=0, microsecond=0)
    return time.strftime("bn%y%m%d") + f"{int((time - midnight) / timedelta(days=1) * 1000):03d}"


def _notice(schema: str, **fields: Any) -> bytes:
    return json.dumps({"$schema": f"{SCHEMAS}notices/{schema}.schema.json", **fields}, indent=2).encode()


def fermi_gbm(trigger: datetime, sent: datetime, number: int, subtype: str, **fields: Any) -> bytes:
    """Fermi GBM's notice `number` of a trigger; without a position unless `ra`, `dec`, `ra_dec_error` are given."""
    return _notice(
        "fermi/gbm/trigger",
        mission="Fermi",
        instrument="GBM",
        messenger="EM",
        alert_datetime=naive(sent),
        alert_tense="current",
        alert_type="initial" if number == 1 else "update",
        subtype=subtype,
        record_number=number,
        id=[str(mission_seconds(trigger)), burst_number(trigger)],
        trigger_time=naive(trigger),
        trigger_type="rate",
        containment_probability=0.68,
        systematic_included=False,
        **fields,
    )


def swift_guano(trigger: datetime, sent: datetime, number: int, **fields: Any) -> bytes:
    """Swift BAT-GUANO's look at a trigger of Fermi GBM a fraction of a second later."""
    return _notice(
        "swift/bat/Guano",
        mission="Swift",
        instrument="BAT-GUANO",
        messenger="EM",
        alert_datetime=zulu(sent),
        alert_tense="current",
        alert_type="initial" if number == 1 else "update",
        record_number=number,
        id=[guano_number(trigger)],
        trigger_time=zulu(trigger + timedelta(seconds=0.3)),
        follow_up_event=f"Fermi {mission_seconds(trigger)}",
        follow_up_type="GRB",
        classification={"GRB": 1},
        **fields,
    )


def svom(trigger: datetime, sent: datetime, identity: str, **fields: Any) -> bytes:
    """A trigger of SVOM ECLAIRs; its id is the day and a count."""
    return _notice(
        "svom/trigger",
        instrument="ECLAIRs",
        alert_datetime=naive(sent),
        alert_tense="current",
        id=[identity],
        trigger_time=naive(trigger),
        trigger_type="image",
        image_energy_range=[4, 120],
        **fields,
    )


def icecube(trigger: datetime, sent: datetime, number: int, identity: str, **fields: Any) -> bytes:
    """A single high-energy neutrino of IceCube; notice 2 refines notice 1; its id is run and event."""
    return _notice(
        "icecube/single_neutrino_alerts",
        mission="IceCube",
        instrument="IC86",
        messenger="Neutrino",
        pipeline="Gold Track Alert",
        record_number=number,
        event_name=[trigger.strftime("IceCube-%y%m%dA")],
        id=[identity],
        alert_datetime=zulu(sent),
        alert_type="initial" if number == 1 else "update",
        alert_tense="current",
        alert_topology="Track",
        number_of_events=1,
        containment_probability=0.9,
        systematic_included=False,
        trigger_time=zulu(trigger),
        **fields,
    )


def einstein_probe(trigger: datetime, identity: str, **fields: Any) -> bytes:
    """An X-ray transient of Einstein Probe WXT, which says neither when it spoke nor what kind of notice it is."""
    return _notice(
        "einstein_probe/wxt/alert",
        instrument="WXT",
        trigger_time=zulu(trigger),
        id=[identity],
        image_energy_range=[0.5, 4],
        **fields,
    )


def heartbeat(now: datetime) -> bytes:
    """GCN's sign of life."""
    return json.dumps({"$schema": f"{SCHEMAS}notices/core/Alert.schema.json", "alert_datetime": zulu(now)}).encode()


def circular(sent: datetime, number: int, subject: str, body: str, event: str) -> bytes:
    """A GCN Circular."""
    return json.dumps(
        {
            "circularId": number,
            "subject": subject,
            "body": body,
            "submitter": "A. Stronomer at Example Observatory <astronomer@example.org>",
            "createdOn": int(sent.timestamp() * 1000),
            "submittedHow": "web",
            "eventId": event,
        }
    ).encode()
