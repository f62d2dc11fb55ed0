"""Candidates of an event for the Treasure Map: treasuremap-candidate, one a delivery."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from tom_scimma.compose.content import Content, Counterpart, Photometry
from tom_scimma.destinations import Need, Receipt
from tom_scimma.errors import Rejected, ReplyLost, Unsaid
from tom_treasuremap import accounts, candidate_rows, rules
from tom_treasuremap.client import TreasureMap
from tom_treasuremap.destination import TEST, AtTreasureMap, event_of, graceid_of, packed
from tom_treasuremap.receipts import receipt
from tom_treasuremap.sources import moment, place
from tom_treasuremap.vocabulary import DEPTH_UNITS

#: units of ours that the server has
UNITS = {
    "ab mag": "ab_mag",
    "abmag": "ab_mag",
    "ab": "ab_mag",
    "vega mag": "vega_mag",
    "vega": "vega_mag",
    "jy": "flux_jy",
}


class TreasureMapCandidate(AtTreasureMap):
    """A candidate, as it was discovered."""

    name = "treasuremap-candidate"
    label = "Treasure Map: candidates"
    apart = True
    warning = "The Treasure Map shows it to everybody who has an account there."

    def needs(self, subject: Any) -> list[Need]:
        if not isinstance(subject, Content):
            return []
        return [need for row in subject.candidates for need in _needs(row, subject)]

    def preview(self, form: Mapping[str, Any]) -> tuple[bytes, str]:
        return self.parts(form)[0]

    def parts(self, form: Mapping[str, Any]) -> list[tuple[bytes, str]]:
        content: Content = form["content"]
        if content.event is None or not content.candidates:
            raise Unsaid("Choose candidates of an event.")
        if self.address == TEST and content.event.role != TEST:
            raise Unsaid(f"{content.event.name} is no test event.")
        said = [{"event": content.event.name, "candidate": _said(row, content, form)} for row in content.candidates]
        return [(packed(one), self.text_of(one)) for one in said]

    def text_of(self, said: Mapping[str, Any]) -> str:
        row = said["candidate"]
        bright = f"{row['discovery_magnitude']} {row['magnitude_unit']}"
        return f"{said['event']}: candidate {row['candidate_name']}, {bright} at {row['discovery_date']}"

    def send(self, payload: bytes, key: str, credential: Any) -> Receipt:
        said = json.loads(payload)
        there = self.there(credential)
        graceid = graceid_of(there, event_of(said))
        known = _known(there, graceid, said["candidate"])
        if known is not None and candidate_rows.same(known, said["candidate"]):
            return receipt(known["id"], graceid)
        if said["candidate"]["magnitude_unit"] not in DEPTH_UNITS:
            raise Rejected("The unit of the magnitude is not known there.", {"magnitude_unit": list(DEPTH_UNITS)})
        if known is not None:  # said otherwise before: it is changed there, and not told twice
            there.change_candidate(known["id"], candidate_rows.changes(said["candidate"]))
            return receipt(known["id"], graceid)
        ids = there.post_candidates(graceid, [said["candidate"]])
        if len(ids) != 1:
            raise ReplyLost(f"the Treasure Map gave {len(ids)} ids for one candidate")
        return receipt(ids[0], graceid)

    def find(self, payload: bytes, key: str, since: datetime) -> Receipt | None:
        said = json.loads(payload)
        there = self.asking_again(key)
        graceid = graceid_of(there, event_of(said))
        known = _known(there, graceid, said["candidate"])
        there_so = known is not None and candidate_rows.same(known, said["candidate"])
        return receipt(known["id"], graceid) if there_so else None


def _known(there: TreasureMap, graceid: str, said: Mapping[str, Any]) -> dict[str, Any] | None:
    """One's own candidate of that name and discovery at the server."""
    mine = accounts.account(there).number
    for row in there.candidates(graceid=graceid, userid=mine):
        same = row.get("candidate_name") == said["candidate_name"]
        try:
            when = moment(row.get("discovery_date"))
        except ValueError:
            continue  # a row that cannot be read is not this one
        if same and when == moment(said["discovery_date"]):
            return row
    return None


def _first(row: Counterpart, content: Content) -> Photometry | None:
    """The earliest chosen detection of a candidate."""
    seen = [one for one in content.photometry if one.target == row.target and one.brightness is not None]
    return min(seen, key=lambda one: one.time, default=None)


def _needs(row: Counterpart, content: Content) -> Iterator[Need]:
    if _first(row, content) is None:
        field = f"candidates.{row.pk}."
        yield Need(
            f"{field}discovery_date",
            f"Discovery of {row.target}",
            "",
            True,
            kind="date",
            help="UTC; or choose its photometry",
        )
        yield Need(f"{field}discovery_magnitude", f"Magnitude of {row.target} then", "", True, kind="number")
    first = _first(row, content)
    if first is None or first.unit.casefold() not in UNITS:
        units = tuple((unit, unit) for unit in DEPTH_UNITS)
        yield Need(
            f"candidates.{row.pk}.magnitude_unit",
            f"Unit of {row.target}'s magnitude",
            "",
            True,
            kind="choice",
            choices=units,
        )


def _said(row: Counterpart, content: Content, form: Mapping[str, Any]) -> dict[str, Any]:
    body = next((body for body in content.targets if body.name == row.target), None)
    if body is None or body.ra is None or body.dec is None:
        raise Unsaid(f"{row.target} has no place.", {f"candidates.{row.pk}": ["It has no place."]})
    ra, dec = place(body.ra, body.dec)
    first = _first(row, content)
    given = {
        name: form.get(f"candidates.{row.pk}.{name}")
        for name in ("discovery_date", "discovery_magnitude", "magnitude_unit")
    }
    when = first.time if first else given["discovery_date"]
    try:
        date = rules.stamp(when if isinstance(when, datetime) else moment(when))
        bright = float(first.brightness if first else given["discovery_magnitude"])
    except (TypeError, ValueError, AttributeError):
        field = f"candidates.{row.pk}.discovery_date"
        raise Unsaid(
            f"{row.target} needs the time of its discovery and its magnitude then.", {field: ["It needs both."]}
        ) from None
    unit = (UNITS.get(first.unit.casefold()) if first else None) or given["magnitude_unit"]
    if unit not in DEPTH_UNITS or not rules.is_number(bright):
        raise Unsaid(
            f"{row.target} needs a magnitude with its unit.", {f"candidates.{row.pk}.magnitude_unit": ["Choose it."]}
        )
    more = {"magnitude_bandpass": first.bandpass} if first is not None and first.bandpass else {}
    values = {
        "candidate_name": row.target,
        "discovery_date": date,
        "discovery_magnitude": bright,
        "magnitude_unit": unit,
    }
    return {**values, "ra": ra, "dec": dec, **more}
