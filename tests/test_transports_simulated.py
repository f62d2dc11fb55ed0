"""The simulated telescope as one that is asked through the outbox. Authority: the interfaces (Outbox and worker), the host's
states of observations, FITS as astropy reads it."""

from __future__ import annotations

import io
from datetime import datetime, timedelta, timezone

import pytest
from astropy.io import fits
from astropy.wcs import WCS
from django.core.checks import run_checks
from tom_observations.models import ObservationRecord
from tom_targets.models import Target

from tests import factories as make
from tests.observatory import know, request, telescope
from tom_scimma.errors import Rejected, ReplyLost, Unavailable
from tom_treasuremap.models import SimulatedRequest
from tom_treasuremap.telescopes import writing
from tom_treasuremap.transports import transport
from tom_treasuremap.transports.simulated import Cancel, Submit, manner

pytestmark = pytest.mark.django_db
NOW = datetime.now(timezone.utc)


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    """The modules of a long run are read minutes before."""
    monkeypatch.setitem(globals(), "NOW", datetime.now(timezone.utc))


@pytest.fixture
def there(settings):
    found = telescope(transport="simulated", options={"speed": 3600})
    know(settings, found)
    return found


def ask(there, *numbers: int, key: str = "a" * 64, **changes):
    changes = {"start": NOW, "end": NOW + timedelta(hours=8), **changes}
    asked = [request(number, **changes) for number in numbers]
    return Submit(there.name).send(transport(there).write(asked, there), key, None)


def long_ago(seconds: float = 3600) -> None:
    """What it took, it took so long ago."""
    SimulatedRequest.objects.update(taken=NOW - timedelta(seconds=seconds))


def test_from_asked_to_completed(there):
    way = transport(there)
    assert ask(there, 1, 2).data == {"requests": ["tom-0001", "tom-0002"]}
    assert set(way.states(there, ["tom-0001", "tom-0002", "other"])) == {"tom-0001", "tom-0002"}
    long_ago(60)
    found = way.states(there, ["tom-0001"])
    assert list(found) == ["tom-0001"]
    assert found["tom-0001"].state == "COMPLETED"
    assert [row["url"] for row in found["tom-0001"].products] == [
        "/followup/frames/tom-0001-1.fits",
        "/followup/frames/tom-0001-2.fits",
    ]


def test_the_same_again_is_taken_once_and_another_of_that_id_never(there):
    ask(there, 1)
    ask(there, 1)
    assert SimulatedRequest.objects.count() == 1
    with pytest.raises(Rejected, match="has tom-0001 already"):
        ask(there, 1, key="b" * 64)


def test_settings_say_how_it_behaves_and_its_own_options_go_before(there, settings):
    settings.TOM_TREASUREMAP = {**settings.TOM_TREASUREMAP, "SIMULATED": {"speed": 2, "weather": 0.25, "refusals": 1.0}}
    assert (manner(there).speed, manner(there).weather) == (3600, 0.25)
    with pytest.raises(Rejected, match="given to others"):
        ask(there, 1)
    settings.TOM_TREASUREMAP = {**settings.TOM_TREASUREMAP, "SIMULATED": {"lost": 1.0}}
    with pytest.raises(ReplyLost):
        ask(there, 1)
    settings.TOM_TREASUREMAP = {**settings.TOM_TREASUREMAP, "SIMULATED": {"off": True}}
    for asking in (lambda: ask(there, 1), lambda: transport(there).states(there, ["tom-0001"])):
        with pytest.raises(Unavailable, match="switched off"):
            asking()


def test_it_stops_while_it_is_marked_closed(there):
    """As its page says: what waits begins when it is open again, or after the time until which it was said to be closed."""
    ask(there, 1, end=NOW + timedelta(days=30))  # half an hour of its time
    long_ago(10)
    boss = make.user("boss")
    writing.set_state(there.name, "weather", boss, NOW - timedelta(minutes=1), why="Fog over AT2026secret.")
    state = transport(there).states(there, ["tom-0001"])["tom-0001"]
    assert (state.state, state.message) == ("PENDING", "Closed by weather.")
    writing.set_state(there.name, "off", boss, NOW - timedelta(seconds=50), until=NOW - timedelta(seconds=40))
    assert transport(there).states(there, ["tom-0001"])["tom-0001"].state == "COMPLETED"


def cancel(there, *names: str):
    return Cancel(there.name).send(transport(there).withdraw(names, there, "retracted"), "c" * 64, None)


def test_cancelling_what_waits_and_nothing_else(settings):
    there = telescope(transport="simulated")
    know(settings, there)
    ask(there, 1, start=NOW + timedelta(hours=1))
    cancel(there, "tom-0001")
    cancel(there, "tom-0001")
    assert transport(there).states(there, ["tom-0001"])["tom-0001"].state == "CANCELED"
    with pytest.raises(Rejected, match="has no tom-0009"):
        cancel(there, "tom-0009")
    ask(there, 2, key="d" * 64, start=NOW - timedelta(hours=2))
    SimulatedRequest.objects.filter(request_id="tom-0002").update(taken=NOW - timedelta(seconds=120))
    assert transport(there).states(there, ["tom-0002"])["tom-0002"].state == "IN_PROGRESS"
    with pytest.raises(Rejected, match="is being exposed"):
        cancel(there, "tom-0002")
    SimulatedRequest.objects.filter(request_id="tom-0002").update(taken=NOW - timedelta(seconds=3600))
    with pytest.raises(Rejected, match="completed already"):
        cancel(there, "tom-0002")
    assert transport(there).states(there, ["tom-0002"])["tom-0002"].state == "COMPLETED"


def test_a_frame_is_fits_with_the_target_in_the_middle(there):
    ask(there, 1)
    with pytest.raises(LookupError):
        transport(there).product(there, "tom-0001-1")  # not yet taken
    long_ago()
    data = transport(there).product(there, "tom-0001-2")
    assert data == transport(there).product(there, "tom-0001-2")
    with fits.open(io.BytesIO(data)) as found:
        found.verify("exception")
        header, pixels = found[0].header, found[0].data
    assert (header["FILTER"], header["EXPTIME"], header["OBJECT"]) == ("rp", 120.0, "AT2026abc1")
    place = WCS(header).pixel_to_world(*((side - 1) / 2 for side in pixels.shape))
    assert (place.ra.deg, place.dec.deg) == pytest.approx((150.25, -30.5), abs=1e-6)
    assert pixels[46:50, 46:50].mean() > pixels.mean()
    for name in ("tom-0001-3", "tom-0002-1", "nonsense"):
        with pytest.raises(LookupError):
            transport(there).product(there, name)


def test_frames_are_for_those_who_may_see_the_observation(there, client):
    owner = make.user("alice")
    target = Target.objects.create(name="AT2026abc1", type="SIDEREAL", ra=150.25, dec=-30.5, permissions="PRIVATE")
    target.give_user_access(owner)
    values = {"facility": "FollowUp", "observation_id": "tom-0001", "status": "COMPLETED", "parameters": {}}
    ObservationRecord.objects.create(target=target, user=owner, **values)
    ask(there, 1)
    long_ago()
    address = "/followup/frames/tom-0001-1.fits"
    for user, status in ((None, 404), (make.user("stranger"), 404), (owner, 200)):
        client.logout()
        if user is not None:
            client.force_login(user)
        assert client.get(address).status_code == status
    assert client.get("/followup/frames/tom-0001-9.fits").status_code == 404
    assert client.get("/followup/frames/tom-0002-1.fits").status_code == 404


@pytest.mark.parametrize(
    ("how", "words"),
    [({"wheather": 0.1}, "wheather"), ({"weather": 2}, "weather"), ({"speed": 0}, "speed"), ({"seed": "a"}, "seed")],
)
def test_wrong_settings_are_said(there, settings, how, words):
    settings.TOM_TREASUREMAP = {**settings.TOM_TREASUREMAP, "SIMULATED": how}
    found = [check for check in run_checks() if check.id == "tom_treasuremap.E021"]
    assert len(found) == 1
    assert words in found[0].msg
    settings.TOM_TREASUREMAP = {
        **settings.TOM_TREASUREMAP,
        "SIMULATED": {"weather": 0.2, "speed": 60, "off": False, "seed": 3},
    }
    assert not [check for check in run_checks() if check.id == "tom_treasuremap.E021"]
