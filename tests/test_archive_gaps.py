"""What the archive has and we do not, marks of retraction, the click that fetches, large messages on demand, citations.

Authority: the archive's contract, which the stand-in keeps; promises 6, 8 and 9; the permission `change_topicstate`.
"""

from __future__ import annotations

import json
import uuid
from datetime import datetime, timedelta, timezone

import pytest
from django.contrib.auth.models import Group, Permission

from tests import factories as make
from tests.archives import TOPIC, client, fill, headers, running
from tests.messages import igwn
from tom_hermes import asking
from tom_hermes.circular import text as circular_text
from tom_scimma.archive import asked, attachments, citing, look, rows, shown
from tom_scimma.archive.records import doi
from tom_scimma.backfill import run
from tom_scimma.backfill.archive import Archived
from tom_scimma.compose.gather import gather
from tom_scimma.compose.selection import Selection
from tom_scimma.errors import Unavailable
from tom_scimma.fake_services.archived import put
from tom_scimma.ingest import ingest
from tom_scimma.models import Alert, ArchiveDay, ArchiveRecord, Backfill, Event, Job, Message, Reaction
from tom_scimma.record import Record
from tom_scimma.translate import translate

pytestmark = pytest.mark.django_db
NOW = datetime.now(timezone.utc)
#: five days ago at noon, so that a few hours later is the same day
NOON = (NOW - timedelta(days=5)).replace(hour=12, minute=0, second=0, microsecond=0)


@pytest.fixture
def services(settings):
    with running(settings, topics=[TOPIC, "tomtoolkit.test", "igwn.gwalert"]) as made:
        yield made


def heard(number: int, topic: str = TOPIC) -> Record:
    return Record(
        topic, json.dumps({"n": number}).encode(), headers=tuple(headers(number, topic)), partition=0, offset=number
    )


def event(name: str) -> bytes:
    return json.dumps(igwn(name)).encode()


def chooser(client, *groups: Group, **fields):
    """Somebody who may choose topics, logged in."""
    user = make.user("chooser", *groups, **fields)
    user.user_permissions.add(Permission.objects.get(codename="change_topicstate"))
    client.force_login(user)
    return user


# what is not here


def test_days_are_compared_by_identity(services):
    world = services.world
    fill(world, 30, first=NOON, step=timedelta(hours=1))  # 12 on the first day, 18 on the next
    ingest([heard(number) for number in range(5)])
    assert look.look() > 0
    days = {row.day: (row.archived, row.missing) for row in ArchiveDay.objects.filter(topic=TOPIC, archived__gt=0)}
    assert days == {NOON.date(): (12, 7), NOON.date() + timedelta(days=1): (18, 18)}
    (topic,) = [item for item in shown.compared(make.user("root", is_superuser=True), NOW) if item.topic.name == TOPIC]
    assert [(gap.first, gap.last, gap.missing) for gap in topic.gaps] == [
        (NOON.date(), NOON.date() + timedelta(days=1), 25)
    ]
    assert Message.objects.count() == 5, "a look fetches nothing"
    services.asked.clear()
    look.look()
    assert {request.one("start_time") for request in services.asked if request.path.endswith("/messages")} != set()
    begins = [int(request.one("start_time")) for request in services.asked if request.one("start_time")]
    assert min(begins) > (NOW - timedelta(days=3)).timestamp() * 1000, "older days are compared once a day"


def test_what_a_topic_forgets_is_no_gap(services, settings):
    fill(services.world, 3, first=NOON)
    settings.TOM_SCIMMA = {**settings.TOM_SCIMMA, "TOPICS": {TOPIC: {"days": 2}}}
    look.look()
    assert not ArchiveDay.objects.filter(missing__gt=0).exists()
    settings.TOM_SCIMMA = {**settings.TOM_SCIMMA, "ARCHIVE_DAYS": 0, "TOPICS": {}}
    assert look.look() == 0


def test_an_archive_that_is_away_is_the_job_s_failure_and_leaves_what_was_known(services):
    fill(services.world, 3, first=NOON)
    look.look()
    ArchiveDay.objects.update(looked=look.NEVER)
    services.faults.append({"path": "/archive/messages", "times": None, "do": "503"})
    with pytest.raises(Unavailable):
        look.look()
    assert ArchiveDay.objects.get(topic=TOPIC, day=NOON.date()).missing == 3


def test_days_in_a_row_are_one_gap_and_what_does_not_open_is_none():
    def day(number: int, missing: int, closed: int = 0) -> ArchiveDay:
        return ArchiveDay(day=(NOON + timedelta(days=number)).date(), missing=missing, closed=closed)

    found = look.gaps([day(0, 2), day(1, 3), day(2, 0), day(3, 4, 4), day(4, 5, 4)])
    assert [((first - NOON.date()).days, (last - NOON.date()).days, count) for first, last, count in found] == [
        (0, 1, 5),
        (4, 4, 1),
    ]


# the click


def test_a_click_queues_the_worker_fetches_and_the_page_says_so(services, client):
    fill(services.world, 30, first=NOON)
    look.look()
    chooser(client)
    page = client.get("/archive/").content.decode()
    assert "30 archived, 30 not here" in page
    first, last = NOON.date(), NOON.date() + timedelta(days=1)
    said = {"source": "hopskotch", "topic": TOPIC, "first": str(first), "last": str(last)}
    client.post("/archive/fetch/", said)
    assert Message.objects.count() == 0, "nothing is fetched in a request"
    row = Backfill.objects.get()
    assert (row.state, row.topic, row.by.username) == ("queued", TOPIC, "chooser")
    client.post("/archive/fetch/", said)
    assert Backfill.objects.count() == 1, "asked for twice, it is one"
    assert "waits for the worker" in client.get("/archive/").content.decode()
    assert asked.fetch_asked() == 30
    row.refresh_from_db()
    assert (row.state, row.seen, row.total, row.created) == ("done", 30, 30, 30)
    page = client.get("/archive/", headers={"HX-Request": "true"}).content.decode()
    assert "30 archived, 0 not here" in page
    assert "30 of 30" in page
    assert not Reaction.objects.filter(name="subscriptions").exists()


def test_a_long_stretch_is_fetched_a_piece_a_turn(services, monkeypatch):
    fill(services.world, 200, first=NOON, step=timedelta(minutes=1))
    asked.ask("hopskotch", TOPIC, NOON, NOON + timedelta(days=1), make.user("somebody"))
    monkeypatch.setattr(asked, "TURN", 0.0)
    created = []
    for _ in range(12):
        monkeypatch.setattr(asked, "TURN", 0.001)
        asked.fetch_asked()
        created.append(Backfill.objects.get().created)
        if Backfill.objects.get().state == "done":
            break
    assert created[-1] == 200
    assert created[0] < 200
    assert Message.objects.count() == 200


def test_what_fails_is_said_on_the_row_and_may_be_asked_for_again(services):
    fill(services.world, 3, first=NOON)
    user = make.user("somebody")
    services.faults.append({"path": "/archive/*", "times": None, "do": "refuse"})
    row = asked.ask("hopskotch", TOPIC, NOON, NOON + timedelta(days=1), user)
    asked.fetch_asked()
    row.refresh_from_db()
    assert (row.state, "refused" in row.error) == ("failed", True)
    services.faults.clear()
    asked.ask("hopskotch", TOPIC, NOON, NOON + timedelta(days=1), user)
    assert asked.fetch_asked() == 3


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ("2026-10-05", "2026-10-01", "must not be after"),
        ("x", "2026-10-01", "write days"),
        ("2999-01-01", "2999-01-02", "to come"),
    ],
)
def test_days_that_are_none_are_said(services, client, first, last, said):
    chooser(client)
    answer = client.post("/archive/fetch/", {"topic": TOPIC, "first": first, "last": last}, follow=True)
    assert said in answer.content.decode()
    assert not Backfill.objects.exists()


@pytest.mark.parametrize(("who", "sees"), [("anonymous", 0), ("stranger", 0), ("member", 1), ("superuser", 1)])
def test_of_a_protected_topic_only_its_groups_know(services, settings, client, who, sees):
    settings.TOM_SCIMMA = {**settings.TOM_SCIMMA, "TOPICS": {"tomtoolkit.test": {"groups": ["ours"]}}}
    group = Group.objects.create(name="ours")
    put(services.world, "tomtoolkit.test", b"{}", NOON, headers=headers(1, "x"))
    look.look()
    asked.ask("hopskotch", "tomtoolkit.test", NOON, NOON + timedelta(days=1), None)
    if who != "anonymous":
        client.force_login(make.user(who, *([group] if who == "member" else []), is_superuser=who == "superuser"))
    assert ("tomtoolkit.test" in client.get("/archive/").content.decode()) == bool(sees)
    assert any(day["topic"] == "tomtoolkit.test" for day in client.get("/api/gaps/").json()) == bool(sees)
    assert len(client.get("/api/backfills/").json()) == sees
    said = {"topic": "tomtoolkit.test", "first": str(NOON.date()), "last": str(NOON.date())}
    for address in ("/archive/fetch/", "/archive/compare/"):
        answer = client.post(address, said)  # the host sends whoever may not do it to the log-in
        done = answer.status_code == 302 and answer.url == "/archive/"
        assert done == (who == "superuser")


def test_a_chooser_fetches_no_topic_that_is_hidden_from_them(services, settings, client):
    settings.TOM_SCIMMA = {**settings.TOM_SCIMMA, "TOPICS": {"tomtoolkit.test": {"groups": ["ours"]}}}
    chooser(client)
    said = {"topic": "tomtoolkit.test", "first": str(NOON.date()), "last": str(NOON.date())}
    assert client.post("/archive/fetch/", said).status_code == 404
    assert client.post("/api/gaps/fetch/", said, content_type="application/json").status_code == 404


def test_the_same_over_rest(services, client):
    fill(services.world, 3, first=NOON)
    look.look()
    (day,) = client.get("/api/gaps/?missing=true").json()
    assert (day["topic"], day["archived"], day["missing"]) == (TOPIC, 3, 3)
    said = {"topic": TOPIC, "first": day["day"], "last": day["day"]}
    assert client.post("/api/gaps/fetch/", said, content_type="application/json").status_code in (401, 403)
    client.force_login(make.user("stranger"))
    assert client.post("/api/gaps/fetch/", said, content_type="application/json").status_code == 403
    chooser(client)
    assert (
        client.post("/api/gaps/fetch/", {**said, "last": "2020-01-01"}, content_type="application/json").status_code
        == 400
    )
    answer = client.post("/api/gaps/fetch/", said, content_type="application/json")
    assert (answer.status_code, answer.json()["state"]) == (201, "queued")
    assert asked.fetch_asked() == 3
    (row,) = client.get("/api/backfills/").json()
    assert (row["state"], row["created"], row["seen"]) == ("done", 3, 3)


def test_compare_again_makes_the_job_due(services, client):
    Job.objects.create(name="archive compared", due=NOW + timedelta(hours=1))
    chooser(client)
    client.post("/archive/compare/")
    assert Job.objects.get().due < datetime.now(timezone.utc) + timedelta(seconds=5)


def test_what_a_listener_may_still_bring_live_is_left_to_it(services):
    """Promise 8 cuts both ways: what came out of the archive is never acted on, so that it must not come before the listener."""
    now = datetime.now(timezone.utc)
    row = put(services.world, TOPIC, b'{"young": 1}', now - timedelta(hours=1), headers=headers(1))
    put(services.world, TOPIC, b'{"old": 1}', now - timedelta(hours=7), headers=headers(2))
    look.look()
    assert sum(ArchiveDay.objects.filter(topic=TOPIC).values_list("missing", flat=True)) == 1
    done = run(Archived(client(), "hopskotch", TOPIC))
    assert (done.total, done.created) == (1, 1)
    assert not Message.objects.filter(sent_id=row.uuid).exists()
    put(services.world, "hermes.discovery", b"{}", now - timedelta(hours=1), headers=headers(3))
    assert run(Archived(client(), "hopskotch", "hermes.discovery")).created == 1, "nobody listens to that one"


# retraction


def test_a_mark_there_is_shown_here_and_changes_nothing(services, client):
    """A flag by an owner of the topic's group, which no message announces; it may be undone."""
    row = put(services.world, "igwn.gwalert", event("S261122a"), NOON, headers=headers(1, "gw"))
    ingest([Record("igwn.gwalert", row.payload, headers=tuple(row.headers), partition=0, offset=1)])
    row.retracted = True
    look.look()
    note = ArchiveRecord.objects.get()
    assert (note.retracted, note.message.topic) == (True, "igwn.gwalert")
    found = Event.objects.get()
    assert (found.state, Alert.objects.count()) == ("active", 1)
    assert not Reaction.objects.filter(change="retracted").exists()
    for address in (note.message.get_absolute_url(), found.get_absolute_url()):
        assert "Marked retracted in the Hopskotch archive" in client.get(address).content.decode()
    row.retracted = False
    ArchiveDay.objects.update(looked=look.NEVER)
    look.look()
    for address in (note.message.get_absolute_url(), found.get_absolute_url()):
        assert "Marked retracted" not in client.get(address).content.decode()


def test_backfill_marks_what_the_list_says(services):
    """Full records do not say it, lists of metas do."""
    put(services.world, TOPIC, b"{}", NOON, headers=headers(1), retracted=True)
    run(Archived(client(), "hopskotch", TOPIC))
    assert ArchiveRecord.objects.get().retracted


# large messages


def large(services) -> Message:
    inner = put(
        services.world,
        f"{TOPIC}+oversized",
        b'{"big": 1}',
        NOON,
        headers=[("_id", uuid.UUID(int=9).bytes), ("_format", b"json")],
        public=True,
    )
    stub = json.dumps({"url": f"{services.archive}/msg/{inner.uuid}"}).encode()
    put(services.world, TOPIC, stub, NOON, headers=[("_id", uuid.UUID(int=8).bytes), ("_format", b"external")])
    run(Archived(client(), "hopskotch", TOPIC))
    return Message.objects.get()


def test_a_large_message_is_fetched_when_somebody_asks(services, client):
    message = large(services)
    address = message.get_absolute_url()
    page = client.get(address).content.decode()
    assert "its reference" in page
    assert "Log in to fetch it" in page
    assert client.post(f"{address}fetch/").status_code == 302
    assert not ArchiveRecord.objects.filter(large="wanted").exists(), "anonymous"
    client.force_login(make.user("somebody"))
    client.post(f"{address}fetch/")
    assert "about to fetch it" in client.get(address).content.decode()
    assert attachments.fetch_wanted() == 1
    message.refresh_from_db()
    assert (message.format, message.body.payload, message.via) == ("json", b'{"big": 1}', "backfill")
    assert "its reference" not in client.get(address).content.decode()


def test_one_that_cannot_be_had_says_why_and_may_be_asked_for_again(services):
    message = large(services)
    services.faults.append({"path": "/archive/msg/*", "times": None, "do": "503"})
    attachments.want(message)
    assert attachments.fetch_wanted() == 0
    message.refresh_from_db()
    assert (message.state, "503" in message.error) == ("quarantined", True)
    services.faults.clear()
    assert attachments.want(message)
    assert attachments.fetch_wanted() == 1
    assert attachments.want(Message.objects.get()) is False


# where it can be found for good


@pytest.fixture
def alert(services):
    put(services.world, "igwn.gwalert", event("S261122a"), NOON, headers=headers(1, "gw"), doi="10.5281/zenodo.123")
    run(Archived(client(), "hopskotch", "igwn.gwalert"))
    return Alert.objects.get()


def test_address_and_doi_are_on_the_pages(services, client, alert):
    note = ArchiveRecord.objects.get()
    for address in (alert.message.get_absolute_url(), alert.event.get_absolute_url()):
        page = client.get(address).content.decode()
        assert f'href="{services.archive}/msg/{note.uuid}"' in page
        assert 'href="https://doi.org/10.5281/zenodo.123"' in page


def test_they_go_into_translations_and_leave_the_identity_as_it_is(alert):
    notice = citing.cited(alert)
    assert notice.key == alert.notice.key
    voevent = translate(notice, "voevent", authority="ivo://tom.example/alerts").data.decode()
    assert '<Reference uri="https://doi.org/10.5281/zenodo.123"' in voevent
    assert ArchiveRecord.objects.get().address in voevent
    assert "https://doi.org/10.5281/zenodo.123" in translate(notice, "text", authority="ivo://x.y/z").data.decode()
    Message.objects.update(public=False)
    assert citing.cited(alert) == alert.notice, "what not everybody may open is not cited"


def test_they_go_into_circulars_and_hermes_messages(alert):
    user = make.user("somebody")
    content = gather(Selection(event=alert.event.name), user)
    address = ArchiveRecord.objects.get().address
    said = {"source": "doi", "citation": "10.5281/zenodo.123", "url": "https://doi.org/10.5281/zenodo.123"}
    assert content.event.archived == (said,)
    assert "archived at https://doi.org/10.5281/zenodo.123" in circular_text(content)
    needs = {need.field: need for need in asking.needs(content, title="t", text=None)}
    assert needs["archived"].value == "https://doi.org/10.5281/zenodo.123"
    found = asking.references({"archived": f"{needs['archived'].value} {address}\nhttps://x.org/1", "circulars": "7"})
    plain = {"source": "Hopskotch archive", "citation": address[-36:], "url": address}
    assert found[1:] == [said, plain, {"url": "https://x.org/1"}]
    Message.objects.update(public=False)
    assert citing.references(alert.event, make.user("root", is_superuser=True)) == ()


@pytest.mark.parametrize(
    ("said", "is_"),
    [
        ("10.5281/zenodo.1", "10.5281/zenodo.1"),
        ("https://doi.org/10.1000/a(b)", "10.1000/a(b)"),
        ("doi:10.1000/x", "10.1000/x"),
        ("11.1/x", ""),
        ("10.5281/a b", ""),
        (None, ""),
        (7, ""),
    ],
)
def test_a_doi_is_one_or_none(said, is_):
    assert doi(said) == is_


def test_two_runs_over_the_same_stretch_note_once(services):
    fill(services.world, 3, first=NOON)
    metas = [meta for page in client().metas(TOPIC) for meta in page]
    ingest([heard(number) for number in range(3)])
    for _ in range(2):
        assert rows.note("hopskotch", services.archive, metas, rows.here("hopskotch", metas), NOW) == 0
    assert ArchiveRecord.objects.count() == 3
