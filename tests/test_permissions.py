"""Promise 6: what a protected topic says is seen by its groups only. Walks every URL and REST route that is ours."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse
from guardian.shortcuts import assign_perm
from tom_common.api_router import SharedAPIRootRouter
from tom_targets.models import Target

from tests import catalogs
from tests import factories as make
from tests.world import HIDDEN, MAY, ROLES, SECRET, World
from tom_scimma import pages
from tom_scimma.models import Alert, Event, Localization, Message

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(settings, tmp_path):
    settings.TOM_SCIMMA = {"TOPICS": {"lvk.nutrack": {"groups": ["lvk"]}}, "GALAXY_DIR": str(tmp_path)}
    catalogs.loaded(tmp_path)
    return World()


def ours() -> set[str]:
    """The name of every page of ours."""
    return {pattern.name for pattern in pages.urlpatterns if isinstance(pattern, URLPattern)}


def routes() -> set[str]:
    """The name of every REST route of ours."""
    found = set()
    assert get_resolver().url_patterns  # the host collects routes when its URLs are loaded
    for pattern in SharedAPIRootRouter.shared_router.urls:
        if getattr(getattr(pattern.callback, "cls", None), "__module__", "").startswith("tom_scimma."):
            found.add(pattern.name)
    return found


#: pages of one protected thing: name -> arguments; 404 for strangers
ONE = {
    "event": lambda world: {"name": SECRET},
    "event-skymap": lambda world: {"name": SECRET},
    "event-skymap-as": lambda world: {"name": SECRET, "form": "svg"},
    "event-distance": lambda world: {"name": SECRET, "form": "png"},
    "event-sky": lambda world: {"name": SECRET},
    "event-layer": lambda world: {"name": SECRET, "layer": "contours"},
    "event-targets": lambda world: {"name": SECRET},
    "event-notice": lambda world: {"name": SECRET, "form": "voevent"},
    "event-portfolio": lambda world: {"name": SECRET},
    "event-merges": lambda world: {"name": SECRET},
    "event-joint": lambda world: {"name": "S261120ab", "other": SECRET},
    "event-joint-file": lambda world: {"name": SECRET, "other": "S261120ab", "form": "fits"},
    "event-told": lambda world: {"name": SECRET},
    "event-shared": lambda world: {"name": SECRET},
    "event-candidates": lambda world: {"name": SECRET},
    "event-galaxies": lambda world: {"name": SECRET},
    "event-galaxies-file": lambda world: {"name": SECRET, "form": "csv"},
    "localization-png": lambda world: {"pk": world.map.pk},
    "localization-fits": lambda world: {"pk": world.map.pk},
    "message": lambda world: {"uid": world.bad.uid},
    "message-raw": lambda world: {"uid": world.bad.uid},
    "delivery": lambda world: {"pk": world.sent.pk},
    "delivery-payload": lambda world: {"pk": world.sent.pk},
}
#: pages of many things
MANY = {"events", "galaxies", "messages", "sent", "streams", "detectors", "health", "metrics"}
#: pages that write, or that need another app; tested by themselves below, in test_streams, test_candidates_seen, test_pages_sent
APART = {
    "candidate-add",
    "candidate-decide",
    "candidates-decide",
    "target-events",
    "message-retry",
    "stream-choice",
    "stream-open",
    "event-panel",
    "event-galaxies-targets",
    "delivery-act",
    "reaction-retry",  # in test_workload
    "sent-stop",
    # one's own, in test_pages_told
    "contact",
    "contact-new",
    "contact-test",
    "contact-forget",
    "told",
    "telling-seen",
    "seen",
}

#: files of all of a list; in test_export
APART |= {"events-export", "messages-export"}
MANY |= {"find", "find-names", "find-completion"}
MANY |= {"archive"}
APART |= {"archive-fetch", "archive-look", "message-fetch"}  # in test_archive_gaps
#: everybody's own; tested in test_subscription_pages
APART |= {"find-file", "hindsight", "subscriptions", "subscription", "subscription-new", "subscription-save"}
APART |= {"subscription-edit", "subscription-switch", "subscription-delete", "subscription-test"}

#: pages of what one person is about to share, or has shared: theirs alone
SHARE = {
    "share-draft",
    "share-form",
    "share-preview",
    "share-rows",
    "share-preload",
    "share-payload",
    "share-discard",
    "share-check",
    "share-asked",
    "share-offers",
    "share-confirm",
    "share-receipt",
    "standing-new",
    "standing",
    "share-again",
}
#: pages of sharing that list what each person may see
SHARES = {"share", "share-rules", "approvals", "approval", "target-share", "target-share-rows"}
APART |= {
    "credential",
    "credential-test",
    "credential-tested",
    "access",
}  # one's own, and for staff; in test_hopskotch_credentials
APART |= {"account-tested"}  # one's own; in test_treasuremap_report_pages
APART |= SHARE | SHARES | {"merges", "merge-act"}  # in test_portfolio

ONE_ROUTE = {
    "events-detail": lambda world: {"name": SECRET},
    "events-ledger": lambda world: {"name": SECRET},
    "events-galaxies": lambda world: {"name": SECRET},
    "alerts-detail": lambda world: {"pk": world.hidden.pk},
    "alerts-notice": lambda world: {"pk": world.hidden.pk, "form": "text"},
    "annotations-detail": lambda world: {"pk": world.noted.pk},
    "candidates-detail": lambda world: {"pk": world.candidate.pk},
    "messages-detail": lambda world: {"uid": world.bad.uid},
    "messages-raw": lambda world: {"uid": world.bad.uid},
    "localizations-detail": lambda world: {"pk": world.map.pk},
    "localizations-fits": lambda world: {"pk": world.map.pk},
    "deliveries-detail": lambda world: {"pk": world.sent.pk},
}
MANY_ROUTES = {
    "candidates-list",
    "events-list",
    "alerts-list",
    "annotations-list",
    "messages-list",
    "localizations-list",
    "deliveries-list",
}
MANY_ROUTES |= {"gaps-list", "backfills-list"}
APART_ROUTES = {"events-export", "messages-export", "messages-retry", "deliveries-act"}  # the latter in test_pages_sent
APART_ROUTES |= {"gaps-fetch"}  # in test_archive_gaps
APART_ROUTES |= {"merges-list", "merges-detail"}  # in test_portfolio
APART_ROUTES |= {f"subscriptions-{name}" for name in ("list", "detail", "matches", "hindsight")}


def test_no_page_and_no_route_is_forgotten():
    assert ours() == set(ONE) | MANY | APART
    assert routes() == set(ONE_ROUTE) | MANY_ROUTES | APART_ROUTES


def addresses(world) -> list[str]:
    """The address of every protected thing."""
    found = [reverse(f"tom_scimma:{name}", kwargs=arguments(world)) for name, arguments in ONE.items()]
    return found + [reverse(f"api:{name}", kwargs=arguments(world)) for name, arguments in ONE_ROUTE.items()]


def test_a_protected_thing_is_not_there_for_strangers(world):
    assert_each_has_what_is_theirs(world)


def assert_each_has_what_is_theirs(world):
    """Those who may see it come first: its pictures are in the cache when strangers come."""
    for role in (*MAY, *(role for role in ROLES if role not in MAY)):
        for address in addresses(world):
            answer = world.clients[role].get(address)
            assert answer.status_code == (200 if role in MAY else 404), f"{role} {address}"
            if role not in MAY:
                assert_silent(answer, world, besides=address)


def assert_silent(answer, world, besides: str = ""):
    text = answer.getvalue().decode("utf-8", "replace")
    for word in world.words:
        if word not in besides:  # a 404 may repeat the address that was asked for
            assert word not in text, f"{answer.request['PATH_INFO']} tells {word}"


#: addresses that list or search, with questions that would find what is protected
QUESTIONS = [
    "/events/",
    "/events/?role=all",
    f"/events/?query={SECRET[:5]}",
    "/events/?query=alias-of",
    "/events/?sort=name",
    "/events/?sort=-far_hz",
    "/find/",
    f"/find/?q=name+~+%22{SECRET[:5]}%22",
    "/find/?q=name+~+%22alias-of%22",
    "/find/?what=alerts&q=kind+%3D+%22GW%22",
    f"/find/?what=alerts&q=source+%3D+%22{HIDDEN}%22",
    "/find/?what=candidates&q=level+%3E%3D+0",
    "/find/found.csv?what=alerts&q=kind+%3D+%22GW%22",
    "/find/found.json?what=events&q=kind+%3D+%22GW%22",
    "/find/names/",
    "/messages/",
    "/messages/?state=quarantined",
    "/messages/?query=S261120ab",
    "/messages/?query=error-of",
    "/messages/?sender=sender",
    "/messages/?topic=lvk",
    "/streams/",
    "/streams/detectors/",
    "/galaxies/",
    "/events/S261120ab/galaxies/",
    "/events/S261120ab/galaxies.csv",
    "/api/events/S261120ab/galaxies/",
    "/sent/",
    "/sent/?query=member",
    f"/sent/?event={SECRET[:5]}",
    "/scimma/health/",
    "/scimma/metrics",
    "/events/S261120ab/",
    "/events/S261120ab/targets/",
    "/events/S261120ab/candidates/",
    "/events/S261120ab/notice.json",
    "/events/S261120ab/notice.voevent",
    "/api/candidates/",
    f"/api/candidates/?event={SECRET}",
    "/api/events/",
    "/api/events/?query=alias-of",
    "/api/events/S261120ab/",
    "/api/events/S261120ab/ledger/",
    "/api/alerts/",
    "/api/alerts/?event=S261120ab",
    f"/api/alerts/?event={SECRET}",
    "/api/alerts/?source=nu",
    "/api/annotations/",
    f"/api/annotations/?event={SECRET}",
    "/api/messages/",
    "/api/messages/?state=quarantined",
    "/api/messages/?query=error-of",
    "/api/localizations/",
    f"/api/localizations/?event={SECRET}",
    "/api/deliveries/",
    "/api/deliveries/?person=member",
    "/",
]


@pytest.mark.parametrize("role", ["stranger", "anonymous"])
def test_nothing_protected_is_listed_found_or_counted(world, role):
    for address in QUESTIONS:
        answer = world.clients[role].get(address)
        assert answer.status_code in (200, 503), address
        assert_silent(answer, world, besides=address)
    assert world.clients[role].get("/events/?query=alias-of").context["record_count"] == 0
    assert world.clients[role].get("/messages/?query=error-of").context["record_count"] == 0
    for address, count in (("/api/alerts/", 1), ("/api/messages/", 1), ("/api/localizations/", 1), ("/api/events/", 1)):
        assert world.clients[role].get(address).json()["count"] == count, address


@pytest.mark.parametrize("role", MAY)
def test_members_see_it_marked_as_protected(world, role):
    client = world.clients[role]
    assert SECRET in client.get("/events/").content.decode()
    page = client.get("/events/S261120ab/").content.decode()
    assert HIDDEN in page
    assert "protected</span>" in page
    assert "alias-of-secret" in page
    assert "error-of-secret" in client.get("/messages/?state=quarantined").content.decode()
    for address, count in (("/api/alerts/", 3), ("/api/messages/", 4), ("/api/localizations/", 3), ("/api/events/", 2)):
        assert client.get(address).json()["count"] == count, address


@pytest.mark.parametrize("role", ROLES)
def test_who_may_try_again(world, role):
    client = world.clients[role]
    page = client.post(reverse("tom_scimma:message-retry", kwargs={"uid": world.bad.uid}))
    rest = client.post(reverse("api:messages-retry", kwargs={"uid": world.bad.uid}))
    if role == "anonymous":
        assert page.status_code == 302
        assert page["Location"].startswith("/accounts/login/")
        assert rest.status_code in (401, 403)
    else:
        assert page.status_code == (302 if role in MAY else 404)
        assert rest.status_code == (200 if role in MAY else 404)
    assert client.get(reverse("tom_scimma:message-retry", kwargs={"uid": world.bad.uid})).status_code in (302, 405)


def test_nothing_else_writes(world):
    """Every route of ours refuses every method that changes, even for a superuser."""
    client = world.clients["superuser"]
    writing = {reverse("tom_scimma:message-retry", kwargs={"uid": world.bad.uid}), "/api/candidates/"}
    writing.add(reverse("api:candidates-detail", kwargs={"pk": world.candidate.pk}))
    lists = [reverse(f"api:{name}") for name in MANY_ROUTES] + [reverse(f"tom_scimma:{name}") for name in MANY]
    before = [model.objects.count() for model in (Event, Alert, Message, Localization)]
    for address in {*addresses(world), *lists} - writing:
        for method in (client.post, client.put, client.patch, client.delete):
            assert method(address).status_code in (403, 405), f"{method.__name__} {address}"
    assert [model.objects.count() for model in (Event, Alert, Message, Localization)] == before


def test_a_target_shows_to_those_who_may_see_it(world):
    target = Target.objects.create(name="kilonova-of-secret", type="SIDEREAL", ra=30.0, dec=20.0, permissions="PRIVATE")
    assign_perm(f"{Target._meta.app_label}.view_target", world.group, target)
    world.open.target = target
    world.open.save()
    for role in ROLES:
        for address in ("/events/S261120ab/", "/events/S261120ab/targets/"):
            shown = target.name in world.clients[role].get(address).content.decode()
            assert shown == (role in MAY), f"{role} {address}"


def test_a_user_who_left_the_group_sees_nothing_at_once(world):
    address = reverse("tom_scimma:event-skymap", kwargs={"name": SECRET})
    answer = world.clients["member"].get(address)
    world.users["member"].groups.clear()
    again = world.clients["member"].get(address, headers={"If-None-Match": answer["ETag"]})
    assert answer.status_code == 200
    assert "private" in answer["Cache-Control"]
    assert again.status_code == 404


def test_a_locked_tom_shows_nothing_to_passers_by(world, settings):
    settings.AUTH_STRATEGY = "LOCKED"
    for address in ("/events/", "/messages/", "/events/S261120ab/", "/api/events/", "/events/S261120ab/skymap.png"):
        assert world.clients["anonymous"].get(address).status_code in (302, 401, 403), address


def test_the_admin_keeps_protected_rows_from_staff_of_other_groups(world):
    staff = make.user("staff", is_staff=True)
    from django.contrib.auth.models import Permission

    staff.user_permissions.set(Permission.objects.filter(content_type__app_label="tom_scimma"))
    client = Client()
    client.force_login(staff)
    for model in ("event", "alert", "message", "localization"):
        answer = client.get(f"/admin/tom_scimma/{model}/")
        assert answer.status_code == 200
        assert_silent(answer, world)


def test_the_rest_pages_list_no_hidden_rows_to_choose_from(client):
    """The browsable API draws a form of its filters; a choice among rows would show them all."""
    for route in ("events", "alerts", "annotations", "messages", "localizations"):
        page = client.get(f"/api/{route}/", headers={"accept": "text/html"})
        assert page.status_code == 200
        assert b'name="alert"' not in page.content or b"<option" not in page.content.split(b'name="alert"')[1][:200]


@pytest.fixture
def sharing(world, settings):
    """The member is about to share the protected event with a private target, and does so by itself with what comes."""
    from tests.sharing import photometry, target
    from tom_scimma.compose import standing
    from tom_scimma.models import Draft, StandingShare

    here = {"hopskotch": {"kind": "kafka", "brokers": "127.0.0.1:9", "auth": False}}
    settings.TOM_SCIMMA = {**settings.TOM_SCIMMA, "SHARE_TOPICS": ["tom.news"], "SOURCES": here}
    world.star = target("star-of-secret", world.group)
    photometry(world.star)
    world.clients["member"].get(f"/share/?event={SECRET}&target={world.star.pk}")
    world.draft = Draft.objects.get()
    word = {"f.title": "title-of-secret", "f.text": "w", "sink": ["hopskotch:tom.news"], "sinks": "1"}
    world.clients["member"].post(f"/share/{world.draft.pk}/check/", word)
    world.draft.refresh_from_db()
    standing.begin(
        world.users["member"],
        "hopskotch:tom.news",
        {"title": "t", "text": "w"},
        target=world.star.pk,
        predicate={},
        per_hour=1,
    )
    world.standing = StandingShare.objects.get()
    return world


def share_addresses(world) -> dict[str, str]:
    """The address of every page of SHARE and SHARES."""
    others = {"share-again": world.sent.pk, "approval": world.sent.pk, "standing": world.standing.pk}
    others |= {"target-share": world.star.pk, "target-share-rows": world.star.pk}
    found = {}
    for name in SHARE | SHARES:
        arguments = {} if name in ("share", "share-rules", "approvals") else {"pk": others.get(name, world.draft.pk)}
        found[name] = reverse(f"tom_scimma:{name}", kwargs=arguments)
    found["target-share-rows"] += "?kind=photometry"
    found["share-rows"] += "?kind=photometry"
    found["share-payload"] += "?sink=hopskotch:tom.news"
    found["standing-new"] += "?sink=hopskotch:tom.news"
    found["share-receipt"] = found["share-draft"] + "receipt/"
    return found


@pytest.mark.parametrize("role", ["anonymous", "stranger", "colleague", "owner"])
def test_what_somebody_shares_is_theirs_until_it_leaves(sharing, role):
    clients = {**sharing.clients, "owner": sharing.clients["member"], "colleague": Client()}
    clients["colleague"].force_login(make.user("colleague", sharing.group))
    client, words = clients[role], (SECRET, "star-of-secret", "title-of-secret")
    for name, address in share_addresses(sharing).items():
        for method in (client.get, client.post):
            if role == "owner" and method == client.post:
                continue
            answer = method(address)
            text = answer.content.decode("utf-8", "replace")
            if role == "owner":
                assert answer.status_code in (200, 302, 405), address
            elif name in SHARE or (role == "anonymous" and name != "target-share"):
                login = answer.status_code == 302 and answer["Location"].startswith("/accounts/login/")
                assert login if role == "anonymous" else answer.status_code in (404, 405), (
                    f"{name} {answer.status_code}"
                )
            if role in ("anonymous", "stranger"):
                assert not any(word in text for word in words), name
    assert type(sharing.draft).objects.filter(pk=sharing.draft.pk, sent=None).exists()


@pytest.mark.parametrize("role", ["anonymous", "stranger"])
def test_nothing_protected_is_chosen_by_those_who_may_not_see_it(sharing, role):
    from tom_scimma.models import Draft

    client, keys = sharing.clients[role], list(sharing.star.photometryreduceddatum_set.values_list("pk", flat=True))
    said = [{"event": SECRET}, {"target": sharing.star.pk}, {"photometry": keys}, {"candidate": sharing.candidate.pk}]
    for one in said:
        for answer in (client.get("/share/", one), client.post("/share/", one)):
            assert answer.status_code == (302 if role == "anonymous" else 404), one
            assert_silent(answer, sharing, besides=answer.request["QUERY_STRING"] + answer.get("Location", ""))
    mine = {"target": Target.objects.get(name="a star").pk}
    client.get("/share/", mine)
    draft = Draft.objects.exclude(pk=sharing.draft.pk).first()
    assert (draft is None) == (role == "anonymous")
    if draft is not None:  # nor slipped into a draft of what one may see
        rows = f"/share/{draft.pk}/rows/"
        for kind, pick in (("photometry", keys), ("target", [sharing.star.pk]), ("candidate", [sharing.candidate.pk])):
            assert (
                client.post(
                    rows, {"kind": kind, "shown": pick, "pick": pick}, headers={"HX-Request": "true"}
                ).status_code
                == 404
            )
        form = {"sinks": "1", "sink": "hopskotch:tom.news", "f.title": "T", "f.text": "w"}
        page = client.post(f"/share/{draft.pk}/preview/", form, headers={"HX-Request": "true"})
        assert page.status_code == 200
        assert "star-of-secret" not in page.content.decode()
