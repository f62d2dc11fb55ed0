"""An instrument of ours that the Treasure Map does not know yet: treasuremap-instrument.

register(values, user)     -> the Delivery; the server takes the same name twice, so that it is looked up first
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from tom_scimma import acts, outbox
from tom_scimma.destinations import Receipt
from tom_scimma.models import Delivery
from tom_treasuremap import accounts, instruments
from tom_treasuremap.client import TreasureMap
from tom_treasuremap.destination import AtTreasureMap, packed
from tom_treasuremap.receipts import receipt
from tom_treasuremap.vocabulary import FOOTPRINT_TYPES, FOOTPRINT_UNITS, INSTRUMENT_TYPES

Faults = dict[str, list[str]]
NUMBER = r"[-+]?\d+(?:\.\d*)?|[-+]?\.\d+"
CORNER = re.compile(rf"\(?\s*({NUMBER})\s*[,\s]\s*({NUMBER})\s*\)?")
LONGEST = {"instrument_name": 64, "nickname": 25}
SIZES = {"Rectangular": ("height", "width"), "Circular": ("radius",), "Polygon": ()}
LARGEST = 60.0  #: deg; a larger one is a slip of the unit


class TreasureMapInstrument(AtTreasureMap):
    """A new instrument with its footprint."""

    name = "treasuremap-instrument"
    label = "Instrument at the Treasure Map"
    warning = "It cannot be changed or removed there."

    def text_of(self, said: Mapping[str, Any]) -> str:
        body = said["instrument"]
        return f"New instrument {body['instrument_name']}: {body['footprint_type']}, in {body['unit']}"

    def send(self, payload: bytes, key: str, credential: Any) -> Receipt:
        said = json.loads(payload)["instrument"]
        there = self.there(credential)
        known = _known(there, said["instrument_name"])
        made = known or there.post_instrument(**said)
        instruments.renew(there, timezone.now(), [made["id"]], force=True)
        return receipt(made["id"], "", name=said["instrument_name"])

    def find(self, payload: bytes, key: str, since: datetime) -> Receipt | None:
        said = json.loads(payload)["instrument"]
        there = self.asking_again(key)
        known = _known(there, said["instrument_name"])
        if known is None:
            return None
        instruments.renew(there, timezone.now(), [known["id"]], force=True)
        return receipt(known["id"], "", name=said["instrument_name"])


def _known(there: TreasureMap, name: str) -> dict[str, Any] | None:
    mine = accounts.account(there).number
    rows = there.instruments(name=name)
    return next((row for row in rows if row.get("instrument_name") == name and row.get("submitterid") == mine), None)


def faults(said: Mapping[str, Any]) -> Faults:
    """What is wrong with an instrument that is to be registered, by field. Pure."""
    found: Faults = {}
    for name, most in LONGEST.items():
        if len(str(said.get(name) or "")) > most:
            found[name] = [f"At most {most} characters."]
    if not str(said.get("instrument_name") or "").strip():
        found["instrument_name"] = ["It needs a name."]
    if said.get("instrument_type") not in INSTRUMENT_TYPES.values():
        found["instrument_type"] = [f"One of {', '.join(INSTRUMENT_TYPES)}."]
    if said.get("unit") not in FOOTPRINT_UNITS:
        found["unit"] = [f"One of {', '.join(FOOTPRINT_UNITS)}."]
    shape = said.get("footprint_type")
    if shape not in FOOTPRINT_TYPES:
        found["footprint_type"] = [f"One of {', '.join(FOOTPRINT_TYPES)}."]
    for name in SIZES.get(shape, ()):
        value = said.get(name)
        if not isinstance(value, (int, float)) or not math.isfinite(value) or value <= 0:
            found[name] = ["A number above 0."]
    if not found:
        try:
            parts = rings(said)
        except ValueError as error:
            found["polygon"] = [str(error)]
        else:
            if max(abs(value) for ring in parts for corner in ring for value in corner) > LARGEST:
                found["unit"] = [f"It would reach further than {LARGEST:g} degrees."]
    return found


def rings(said: Mapping[str, Any]) -> list[list[list[float]]]:
    """The footprint, a ring a CCD, degrees around (0, 0). Raises ValueError for a polygon that cannot be read. Pure."""
    scale, shape = FOOTPRINT_UNITS[said["unit"]], said["footprint_type"]
    if shape == "Rectangular":
        x, y = said["width"] / 2 / scale, said["height"] / 2 / scale
        return [[[-x, y], [x, y], [x, -y], [-x, -y]]]
    if shape == "Circular":
        radius = said["radius"] / scale
        return [[[radius * math.cos(k * math.pi / 10), radius * math.sin(k * math.pi / 10)] for k in range(20)]]
    return [_ring(part, scale) for part in str(said.get("polygon") or "").split("#")]


def _ring(text: str, scale: float) -> list[list[float]]:
    lines = [line.strip().strip(",") for line in text.strip().strip("[]").splitlines()]
    corners = []
    for line in filter(None, lines):
        found = CORNER.fullmatch(line)
        if found is None:
            raise ValueError(f"{line[:60]!r} is no corner; write (x, y), a corner a line, without exponents.")
        corners.append([float(found[1]) / scale, float(found[2]) / scale])
    if corners and corners[0] == corners[-1]:
        corners.pop()
    if len(corners) < 3:
        raise ValueError(
            f"A polygon has at least 3 corners, this one {len(corners)}; several are parted by a line with #."
        )
    return corners


def register(said: Mapping[str, Any], by: Any) -> Delivery:
    """Queues it, in this person's name."""
    payload = packed({"instrument": dict(said)})
    there, subject = TreasureMapInstrument.name, f"instrument:{by.pk}"
    delivery = outbox.queue(there, payload, key=outbox.key_of(there, subject, payload), by=by, subject=subject)
    return acts.afresh(delivery, by, left=True)


def subjects(numbers: Any, user: Any) -> Any:
    """Who may see what is said of an instrument: whoever registers it. The numbers are those of people."""
    from django.contrib.auth import get_user_model

    rows = get_user_model().objects.filter(pk__in=numbers)
    return rows.filter(pk=user.pk) if user is not None else rows.none()
