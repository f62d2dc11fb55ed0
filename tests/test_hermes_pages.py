"""The pages of what came in from HERMES, and what a person does there, as anonymous, stranger, member and superuser.

Authority: promise 6 of the design; TOM Toolkit's own rules of who may see and change a target.
"""

import re
from threading import Thread

import pytest
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from guardian.shortcuts import assign_perm
from tom_dataproducts.models import PhotometryReducedDatum, SpectroscopyReducedDatum
from tom_targets.models import Target

from tests import factories as make
from tests.hermes_messages import message, point, sent, star
from tests.messages import NOW
from tom_hermes import fetching, pages, settling
from tom_hermes.models import Received, Unplaced
from tom_hermes.views import received
from tom_scimma.ingest import ingest
from tom_scimma.models import Message

pytestmark = pytest.mark.django_db
ROLES = ("anonymous", "stranger", "member", "superuser")
MAY = ("member", "superuser")
WORDS = ("title-of-secret", "name-of-secret", "text-of-secret", "submitter-of-secret")


def hear(*records):
    ingest(list(records), now=NOW)


@pytest.fixture
def users():
    cache.clear()
    team = Group.objects.get_or_create(name="team")[0]
    return {
        "anonymous": None,
        "stranger": make.user("stranger", Group.objects.create(name="others")),
        "member": make.user("member", team),
        "superuser": make.user("root", is_superuser=True, is_staff=True),
    }


@pytest.fixture
def clients(users):
    found = {role: Client() for role in ROLES}
    for role, user in users.items():
        if user is not None:
            found[role].force_login(user)
    return found


@pytest.fixture
def secret(settings):
    """A message of a protected topic: one target of its own, one row that waits."""
    settings.TOM_SCIMMA = {"TOPICS": {"hermes.secret": {"groups": ["team"]}}}
    Group.objects.create(name="team")
    said = message(
        [star("name-of-secret")],
        title="title-of-secret",
        photometry=[point("name-of-secret"), point("name-of-secret", bandpass=None), point("other-of-secret")],
    )
    hear(sent({**said, "message_text": "text-of-secret", "submitter": "submitter-of-secret"}, "hermes.secret"))
    return Received.objects.get()


@pytest.fixture
def waiting():
    """A public message whose rows wait: no target, no filter."""
    Target.objects.create(name="here", type="SIDEREAL", ra=10.0, dec=10.0, permissions="PUBLIC")
    hear(
        sent(
            message(
                [star("here", ra=10.0, dec=10.0), {"name": "somewhere"}],
                photometry=[
                    point("here", bandpass=None),
                    point("here", brightness_unit="mag", bandpass="g"),
                    point("somewhere"),
                ],
            )
        )
    )
    return Received.objects.get()


def test_every_page_is_walked():
    ours = [pattern for pattern in pages.urlpatterns if pattern.callback.view_class.__module__ == received.__name__]
    assert {pattern.name for pattern in ours} == {
        "received",
        "received-one",
        "received-act",
        "unplaced-act",
        "target-received",
    }


@pytest.mark.parametrize("role", ROLES)
def test_a_protected_message_is_not_there_for_strangers(secret, clients, role):
    target = Target.objects.get(name="name-of-secret")
    one = [secret.get_absolute_url(), reverse("tom_hermes:target-received", args=[target.pk])]
    many = [
        "/hermes/received/",
        "/hermes/received/?query=name-of-secret",
        "/hermes/received/?query=title",
        "/hermes/received/?waiting=yes",
    ]
    for address in one:
        assert clients[role].get(address).status_code == (200 if role in MAY else 404)
    for address in many:
        text = clients[role].get(address).content.decode()
        found = any(word in text.replace(address.partition("query=")[2], "") for word in WORDS)
        assert found is (role in MAY), address


@pytest.mark.parametrize("role", ["anonymous", "stranger"])
def test_strangers_can_do_nothing_with_it(secret, clients, role):
    row = secret.unplaced.first()
    addresses = [
        reverse("tom_hermes:received-act", args=[secret.pk, act]) for act in ("again", "take", "assign", "make")
    ]
    addresses += [reverse("tom_hermes:unplaced-act", args=[row.pk, act]) for act in ("mend", "dismiss", "back")]
    for address in addresses:
        answer = clients[role].post(address, {"name": "name-of-secret", "target": "name-of-secret", "bandpass": "r"})
        assert answer.status_code == (302 if role == "anonymous" else 404)
        assert role != "anonymous" or "/login" in answer["Location"]
    assert set(secret.unplaced.values_list("state", flat=True)) == {"waiting"}


def test_a_member_mends_and_dismisses(secret, clients):
    lacking, other = secret.unplaced.get(reason="filter"), secret.unplaced.get(reason="target")
    clients["member"].post(reverse("tom_hermes:unplaced-act", args=[lacking.pk, "mend"]), {"bandpass": "i"})
    clients["member"].post(reverse("tom_hermes:unplaced-act", args=[other.pk, "dismiss"]))
    found = PhotometryReducedDatum.objects.get(bandpass="i")
    assert (found.target.name, found.value["mended_by"]) == ("name-of-secret", "member: bandpass")
    secret.refresh_from_db()
    assert (secret.open, secret.state, secret.data) == (0, "placed", 2)
    clients["member"].post(reverse("tom_hermes:unplaced-act", args=[other.pk, "back"]))
    other.refresh_from_db()
    assert other.state == "waiting"


def test_protected_rows_are_assigned_to_no_target_that_others_see(secret, clients):
    Target.objects.create(name="public", type="SIDEREAL", ra=1, dec=1, permissions="PUBLIC")
    private = Target.objects.create(name="private", type="SIDEREAL", ra=1, dec=1, permissions="PRIVATE")
    for action in ("view_target", "change_target"):
        assign_perm(f"tom_targets.{action}", Group.objects.get(name="team"), private)
    address = reverse("tom_hermes:received-act", args=[secret.pk, "assign"])
    said = clients["member"].post(address, {"name": "other-of-secret", "target": "public"}, follow=True)
    assert "seen by others" in said.content.decode()
    clients["member"].post(address, {"name": "other-of-secret", "target": "private"})
    assert PhotometryReducedDatum.objects.filter(target=private).count() == 1
    assert not PhotometryReducedDatum.objects.filter(target__name="public").exists()


def test_a_target_that_one_may_not_change_takes_nothing(waiting, clients):
    Target.objects.create(name="private", type="SIDEREAL", ra=1, dec=1, permissions="PRIVATE")
    address = reverse("tom_hermes:received-act", args=[waiting.pk, "assign"])
    said = clients["stranger"].post(address, {"name": "somewhere", "target": "private"}, follow=True).content.decode()
    assert "no target called" in said
    assert not PhotometryReducedDatum.objects.exists()


def test_why_a_row_waits_is_not_told_to_visitors(waiting, clients):
    page = clients["anonymous"].get(waiting.get_absolute_url()).content.decode()
    assert "Log in to see what waits" in page
    assert "no target is called" not in page
    assert "somewhere" in clients["stranger"].get(waiting.get_absolute_url()).content.decode()


def test_why_a_row_waits_does_not_tell_strangers_of_targets(settings, clients):
    """A target that one may not see, elsewhere on the sky, or none at all: the page is the same."""
    settings.TOM_HERMES = {"TOPICS": {"hermes.photometry": {"targets": "match"}}}
    Target.objects.create(name="NGC-there", type="SIDEREAL", ra=10.0, dec=10.0, permissions="PRIVATE")
    for number, name in enumerate(("NGC-there", "NGC-absent")):
        hear(sent(message([star(name, ra=200.0, dec=-40.0)], photometry=[point(name)]), offset=number))

    def page(role, row):
        text = clients[role].get(row.get_absolute_url()).content.decode()
        return text[text.index("Not placed") : text.index("as sent")].replace(row.unplaced.first().name, "X")

    rows = Received.objects.order_by("pk")
    assert {row.unplaced.filter(section="photometry").get().reason for row in rows} == {"clash", "target"}
    told = [
        re.sub(r'csrfmiddlewaretoken" value="\w+"|rows/\d+|received/\d+', "", page("stranger", row)) for row in rows
    ]
    assert told[0] == told[1]
    assert "degrees away" in page("superuser", rows[0])
    assert "no target is called" in page("superuser", rows[1])


def test_a_row_that_lacks_something_does_not_tell_strangers_of_the_target_that_it_is_of(settings, clients):
    settings.TOM_HERMES = {"TOPICS": {"hermes.photometry": {"targets": "match"}}}
    Target.objects.create(name="NGC-there", type="SIDEREAL", ra=200.0, dec=-40.0, permissions="PRIVATE")
    for number, name in enumerate(("NGC-there", "NGC-absent")):
        rows = [point(name, bandpass=""), point(name, brightness_unit="furlong")]
        hear(sent(message([star(name, ra=200.0, dec=-40.0)], photometry=rows), offset=number))
    there, absent = Received.objects.order_by("pk")
    assert there.unplaced.exclude(target=None).exists()

    def page(row):
        text = clients["stranger"].get(row.get_absolute_url()).content.decode()
        text = re.sub(r'csrfmiddlewaretoken" value="\w+"|rows/\d+|received/\d+', "", text)
        return (
            text[text.index("Not placed") : text.rindex("as sent")].replace("NGC-there", "X").replace("NGC-absent", "X")
        )

    assert page(there) == page(absent)


def test_rows_are_assigned_once(waiting, clients):
    Target.objects.create(name="chosen", type="SIDEREAL", ra=99, dec=1, permissions="PUBLIC")
    address = reverse("tom_hermes:received-act", args=[waiting.pk, "assign"])
    for _ in range(2):
        clients["stranger"].post(address, {"name": "somewhere", "target": "chosen"})
    assert PhotometryReducedDatum.objects.get().target.name == "chosen"
    waiting.refresh_from_db()
    assert (waiting.data, waiting.open, waiting.state) == (1, 2, "partly")
    clients["stranger"].post(reverse("tom_hermes:received-act", args=[waiting.pk, "again"]))
    assert PhotometryReducedDatum.objects.count() == 1


def test_a_unit_is_said_by_a_person(waiting, clients):
    row = waiting.unplaced.get(reason="unit")
    assert row.lacking_units[0][0] == "brightness_unit"
    address = reverse("tom_hermes:unplaced-act", args=[row.pk, "mend"])
    clients["stranger"].post(address, {"brightness_unit": "furlong"})
    row.refresh_from_db()
    assert row.state == "waiting"
    clients["stranger"].post(address, {"brightness_unit": "Vega mag"})
    assert PhotometryReducedDatum.objects.get().unit == "Vega mag"


def test_a_person_makes_the_target_that_a_topic_does_not(settings, clients, users):
    settings.TOM_HERMES = {"TOPICS": {"hermes.*": {"targets": "match"}}}
    hear(sent(message([star(aliases=["ZTF26aaa"])], photometry=[point()])))
    row = Received.objects.get()
    page = clients["member"].get(row.get_absolute_url()).content.decode()
    assert "Make this target" in page
    clients["member"].post(reverse("tom_hermes:received-act", args=[row.pk, "make"]), {"name": "AT2026abc"})
    made = Target.objects.get()
    assert made.permissions == "PRIVATE"
    assert users["member"].has_perm("tom_targets.change_target", made)
    assert made.aliases.get().name == "ZTF26aaa"
    assert PhotometryReducedDatum.objects.get().target == made
    row.refresh_from_db()
    assert (row.state, row.open, row.made) == ("placed", 0, 1)


def test_what_a_topic_only_keeps_is_taken_in_by_a_person(settings, clients):
    settings.TOM_HERMES = {"TOPICS": {"hermes.*": {"targets": "keep"}}}
    hear(sent(message([star()], photometry=[point()])))
    row = Received.objects.get()
    clients["member"].post(reverse("tom_hermes:received-act", args=[row.pk, "take"]))
    assert PhotometryReducedDatum.objects.count() == 1


def test_rows_find_the_target_that_turns_up(waiting):
    Target.objects.create(name="somewhere", type="SIDEREAL", ra=99, dec=1, permissions="PUBLIC")
    assert settling.follow() == 1
    hear(sent(message(photometry=[point("late")], targets=[]), "hermes.test"))
    Target.objects.create(name="late", type="SIDEREAL", ra=50, dec=1, permissions="PUBLIC")
    assert settling.follow() == 1
    assert PhotometryReducedDatum.objects.filter(target__name="late").count() == 1
    assert settling.follow() == 0


def test_rows_find_the_target_that_turns_up_under_tns_s_name_otherwise_written(clients):
    hear(sent(message(photometry=[point("2026abc")], targets=[]), "hermes.test"))
    assert settling.follow() == 0
    Target.objects.create(name="AT 2026abc", type="SIDEREAL", ra=50, dec=1, permissions="PUBLIC")
    row = Received.objects.get()
    said = clients["member"].post(reverse("tom_hermes:received-act", args=[row.pk, "make"]), {"name": "2026abc"})
    assert said.status_code == 302
    assert Target.objects.count() == 1  # nor does a person make another
    assert settling.follow() == 1
    assert PhotometryReducedDatum.objects.get().target.name == "AT 2026abc"


def test_rows_can_be_assigned_when_the_message_is_gone(waiting, clients):
    Message.objects.all().delete()
    Target.objects.create(name="chosen", type="SIDEREAL", ra=99, dec=1, permissions="PUBLIC")
    said = clients["member"].post(reverse("tom_hermes:received-act", args=[waiting.pk, "again"]), follow=True)
    assert "no longer kept" in said.content.decode()
    clients["member"].post(
        reverse("tom_hermes:received-act", args=[waiting.pk, "assign"]), {"name": "somewhere", "target": "chosen"}
    )
    assert PhotometryReducedDatum.objects.count() == 1


def test_hostile_text_is_shown_as_text(clients):
    bad = "<script>alert(1)</script>"
    said = message([star(bad, comments=bad)], title=bad, event_id=bad, photometry=[point(bad, bandpass=None), point(bad + "x")],
                   references=[{"source": bad, "url": "javascript:alert(1)"}])  # fmt: skip
    hear(sent({**said, "message_text": bad, "submitter": bad}))
    for address in ("/hermes/received/", Received.objects.get().get_absolute_url()):
        page = clients["superuser"].get(address).content.decode()
        assert bad not in page
        assert "javascript:" not in page.replace("text/javascript", "")


def test_the_lists_and_the_tab(waiting, clients):
    assert "Photometry" in clients["anonymous"].get("/hermes/received/").content.decode()
    assert "No HERMES message yet" not in clients["anonymous"].get("/hermes/received/?state=own").content.decode()
    here = Target.objects.get(name="here")
    tab = clients["stranger"].get(reverse("tom_hermes:target-received", args=[here.pk]), headers={"HX-Request": "true"})
    assert waiting.get_absolute_url() in tab.content.decode()
    assert "<html" not in tab.content.decode()


def test_an_empty_list_says_what_to_do(client):
    assert "No HERMES message yet" in client.get("/hermes/received/").content.decode()


@pytest.fixture
def files(tmp_path):
    """A server of files on loopback: (address, folder)."""
    from functools import partial
    from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}", tmp_path
    server.shutdown()
    server.server_close()


def in_file(host: str, name: str = "a.txt", **changes) -> dict:
    row = {"target_name": "AT2026abc", "date_obs": "2026-01-02T03:04:05Z", "telescope": "t", "flux_units": "mJy",
           "wavelength_units": "nm", "file_info": [{"name": name, "url": f"http://{host}/{name}"}]}  # fmt: skip
    return message([star()], spectroscopy=[{**row, **changes}])


def test_a_spectrum_in_a_file_is_fetched_by_the_worker_alone(settings, files):
    host, folder = files
    settings.TOM_HERMES = {"FETCH_HOSTS": [host]}
    (folder / "a.txt").write_text("# wavelength flux\nwave flux error\n500.0, 1.5, 0.1\n501.0, 1.6, 0.1\n")
    hear(sent(in_file(host)))
    row = Unplaced.objects.get()
    assert (row.state, row.reason, SpectroscopyReducedDatum.objects.count()) == ("fetching", "file", 0)
    assert fetching.fetch_due() == 1
    found = SpectroscopyReducedDatum.objects.get()
    assert (found.wavelength, found.flux, found.error) == ([500.0, 501.0], [1.5, 1.6], [0.1, 0.1])
    assert (found.flux_unit, found.wavelength_unit, found.value["file"]) == ("mJy", "nm", "a.txt")
    whole = Received.objects.get()
    assert (whole.state, whole.open, whole.data) == ("placed", 0, 1)
    assert fetching.fetch_due() == 0


def test_the_units_of_a_fits_file_are_its_own(settings, files):
    from astropy.io import fits

    host, folder = files
    settings.TOM_HERMES = {"FETCH_HOSTS": [host]}
    image = fits.PrimaryHDU([1.0, 2.0, 3.0])
    image.header.update(CRVAL1=4000.0, CDELT1=2.0, CRPIX1=1, CUNIT1="Angstrom", BUNIT="erg/s/cm2/Angstrom")
    image.writeto(folder / "a.fits")
    hear(sent(in_file(host, "a.fits")))
    fetching.fetch_due()
    found = SpectroscopyReducedDatum.objects.get()
    assert (found.wavelength, found.wavelength_unit, found.flux_unit) == (
        [4000, 4002, 4004],
        "Angstrom",
        "erg / (Angstrom s cm2)",
    )


@pytest.mark.parametrize(
    ("hosts", "content", "words"),
    [
        ([], "1 2\n3 4\n", "not among the hosts"),
        (None, "hello\nworld\n", "no columns"),
        (None, "1 2\n3 4\nx\n", "no numbers"),
    ],
)
def test_a_file_that_cannot_be_had_or_read_waits_for_a_person(settings, files, hosts, content, words):
    host, folder = files
    settings.TOM_HERMES = {"FETCH_HOSTS": [host] if hosts is None else hosts}
    (folder / "a.txt").write_text(content)
    hear(sent(in_file(host)))
    assert fetching.fetch_due() == 0
    row = Unplaced.objects.get()
    assert row.state == "waiting"
    assert words in row.words


def test_a_file_that_is_not_there_yet_is_asked_for_later(settings, files):
    host, _ = files
    settings.TOM_HERMES = {"FETCH_HOSTS": [host]}
    hear(sent(in_file(host)))
    fetching.fetch_due()
    row = Unplaced.objects.get()
    assert (row.state, row.attempts) == ("fetching", 1)
    assert row.due is not None
    assert fetching.fetch_due() == 0  # not due yet
