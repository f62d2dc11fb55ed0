"""From what is ticked to deliveries, by the pages. Authority: the promises of the design (a click writes a Delivery and returns; private
stays private; the same is said once) and what docs/sharing.md tells users."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.utils import timezone
from tom_dataproducts.models import PhotometryReducedDatum

from tests import factories as make
from tests import sharing as shared
from tests.outside.parcel import Trial
from tests.outside.rig import deliver
from tom_scimma import producer, sources
from tom_scimma.compose import approvals, corrections, questions
from tom_scimma.destinations.hopskotch import unpacked
from tom_scimma.models import (
    Approval,
    Delivery,
    Draft,
    Embargo,
    Job,
    Question,
    SendRule,
    Share,
    SharedItem,
    Stop,
    Worker,
)

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def tom(app, settings):
    settings.TOM_SCIMMA = {
        "SHARE_TOPICS": ["tom.news", "tom.own.*"],
        "SOURCES": {"hopskotch": {"kind": "kafka", "brokers": "127.0.0.1:9", "auth": False}},
    }


@pytest.fixture
def group():
    return Group.objects.create(name="team")


def visitor(name: str, *groups: Group, permissions: tuple[str, ...] = (), **fields) -> Client:
    user = make.user(name, *groups, **fields)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    client.user = user
    return client


@pytest.fixture
def ada(group):
    return visitor("ada", group)


def open_draft(client: Client, **said) -> Draft:
    answer = client.get("/share/?" + urlencode(said, doseq=True))
    assert answer.status_code == 302, answer.content.decode()[:2000]
    return Draft.objects.get(pk=int(answer["Location"].strip("/").split("/")[-1]))


def check(client: Client, draft: Draft, *sinks: str, **words):
    """What the form posts."""
    said = {"sinks": "1", "sink": list(sinks), **{f"f.{name}": value for name, value in words.items()}}
    return client.post(f"/share/{draft.pk}/check/", said)


def confirm(client: Client, draft: Draft):
    draft.refresh_from_db()
    return client.post(f"/share/{draft.pk}/confirm/", {"seal": draft.seal})


def share(client: Client, *sinks: str, text: str = "words", **said) -> list[Delivery]:
    """All the way; the deliveries."""
    draft = open_draft(client, **said)
    answer = check(client, draft, *sinks, title="A title", text=text)
    assert answer["Location"].endswith("/confirm/"), client.get(draft.get_absolute_url()).content.decode()
    assert client.get(answer["Location"]).status_code == 200
    assert confirm(client, draft)["Location"].endswith("/receipt/")
    return list(Delivery.objects.filter(share__draft=draft).order_by("pk"))


@pytest.mark.parametrize("what", ["target", "event", "both", "several"])
def test_what_is_shared_is_queued_once_with_what_it_carries(ada, what):
    star, other = shared.target(), shared.target("AT2026xyz")
    shared.photometry(star)
    make.event("S261120ab")
    said = {
        "target": {"target": star.pk},
        "event": {"event": "S261120ab"},
        "both": {"target": star.pk, "event": "S261120ab"},
    }
    said["several"] = {"target": [star.pk, other.pk]}
    (row,) = share(ada, "hopskotch:tom.news", **said[what])
    assert (row.state, row.by_name, row.destination) == ("queued", "ada", "hopskotch:tom.news")
    assert row.subject == ("event:S261120ab" if what == "event" else f"target:{star.pk}")
    assert row.event_name == ("S261120ab" if what in ("event", "both") else "")
    document, _ = unpacked(bytes(row.payload))
    assert [one["name"] for one in document.get("targets", [])] == {
        "event": [],
        "several": ["AT2026abc", "AT2026xyz"],
    }.get(what, ["AT2026abc"])
    assert row.items.filter(kind="photometry").count() == (0 if what == "event" else 3)
    assert (row.share.number, row.share.of) == (1, 1)


def test_opened_again_it_is_the_same_draft_with_what_was_typed(ada):
    star = shared.target()
    draft = open_draft(ada, target=star.pk)
    ada.post(
        f"/share/{draft.pk}/preview/", {"sinks": "1", "sink": "hopskotch:tom.news", "f.title": "typed"}, headers=HTMX
    )
    assert open_draft(ada, target=star.pk) == draft
    page = ada.get(draft.get_absolute_url()).content.decode()
    assert 'value="typed"' in page
    assert Delivery.objects.count() == 0


def test_what_is_missing_is_said_at_its_field_while_one_types(ada):
    draft = open_draft(ada, target=shared.target().pk)
    said = {"sinks": "1", "sink": "hopskotch:tom.news", "f.title": "A title", "f.text": ""}
    answer = ada.post(f"/share/{draft.pk}/preview/", said, headers=HTMX).content.decode()
    assert 'id="fault-text" hx-swap-oob="innerHTML"><div>Hopskotch topic needs this.' in answer
    assert 'id="fault-title" hx-swap-oob="innerHTML"></div>' in answer
    assert check(ada, draft, "hopskotch:tom.news", title="A title", text="")["Location"] == draft.get_absolute_url()
    assert ada.get(f"/share/{draft.pk}/confirm/").status_code == 302
    assert Delivery.objects.count() == 0


def test_what_was_filled_in_follows_what_is_chosen_until_it_is_typed_over(ada):
    rock = shared.target("2015 BP1", type="NON_SIDEREAL", ra=None, dec=None, scheme="MPC_MINOR_PLANET")
    row = shared.position(rock, value={"mpc_sitecode": "F65"})
    draft = open_draft(ada, target=rock.pk)

    def posted(value: str) -> dict:
        page = ada.post(f"/share/{draft.pk}/form/", {"sinks": "1", "sink": "ades"}, headers=HTMX)
        mark = next(one.mark for one in page.context["fields"] if one.name == "ades.stn")
        said = {"sinks": "1", "sink": "ades", "f.ades.stn": value, "known.ades.stn": mark, "f.text": "a\r\nb"}
        ada.post(f"/share/{draft.pk}/preview/", said, headers=HTMX)
        draft.refresh_from_db()
        return draft.form

    assert posted("F65") == {"text": "a\nb"}
    type(row).objects.filter(pk=row.pk).update(value={"mpc_sitecode": "Z31"})
    assert 'value="Z31"' in ada.get(draft.get_absolute_url()).content.decode()
    assert posted("W85")["ades.stn"] == "W85"
    assert 'value="W85"' in ada.get(draft.get_absolute_url()).content.decode()
    assert "ades.stn" not in posted("Z31")


def test_the_same_click_twice_queues_once(ada):
    star = shared.target()
    draft = open_draft(ada, target=star.pk)
    check(ada, draft, "hopskotch:tom.news", "parcel", title="T", text="w")
    first = confirm(ada, draft)
    assert confirm(ada, draft)["Location"] == first["Location"]
    assert Delivery.objects.count() == 2
    for answer in (
        ada.get(f"/share/{draft.pk}/confirm/"),
        check(ada, draft, "parcel", text="w"),
    ):  # back, and another tab
        assert answer["Location"] == first["Location"]
    typed = ada.post(f"/share/{draft.pk}/preview/", {"f.text": "x"}, headers=HTMX)
    assert typed["HX-Redirect"] == first["Location"]
    again = open_draft(ada, target=star.pk)  # and the same chosen and said anew is the same
    assert again != draft
    check(ada, again, "hopskotch:tom.news", title="T", text="w")
    assert confirm(ada, again).status_code == 302
    assert Delivery.objects.count() == 2


def test_what_was_changed_after_the_look_is_not_sent(ada):
    draft = open_draft(ada, target=shared.target().pk)
    check(ada, draft, "parcel", text="w")
    draft.refresh_from_db()
    seal = draft.seal
    ada.post(f"/share/{draft.pk}/preview/", {"sinks": "1", "sink": "parcel", "f.text": "other"}, headers=HTMX)
    assert ada.post(f"/share/{draft.pk}/confirm/", {"seal": seal})["Location"] == draft.get_absolute_url()
    assert Delivery.objects.count() == 0


def test_rows_are_ticked_page_by_page(ada):
    star = shared.target()
    rows = shared.photometry(star, 60)
    draft = open_draft(ada, target=star.pk)
    address = f"/share/{draft.pk}/rows/"
    first = ada.get(address, {"kind": "photometry", "sort": "timestamp"}).context["table"]
    assert (first.count, first.pages, first.rows[0].pk) == (60, 3, rows[0].pk)
    assert ada.post(address, {"kind": "photometry", "act": "none"}, headers=HTMX)["HX-Trigger"] == "share-changed"
    shown = [row.pk for row in first.rows]
    ada.post(address, {"kind": "photometry", "shown": shown, "pick": shown[:2]}, headers=HTMX)
    second = ada.get(address, {"kind": "photometry", "sort": "timestamp", "page": 2}).context["table"]
    more = [row.pk for row in second.rows]
    ada.post(address, {"kind": "photometry", "shown": more, "pick": [more[0], rows[0].pk]}, headers=HTMX)
    draft.refresh_from_db()
    assert draft.selection["photometry"] == [*shown[:2], more[0]]
    ada.post(address, {"kind": "photometry", "act": "all"}, headers=HTMX)
    draft.refresh_from_db()
    assert len(draft.selection["photometry"]) == 60
    assert ada.post(address, {"kind": "photometry", "act": "some"}, headers=HTMX).status_code == 400
    assert ada.get(address, {"kind": "nonsense"}).status_code == 404


def test_nobody_but_its_owner_has_a_draft(ada, group):
    draft = open_draft(ada, target=shared.target().pk)
    check(ada, draft, "parcel", text="w")
    for client in (visitor("bob", group), visitor("root", is_superuser=True)):
        for part in (
            "",
            "asked/",
            "offers/",
            "confirm/",
            "payload/?sink=parcel",
            "rows/?kind=target",
            "receipt/",
            "standing/?sink=parcel",
        ):
            assert client.get(f"{draft.get_absolute_url()}{part}").status_code == 404, part
        for part in ("form/", "preview/", "check/", "confirm/", "discard/", "rows/"):
            assert client.post(f"{draft.get_absolute_url()}{part}", {"kind": "target"}).status_code == 404, part
    assert Client().get(draft.get_absolute_url())["Location"].startswith("/accounts/login/")


def test_what_one_may_no_longer_see_is_not_sent(ada, group):
    star = shared.target("private star", group)
    draft = open_draft(ada, target=star.pk)
    check(ada, draft, "parcel", text="w")
    ada.user.groups.clear()
    confirm(ada, draft)
    assert Delivery.objects.count() == 0
    page = ada.get(draft.get_absolute_url()).content.decode()
    assert "private star" not in page
    assert "you may not see it" in page


def test_nor_when_it_is_to_leave(ada, group, outside):
    stars = [shared.target("a", group), shared.target("b", group)]
    other = Group.objects.create(name="other")
    ada.user.groups.add(other)
    from guardian.shortcuts import assign_perm, remove_perm

    assign_perm("tom_targets.view_target", other, stars[0])
    (row,) = share(ada, "parcel", target=[star.pk for star in stars])
    remove_perm("tom_targets.view_target", group, stars[1])
    deliver()
    row.refresh_from_db()
    assert (row.state, outside.parcels) == ("held", [])
    assert "may not see it" in row.reason


def test_a_colleague_reads_only_what_they_may_see_all_of(ada, group):
    apart = Group.objects.create(name="apart")
    ada.user.groups.add(apart)
    seen, hidden = shared.target("seen", group), shared.target("veiled", apart)
    (row,) = share(ada, "parcel", text="word-of-secret", target=[seen.pk, hidden.pk])
    bob = visitor("bob", group)
    page = bob.get(row.get_absolute_url())
    assert page.status_code == 200
    assert "word-of-secret" not in page.content.decode()
    assert bob.get(f"{row.get_absolute_url()}payload/").status_code == 404
    assert "veiled" not in page.content.decode()
    assert "word-of-secret" in ada.get(row.get_absolute_url()).content.decode()


@pytest.mark.parametrize("name", ["hopskotch:secret.topic", "nowhere", "people:1", "parcel:with-address", "ades:x"])
def test_no_other_sink_than_those_offered(ada, name):
    draft = open_draft(ada, target=shared.target().pk)
    assert check(ada, draft, name, title="T", text="w")["Location"] == draft.get_absolute_url()
    assert 'role="alert"' in ada.get(draft.get_absolute_url()).content.decode()
    assert Delivery.objects.count() == 0


def test_an_address_that_fits_a_pattern_may_be_typed(ada):
    draft = open_draft(ada, target=shared.target().pk)
    said = {"sinks": "1", "address.hopskotch": "tom.own.news", "f.title": "T", "f.text": "w"}
    ada.post(f"/share/{draft.pk}/check/", said)
    confirm(ada, draft)
    assert Delivery.objects.get().destination == "hopskotch:tom.own.news"


def test_the_service_is_asked_by_a_button_and_its_silence_stops_nobody(ada, outside, monkeypatch):
    draft = open_draft(ada, target=shared.target().pk)
    said = {"sinks": "1", "sink": "trial", "f.text": "damn"}

    def asked(**more) -> str:
        page = ada.post(f"/share/{draft.pk}/preview/?ask=1", {**said, **more}, headers=HTMX).content.decode()
        assert f'hx-get="/share/{draft.pk}/asked/?attended=False&amp;preview=1"' in page
        questions.run()
        answer = ada.get(f"/share/{draft.pk}/asked/?attended=False&preview=1", headers=HTMX)
        assert (answer["HX-Retarget"], answer["HX-Reswap"]) == ("#share-preview", "innerHTML")
        return answer.content.decode()

    page = asked()
    assert "The service would refuse it." in page
    assert "<div>the service wants no oaths</div></div>" in page
    assert "place: far away" in page
    assert "takes it like this" in asked(**{"f.text": "please"})
    assert "takes it like this" in ada.get(draft.get_absolute_url()).content.decode()  # of just this it is known
    typed = ada.post(f"/share/{draft.pk}/preview/", {**said, "f.text": "otherwise"}, headers=HTMX).content.decode()
    assert "takes it" not in typed
    assert "too short" in asked(**{"f.text": "hi"})
    assert outside.parcels == []
    monkeypatch.setenv("OUTSIDE", "http://127.0.0.1:9")
    assert "It could not be asked" in asked(**{"f.text": "please"})
    assert check(ada, draft, "trial", text="please")["Location"].endswith("/confirm/")
    page = ada.get(f"/share/{draft.pk}/confirm/").content.decode()
    for words in ("What is tried cannot be untried.", "the account of ada", "A test destination", "127.0.0.1:9"):
        assert words in page


def test_before_it_is_sent_the_service_is_asked_without_waiting_for_it(ada, outside, monkeypatch):
    """Validated against the service, with a token, before anything is queued: also for whoever presses no button for it."""
    draft = open_draft(ada, target=shared.target().pk)
    part = f"/share/{draft.pk}/asked/?attended=False"
    monkeypatch.setattr(Trial, "seen_by", [], raising=False)
    truth = Trial.ask
    monkeypatch.setattr(Trial, "ask", lambda self, *args: (Trial.seen_by.append(args[1]), truth(self, *args))[1])

    def looked_at(text: str) -> str:
        assert check(ada, draft, "trial", text=text)["Location"].endswith("/confirm/")
        before = len(Trial.seen_by)
        page = ada.get(f"/share/{draft.pk}/confirm/").content.decode()
        assert f'hx-get="{part}" hx-trigger="every 5s"' in page
        assert "No worker runs that would ask" in page  # and Send is there all the same
        assert 'type="submit">Send</button>' in page
        assert "The service takes it" not in page
        assert ada.get(part, headers=HTMX).status_code == 204
        assert len(Trial.seen_by) == before  # no page asks
        questions.run()
        assert Trial.seen_by[before:] == ["ada"]  # the worker does, once, as who shares
        said = ada.get(part, headers=HTMX).content.decode()
        assert (
            said.strip() in ada.get(f"/share/{draft.pk}/confirm/").content.decode()
        )  # opened again, it has the answer
        return said

    assert "The service takes it like this." in looked_at("please")
    said = looked_at("damn")
    assert "The service would refuse it.<div>Text: the service wants no oaths</div>" in said
    monkeypatch.setenv("OUTSIDE", "http://127.0.0.1:9")
    assert "It could not be asked" in looked_at("please")
    assert confirm(ada, draft)["Location"].endswith("/receipt/")
    assert ada.get(part)["Location"].endswith("/receipt/")
    assert Question.objects.count() == 0


def test_a_worker_that_runs_is_woken_and_the_page_looks_often(ada, outside, django_capture_on_commit_callbacks):
    draft = open_draft(ada, target=shared.target().pk)
    now = timezone.now()
    Job.objects.create(name=questions.JOB, due=now + timedelta(hours=1))
    Worker.objects.create(process="here:1", started=now, beat=now)
    with django_capture_on_commit_callbacks(execute=True):
        check(ada, draft, "trial", text="please")
    page = ada.get(f"/share/{draft.pk}/confirm/").content.decode()
    assert 'asked/?attended=True" hx-trigger="every 1s"' in page
    assert Job.objects.get(name=questions.JOB).due <= timezone.now()
    Worker.objects.update(beat=now - timedelta(minutes=2))  # it ended without a word: the page says so
    assert "No worker runs" in ada.get(f"/share/{draft.pk}/asked/?attended=True", headers=HTMX).content.decode()


def test_a_question_that_nobody_came_to_in_time_is_not_asked_any_more(ada, outside, monkeypatch):
    """Whoever typed it may have lost the right to it, or sent it, by then."""
    draft = open_draft(ada, target=shared.target().pk)
    monkeypatch.setattr(Trial, "ask", lambda *args: pytest.fail("it was asked"))
    check(ada, draft, "trial", text="please")
    Question.objects.update(asked=timezone.now() - timedelta(minutes=6))
    questions.run()
    assert "did not come to it in time" in Question.objects.get().problem
    check(ada, draft, "trial", text="thanks")
    type(ada.user).objects.update(is_active=False)
    questions.run()
    assert not Question.objects.filter(answered=None).exists()


def test_a_question_that_fails_costs_only_itself(ada, outside, monkeypatch):
    first, second = (open_draft(ada, target=shared.target(name).pk) for name in ("a", "b"))
    check(ada, first, "trial", text="damn")
    check(ada, second, "trial", text="please")

    def ask(self, payload, credential):
        if payload == b"damn":
            raise TypeError("a bug")
        return {}

    monkeypatch.setattr(Trial, "ask", ask)
    questions.run()
    assert list(Question.objects.order_by("pk").values_list("problem", flat=True)) == ["a bug", ""]
    assert all(bytes(row.payload) == b"" for row in Question.objects.all())


@pytest.mark.parametrize("why", ["dry run", "embargo", "everything that leaves is stopped"])
def test_what_may_not_leave_is_not_asked_about_either(ada, outside, settings, why):
    """To ask a service is to tell it: an embargo, a dry run and a stop hold the question as they hold what it is about."""
    star = shared.target()
    draft = open_draft(ada, target=star.pk)
    if why == "dry run":
        settings.TOM_SCIMMA = {**settings.TOM_SCIMMA, "DRY_RUN": True}
    elif why == "embargo":
        Embargo.objects.create(target=star, reason="not yet", by_name="root")
    else:
        Stop.objects.create(by_name="root")
    check(ada, draft, "trial", text="please")
    assert Question.objects.count() == 0
    page = ada.get(f"/share/{draft.pk}/confirm/").content.decode()
    assert "The service is not asked: " in page
    assert why in page
    assert "/asked/" not in page


def test_what_may_not_leave_since_the_click_is_not_asked_about(ada, outside, monkeypatch):
    star = shared.target()
    draft = open_draft(ada, target=star.pk)
    monkeypatch.setattr(Trial, "ask", lambda *args: pytest.fail("it was asked"))
    check(ada, draft, "trial", text="please")
    Embargo.objects.create(target=star, reason="not yet", by_name="root")
    questions.run()
    assert "not yet" in Question.objects.get().problem


def test_without_a_worker_the_receipt_and_the_delivery_say_that_nobody_sends_it(ada, outside):
    """docs/outbox.md, What to do when: things to send and no worker; the receipt said that the worker sends it."""
    (row,) = share(ada, "parcel", target=shared.target().pk)
    pages = (f"/share/{row.share.draft_id}/receipt/", row.get_absolute_url())
    words = "No worker runs that would send it"
    assert [words in ada.get(page).content.decode() for page in pages] == [True, True]
    Worker.objects.create(process="w", started=timezone.now(), beat=timezone.now())
    assert [words in ada.get(page).content.decode() for page in pages] == [False, False]


def test_dry_run_is_said_before_and_after(ada, settings, outside):
    settings.TOM_SCIMMA = {**settings.TOM_SCIMMA, "DRY_RUN": True}
    (row,) = share(ada, "parcel", target=shared.target().pk)
    draft = row.share.draft_id
    deliver()
    row.refresh_from_db()
    assert (row.state, outside.parcels) == ("dry", [])
    assert "dry run" in ada.get(f"/share/{draft}/receipt/").content.decode()


def test_a_topic_that_settings_name_no_more_gets_nothing(ada, settings):
    (row,) = share(ada, "hopskotch:tom.news", target=shared.target().pk)
    settings.TOM_SCIMMA = {**settings.TOM_SCIMMA, "SHARE_TOPICS": ["other"]}
    deliver("hopskotch")
    row.refresh_from_db()
    assert row.state == "held"
    assert "no topic that people may share to" in row.reason


def test_without_the_permission_to_send_there_is_nothing_to_choose(ada, settings):
    settings.TOM_SCIMMA = {**settings.TOM_SCIMMA, "SEND_PERMISSION": "tom_scimma.send_delivery"}
    draft = open_draft(ada, target=shared.target().pk)
    assert check(ada, draft, "parcel", text="w")["Location"] == draft.get_absolute_url()
    assert "has not the permission" in ada.get(draft.get_absolute_url()).content.decode()


# rules, embargoes, approval


def test_without_rules_everybody_and_with_one_only_its_group(ada, group, outside):
    star = shared.target()
    others = Group.objects.create(name="others")
    share(ada, "parcel", target=star.pk)
    SendRule.objects.create(group=others, destination="par*", may="yes")
    draft = open_draft(ada, target=star.pk)
    assert check(ada, draft, "parcel", text="more")["Location"] == draft.get_absolute_url()
    deliver()  # what was queued before is asked again
    assert Delivery.objects.get().state == "held"
    assert "no group" in Delivery.objects.get().reason
    SendRule.objects.create(group=group, destination="*", may="yes")
    Delivery.objects.update(state="queued", needs_person=False)
    deliver()
    assert Delivery.objects.get().state == "delivered"
    assert outside.parcels


def test_of_exact_rules_the_most_generous(ada, group):
    from tom_scimma.compose.rules import may_send

    strict = Group.objects.create(name="strict")
    ada.user.groups.add(strict)
    SendRule.objects.create(group=strict, destination="parcel", may="no")
    SendRule.objects.create(group=group, destination="*", may="yes")
    assert not may_send("parcel", ada.user).allowed
    SendRule.objects.create(group=group, destination="parcel", may="approval")
    assert may_send("parcel", ada.user).approval
    assert may_send("hopskotch:tom.news", ada.user).allowed
    assert not may_send("parcel", None).allowed
    SendRule.objects.create(group=group, destination="hopskotch", may="approval")  # a service's name means all of it
    assert may_send("hopskotch:tom.news", ada.user).approval
    SendRule.objects.create(group=group, destination="hopskotch:tom.*", may="yes")
    assert not may_send("hopskotch:tom.news", ada.user).approval


@pytest.mark.parametrize("what", ["event", "target", "destination", "other"])
def test_under_embargo_it_waits(ada, outside, what):
    star, event = shared.target(), make.event("S261120ab")
    other = make.event("S261120zz")
    said = {"event": {"event": event}, "target": {"target_id": star.pk}, "destination": {"destination": "par*"}}
    Embargo.objects.create(by_name="pi", reason="paper first", **said.get(what, {"event": other}))
    (row,) = share(ada, "parcel", target=star.pk, event="S261120ab")
    if what == "other":
        assert row.state == "queued"
        return
    assert row.state == "held"
    assert "paper first" in row.reason
    receipt = ada.get(f"/share/{row.share.draft_id}/receipt/").content.decode()
    assert ("and held: it does not leave" in receipt, "The worker sends it" in receipt) == (True, False)
    said = ada.post(f"{row.get_absolute_url()}release/", {"origin": row.origin}, follow=True).content.decode()
    assert "It may not leave yet. Under embargo until somebody lifts it: paper first" in said  # and not "Released"
    assert "That is over" not in said
    row.refresh_from_db()
    assert row.state == "held"
    deliver()
    row.refresh_from_db()
    assert (row.state, outside.parcels) == ("held", [])
    Embargo.objects.update(until="2026-01-01T00:00:00Z")
    assert "That is over: it leaves when somebody releases it here." in ada.get(row.get_absolute_url()).content.decode()
    ada.post(f"{row.get_absolute_url()}release/", {"origin": row.origin})
    deliver()
    row.refresh_from_db()
    assert row.state == "delivered"


def test_an_embargo_that_comes_later_holds_what_is_queued(ada, outside):
    star = shared.target()
    (row,) = share(ada, "parcel", target=star.pk)
    Embargo.objects.create(by_name="pi", target_id=star.pk)
    deliver()
    row.refresh_from_db()
    assert (row.state, outside.parcels) == ("held", [])


def test_the_pages_of_what_is_under_embargo_say_so_and_lead_to_it(ada, group):
    """docs/sharing.md, Embargo: on an event, a target, a destination, or any of these together."""
    star, event = shared.target("private star", group), make.event("S261120ab")
    pi, eve = visitor("pi", group, permissions=("change_embargo",)), visitor("eve")
    at, there = f"/events/{event.name}/shared/", f"/scimma/targets/{star.pk}/share/"
    link = "/share/rules/?event=S261120ab#embargo"
    assert (link in pi.get(at).content.decode(), link in ada.get(at).content.decode()) == (True, False)
    assert 'value="S261120ab"' in pi.get(link).content.decode()
    Embargo.objects.create(by_name="pi", event=event, reason="paper first")
    Embargo.objects.create(by_name="pi", target=star, destination="par*", reason="ours")
    Embargo.objects.create(by_name="pi", event=make.event("S261120zz"), reason="another")
    for page, words, not_there in ((at, "paper first", "ours"), (there, "ours", "paper first")):
        said = ada.get(page).content.decode()
        assert ("Under embargo until somebody lifts it: " + words in said, not_there in said) == (True, False)
        assert "another" not in said
    assert "ours" not in eve.get(at).content.decode()
    assert "Lift an embargo, or add another" in pi.get(there).content.decode()


def test_an_embargo_ends_at_its_second(ada, outside, monkeypatch):
    """Queued while it holds it waits for a person, however soon it ends; queued after its end it leaves."""
    star = shared.target()
    Embargo.objects.create(by_name="pi", target_id=star.pk, until=timezone.now() + timedelta(hours=1))
    (row,) = share(ada, "parcel", target=star.pk)
    assert row.state == "held"
    Embargo.objects.update(until=timezone.now())
    deliver()
    row.refresh_from_db()
    assert (row.state, outside.parcels) == ("held", [])
    (other,) = share(ada, "parcel", text="after it", target=star.pk)
    deliver()
    other.refresh_from_db()
    assert (other.state, len(outside.parcels)) == ("delivered", 1)


def test_after_an_embargo_comes_the_second_persons_yes(ada, group, guarded, outside):
    star = shared.target()
    embargo = Embargo.objects.create(by_name="pi", target_id=star.pk)
    (row,) = share(ada, "parcel", target=star.pk)
    bob = visitor("bob", group, permissions=("approve_delivery",))
    assert bob.get("/share/approvals/").context["waiting"] == []
    Embargo.objects.filter(pk=embargo.pk).update(lifted_at=timezone.now())
    page = ada.get(row.get_absolute_url()).content.decode()
    assert "and somebody else must approve it now: ask for that here" in page
    assert "Ask for somebody else's yes" in page
    said = ada.post(f"{row.get_absolute_url()}release/", {"origin": row.origin}, follow=True).content.decode()
    assert "It may not leave yet. Waits until somebody else approves it." in said
    row.refresh_from_db()
    assert (row.state, row.reason) == ("held", "Waits until somebody else approves it.")
    assert [one.delivery_id for one in bob.get("/share/approvals/").context["waiting"]] == [row.pk]
    decide(bob, row)
    deliver()
    row.refresh_from_db()
    assert (row.state, len(outside.parcels)) == ("delivered", 1)


def test_who_refused_may_say_yes_after_all_and_nobody_else(ada, group, guarded, outside):
    (row,) = share(ada, "parcel", target=shared.target().pk)
    bob, carl = (visitor(name, group, permissions=("approve_delivery",)) for name in ("bob", "carl"))
    decide(bob, row, "refused")
    page = bob.get(row.get_absolute_url()).content.decode()
    assert "You may approve it after all." in page
    assert "Do not approve" not in page
    assert "after all" not in carl.get(row.get_absolute_url()).content.decode()
    for client in (ada, carl):
        decide(client, row)
    assert Approval.objects.get().verdict == "refused"
    assert bob.get("/share/approvals/").context["waiting"] == []  # it waits for nobody
    decide(bob, row)
    deliver()
    row.refresh_from_db()
    assert (row.state, len(outside.parcels)) == ("delivered", 1)
    decide(bob, row, "refused")
    assert Approval.objects.get().verdict == "approved"


def test_what_waits_for_somebodys_yes_offers_no_release_and_says_who_may_give_it(ada, group, guarded, outside):
    """docs/sharing.md, Approval: a release by its sender would say no, so that none is offered."""
    (row,) = share(ada, "parcel", target=shared.target("private star", group).pk)
    page = ada.get(row.get_absolute_url()).content.decode()
    assert "Nobody may say yes to it now" in page
    visitor(
        "eve", Group.objects.create(name="others"), permissions=("approve_delivery",)
    )  # does not see what it carries
    bob = visitor("bob", group, permissions=("approve_delivery",))
    page = ada.get(row.get_absolute_url()).content.decode()
    assert "May say yes: bob. It goes by itself then" in page
    assert (f"{row.get_absolute_url()}release/" in page, f"{row.get_absolute_url()}cancel/" in page) == (False, True)
    assert ada.get(f"/api/deliveries/{row.pk}/").json()["acts"] == ["cancel"]
    decide(bob, row, "refused")
    page = ada.get(row.get_absolute_url()).content.decode()
    assert (f"{row.get_absolute_url()}release/" in page, "May say yes: bob." in page) == (False, True)


def test_ten_of_those_who_may_say_yes_are_named_and_no_more_are_looked_at(
    ada, group, guarded, outside, django_assert_max_num_queries
):
    (row,) = share(ada, "parcel", target=shared.target("private star", group).pk)
    others = Group.objects.create(name="others")
    right = Permission.objects.get(codename="approve_delivery")
    right.group_set.add(group, others)
    for number in range(40):  # who may not know of it costs nothing
        make.user(f"a{number:02}", others)
    make.user("zoe", group)
    with django_assert_max_num_queries(20):
        assert approvals.deciders(row) == ["zoe"]
    for number in range(30):
        make.user(f"m{number:02}", group)
    with django_assert_max_num_queries(120):
        assert approvals.deciders(row) == [*(f"m{number:02}" for number in range(10)), "others"]
    assert "May say yes: m00, m01," in ada.get(row.get_absolute_url()).content.decode()


def test_what_is_under_embargo_offers_no_release_until_that_is_over(ada, outside):
    star = shared.target()
    embargo = Embargo.objects.create(by_name="pi", target_id=star.pk, reason="paper first")
    (row,) = share(ada, "parcel", target=star.pk)
    release = f"{row.get_absolute_url()}release/"
    assert release not in ada.get(row.get_absolute_url()).content.decode()
    Delivery.objects.filter(pk=row.pk).update(reason="Aimed elsewhere.")  # it may be held for something else as well
    page = ada.get(row.get_absolute_url()).content.decode()
    assert "It cannot be released now: Under embargo until somebody lifts it: paper first" in page
    Embargo.objects.filter(pk=embargo.pk).update(lifted_at=timezone.now())
    assert release in ada.get(row.get_absolute_url()).content.decode()


def test_a_yes_that_does_not_count_any_more_may_be_said_by_another(ada, group, guarded, outside):
    """docs/sharing.md: a yes of somebody who has lost the permission does not count; then it waits for a yes again."""
    (row,) = share(ada, "parcel", target=shared.target().pk)
    bob, carl = (visitor(name, group, permissions=("approve_delivery",)) for name in ("bob", "carl"))
    decide(bob, row)
    bob.user.user_permissions.clear()
    deliver()
    row.refresh_from_db()
    assert row.state == "held"
    assert [one.delivery_id for one in carl.get("/share/approvals/").context["waiting"]] == [row.pk]
    assert "May say yes: carl." in ada.get(row.get_absolute_url()).content.decode()
    decide(carl, row)
    deliver()
    row.refresh_from_db()
    assert (row.state, len(outside.parcels)) == ("delivered", 1)


def test_what_was_cancelled_waits_for_nobody(ada, group, guarded, outside):
    (row,) = share(ada, "parcel", target=shared.target().pk)
    bob = visitor("bob", group, permissions=("approve_delivery",))
    assert "Waits for the yes of somebody else than ada" in ada.get(row.get_absolute_url()).content.decode()
    ada.post(f"{row.get_absolute_url()}cancel/")
    for client in (ada, bob):
        assert "Waits for the yes" not in client.get(row.get_absolute_url()).content.decode()


@pytest.fixture
def guarded(group):
    SendRule.objects.create(group=group, destination="parcel", may="approval")


def decide(client: Client, row: Delivery, verdict: str = "approved", sha256: str = ""):
    return client.post(
        f"/share/approvals/{row.pk}/", {"verdict": verdict, "sha256": sha256 or row.sha256, "note": "fine"}
    )


def test_a_second_person_approves_exactly_what_leaves(ada, group, guarded, outside):
    (row,) = share(ada, "parcel", target=shared.target().pk)
    assert (row.state, row.reason) == ("held", "Waits until somebody else approves it.")
    ada.post(f"{row.get_absolute_url()}release/", {"origin": row.origin})
    deliver()
    row.refresh_from_db()
    assert (row.state, outside.parcels) == ("held", [])
    bob = visitor("bob", group, permissions=("approve_delivery",))
    assert "#" in bob.get("/share/approvals/").content.decode()
    assert "Approve exactly this" in bob.get(row.get_absolute_url()).content.decode()
    assert 'To approve <span class="badge' in bob.get("/events/").content.decode()
    decide(bob, row, sha256="0" * 64)
    assert Approval.objects.get().verdict == ""
    decide(bob, row)
    row.refresh_from_db()
    assert row.state == "queued"
    deliver()
    row.refresh_from_db()
    assert (row.state, len(outside.parcels)) == ("delivered", 1)
    assert bob.get("/share/approvals/").context["waiting"] == []


def test_nobody_approves_their_own_or_without_the_permission_or_what_they_do_not_see(ada, group, guarded, outside):
    star = shared.target("private star", group)
    (row,) = share(ada, "parcel", target=star.pk)
    ada.user.user_permissions.set(Permission.objects.filter(codename="approve_delivery"))
    bob = visitor("bob", group)
    stranger = visitor("eve", Group.objects.create(name="others"), permissions=("approve_delivery",))
    for client in (ada, bob, stranger, Client()):
        decide(client, row)
    assert Approval.objects.get().verdict == ""
    deliver()
    assert outside.parcels == []


def test_an_edit_needs_a_word_of_its_own_and_so_does_a_yes_that_was_taken_back(ada, group, guarded, outside):
    star = shared.target()
    bob = visitor("bob", group, permissions=("approve_delivery",))
    (row,) = share(ada, "parcel", target=star.pk)
    decide(bob, row)
    bob.user.user_permissions.clear()
    deliver()
    row.refresh_from_db()
    assert row.state == "held"
    bob.user.user_permissions.set(Permission.objects.filter(codename="approve_delivery"))
    (other,) = share(ada, "parcel", text="other words", target=star.pk)
    assert other.state == "held"
    decide(bob, other, "refused")
    other.refresh_from_db()
    assert (other.state, other.reason) == ("held", "bob did not approve it: fine")


def edited(client: Client, text: str, row: Delivery | None = None, **said) -> tuple[Draft, str]:
    """A draft with other words up to its confirm page, and that page; of `row` said anew where it is given."""
    if row is None:
        draft = open_draft(client, **said)
    else:
        answer = client.post(f"/share/again/{row.pk}/")
        draft = Draft.objects.get(pk=int(answer["Location"].strip("/").split("/")[-1]))
    answer = check(client, draft, "parcel", title="A title", text=text)
    page = client.get(answer["Location"]).content.decode()
    draft.refresh_from_db()
    return draft, page


@pytest.mark.parametrize("how", ["opened again", "said anew"])
def test_an_edit_takes_the_place_of_what_waits_so_that_only_one_goes(ada, group, guarded, outside, how):
    """docs/sharing.md, Approval: an edit voids what waited; else a yes to each sends both."""
    star = shared.target()
    bob = visitor("bob", group, permissions=("approve_delivery",))
    (row,) = share(ada, "parcel", target=star.pk)
    draft, page = edited(ada, "other words", row if how == "said anew" else None, target=star.pk)
    assert f'name="withdraw" value="{row.pk}" id="withdraw-{row.pk}" checked' in page
    ada.post(f"/share/{draft.pk}/confirm/", {"seal": draft.seal, "withdraw": row.pk})
    other = Delivery.objects.get(share__draft=draft)
    row.refresh_from_db()
    assert (row.state, row.reason) == ("cancelled", f"Cancelled. #{other.pk} takes its place.")
    assert f"#{other.pk} takes its place." in bob.get(row.get_absolute_url()).content.decode()
    assert f"It takes the place of #{row.pk}" in bob.get(other.get_absolute_url()).content.decode()
    assert [one.delivery_id for one in bob.get("/share/approvals/").context["waiting"]] == [other.pk]
    for one in (row, other):
        decide(bob, one)
    deliver()
    assert len(outside.parcels) == 1


def test_an_edit_touches_nothing_that_has_left_or_that_is_not_its_own(ada, group, guarded, outside):
    star = shared.target()
    bob = visitor("bob", group, permissions=("approve_delivery",))
    (row,) = share(ada, "parcel", target=star.pk)
    (theirs,) = share(bob, "parcel", text="of bob", target=star.pk)
    draft, page = edited(ada, "other words", target=star.pk)
    assert f'value="{row.pk}"' in page
    assert f'value="{theirs.pk}"' not in page
    for key in (theirs.pk, 10**6, "x"):
        answer = ada.post(f"/share/{draft.pk}/confirm/", {"seal": draft.seal, "withdraw": key}, follow=True)
        assert "does not wait any more. Look again." in answer.content.decode()
    decide(bob, row)
    deliver()
    ada.post(f"/share/{draft.pk}/confirm/", {"seal": draft.seal, "withdraw": row.pk})
    states = [one.state for one in Delivery.objects.order_by("pk")]
    assert (states, len(outside.parcels)) == (["delivered", "held"], 1)
    _, page = edited(ada, "other words", target=star.pk)
    assert 'name="withdraw"' not in page


def test_other_objects_of_the_same_target_take_nobodys_place(ada, group, guarded, outside):
    star = shared.target()
    first, second, _ = shared.photometry(star)
    share(ada, "parcel", target=star.pk, photometry=first.pk)
    _, page = edited(ada, "the second", target=star.pk, photometry=second.pk)
    assert "Send it?" in page
    assert 'name="withdraw"' not in page


def test_who_may_make_rules_and_embargoes(ada, group):
    star = shared.target("private star", group)
    for act in (
        {"act": "rule", "group": group.pk, "destination": "*", "may": "no"},
        {"act": "embargo", "target": "private star"},
    ):
        ada.post("/share/rules/", act)
    assert SendRule.objects.count() + Embargo.objects.count() == 0
    pi = visitor("pi", group, permissions=("change_sendrule", "change_embargo"))
    said = pi.post("/share/rules/", {"act": "rule", "group": group.pk, "destination": "GNC:*", "may": "no"})
    assert "It fits nothing that this TOM sends to" in said.content.decode()
    pi.post("/share/rules/", {"act": "rule", "group": group.pk, "destination": "gcn:*", "may": "no"})
    pi.post("/share/rules/", {"act": "embargo", "target": "private star", "reason": "paper"})
    assert (SendRule.objects.get().destination, Embargo.objects.get().target_id) == ("gcn:*", star.pk)
    assert "no event of that name" in pi.post("/share/rules/", {"act": "embargo", "event": "S1"}).content.decode()
    for until in ("tomorrow", "2020-01-01"):
        pi.post("/share/rules/", {"act": "embargo", "target": "private star", "until": until})
    assert Embargo.objects.count() == 1
    assert "paper" in ada.get("/share/rules/").content.decode()
    stranger = visitor("eve", permissions=("change_sendrule", "change_embargo"))
    assert "private star" not in stranger.get("/share/rules/").content.decode()
    assert stranger.post("/share/rules/", {"act": "lift", "pk": Embargo.objects.get().pk}).status_code == 404
    stranger.post("/share/rules/", {"act": "embargo", "target": "private star"})
    assert Embargo.objects.count() == 1
    pi.post("/share/rules/", {"act": "lift", "pk": Embargo.objects.get().pk})
    assert not Embargo.objects.in_force().exists()


# corrections


def test_what_changed_since_is_flagged_and_said_anew_with_reference(ada, outside):
    star = shared.target()
    row = shared.photometry(star, 2)[0]
    (sent,) = share(ada, "parcel", target=star.pk)
    deliver()
    sent.refresh_from_db()
    corrections.run()
    assert not SharedItem.objects.exclude(changed=None).exists()
    PhotometryReducedDatum.objects.filter(pk=row.pk).update(brightness=17.0)
    corrections.run()
    assert list(SharedItem.objects.exclude(changed=None).values_list("kind", "number")) == [("photometry", row.pk)]
    assert "1 of what it carried is otherwise now" in ada.get(sent.get_absolute_url()).content.decode()
    assert "1 changed since" in ada.get(f"/scimma/targets/{star.pk}/share/").content.decode()
    address = ada.post(f"/share/again/{sent.pk}/")["Location"]
    draft = Draft.objects.get(pk=int(address.strip("/").split("/")[-1]))
    assert (draft.corrects, draft.sinks, draft.form["text"]) == (sent, ["parcel"], "words")
    check(ada, draft, "parcel", "hopskotch:tom.news", title="Erratum", text="corrected")
    confirm(ada, draft)
    corrected = Share.objects.get(delivery__destination="hopskotch:tom.news")
    assert corrected.corrects == sent
    document, _ = unpacked(bytes(corrected.delivery.payload))
    assert document["references"] == [{"url": sent.receipt_url}]
    PhotometryReducedDatum.objects.filter(pk=row.pk).delete()
    assert corrections.flag(sent) == 1


def test_a_correction_on_a_topic_refers_to_the_first_message_by_its_id(ada):
    """hop's `_id` is what SCiMMA's archive keeps a message under."""
    (first,) = share(ada, "hopskotch:tom.news", target=shared.target().pk)
    Delivery.objects.filter(pk=first.pk).update(receipt_id="tom.news@0", state="delivered")
    address = ada.post(f"/share/again/{first.pk}/")["Location"]
    draft = Draft.objects.get(pk=int(address.strip("/").split("/")[-1]))
    check(ada, draft, "hopskotch:tom.news", title="Erratum", text="corrected")
    shown = ada.get(f"/share/{draft.pk}/confirm/").content.decode()
    confirm(ada, draft)
    second = Share.objects.get(corrects=first).delivery
    cited = f"tom.news {producer.identity(sources.tom_name(), first.key)}"
    assert unpacked(bytes(second.payload))[0]["references"] == [{"source": "Hopskotch", "citation": cited}]
    assert f"Refers to: Hopskotch {cited}" in shown


@pytest.mark.parametrize("state", ["rejected", "expired", "cancelled", "held", "queued"])
def test_what_did_not_leave_is_edited_in_a_draft_that_refers_to_nothing(ada, state):
    (first,) = share(ada, "parcel", target=shared.target().pk)
    Delivery.objects.filter(pk=first.pk).update(state=state)
    assert "Edit it" in ada.get(first.get_absolute_url()).content.decode()
    address = ada.post(f"/share/again/{first.pk}/")["Location"]
    draft = Draft.objects.get(pk=int(address.strip("/").split("/")[-1]))
    assert (draft.corrects, draft.sinks, draft.form["text"]) == (None, ["parcel"], "words")
    assert ada.post(f"/share/again/{first.pk}/")["Location"] == address


@pytest.mark.parametrize("state", ["sending", "unknown"])
def test_what_may_be_there_is_not_edited_before_somebody_knows(ada, state):
    (first,) = share(ada, "parcel", target=shared.target().pk)
    Delivery.objects.filter(pk=first.pk).update(state=state)
    assert "/share/again/" not in ada.get(first.get_absolute_url()).content.decode()
    assert ada.post(f"/share/again/{first.pk}/").status_code == 404


# pages


def test_a_target_shows_what_was_shared_and_offers_its_data(ada, group):
    star = shared.target("a star", group)
    shared.photometry(star)
    share(ada, "parcel", target=star.pk)
    page = ada.get(f"/scimma/targets/{star.pk}/share/").content.decode()
    assert "3 points of photometry" in page
    assert "Photometry" in page
    part = ada.get(f"/scimma/targets/{star.pk}/share/", headers={"HX-Request": "true"}).content.decode()
    assert not part.lstrip().startswith("<link")  # HTML's parser puts that into the head, and htmx takes the body
    assert "share.css" in part
    rows = ada.get(f"/scimma/targets/{star.pk}/share/rows/", {"kind": "photometry"}).content.decode()
    assert rows.count('name="photometry"') == 3
    stranger = visitor("eve")
    for part in ("share/", "share/rows/?kind=photometry"):
        assert stranger.get(f"/scimma/targets/{star.pk}/{part}").status_code == 404
    assert "a star" not in stranger.get("/share/", {"target": star.pk}).content.decode()


def test_the_host_shows_the_button_and_the_tab(ada, astropy_frames):
    star = shared.target()
    page = ada.get(f"/targets/{star.pk}/").content.decode()
    assert f"/share/?target={star.pk}" in page
    assert f"/scimma/targets/{star.pk}/share/" in page


def test_an_event_offers_and_shows_it(ada):
    make.known("S261120ab")
    assert "/share/?event=S261120ab" in ada.get("/events/S261120ab/").content.decode()
    assert "/share/?event" not in Client().get("/events/S261120ab/").content.decode()
    share(ada, "parcel", event="S261120ab")
    assert "parcel" in ada.get("/events/S261120ab/shared/").content.decode()
    assert "parcel" not in visitor("eve").get("/events/S261120ab/shared/").content.decode()


def test_the_receipt_follows_until_nothing_moves(ada, outside):
    (row,) = share(ada, "parcel", target=shared.target().pk)
    address = f"/share/{row.share.draft_id}/receipt/"
    assert "every 2s" in ada.get(address, headers=HTMX).content.decode()
    Draft.objects.update(sent=timezone.now() - timedelta(hours=1))
    assert "every 60s" in ada.get(address, headers=HTMX).content.decode(), (
        "what waits for days is asked about less often"
    )
    deliver()
    page = ada.get(address, headers=HTMX).content.decode()
    assert "every" not in page
    assert "delivered" in page


@pytest.mark.parametrize("fault", ["refuse", "error"])
def test_a_refusal_is_said_once_on_the_receipt_and_on_its_own_page(ada, outside, fault):
    (row,) = share(ada, "parcel", target=shared.target().pk)
    outside.faults.append(fault)
    deliver()
    receipt = ada.get(f"/share/{row.share.draft_id}/receipt/").content.decode()
    page = ada.get(row.get_absolute_url()).content.decode().partition("What happened")[0]
    words = {"refuse": "This field is too dull.", "error": "No, thank you."}[fault]
    assert (receipt.count(words), page.count(words)) == (1, 1)
    assert "The same again would be refused again." in page
    Delivery.objects.update(errors={}, reason="HTTP 403: Invalid token.")  # nothing of what it says is wrong
    assert "Send it again when its cause is mended." in ada.get(row.get_absolute_url()).content.decode()


def test_the_receipt_of_what_was_said_before_leads_to_it(ada, group, outside):
    star = shared.target()
    (row,) = share(ada, "parcel", target=star.pk)
    assert share(ada, "parcel", "hopskotch:tom.news", target=star.pk)[0].destination == "hopskotch:tom.news"
    assert share(ada, "parcel", target=star.pk) == []
    for draft in Draft.objects.exclude(pk=row.share.draft_id):
        page = ada.get(f"/share/{draft.pk}/receipt/").content.decode()
        assert f'href="{row.get_absolute_url()}"' in page
        assert "by ada: the same to the same place is said once" in page
    assert "said once" not in ada.get(f"/share/{row.share.draft_id}/receipt/").content.decode()
    colleague = visitor("grace", group)
    assert share(colleague, "parcel", target=star.pk) == []
    address = f"/share/{Draft.objects.get(user=colleague.user).pk}/receipt/"
    assert row.get_absolute_url() in colleague.get(address).content.decode()
    colleague.user.groups.clear()  # one may know of a delivery no longer: it is not named
    page = colleague.get(address).content.decode()
    assert row.get_absolute_url() not in page
    assert "you may not see" in page


def test_the_mpc_gets_a_file_and_no_delivery(ada):
    rock = shared.target("2015 BP1", type="NON_SIDEREAL", ra=None, dec=None, scheme="MPC_MINOR_PLANET")
    shared.position(rock)
    draft = open_draft(ada, target=rock.pk)
    said = {
        "stn": "F65",
        "aperture": "2.0",
        "astcat": "Gaia3",
        "submitter": "A. B",
        "observers": "A. B",
        "measurers": "A. B",
    }
    words = {f"ades.{name}": value for name, value in said.items()}
    assert check(ada, draft, "ades", **words)["Location"] == draft.get_absolute_url()
    page = ada.get(draft.get_absolute_url()).content.decode()
    assert "HERMES sends the MPC nothing" in page
    answer = ada.get(f"/share/{draft.pk}/payload/", {"sink": "ades"})
    assert answer.content.startswith(b"# version=2022")
    assert "2015_BP1-ades.psv" in answer["Content-Disposition"]
    assert Delivery.objects.count() == 0


def test_a_wrong_choice_says_what_is_wrong(ada):
    assert ada.get("/share/?target=x").status_code == 400
    assert ada.get("/share/?target=99999").status_code == 404
    assert ada.get("/share/").status_code == 200


def test_a_draft_without_a_title_is_called_by_its_target_to_who_may_see_it(group):
    star, ada = shared.target("AT2026abc", group), visitor("ada", group)
    ada.get("/share/", {"target": star.pk})
    draft = Draft.objects.get()
    link = f'<a href="{draft.get_absolute_url()}">'
    assert f"{link}AT2026abc</a>" in ada.get("/share/").content.decode()
    Draft.objects.update(form={"title": "Our star"})
    assert f"{link}Our star</a>" in ada.get("/share/").content.decode()
    Draft.objects.update(form={})
    ada.user.groups.clear()
    page = ada.get("/share/").content.decode()
    assert f"{link}without a title</a>" in page
    assert "AT2026abc" not in page
