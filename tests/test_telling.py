"""Who is told what, when, and how often: over a real web server and mail server on loopback, by the worker's own parts.

Authority: the design's promises (once; only the living; private stays private) and the contacts' rules.
"""

from __future__ import annotations

import base64
import json
import logging
from datetime import time, timedelta

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from tests import factories as make
from tests.ears import MailEar, text_of
from tests.outside import rig
from tests.told import TOM, contact, hear, outcomes, send, subscription, wave
from tom_scimma import course, replay, skymap, telling
from tom_scimma.ingest import ingest
from tom_scimma.models import Alert, Contact, Delivery, Event, Match, Message, Reaction, Telling

pytestmark = pytest.mark.django_db
SECRET = "x9tokenx9"


@pytest.fixture(autouse=True)
def tom(settings):
    settings.TOM_SCIMMA = TOM


def to(web, owner=None, **values) -> Contact:
    """A contact whose webhook is that server."""
    return contact(owner, address=f"json://127.0.0.1:{web.port}/{SECRET}", **values)


def titles(web) -> list[str]:
    return [said["title"] for said in web.said]


def test_an_alert_is_told(web, ada):
    sky = skymap.from_gaussian(30.0, 20.0, 3.0, order=4)
    subscription(ada, to(web, ada), name="every wave")
    hear(skymap=sky.to_fits())
    send()
    (said,) = web.said
    assert said["title"].startswith("NEW S261121a: Binary neutron star merger (90 %)")
    assert "https://tom.example.org/events/S261121a/" in said["message"]
    assert "I have seen this: https://tom.example.org/told/seen/" in said["message"]
    assert "Told because of: every wave" in said["message"]
    (picture,) = said["attachments"]
    assert picture["filename"] == "S261121a.png"
    assert base64.b64decode(picture["base64"]).startswith(b"\x89PNG")
    assert outcomes() == ["told"]


def test_the_changes_are_said_up_to_the_retraction(web, ada):
    subscription(ada, to(web, ada, picture=False))
    hear(classification={"BNS": 0.4, "Terrestrial": 0.6}, minutes=4)
    send()
    hear(kind="UPDATE", classification={"BNS": 0.92, "Terrestrial": 0.08}, minutes=3)
    send()
    hear(kind="RETRACTION", minutes=2)
    send()
    hear(kind="UPDATE", minutes=1)
    send()
    assert titles(web) == [
        "NEW S261121a: Noise (terrestrial) (60 %); false alarms 1 per 31.7 years",
        "UPDATE S261121a: BNS 0.4 to 0.92; Terrestrial 0.6 to 0.08",
        "RETRACTED S261121a: LVK took it back",
        "REINSTATED S261121a: Binary neutron star merger (90 %); false alarms 1 per 31.7 years",
    ]
    assert all(said["attachments"] == [] for said in web.said)


def test_once_for_each_version_and_contact(web, ada):
    mine, other = to(web, ada), to(web, ada)
    one, _ = subscription(ada, mine, other), subscription(ada, mine)
    hear()
    alert = Alert.objects.get()
    for _ in range(3):  # a worker that was killed does its reaction again
        Reaction.objects.update(state="queued", not_before=None)
        Match.objects.update(acted=None)
        rig.react()
        telling.tell(one, alert, [mine, other], change="new")
        telling.tell_due()
    send()
    assert len(web.heard) == Delivery.objects.count() == 2
    assert outcomes() == ["told", "told", "dropped"]
    hear(kind="UPDATE", classification={"BNS": 0.5}, minutes=1)
    send()
    assert len(web.heard) == 4


def test_told_at_once_as_critical_it_does_not_come_with_the_digest(web, ada):
    mine = to(web, ada, pace="daily")
    subscription(ada, mine, name="every wave")
    subscription(ada, mine, name="neutron stars", critical=True)
    hear("S261121a")
    hear("S261121b")
    assert outcomes() == ["waiting", "on its way", "waiting", "on its way"]
    Telling.objects.filter(delivery=None).update(due=timezone.now())
    telling.tell_due()
    send()
    assert [title[:13] for title in titles(web)] == ["NEW S261121a:", "NEW S261121b:"]
    assert outcomes() == ["dropped", "told", "dropped", "told"]


def test_who_was_left_out_stands_in_the_row_of_what_the_others_were_told(web, ada, client):
    """An address that was kept before each of those whom it names was looked at."""
    address = f"signal://127.0.0.1:{web.port}/+15551234567/+15557654321/x9tokenx9"
    subscription(ada, contact(ada, address=address, scheme="signal"))
    hear()
    send()
    row = Delivery.objects.get()
    assert (row.state, len(web.heard), outcomes()) == ("delivered", 1, ["told"])
    assert row.reason.startswith(
        "The others were told. Of the 2 that it names, number 2 is nobody whom signal can reach"
    )
    client.force_login(ada)
    for page in (row.get_absolute_url(), "/sent/", "/users/profile/"):
        text = client.get(page).content.decode()
        assert "The others were told. Of the 2 that it names, number 2" in text
        assert "x9tokenx9" not in text


def test_what_was_cancelled_may_be_told_because_of_another_subscription(web, ada):
    mine = to(web, ada)
    first = subscription(ada, mine)
    hear()
    course.move(Delivery.objects.get(), Delivery.State.CANCELLED, reason="by hand")
    telling.tell(subscription(ada, mine), Alert.objects.get(), [mine], change="new")
    send()
    assert len(web.heard) == 1
    assert first.tellings.get().outcome == "cancelled"


def test_a_query_that_no_longer_holds_is_told_once(web, ada):
    subscription(ada, to(web, ada), query="classification.BNS > 0.5", name="nearby")
    hear(classification={"BNS": 0.9}, minutes=4)
    hear(kind="UPDATE", classification={"BNS": 0.1}, minutes=3)
    hear(kind="UPDATE", classification={"BNS": 0.05}, minutes=2)
    send()
    assert titles(web)[1:] == ['UPDATE S261121a: no longer meets "nearby"; BNS 0.9 to 0.1']


def test_by_mail(ada, settings):
    ear = MailEar()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", ear.port
    try:
        subscription(ada, contact(ada, address="ada@example.org", scheme="email"))
        hear(skymap=skymap.from_gaussian(30.0, 20.0, 3.0, order=4).to_fits())
        send()
    finally:
        ear.close()
    (mail,) = ear.mails
    assert mail["To"] == "ada@example.org"
    assert mail["Subject"].startswith("NEW S261121a")
    assert "What is known:" in text_of(mail)
    assert any(part.get_filename() == "S261121a.png" for part in mail.walk())
    assert mail["Message-ID"].strip() == f"<{Delivery.objects.get().key}@tom>"


# only the living tell anybody


@pytest.mark.parametrize("via", ["ingest", "backfill", "replay"])
def test_history_tells_nobody(web, ada, via):
    subscription(ada, to(web, ada))
    hear(via=via)
    assert not Telling.objects.exists()


def test_a_first_start_with_a_month_of_history_tells_of_what_is_young_alone(web, ada):
    subscription(ada, to(web, ada), cap=None)
    now = timezone.now()
    history = [wave(f"S2610{day:02}a", minutes=day * 1440 + 400, now=now) for day in range(1, 31, 4)]
    ingest([*history, wave("S261121z", minutes=2, now=now)], now=now)
    rig.react(times=500)
    telling.tell_due()
    send()
    assert [one.alert.event.name for one in Telling.objects.all()] == ["S261121z"]
    assert len(web.heard) == 1


def test_replay_and_try_again_tell_nobody(web, ada, client):
    hear()
    hear("S261121zz", minutes=2)
    Message.objects.filter(alerts__event__name="S261121zz").update(state="quarantined")
    Event.objects.all().delete()  # as if it had not been understood then
    Reaction.objects.all().delete()
    subscription(ada, to(web, ada))
    replay.replay(list(Message.objects.all()))
    client.force_login(ada)
    for message in Message.objects.all():
        client.post(f"/messages/{message.uid}/retry/")
    rig.react()
    telling.tell_due()
    assert Alert.objects.count() == 2
    assert not Telling.objects.exists()


def test_a_test_goes_to_contacts_for_rehearsals_alone(web, ada):
    real, rehearsal = to(web, ada, name="real"), to(web, ada, name="rehearsal", is_test=True)
    subscription(ada, real, rehearsal, tests=True)
    subscription(ada, real, rehearsal)
    hear("MS261121a")
    hear("S261121b")
    send()
    assert sorted(Telling.objects.values_list("contact__name", "alert__event__name")) == [
        ("real", "S261121b"), ("rehearsal", "MS261121a"),
    ]  # fmt: skip
    assert [title[:14] for title in titles(web)] == ["TEST, not real", "NEW S261121b: "]


# private stays private


def test_a_protected_alert_is_told_to_its_groups_alone(web):
    lvk, others = Group.objects.create(name="lvk"), Group.objects.create(name="others")
    member, stranger = make.user("member", lvk, others), make.user("stranger", others)
    subscription(
        member, to(web, member, name="member"), to(web, group=lvk, name="lvk"), to(web, group=others, name="others")
    )
    subscription(stranger, to(web, stranger, name="stranger"))
    hear("S261121p", topic="lvk.secret")
    send()
    assert set(Telling.objects.values_list("contact__name", flat=True)) == {"member", "lvk"}
    assert len(web.heard) == 2
    assert all("Protected: for its groups only" in said["message"] for said in web.said)


def test_a_protected_word_on_an_event_that_all_see_is_news_to_its_groups(web):
    """Promises 6 and 9: its authority may say more to some; the event's row, which all see, does not change by that."""
    lvk = Group.objects.create(name="lvk")
    member, stranger = make.user("member", lvk), make.user("stranger")
    subscription(member, to(web, member, name="member"))
    subscription(stranger, to(web, stranger, name="stranger"))
    hear("S261121p", minutes=3)
    send()
    before = Event.objects.values().get()
    hear("S261121p", "UPDATE", minutes=2, topic="lvk.secret", far=1e-12)
    send()
    hear("S261121p", "RETRACTION", minutes=1, topic="lvk.secret")
    send()
    told = [(one.contact.name, one.change) for one in Telling.objects.select_related("contact").order_by("pk")]
    assert told == [("member", "new"), ("stranger", "new"), ("member", "updated"), ("member", "retracted")]
    assert Event.objects.values().get() == before


def test_who_left_the_group_before_it_went_is_not_told(web):
    lvk = Group.objects.create(name="lvk")
    member = make.user("member", lvk)
    subscription(member, to(web, member))
    hear("S261121p", topic="lvk.secret")
    member.groups.clear()
    send()
    assert web.heard == []
    assert outcomes() == ["held"]


def test_a_digest_leaves_out_what_its_people_may_not_see_any_more(web):
    lvk = Group.objects.create(name="lvk")
    member = make.user("member", lvk)
    mine = to(web, member, pace="hourly")
    subscription(member, mine)
    hear("S261121p", topic="lvk.secret")
    hear("S261121q")
    member.groups.clear()
    Telling.objects.update(due=timezone.now())
    telling.tell_due()
    send()
    assert sorted(outcomes()) == ["dropped", "told"]
    assert titles(web) == [title for title in titles(web) if "S261121q" in title]
    assert "S261121p" not in json.dumps(web.said)


def test_who_may_not_use_a_contact_any_more_tells_nobody_by_it(web, ada):
    group = Group.objects.create(name="group")
    ada.groups.add(group)
    subscription(ada, to(web, group=group))
    hear("S261121a")
    ada.groups.clear()
    hear("S261121b")
    assert [one.alert.event.name for one in Telling.objects.all()] == ["S261121a"]


def test_what_others_may_know(web):
    group, lvk = Group.objects.create(name="group"), Group.objects.create(name="lvk")
    ada, bob, eve = make.user("ada", group, lvk), make.user("bob", group), make.user("eve")
    subscription(ada, to(web, ada))
    hear("S261121a")
    hear("S261121p", topic="lvk.secret")

    def seen(user):
        return set(Telling.objects.visible_to(user).values_list("alert__event__name", flat=True))

    assert seen(ada) == seen(make.user("root", is_superuser=True)) == {"S261121a", "S261121p"}
    assert seen(bob) == {"S261121a"}
    assert seen(eve) == seen(None) == set()


# the rules of the contact


def quiet_now() -> dict:
    """Quiet hours that began an hour ago and end in an hour."""
    now = timezone.now()
    return {"quiet_from": (now - timedelta(hours=1)).time(), "quiet_until": (now + timedelta(hours=1)).time()}


def test_in_quiet_hours_it_waits_and_then_comes_as_one(web, ada):
    subscription(ada, to(web, ada, **quiet_now()))
    for name in ("S261121a", "S261121b", "S261121c"):
        hear(name)
    telling.tell_due()
    send()
    assert web.heard == []
    assert outcomes() == ["waiting"] * 3
    assert set(Telling.objects.values_list("why", flat=True)) == {"quiet hours"}
    Telling.objects.update(due=timezone.now())
    Contact.objects.update(quiet_from=time(3), quiet_until=time(3))  # they are over
    telling.tell_due()
    send()
    assert titles(web) == ["3 alerts on 3 events: S261121a, S261121b, S261121c"]
    assert web.said[0]["message"].startswith("3 alerts on 3 events, held back by quiet hours.")
    assert outcomes() == ["told"] * 3


def test_critical_ignores_quiet_hours_and_digests_and_wakes_nobody_for_the_rest(web, ada):
    mine = to(web, ada, pace="daily", **quiet_now())
    subscription(ada, mine, query='name = "S261121a"')
    subscription(ada, mine, query='name = "S261121b"', critical=True)
    hear("S261121a")
    hear("S261121b")
    send()
    assert [title[:13] for title in titles(web)] == ["NEW S261121b:"]
    assert outcomes() == ["waiting", "told"]


def test_a_digest(web, ada):
    subscription(ada, to(web, ada, pace="hourly"))
    hear("S261121a", minutes=3)
    hear("S261121a", "UPDATE", classification={"BNS": 0.5}, minutes=2)
    hear("S261121b")
    assert set(Telling.objects.values_list("why", flat=True)) == {"digest"}
    (due,) = set(Telling.objects.values_list("due", flat=True))
    assert due - timezone.now() <= timedelta(hours=1)
    Telling.objects.update(due=timezone.now())
    telling.tell_due()
    telling.tell_due()
    send()
    assert titles(web) == ["3 alerts on 2 events: S261121a, S261121b"]
    assert "UPDATE S261121a: BNS 0.9 to 0.5" in web.said[0]["message"]


def test_the_limit_an_hour_and_a_summary_of_what_it_held_back(web, ada):
    subscription(ada, to(web, ada, per_hour=3, picture=False), cap=None)
    for number in range(10):
        hear(f"S2611{number:02}a", minutes=10 - number)
    send()
    assert len(web.heard) == 3
    assert "This is message 3 within an hour, your limit." in web.said[2]["message"]
    assert not any("your limit" in said["message"] for said in web.said[:2])
    assert outcomes() == ["told"] * 3 + ["waiting"] * 7
    assert set(Telling.objects.filter(delivery=None).values_list("why", flat=True)) == {"hourly limit"}
    earlier = timezone.now() - timedelta(hours=1)
    Telling.objects.exclude(delivery=None).update(said=earlier)
    Telling.objects.filter(delivery=None).update(due=timezone.now())
    telling.tell_due()
    send()
    assert titles(web)[3:] == ["7 alerts on 7 events: S261103a, S261104a, S261105a, S261106a, S261107a and 2 more"]
    assert "held back by hourly limit" in web.said[3]["message"]


def test_a_burst_makes_no_more_messages_than_the_rules_say(web):
    """Ten people and twenty alerts here; 1,000 alerts to 100 people are measured by the benchmarks."""
    people = [make.user(f"p{number}") for number in range(10)]
    for person in people:
        subscription(person, to(web, person, per_hour=2, picture=False), cap=None)
    now = timezone.now()
    ingest([wave(f"S2611{number:02}b", minutes=5, now=now) for number in range(20)], now=now)
    rig.react(times=500)
    telling.tell_due()
    rig.deliver("people", times=500)
    assert Telling.objects.count() == 200
    assert Delivery.objects.count() == len(web.heard) == 20


# what goes wrong


def test_a_channel_that_does_not_take_it_is_tried_until_it_is_no_news_any_more(web, ada):
    web.answers = [500, 500]
    subscription(ada, to(web, ada))
    hear()
    send()
    assert outcomes() == ["on its way"]
    delivery = rig.hurry(Delivery.objects.get())
    send()
    assert "json did not take it" in rig.again(delivery).reason
    Delivery.objects.update(deadline=timezone.now(), not_before=None)
    rig.tidy()
    assert outcomes() == ["not told"]
    assert len(web.heard) == 2
    assert SECRET not in rig.again(delivery).reason


def test_a_worker_that_was_killed_while_it_told_tells_again(web, ada):
    subscription(ada, to(web, ada))
    hear()
    Delivery.objects.update(state="sending", worker="somebody:dead", attempts=1)
    rig.tidy()
    rig.hurry(Delivery.objects.get())
    send()
    assert outcomes() == ["told"]


def test_a_retraction_overtakes_what_has_not_left(web, ada):
    at_once, later = to(web, ada), to(web, ada, pace="daily")
    subscription(ada, at_once, later)
    hear(minutes=3)
    hear(kind="RETRACTION", minutes=2)
    send()
    assert titles(web) == ["RETRACTED S261121a: LVK took it back"]
    assert outcomes(contact=at_once) == ["cancelled", "told"]
    assert outcomes(contact=later) == ["dropped", "waiting"]


def test_news_that_is_looked_at_after_its_retraction_is_no_news(web, ada):
    """Reactions of two alerts may be done in either order, or at once."""
    subscription(ada, to(web, ada))
    now = timezone.now()
    ingest([wave(minutes=3, now=now), wave(kind="RETRACTION", minutes=2, now=now)], now=now)
    rig.react()
    send()
    assert "NEW S261121a" not in "".join(titles(web))
    assert outcomes(change="new") == ["dropped"]


def test_switched_off_in_the_meantime(web, ada):
    mine = to(web, ada)
    subscription(ada, mine)
    hear("S261121a")
    mine.enabled = False
    mine.save()
    hear("S261121b")
    send()
    assert web.heard == []
    assert outcomes() == ["held"]
    mine.forget()
    mine.refresh_from_db()
    assert mine.address is None


def test_dry_run_tells_nobody_and_says_so(web, ada, settings):
    settings.TOM_SCIMMA = {**settings.TOM_SCIMMA, "DRY_RUN": True}
    subscription(ada, to(web, ada))
    hear()
    send()
    assert web.heard == []
    assert outcomes() == ["dry run"]


def test_a_tom_that_does_not_know_its_address_tells_without_links(web, ada, settings):
    settings.TOM_SCIMMA = {"NOTIFY_HOSTS": ["127.0.0.1"]}
    subscription(ada, to(web, ada))
    hear()
    send()
    assert "http" not in web.said[0]["message"]
    assert "I have seen this" not in web.said[0]["message"]


def test_the_address_is_nowhere_but_encrypted(web, ada, caplog):
    """In no column of any table, no log line, no repr; only the web server learns it."""
    from django.apps import apps
    from django.core import serializers

    with caplog.at_level(logging.NOTSET):
        subscription(ada, to(web, ada))
        hear()
        web.answers = [500]
        send()
        rig.hurry(Delivery.objects.get())
        send()
    assert any(SECRET in request["path"] for request in web.heard)
    assert SECRET not in "\n".join(line for line in caplog.text.splitlines() if "INSERT" not in line)
    for model in apps.get_app_config("tom_scimma").get_models():
        assert SECRET not in serializers.serialize("json", model.objects.all()), model
        for row in model.objects.all():
            assert SECRET not in repr(row) + str(row)
            for field in model._meta.concrete_fields:
                if field.name != "address":
                    assert SECRET not in str(getattr(row, field.attname)), field
    for delivery in Delivery.objects.all():
        assert SECRET.encode() not in bytes(delivery.payload)
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT address FROM tom_scimma_contact")
        assert SECRET.encode() not in bytes(cursor.fetchone()[0])
