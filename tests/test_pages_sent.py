"""The Sent pages and /api/deliveries/: who sees what, what can be done, and what every page says.

Authority: promise 6, and the rule of docs/outbox.md: one's own, those of one's groups, superusers all.
"""

from __future__ import annotations

import base64

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse
from guardian.shortcuts import assign_perm
from tom_targets.models import Target

from tests import factories as make
from tests.told import contact
from tom_scimma import course, switch
from tom_scimma.models import Delivery

pytestmark = pytest.mark.django_db
WORDS = b'{"headers": {"title": "The title"}, "document": {"text": "what was said"}}'


class Office:
    """A public event, a secret one, and people: the sender, a colleague, one who sees the secret, a stranger, root."""

    def __init__(self):
        self.team, self.lvk = Group.objects.create(name="team"), Group.objects.create(name="lvk")
        everybody = Group.objects.create(name="Public")
        self.people = {
            "sender": make.user("sender", self.team, self.lvk, everybody),
            "colleague": make.user("colleague", self.team, everybody),
            "insider": make.user("insider", self.lvk, everybody),
            "stranger": make.user("stranger", everybody),
            "root": make.user("root", is_superuser=True),
        }
        self.clients = {name: Client() for name in self.people}
        for name, client in self.clients.items():
            client.force_login(self.people[name])
        self.clients["anonymous"] = Client()
        sender = self.people["sender"]
        self.open, self.secret = make.known("S261120ab"), make.known("S261118zz", groups=(self.lvk,))
        target = Target.objects.create(name="AT2026x", type="SIDEREAL", ra=1, dec=2, permissions="PRIVATE")
        assign_perm(f"{Target._meta.app_label}.view_target", sender, target)
        self.rows = {
            "open": make.delivery(sender, self.open, WORDS),
            "secret": make.delivery(sender, self.secret, WORDS),
            "target": make.delivery(sender, self.open, WORDS + b" ", subject=f"target:{target.pk}"),
            "personal": make.delivery(sender, self.open, WORDS + b"  ", personal=True),
            "machine": make.delivery(None, self.secret, WORDS + b"   "),
        }

    def sees(self, who: str) -> set[str]:
        """Names of the rows whose page somebody may open."""
        found = {}
        for name, row in self.rows.items():
            page, rest = (self.clients[who].get(place) for place in places(row))
            assert page.status_code == rest.status_code
            found[name] = page.status_code
        assert set(found.values()) <= {200, 404}
        return {name for name, status in found.items() if status == 200}


def places(row: Delivery) -> tuple[str, str]:
    return row.get_absolute_url(), reverse("api:deliveries-detail", kwargs={"pk": row.pk})


@pytest.fixture
def office():
    return Office()


SEEN = {
    "sender": {"open", "secret", "target", "personal", "machine"},
    "colleague": {
        "open",
        "target",
    },  # a row of a group of theirs; not about an event that they do not see, nor to one person
    "insider": {"open", "secret", "target", "machine"},
    "stranger": set(),
    "anonymous": set(),
    "root": {"open", "secret", "target", "personal", "machine"},
}


@pytest.mark.parametrize("who", SEEN)
def test_who_knows_of_what(office, who):
    assert office.sees(who) == SEEN[who]
    listed = office.clients[who].get("/api/deliveries/").json()
    assert {row["id"] for row in listed["results"]} == {office.rows[name].pk for name in SEEN[who]}
    page = office.clients[who].get("/sent/")
    assert page.context["record_count"] == len(SEEN[who])


@pytest.mark.parametrize("who", ["colleague", "insider"])
def test_who_does_not_see_the_subject_does_not_read_what_was_said(office, who):
    client, row = office.clients[who], office.rows["target"]
    Delivery.objects.filter(pk=row.pk).update(reason="AT2026x was refused", state="rejected", receipt_id="AT2026x-7")
    page, rest = (client.get(place) for place in places(row))
    for answer in (page, rest, client.get("/sent/"), client.get("/api/deliveries/")):
        text = answer.content.decode()
        assert "AT2026x" not in text
    assert "what was said" not in page.content.decode()
    assert rest.json()["payload"] is None
    assert rest.json()["readable"] is False
    assert client.get(reverse("tom_scimma:delivery-payload", kwargs={"pk": row.pk})).status_code == 404
    assert client.get("/sent/?query=AT2026x-7").context["record_count"] == 0
    own = office.clients["sender"].get(places(row)[0]).content.decode()
    assert "what was said" in own
    assert "AT2026x" in own


def test_what_is_read(office):
    row = office.rows["open"]
    page, rest = (office.clients["colleague"].get(place) for place in places(row))
    assert "what was said" in page.content.decode()
    assert base64.b64decode(rest.json()["payload"]) == WORDS
    answer = office.clients["colleague"].get(reverse("tom_scimma:delivery-payload", kwargs={"pk": row.pk}))
    assert answer.content == WORDS
    assert "attachment" in answer["Content-Disposition"]


def test_a_sender_who_no_longer_sees_the_event_sees_nothing_of_it(office):
    office.people["sender"].groups.remove(office.lvk)
    assert office.sees("sender") == {"open", "target", "personal"}


ACTORS = {"sender": 302, "root": 302, "colleague": 403, "insider": 403, "stranger": 404, "anonymous": 302}


@pytest.mark.parametrize("who", ACTORS)
def test_who_may_cancel(office, who):
    row, client = office.rows["open"], office.clients[who]
    address = reverse("tom_scimma:delivery-act", kwargs={"pk": row.pk, "act": "cancel"})
    answer = client.post(address)
    assert answer.status_code in ({302, 403} if who in ("colleague", "insider") else {ACTORS[who]})
    row.refresh_from_db()
    assert row.state == ("cancelled" if who in ("sender", "root") else "queued")
    rest = client.post(f"/api/deliveries/{row.pk}/act/cancel/")
    wanted = {"sender": 409, "root": 409, "colleague": 403, "insider": 403, "stranger": 404}
    assert rest.status_code in ((401, 403) if who == "anonymous" else (wanted[who],))
    assert client.get(address).status_code in (405, 302)


def test_a_colleague_with_the_permission_may(office):
    office.people["colleague"].user_permissions.add(Permission.objects.get(codename="change_delivery"))
    office.clients["colleague"].post(f"/sent/{office.rows['open'].pk}/cancel/")
    office.rows["open"].refresh_from_db()
    assert office.rows["open"].state == "cancelled"
    assert office.clients["colleague"].post(f"/sent/{office.rows['target'].pk}/cancel/").status_code in (302, 403)
    office.rows["target"].refresh_from_db()
    assert office.rows["target"].state == "queued"  # who may not read it may not act on it


def test_a_lost_reply_explains_its_choices(office, settings):
    settings.TOM_SCIMMA = {"SOURCES": {"hopskotch": {}}}
    row = office.rows["open"]
    Delivery.objects.filter(pk=row.pk).update(state="unknown", needs_person=True, looks=1)
    page = office.clients["sender"].get(row.get_absolute_url()).content.decode()
    for words in ("Nobody knows whether it arrived", "It arrived.", "It did not arrive.", "has it twice", "Leave it."):
        assert words in page
    answer = office.clients["sender"].post(f"/sent/{row.pk}/resend/", follow=True)
    assert "Sent again as #" in answer.content.decode()
    new = Delivery.objects.get(resend_of=row)
    assert (new.by.username, new.generation) == ("sender", 2)
    assert office.clients["sender"].post(f"/sent/{row.pk}/nonsense/").status_code == 404


def test_a_service_that_could_not_be_asked_is_not_said_to_have_answered(office, settings):
    settings.TOM_SCIMMA = {"SOURCES": {"hopskotch": {}}}
    row = office.rows["open"]
    Delivery.objects.filter(pk=row.pk).update(state="unknown", needs_person=True, looks=2)
    row.refresh_from_db()
    course.note(row, "look", "Unavailable: the broker is away", answer="unavailable")
    asked = lambda who: office.clients[who].get(row.get_absolute_url()).content.decode()  # noqa: E731
    page = asked("sender")
    assert "did not say whether it has it: Unavailable: the broker is away" in page
    assert "does not show it" not in page
    course.note(row, "look", "Not found there.", answer="not found")
    course.note(row, "look", "Unavailable: the broker is away", answer="unavailable")
    assert "does not show it" in asked("sender")


def test_the_badge_counts_what_waits_for_oneself(office):
    Delivery.objects.update(needs_person=True, state="held", reason="waits")
    badge = 'title="sent things that wait for a person">{}</span>'
    for who, count in (("sender", 5), ("colleague", 2), ("root", 5)):
        assert badge.format(count) in office.clients[who].get("/events/").content.decode()
    for who in ("stranger", "anonymous"):
        assert "that wait for a person" not in office.clients[who].get("/events/").content.decode()
    assert office.clients["sender"].get("/sent/?needs_person=true").context["record_count"] == 5


def test_every_page_says_that_all_is_stopped_and_who_may_stop(office):
    sender, root = office.clients["sender"], office.clients["root"]
    assert sender.post("/sent/stop/", {"stop": "1"}).status_code in (302, 403)
    assert switch.stopped() is None
    office.people["sender"].user_permissions.add(Permission.objects.get(codename="add_stop"))
    sender.post("/sent/stop/", {"stop": "1", "reason": "the <map> is wrong"})
    assert switch.stopped().by_name == "sender"
    for address in ("/", "/targets/", "/events/", "/sent/", "/streams/", office.rows["open"].get_absolute_url()):
        page = root.get(address).content.decode()
        assert "nothing leaves this TOM" in page, address
        assert "the &lt;map&gt; is wrong" in page
    passer_by = office.clients["anonymous"].get("/events/").content.decode()
    assert "nothing leaves this TOM" in passer_by
    assert "is wrong" not in passer_by
    root.post("/sent/stop/", {"lift": "1"})
    page = root.get("/sent/").content.decode()
    assert "stopped by sender" in page
    assert "by root" in page
    assert "nothing leaves this TOM" not in page
    assert office.clients["anonymous"].post("/sent/stop/", {"stop": "1"})["Location"].startswith("/accounts/login/")


def test_every_page_says_dry_run(office, settings):
    settings.TOM_SCIMMA = {"DRY_RUN": True}
    assert "Dry run: nothing leaves this TOM" in office.clients["stranger"].get("/").content.decode()
    settings.TOM_SCIMMA = {"DRY_DESTINATIONS": ["hopskotch:*"]}
    assert "Dry run for hopskotch:*" in office.clients["stranger"].get("/").content.decode()
    settings.TOM_SCIMMA = {}
    assert "Dry run" not in office.clients["stranger"].get("/").content.decode()


def test_filters(office):
    root = office.clients["root"]
    Delivery.objects.filter(pk=office.rows["secret"].pk).update(state="delivered", receipt_id="tom@7")
    for query, count in (
        ("state=delivered", 1),
        ("service=hopskotch", 5),
        ("service=people", 0),
        ("person=send", 4),
        ("event=S261118", 2),
        ("needs_person=true", 0),
        (f"query=%23{office.rows['open'].pk}", 1),
        ("query=tom@7", 1),
        ("query=99999999999999999999999999", 0),
        ("created_after=2020-01-01", 5),
        ("created_before=2020-01-01", 0),
    ):
        assert root.get(f"/sent/?{query}").context["record_count"] == count, query
        assert root.get(f"/api/deliveries/?{query}").json()["count"] == count, query


def test_thousands_are_as_quick_as_few(office, django_assert_max_num_queries):
    sender = office.people["sender"]
    make.delivery(sender, office.open, b"x")
    first = Delivery.objects.first()
    rows = []
    for number in range(2000):
        row = Delivery.objects.get(pk=first.pk) if not rows else rows[0]
        values = {f.attname: getattr(row, f.attname) for f in Delivery._meta.concrete_fields if not f.primary_key}
        rows.append(Delivery(**{**values, "key": f"{number:064}"}))
    Delivery.objects.bulk_create(rows)
    for who in ("root", "sender", "colleague"):
        with django_assert_max_num_queries(18):
            page = office.clients[who].get("/sent/")
        assert page.status_code == 200
        with django_assert_max_num_queries(12):
            office.clients[who].get("/api/deliveries/?limit=500")


def test_the_list_says_whom_in_words(office):
    sender = office.people["sender"]
    mine = contact(sender, name="my telephone", scheme="ntfys")
    make.delivery(sender, office.open, b'{"subject": "x", "text": "y", "link": ""}', destination=f"people:{mine.pk}")
    page = office.clients["sender"].get("/sent/").content.decode()
    assert "my telephone, ntfys of sender" in page
    assert ">people:</span>" not in page


def test_the_name_of_a_place_breaks_after_its_parts():
    """On a telephone "hopskotch:tom.news" stood as "hopsk", "otch:" and "tom.n", "ews"."""
    from tom_scimma.sent_table import in_pieces

    pieces = in_pieces("hopskotch:tom.a-name.<b>").split("<wbr>")
    words = ("hopskotch:", "tom.", "a-", "name.", "&lt;b&gt;")
    assert pieces == [f'<span class="text-nowrap">{word}</span>' for word in words]
    assert in_pieces("x" * 17) == f'<span class="">{"x" * 17}</span>'  # else it would be wider than the screen


def test_nothing_was_sent_yet(client):
    client.force_login(make.user("root", is_superuser=True))
    page = client.get("/sent/").content.decode()
    assert "Nothing was sent yet" in page
    assert "manage.py deliver" in page
