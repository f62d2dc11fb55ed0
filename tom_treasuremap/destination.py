"""The Treasure Map as a place to report to: one pointing a delivery, so that its id is known for certain.

treasuremap, and treasuremap:test for test events. What is said of pointings that are there already is in completing.py,
cancelling.py and dois.py; candidates.py, galaxies.py and registering.py say the rest. A payload is JSON: the `event` as it is
called here, and what is posted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from tom_scimma import events
from tom_scimma.destinations import Destination, Need, Receipt
from tom_scimma.errors import Rejected, ReplyLost, Unavailable, Unsaid
from tom_scimma.models import Delivery, Event
from tom_treasuremap import accounts, amending, asking, finishing, naming, receipts, rules
from tom_treasuremap.client import TreasureMap
from tom_treasuremap.conf import conf
from tom_treasuremap.models import Report
from tom_treasuremap.service import origin, service, why_not_asked
from tom_treasuremap.sources import treasuremap as rows

TEST = "test"  #: the address of test events
WHOLE_SECONDS = 60.0  #: of one answer; a send asks up to four times
YOUNG = timedelta(hours=2)  #: an event may come to the Treasure Map so much later than here
CLOSE = 1e-5  #: deg; a place is read back as it was sent


class AtTreasureMap(Destination):
    """Whatever is said to the Treasure Map, by whose account and of which events."""

    addressed = True
    seconds = 300.0

    @property
    def is_test(self) -> bool:
        return conf.TEST_SERVER or (self.address == TEST and conf.TEST_EVENTS)

    @classmethod
    def addresses(cls, user: Any) -> list[str]:
        return ["", TEST] if conf.TEST_EVENTS else [""]

    @classmethod
    def unready(cls, user: Any) -> str:
        if not conf.BASE_URL:
            return "No Treasure Map is set for this TOM."
        return accounts.why_none(user)

    def origin(self) -> str:
        return origin()

    def credential(self, user: Any) -> str:
        token = accounts.token_of(user)
        if not token:
            raise Rejected(accounts.NO_TOKEN)
        return token

    def speaker(self, user: Any) -> str:
        own = accounts.stands(user)
        return "your own account at the Treasure Map" if own else "this TOM's account at the Treasure Map"

    def may_send(self, delivery: Delivery, user: Any) -> str:
        name = json.loads(bytes(delivery.payload)).get("event")
        event = events.named(name) if name else None  # an instrument is of no event
        if event is None:
            return f"There is no event {name} here any more." if name else ""
        if self.address == TEST and event.role != TEST:
            return f"{event.name} is no test event."
        if event.role == TEST and not self.is_test:
            return f"{event.name} is a test, and {self} takes none (TOM_TREASUREMAP['TEST_EVENTS'])."
        return why_not_asked(event)

    def show(self, payload: bytes) -> str:
        said = json.loads(payload)
        return f"{self.text_of(said)}\n\n{json.dumps(said, indent=1, ensure_ascii=False)}"

    def text_of(self, said: Mapping[str, Any]) -> str:
        """What it says, in a line for people."""
        raise NotImplementedError

    # at the service

    def there(self, credential: str) -> TreasureMap:
        return service(credential, whole=WHOLE_SECONDS)

    def asking_again(self, key: str) -> TreasureMap:
        """The client for a look at what a lost reply left: with the sender's token."""
        delivery = Delivery.objects.filter(destination=self.full_name, key=key).select_related("by").first()
        return self.there(accounts.token_of(delivery.by if delivery is not None else None))


def event_of(said: Mapping[str, Any]) -> Event:
    """The event that a payload names. Raises Rejected where it is no more."""
    found = events.named(said["event"])
    if found is None:
        raise Rejected(f"There is no event {said['event']} here any more.")
    return found


def graceid_of(there: TreasureMap, event: Event) -> str:
    """What the server calls an event. Raises Rejected for one that it does not know, Unavailable while it may yet come to know it."""
    now = timezone.now()
    found = naming.named(there, event, now).graceid
    if found:
        return found
    words = f"The Treasure Map does not know {event.name}; it knows gravitational waves alone."
    if naming.candidates(event) and now - event.latest < YOUNG:
        raise Unavailable(words, naming.UNKNOWN_FOR.total_seconds())
    raise Rejected(words, {"event": [words]})


class TreasureMapPointings(AtTreasureMap):
    """A pointing of ours: planned or completed."""

    name = "treasuremap"
    label = "Treasure Map"
    apart = True
    warning = (
        "The Treasure Map shows it to everybody. What is planned can be cancelled or completed later; what is completed can "
        "neither be changed nor taken back."
    )

    # composing

    def needs(self, subject: Any) -> list[Need]:
        return asking.needs(subject)

    def preview(self, form: Mapping[str, Any]) -> tuple[bytes, str]:
        return self.parts(form)[0]

    def parts(self, form: Mapping[str, Any]) -> list[tuple[bytes, str]]:
        return [(packed(said), self.text_of(said)) for said in asking.pointings(form, test=self.address == TEST)]

    def faults(self, payload: bytes) -> dict[str, list[str]]:
        said = json.loads(payload)
        number = said["source"].partition(":")[2]
        return {f"observations.{number}.{name}": texts for name, texts in rules.faults(said["pointing"]).items()}

    def text_of(self, said: Mapping[str, Any]) -> str:
        told = receipts.told(said["event"], said["pointing"])
        if said.get("completes"):
            return f"{told}. It completes the planned pointing {said['completes']}."
        if said.get("instead"):
            return f"{told}. It takes the place of the planned pointing {said['instead']}, which is then cancelled."
        return told

    # sending

    def claim(self, payload: bytes) -> None:
        """Whoever shares an observation second is told of the first: the server would take both."""
        said = json.loads(payload)
        event = events.named(said["event"])
        if event is None or not said["source"].startswith("observation:"):
            return  # forms, files and plans have their reports, which are locked
        list(Event.objects.select_for_update(no_key=True).filter(pk=event.pk).values_list("pk"))
        other = amending.under_way(event, payload)
        if other is not None:
            words = said["source"].replace(":", " ").capitalize()
            raise Unsaid(
                f"{words} is on its way to the Treasure Map already: #{other.pk}, {other.get_state_display()}. "
                "Tell it anew once that has arrived, or cancel that first."
            )

    def send(self, payload: bytes, key: str, credential: Any) -> Receipt:
        said = json.loads(payload)
        wrong = rules.faults(said["pointing"])
        if wrong:
            raise Rejected("; ".join(f"{name}: {text}" for name, texts in wrong.items() for text in texts), wrong)
        there, event = self.there(credential), event_of(said)
        graceid = graceid_of(there, event)
        if said.get("completes"):
            return finishing.finish(there, graceid, said["completes"], said["pointing"])
        known = self._known(there, graceid, event, said)  # the server takes the same twice
        if known is not None:
            return receipts.receipt(known["id"], graceid, known["status"])
        posted = there.post_pointings(graceid, [said["pointing"]])
        if len(posted.ids) != 1:
            raise ReplyLost(f"the Treasure Map gave {len(posted.ids)} ids for one pointing")
        return receipts.receipt(posted.ids[0], graceid, said["pointing"]["status"])

    def find(self, payload: bytes, key: str, since: datetime) -> Receipt | None:
        said = json.loads(payload)
        there, event = self.asking_again(key), event_of(said)
        graceid = graceid_of(there, event)
        if said.get("completes"):
            return finishing.finished(there, graceid, said["completes"], said["pointing"])
        known = self._known(there, graceid, event, said)
        return receipts.receipt(known["id"], graceid, known["status"]) if known else None

    def _known(self, there: TreasureMap, graceid: str, event: Event, said: Mapping[str, Any]) -> dict[str, Any] | None:
        """The row of the server that is this pointing, and of no other report of ours."""
        others = Report.objects.filter(origin=there.origin).exclude(number=None)
        others = set(
            others.exclude(event=event, source=said["source"], turn=said["turn"]).values_list("number", flat=True)
        )
        return next((row for row in _alike(there, graceid, said["pointing"]) if row["id"] not in others), None)

    def delivered(self, delivery: Delivery, receipt: Receipt) -> None:
        receipts.keep_posted(delivery, receipt)


def _alike(there: TreasureMap, graceid: str, said: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """One's own rows at the server of that instrument, time, status, place, band and depth."""
    mine = accounts.account(there).number
    time, status = rows.moment(said["time"]), said["status"]
    naive = time.replace(tzinfo=None)
    window = {f"{status}_after": naive - finishing.SECOND, f"{status}_before": naive + finishing.SECOND}
    for row in there.pointings(graceid, instrument=said["instrumentid"], user=mine, status=status, **window):
        try:
            pointing = rows.found(row, "").pointing
        except ValueError:
            continue  # a row that cannot be read is not this one
        near = abs(pointing.dec - said["dec"]) < CLOSE and abs((pointing.ra - said["ra"] + 180) % 360 - 180) < CLOSE
        same = pointing.time is not None and abs(pointing.time - time) < finishing.SECOND
        seen = {"band": pointing.band, "depth": pointing.depth, "depth_unit": pointing.depth_unit}
        if near and same and row.get("submitterid") == mine and rules.agree(seen, said, seen):
            yield row


def packed(said: Mapping[str, Any]) -> bytes:
    return json.dumps(said, allow_nan=False, sort_keys=True).encode()
