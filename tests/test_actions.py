"""What a subscription of the trunk's own does: who is told, targets, and what goes to a topic.

Authority: the design (promises 6, 8 and 9; loop protection), hop's header names.
"""

from __future__ import annotations

import base64
import json

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone
from tom_targets.models import Target
from tom_targets.permissions import targets_for_user

from tests import factories as make
from tests.messages import xrt
from tests.outside import rig
from tests.told import contact, hear, wave
from tom_scimma import hooks, reading, sources
from tom_scimma.actions.republish import RepublishForm
from tom_scimma.actions.tell import TellForm
from tom_scimma.ingest import ingest
from tom_scimma.models import Alert, Delivery, Event, Match, Subscription
from tom_scimma.record import Record
from tom_scimma.translate import carried

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def tom(settings):
    settings.TOM_SCIMMA = {
        "SOURCES": {"hopskotch": {"kind": "kafka", "brokers": "127.0.0.1:9", "auth": False}},
        "REPUBLISH_TOPICS": ["ours.filtered", "ours.mirror.*"],
        "TOPICS": {
            "lvk.secret": {"groups": ["lvk"], "authority": ["LVK"]},
            "lvk.shared": {"groups": ["lvk"], "authority": ["LVK"], "republish": ["ours.filtered"]},
            "gcn.notices.einstein_probe.*": {"targets": None},
        },
    }


@pytest.fixture
def ada():
    return make.user("ada", Group.objects.create(name="lvk"))


def does(owner, action, query='kind = "GW"', **options) -> Subscription:
    made = Subscription.objects.create(
        owner=owner, name=f"{action} {Subscription.objects.count()}", query=query, cap=None
    )
    made.actions.create(name=action, options=options)
    return made


def published() -> list[dict]:
    return [json.loads(bytes(one.payload)) for one in Delivery.objects.filter(service="hopskotch").order_by("pk")]


def errors() -> str:
    return "\n".join(Match.objects.values_list("error", flat=True))


# forms


def test_one_chooses_among_one_s_own_contacts_and_those_of_one_s_groups(ada):
    mine, ours = contact(ada, name="mine"), contact(group=ada.groups.get(), name="ours")
    contact(make.user("bob"), name="bob's")
    contact(ada, name="off", enabled=False)
    form = TellForm({"tell-contacts": [str(mine.pk), str(ours.pk)]}, prefix="tell", owner=ada)
    assert [label for _, label in form.fields["contacts"].choices] == ["mine (json)", "ours of lvk (json)"]
    assert form.is_valid()
    assert form.cleaned_data == {"contacts": [mine.pk, ours.pk]}
    json.dumps(form.cleaned_data)
    bad = TellForm({"tell-contacts": [str(contact(make.user("eve")).pk)]}, prefix="tell", owner=ada)
    assert not bad.is_valid()


def test_topics_to_republish_to_are_those_of_the_settings(ada):
    assert RepublishForm({"topic": "ours.mirror.x", "form": "relay"}, owner=ada).is_valid()
    assert not RepublishForm({"topic": "igwn.gwalert", "form": "relay"}, owner=ada).is_valid()


def test_every_action_can_be_chosen_and_runs():
    from django.utils.module_loading import import_string

    declared = hooks.subscription_actions()
    assert {"tell", "targets", "republish"} <= set(declared)
    for name in ("tell", "targets", "republish"):
        assert callable(import_string(declared[name]["run"]))
        import_string(declared[name]["form"])(data=None, prefix=name, initial={}, owner=make.user(name))


# targets


def transient(*, minutes=1.0, radius=0.02):
    now = timezone.now()
    ingest([xrt(minutes=minutes, radius=radius, now=now, record_values={"now": now})], now=now)
    rig.react()


def test_an_event_becomes_a_target_where_its_topic_did_not_make_one(ada):
    does(ada, "targets", query='kind = "XRT"', max_radius_deg=0.1)
    transient()
    target = Target.objects.get()
    assert (target.ra, target.dec) == (120.0, 40.0)
    assert Event.objects.get().target_id == target.pk
    assert targets_for_user(ada, Target.objects.all(), "view_target").exists()
    transient(minutes=0.5)
    assert Target.objects.count() == 1


def test_a_poor_position_makes_none(ada):
    does(ada, "targets", query='kind = "XRT"', max_radius_deg=0.01)
    transient()
    assert not Target.objects.exists()
    assert errors().strip() == ""


# republishing


def test_a_message_is_relayed_as_it_came_and_once(ada):
    does(ada, "republish", topic="ours.filtered", form="relay")
    does(ada, "republish", topic="ours.filtered", form="relay")
    hear()
    (said,) = published()
    assert base64.b64decode(said["base64"]) == Alert.objects.get().message.body.payload
    delivery = Delivery.objects.get()
    assert (delivery.destination, delivery.by) == ("hopskotch:ours.filtered", ada)
    assert errors().strip() == ""


def test_a_note_cites_the_original_and_says_what_we_made_of_it(ada):
    does(ada, "republish", topic="ours.mirror.notes", form="note")
    hear()
    (said,) = published()
    document, alert = said["document"], Alert.objects.get()
    assert (document["event"], document["change"], document["tom"]) == ("S261121a", "new", sources.tom_name())
    (cite,) = document["cites"]
    assert (cite["topic"], cite["relation"]) == ("igwn.gwalert", "followup")
    assert cite["message_id"] == str(alert.message.sent_id)
    assert "coincidences" in document["annotations"]
    assert "candidates" not in document["annotations"]  # those are for people who are logged in


@pytest.mark.parametrize("form", ["json", "voevent", "text"])
def test_what_it_says_goes_out_in_another_form_and_reads_the_same(ada, form):
    does(ada, "republish", topic="ours.filtered", form=form)
    hear()
    (said,) = published()
    record = Record(
        "ours.filtered", base64.b64decode(said["base64"]), headers=(("_format", said["headers"]["_format"].encode()),)
    )
    (found,) = reading.read(record).notices
    assert found == carried(Alert.objects.get().notice)
    assert errors().strip() == ""


@pytest.mark.parametrize("form", ["relay", "voevent", "note"])
def test_what_began_here_does_not_go_round(ada, form):
    does(ada, "republish", topic="ours.filtered", form=form)
    for header in ("_relay", "_relayed"):
        record = wave(f"S2611{header[1]}{len(header)}"[:7] + "1a", now=timezone.now())
        record = type(record)(
            **{**_fields(record), "headers": (*record.headers, (header, sources.tom_name().encode()))}
        )
        ingest([record], now=timezone.now())
    rig.react()
    assert Alert.objects.count() >= 1
    assert published() == []


def _fields(record) -> dict:
    from dataclasses import fields

    return {item.name: getattr(record, item.name) for item in fields(record) if item.init}


def test_nor_back_to_the_topic_that_it_came_from(ada):
    does(ada, "republish", topic="ours.filtered", form="relay")
    hear(topic="ours.filtered")
    Subscription.objects.update(reports=True)
    hear("S261121b", topic="ours.filtered")
    assert published() == []
    assert "came from ours.filtered itself" in errors()


@pytest.mark.parametrize("form", ["relay", "voevent", "note"])
def test_a_protected_message_goes_where_its_topic_s_policy_lets_it_and_nowhere_else(ada, form):
    for topic in ("ours.filtered", "ours.mirror.a"):
        does(ada, "republish", topic=topic, form=form)
    hear("S261121p", topic="lvk.secret")
    assert published() == []
    assert errors().count("lvk.secret is protected") == 2
    hear("S261121q", topic="lvk.shared")
    assert [one.destination for one in Delivery.objects.all()] == ["hopskotch:ours.filtered"]


def test_a_topic_that_settings_no_longer_name_gets_nothing(ada, settings):
    does(ada, "republish", topic="ours.filtered", form="relay")
    settings.TOM_SCIMMA = {"REPUBLISH_TOPICS": ["ours.other"]}
    hear()
    assert published() == []
    assert "REPUBLISH_TOPICS" in errors()


@pytest.mark.parametrize("via", ["ingest", "backfill", "replay"])
def test_history_does_nothing(ada, via):
    for action, options in (("targets", {}), ("republish", {"topic": "ours.filtered", "form": "relay"})):
        does(ada, action, **options)
    hear(via=via)
    assert not Match.objects.exists()
    assert published() == []
