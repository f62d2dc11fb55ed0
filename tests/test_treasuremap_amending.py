"""What is shared with the Treasure Map a second time, otherwise, by somebody else, or after a refusal: never a second pointing.

Authority: the server's contract (it takes the same twice, changes nothing but time and angle by an id, and nothing that is
completed), and the promise that nothing is sent twice.
"""

from __future__ import annotations

import json

import pytest
from django.urls import reverse
from tom_observations.models import ObservationRecord

from tests import factories as make
from tests import hermes_content, sharing
from tests import treasuremap_reports as reports
from tests.outside.rig import again, deliver, hurry
from tom_scimma import acts, outbox
from tom_scimma.compose import drafts
from tom_scimma.compose.content import Counterpart
from tom_scimma.compose.items import Cargo, items
from tom_scimma.compose.parcels import Proof
from tom_scimma.compose.selection import Selection
from tom_scimma.compose.sending import send as leave
from tom_scimma.errors import Unsaid
from tom_scimma.models import Delivery, Event
from tom_treasuremap.counterparts import TreasureMapCandidate
from tom_treasuremap.models import Report
from tom_treasuremap.pointings import Pointing
from tom_treasuremap.reporting import report

pytestmark = pytest.mark.django_db
POST = {"path": "/api/v1/pointings", "method": "POST", "times": 1}
WHERE_IT_WAS = {"filter": "rp", "instrument_type": "1M0-SCICAM-SINISTRO", "start": "2026-11-20T03:00:00"}


@pytest.fixture
def fake(settings):
    with reports.at_standin(settings) as fake:
        yield fake


@pytest.fixture
def event(fake):
    return Event.objects.get(name=reports.NAME)


@pytest.fixture
def ada(event):
    return make.user("ada")


@pytest.fixture
def star(event):
    star = sharing.target("AT2026abc", ra=125.25, dec=-12.5)
    event.target = star
    event.save()
    return star


@pytest.fixture
def record(star, ada):
    return observation(star, ada)


def observation(star, ada, number: str = "77", **parameters) -> ObservationRecord:
    said = {**WHERE_IT_WAS, "depth": 21.5, "depth_unit": "ab_mag", **parameters}
    return ObservationRecord.objects.create(
        target=star, facility="LCO", observation_id=number, status="PENDING", user=ada, parameters=said
    )


def proof_of(user, event, *records, to: str = "treasuremap", typed=(), **more) -> Proof:
    """What the composer shows of these observations."""
    chosen = {"event": [event.name], "observation": [str(row.pk) for row in records], **more}
    draft = drafts.opened(Selection.of(chosen), user, to=[to])
    draft.sinks, draft.form = [to], dict(typed)
    return drafts.proof_of(draft)


def share(*asked, **more) -> list[Delivery]:
    """Shares them."""
    proof = proof_of(*asked, **more)
    assert proof.is_good, [one.errors for one in proof.fields.values()]
    return leave(proof.leaving, Cargo.of(items(proof.content)), by=asked[0], event=asked[1].name)


def finish(record) -> None:
    ObservationRecord.objects.filter(pk=record.pk).update(status="COMPLETED")


def send() -> None:
    for _ in range(2):
        for lane in ("treasuremap", "treasuremap-complete", "treasuremap-cancel", "treasuremap-candidate"):
            deliver(lane)


def there(fake) -> dict[int, str]:
    return {row["id"]: row["status"] for row in reports.rows(fake)}


@pytest.mark.parametrize("fault", ["", "drop_after", "500_after"])
def test_what_was_planned_is_completed_by_its_id_when_it_is_shared_again(fake, event, ada, record, fault):
    share(ada, event, record)
    send()
    (number,) = there(fake)
    finish(record)
    proof = proof_of(ada, event, record)
    assert f"It completes the planned pointing {number}." in proof.letters[0].parcels[0].text
    (row,) = share(ada, event, record)
    if fault:
        fake.faults.append({**POST, "do": fault})
    send()
    send()
    assert there(fake) == {number: "completed"}
    assert again(row).state == "delivered"
    one = Report.objects.get()
    assert (one.number, one.status, one.wanted) == (number, "completed", "completed")


def test_what_changed_is_told_in_the_place_of_what_was_planned(fake, event, ada, record):
    share(ada, event, record)
    send()
    (number,) = there(fake)
    record.parameters = {**record.parameters, "depth": 20.5}
    record.save()
    assert (
        f"takes the place of the planned pointing {number}" in proof_of(ada, event, record).letters[0].parcels[0].text
    )
    share(ada, event, record)
    send()
    assert sorted(there(fake).values()) == ["cancelled", "planned"]
    assert there(fake)[number] == "cancelled"
    assert list(Report.objects.order_by("turn").values_list("status", flat=True)) == ["cancelled", "planned"]


def test_what_is_completed_there_stays_and_that_is_said(fake, event, ada, record):
    finish(record)
    (row,) = share(ada, event, record)
    send()
    assert share(ada, event, record) == [row]  # the same again is the same
    record.refresh_from_db()
    record.parameters = {**record.parameters, "depth": 20.5}
    record.save()
    proof = proof_of(ada, event, record)
    words = " ".join(proof.letters[0].problems)
    assert f"has it completed, as pointing {again(row).receipt_id}" in words
    assert not proof.is_good
    assert list(there(fake).values()) == ["completed"]


def test_two_people_at_once_tell_one_pointing(fake, event, ada, record):
    bob = make.user("bob")
    (row,) = share(ada, event, record)
    assert share(bob, event, record) == [row]
    with pytest.raises(Unsaid, match=f"on its way to the Treasure Map already: #{row.pk}, queued"):
        share(bob, event, record, typed={f"observations.{record.pk}.instrumentid": "101"})
    send()
    assert share(bob, event, record) == [row]
    assert len(there(fake)) == 1


def test_a_lost_reply_is_sent_again_by_a_person_alone_and_once(fake, event, ada, record):
    (row,) = share(ada, event, record)
    fake.faults.append({**POST, "do": "500"})
    send()
    assert again(row).state == "unknown"
    with pytest.raises(Unsaid, match="reply lost"):
        share(ada, event, record, typed={f"observations.{record.pk}.instrumentid": "101"})
    acts.resend(again(row), ada)
    send()
    assert len(there(fake)) == 1


def test_what_is_found_late_is_cancelled_where_a_later_word_is_there(fake, event, ada, record):
    (row,) = share(ada, event, record)
    fake.faults.append({**POST, "do": "500"})
    send()
    acts.leave(again(row), ada)
    first = json.loads(bytes(row.payload))["pointing"]
    record.parameters = {**record.parameters, "depth": 20.5}
    record.save()
    share(ada, event, record)
    send()
    fake.observe(reports.NAME, [{**first, "time": first["time"].removesuffix("Z")}], submitterid=100)
    Delivery.objects.filter(pk=row.pk).update(state="unknown")
    hurry(row)
    send()
    assert sorted(there(fake).values()) == ["cancelled", "planned"]
    (kept,) = reports.rows(fake, status="planned")
    assert kept["depth"] == 20.5


def test_one_that_is_refused_holds_up_no_other(fake, event, ada, record, star):
    other = observation(star, ada, "78", start="2026-11-20T04:00:00")
    share(ada, event, record, other, typed={f"observations.{record.pk}.instrumentid": "4242"})
    send()
    states = {row.receipt_id != "": row.state for row in Delivery.objects.all()}
    assert states == {False: "rejected", True: "delivered"}
    refused = Delivery.objects.get(state="rejected")
    assert "4242" in refused.reason
    share(ada, event, record)  # mended
    send()
    assert list(there(fake).values()) == ["planned", "planned"]


@pytest.mark.parametrize("act", ["cancel", "complete"])
def test_what_was_refused_is_asked_once_more_when_a_person_asks_once_more(fake, event, ada, record, client, act):
    share(ada, event, record)
    send()
    (number,) = there(fake)
    told = Report.objects.get()
    client.force_login(ada)
    page = reverse("tom_treasuremap:event-report-act", args=[event.name, act])
    fake.faults.append({"path": "/api/v1/*", "method": "POST", "times": 1, "do": "302"})
    for state in ("planned", "cancelled" if act == "cancel" else "completed"):
        client.post(page, {"report": told.pk, "time": "2026-11-20T03:07:00"})
        send()
        assert there(fake) == {number: state}
    asked = Delivery.objects.filter(service=f"treasuremap-{act}").order_by("pk")
    assert [row.state for row in asked] == ["rejected", "delivered"]
    client.post(page, {"report": told.pk, "time": "2026-11-20T03:07:00"})
    send()
    assert asked.count() == 2


def test_what_was_refused_goes_when_the_same_is_shared_once_more(fake, event, ada, record):
    fake.faults.append({**POST, "do": "302"})
    (row,) = share(ada, event, record)
    send()
    assert again(row).state == "rejected"
    (new,) = share(ada, event, record)
    assert (new.resend_of, new.state) == (row, "queued")
    assert share(ada, event, record) == [new]
    send()
    assert len(there(fake)) == 1
    assert [item.number for item in new.items.filter(kind="observation")] == [record.pk]


@pytest.mark.parametrize("fault", ["", "drop_after"])
def test_a_candidate_that_is_said_otherwise_is_changed_there(fake, event, ada, fault):
    place = TreasureMapCandidate()
    happening = hermes_content.event(name=reports.NAME)
    for bright in (19.5, 18.5):
        first = hermes_content.point(unit="AB mag", brightness=bright)
        chosen = hermes_content.content(
            event=happening, candidates=(Counterpart("AT2026abc", "interesting", pk=3),), photometry=(first,)
        )
        [(payload, _)] = place.parts({"content": chosen})
        key = outbox.key_of(place.full_name, event, payload)
        row = outbox.queue(place, payload, key=key, by=ada, subject=event, event=event)
        if fault:
            fake.faults.append({"path": "/api/v1/candidate", "times": 1, "do": fault, "method": "PUT"})
        send()
        assert again(row).state == "delivered"
    (kept,) = fake.world.candidates.values() if isinstance(fake.world.candidates, dict) else fake.world.candidates
    assert kept["discovery_magnitude"] == 18.5
    assert (kept["candidate_name"], kept["magnitude_unit"]) == ("AT2026abc", "1")


def test_each_filter_of_an_observation_is_a_pointing_of_its_own(fake, event, ada, record):
    share(ada, event, record)
    silent = dict.fromkeys(("pos_angle", "central_wave", "bandwidth", "depth", "depth_unit"))
    seen = {
        "event": event.name,
        "team": "us",
        "telescope": "Sinistro",
        "instrument_id": 100,
        "ra": 125.25,
        "dec": -12.5,
    }
    look = Pointing("x", **seen, time=make.NIGHT, status="planned", band="g", source="own", source_id="1", **silent)
    report(look, ada, event=event, source=f"observation:{record.pk}:g", observation=record.pk)
    send()
    assert sorted(row["band"] for row in reports.rows(fake)) == ["g", "r"]
