"""What is shared with HERMES, TNS and GCN leaves once and brings back its receipt; accounts, pages and rights around it.

Authority: HERMES' contract (accounts, topics, onward submission, files, retraction) as its stand-in has it, the suite's
table of answers, and the promise that what is private stays so.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import pytest
from django.contrib.auth.models import Group
from django.core.files.base import ContentFile
from django.urls import reverse
from django.utils import timezone as clock
from tom_targets.models import Target, TargetName

from tests import factories as make
from tests import hermes_content as given
from tests import sharing as shared_by
from tests.hermes_messages import sent as sent_message
from tom_hermes import accounts, attached, circular, retraction, tns, tnsname
from tom_hermes.destination import Hermes
from tom_hermes.fake import Fake
from tom_hermes.models import HermesProfile, Known, SharedMessage
from tom_hermes.onward import Gcn, Tns
from tom_scimma import outbox, sources
from tom_scimma.compose import questions, standing
from tom_scimma.compose.content import Counterpart, File
from tom_scimma.errors import Rejected, ReplyLost, Unavailable, Unsaid
from tom_scimma.ingest import ingest
from tom_scimma.models import Delivery, Embargo, Job, SharedItem, Worker

pytestmark = pytest.mark.django_db
TOPIC = "hermes.test"


@pytest.fixture
def fake(settings, db):
    with Fake() as standin:
        settings.TOM_HERMES = {"BASE_URL": standin.url, "TOKEN": standin.token, "TEST_SERVER": True}
        accounts.first()  # as the worker does when it begins
        yield standin


def placed(name: str) -> Target:
    return Target.objects.create(name=name, type="SIDEREAL", ra=150.1, dec=2.2)


def chosen(target=None, **more):
    rows = {"photometry": (given.point(), given.limit()), **more}
    return given.content(targets=(given.body(pk=target.pk if target else 1),), **rows)


def queued(there, content, user, target, **typed) -> Delivery:
    payload, _ = there.preview(given.filled(there, content, **typed))
    assert there.faults(payload) == {}
    assert there.ask(payload, there.credential(user)) == {}
    key = outbox.key_of(there.full_name, target, payload)
    return outbox.queue(there.full_name, payload, key=key, by=user, subject=target)


def sent(there, delivery, user):
    """What the worker does with it, here."""
    receipt = there.send(bytes(delivery.payload), delivery.key, there.credential(user))
    there.delivered(delivery, receipt)
    return receipt


@pytest.fixture
def target(user):
    row = placed("AT2026abc")
    row.give_user_access(user)
    return row


@pytest.fixture
def user():
    return make.user("ada")


def test_a_message_is_published_with_our_mark_and_kept_with_its_uuid(fake, user, target):
    there = Hermes(TOPIC)
    delivery = queued(there, chosen(target), user, target)
    receipt = sent(there, delivery, user)
    published = fake.messages[0].message
    assert published["data"]["tom_multimessenger"]["key"] == delivery.key
    assert receipt.url == f"{fake.url}/message/{receipt.id}"
    row = SharedMessage.objects.get()
    assert (str(row.uuid), row.topic, row.delivery) == (receipt.id, TOPIC, delivery)
    assert list(SharedMessage.objects.visible_to(make.user("stranger"))) == []
    delivery.receipt_id = receipt.id
    assert there.cites(delivery) == {"source": "hop_uuid", "citation": receipt.id}


def test_a_lost_reply_is_found_in_the_archive_by_the_mark(fake, user, target):
    there = Hermes(TOPIC)
    delivery = queued(there, chosen(target), user, target)
    since = datetime.now(timezone.utc)
    fake.faults.append({"path": "submit_message/", "do": "drop_after"})
    with pytest.raises(ReplyLost):
        there.send(bytes(delivery.payload), delivery.key, fake.token)
    ours = fake.messages[0].uuid
    for _ in range(150):  # others' messages after ours do not hide it
        fake.publish(
            TOPIC, {"title": "x", "data": {"tom_multimessenger": {"key": delivery.key, "origin": "another TOM"}}}
        )
    assert there.find(bytes(delivery.payload), delivery.key, since).id == ours
    assert there.find(bytes(delivery.payload), "0" * 64, since) is None


def test_a_lost_reply_is_found_among_our_own_stored_messages(fake, user, target, settings):
    there = Hermes(TOPIC)
    delivery = queued(there, chosen(target), user, target)
    since = datetime.now(timezone.utc)
    published = json.loads(bytes(delivery.payload))["message"]
    published["data"]["tom_multimessenger"] = {"key": delivery.key, "origin": sources.tom_name()}
    uuid = "7efb54ab-269e-4a6f-8f25-6bfca9628569"
    ingest([sent_message(published, TOPIC, ident=uuid, now=since)], via="listen")
    settings.TOM_HERMES = {"BASE_URL": "http://127.0.0.1:9"}  # nobody need be asked
    assert there.find(bytes(delivery.payload), delivery.key, since).id == uuid


def test_a_discovery_brings_a_name_that_becomes_an_alias(fake, user, target):
    there = Tns(TOPIC)
    delivery = queued(there, chosen(target), user, target)
    receipt = sent(there, delivery, user)
    report = fake.tns[0]["at_report"]["0"]
    assert report["reporter"] == "Ada Lovelace (LCO)"
    assert report["photometry"]["photometry_group"]["0"]["instrumentid"] == "236"
    assert receipt.data["tns"] == ["2026aaa"]
    assert [name.name for name in target.aliases.all()] == ["AT2026aaa"]
    assert SharedMessage.objects.get().names == {str(target.pk): "2026aaa"}


def test_an_object_is_reported_once_whoever_presses_the_button_second(fake, user, target, settings):
    there = Tns(TOPIC)
    delivery = queued(there, chosen(target), user, target)
    SharedItem.objects.create(delivery=delivery, kind="target", number=target.pk, target=target, digest="")
    more = chosen(target, photometry=(given.point(brightness=18.0), given.limit()))
    payload, _ = there.preview(given.filled(there, more))
    (said,) = there.faults(payload)["message"]
    assert said.startswith(f"AT2026abc has an AT report of this TOM already: #{delivery.pk}, queued.")
    spectra = (given.spectrum(extra={"classification": "SN Ia"}),)
    queued(there, chosen(target, photometry=(), spectra=spectra), user, target)  # a classification is another thing
    Delivery.objects.filter(pk=delivery.pk).update(state="rejected")
    assert there.faults(payload) == {}
    Delivery.objects.filter(pk=delivery.pk).update(state="delivered")
    assert "message" in there.faults(payload)
    settings.TOM_HERMES = {
        **settings.TOM_HERMES,
        "BASE_URL": "https://hermes.example",
    }  # what a test server had, this has not
    assert "message" not in there.faults(payload)


def test_a_name_that_another_target_has_stays_its(fake, user, target):
    placed("AT2026aaa")
    there = Tns(TOPIC)
    sent(there, queued(there, chosen(target), user, target), user)
    assert target.aliases.count() == 0
    assert SharedMessage.objects.get().names == {str(target.pk): "2026aaa"}


def test_a_classification_takes_its_spectrum_as_a_file(fake, user, target):
    there = Tns(TOPIC)
    content = chosen(target, photometry=(), spectra=(given.spectrum(extra={"classification": "SN Ia"}),))
    sent(there, queued(there, content, user, target), user)
    report = fake.tns[0]["classification_report"]["0"]
    assert (report["name"], report["objtypeid"]) == ("2026abc", "3")
    assert "ascii_file" in report["spectra"]["spectra-group"]["0"]
    text = next(iter(fake.world.archive.files.values())).decode()
    assert text.splitlines()[-1] == "4001.0 2e-16 1e-17"
    assert target.aliases.count() == 0


@pytest.mark.parametrize("known", [True, False])
def test_an_object_is_classified_by_the_name_that_tns_has_of_it(fake, user, known):
    """HERMES tells TNS the target's name as it stands, and TNS knows its own alone (hermes/tns.py, `classification_report["name"]`).

    TNS's own name has no prefix: what it answers of a new object is "AT" and an `objname` (tom_tns, tns_report.py), and SkyPortal
    classifies by that `objname`.
    """
    there, ours = Tns(TOPIC), placed("tom26a")
    body = given.body("tom26a", pk=ours.pk, aliases=("ZTF26aaa", "AT 2026abc") if known else ("ZTF26aaa",))
    spectrum = given.spectrum(target="tom26a", extra={"classification": "SN Ia", "seeing": 1.2})
    extra = given.position(target="tom26a")
    content = given.content(targets=(body,), spectra=(spectrum,), astrometry=(extra,), files=())
    (need,) = [need for need in there.needs(content) if need.field == f"targets.{ours.pk}.tns_name"]
    assert (need.value, need.required) == ("2026abc" if known else "", True)
    typed = {} if known else {need.field: "SN 2026abc"}
    delivery = queued(there, content, user, ours, **typed)
    sent(there, delivery, user)
    name = "2026abc"
    assert fake.tns[0]["classification_report"]["0"]["name"] == name
    data = fake.messages[0].message["data"]
    assert data["targets"][0]["aliases"][:2] == ["tom26a", "ZTF26aaa"]
    assert {row["target_name"] for row in (*data["spectroscopy"], *data["astrometry"])} == {name}
    assert json.loads(bytes(delivery.payload))["targets"] == {name: ours.pk}
    assert [one.name for one in ours.aliases.all()] == ["AT2026abc"]


@pytest.mark.parametrize("written", ["AT 2026aaa", "2026aaa", "SN2026aaa", "at2026aaa"])
@pytest.mark.parametrize("whose", ["its name", "its alias", "another's name", "another's alias"])
def test_a_name_that_comes_back_is_no_second_one_however_it_is_written(fake, user, written, whose):
    ours = placed(written if whose == "its name" else "tom26a")
    other = placed(written if whose == "another's name" else "tom26b")
    if "alias" in whose:
        TargetName.objects.create(target=ours if whose == "its alias" else other, name=written)
    there = Tns(TOPIC)
    content = given.content(
        targets=(given.body(ours.name, pk=ours.pk, aliases=()),),
        photometry=(given.point(target=ours.name), given.limit(target=ours.name)),
    )
    receipt = sent(there, queued(there, content, user, ours), user)
    assert receipt.data["tns"] == ["2026aaa"]
    assert TargetName.objects.count() == ("alias" in whose)


@pytest.mark.parametrize(
    ("names", "name"),
    [
        (("tom26a", "SN 2023ixf"), "2023ixf"),
        (("2026abc",), "2026abc"),
        (("at 2026ABC",), "2026abc"),
        (("SN1987a",), "1987A"),
        (("2015 BP1", "ZTF18abc", "GRB 260101A", "AT2026-1"), ""),
    ],
)
def test_tns_s_names_are_known_by_their_form(names, name):
    """The IAU names that TNS gives: a year and letters, AT or SN before them."""
    assert tnsname.designation(names) == name


def test_reports_begin_with_the_tom_s_own_group(fake, target, settings):
    settings.TOM_HERMES = {**settings.TOM_HERMES, "TNS_GROUP": "SAGUARO"}
    at = f"targets.{target.pk}."

    def known(**extras) -> dict[str, str]:
        content = given.content(targets=(given.body(pk=target.pk, extras=extras),), photometry=(given.point(),))
        return {need.field: need.value for need in Tns(TOPIC).needs(content)}

    assert [known()[f"{at}{name}"] for name in ("reporting_group", "discovery_source")] == ["SAGUARO"] * 2
    assert known(reporting_group="ATLAS")[f"{at}reporting_group"] == "ATLAS"


def test_tns_takes_one_kind_and_one_message(fake, user, target):
    both = chosen(target, spectra=(given.spectrum(),))
    with pytest.raises(Unsaid, match="one of them"):
        Tns(TOPIC).preview(given.filled(Tns(TOPIC), both))
    rows = tuple(given.point(pk=n, extra={"n": "x" * 100}) for n in range(3000))
    for there in (Tns(TOPIC), Gcn(TOPIC)):
        large = chosen(target, photometry=(*rows, given.limit()))
        with pytest.raises(Unsaid, match="950,000"):
            there.parts(given.filled(there, large))
    assert len(Hermes(TOPIC).parts(given.filled(Hermes(TOPIC), chosen(target, photometry=rows)))) > 1


def test_what_tns_lacks_is_named_at_its_field(fake, user, target):
    there, at = Tns(TOPIC), f"targets.{target.pk}."
    content = chosen(target, photometry=(given.point(), given.point(pk=2)))
    payload, _ = there.preview(
        given.filled(there, content, **{f"{at}reporting_group": "", f"{at}comments": "x", "tns.instrument.fa16": ""})
    )
    found = there.faults(payload)
    assert f"{at}reporting_group" in found
    assert "photometry" in found  # no limit from before
    assert set(there.ask(payload, fake.token)) <= set(found)


@pytest.mark.parametrize("fault", ["refuse", "denied", "moved"])
def test_only_401_and_403_are_blamed_on_the_token(fake, user, target, fault):
    """HTTP: 400 is about what was said; it stands at its field (contract of HERMES, validate)."""
    there = Hermes(TOPIC)
    payload, _ = there.preview(given.filled(there, chosen(target)))
    fake.faults.append({"path": "submit_message/validate/", "do": fault})
    if fault == "refuse":
        assert "title" in there.ask(payload, fake.token)
        return
    with pytest.raises(Unavailable) as error:
        there.ask(payload, fake.token)
    assert ("does not take the token" in str(error.value)) is (fault == "denied")


def test_a_discovery_date_that_is_none_is_said_at_its_field(fake, user, target):
    there, at = Tns(TOPIC), f"targets.{target.pk}."
    for bad in ("yesterday", "Monday", "2026"):
        payload, _ = there.preview(given.filled(there, chosen(target), **{f"{at}date": bad}))
        assert bad in " ".join(there.faults(payload).get(f"{at}date", [])), there.faults(payload)


def test_each_target_of_an_at_report_is_seen_and_was_not_before(fake, user, target):
    """HERMES is content with one limit, at any time, for all targets; TNS wants each object's last non-detection."""
    there = Tns(TOPIC)
    after, other = given.limit(time=given.NIGHT + timedelta(days=1)), given.body("AT2026xyz", pk=2, aliases=())
    late = given.content(targets=(given.body(), other), photometry=(given.point(), after))
    found = there.faults(there.preview(given.filled(there, late, **{"targets.1.nondetection_source": ""}))[0])
    assert "No limit from before the first detection of AT2026abc" in found["targets.1.nondetection_source"][0]
    assert found["targets.2.date"] == ["No detection of AT2026xyz is chosen."]
    alone = given.content(targets=(given.body(),), photometry=(given.point(), after))
    typed = {"targets.1.nondetection_source": "DSS"}
    assert there.faults(there.preview(given.filled(there, alone, **typed))[0]) == {}


def test_tns_is_told_of_the_last_limit_before_the_first_detection(fake, user, target):
    """HERMES tells TNS the earliest limit of a report as the last non-detection (its `get_earliest_photometry`), and no other."""
    there = Tns(TOPIC)
    times = [given.NIGHT + timedelta(days=days) for days in (-9, -5, -1, 2)]
    rows = [given.limit(pk=2 + n, limit=20.0 + n, time=time) for n, time in enumerate(times)]
    rows[0] = given.limit(pk=2, limit=20.0, time=times[0], extra={"seeing": 2.1})
    rows[2] = given.limit(pk=4, limit=22.0, time=times[2], extra={"seeing": 0.9})
    content = chosen(target, photometry=(*rows[:3], given.point(extra={"seeing": 1.0}), rows[3]))
    helps = [need.help for need in there.needs(content) if need.field.endswith(".nondetection_source")]
    assert "2026-01-01 03:04, the last before the first detection" in helps[0]
    sent(there, queued(there, content, user, target), user)
    report = fake.tns[0]["at_report"]["0"]
    assert (report["non_detection"]["obsdate"], report["non_detection"]["limiting_flux"]) == (
        "2026-01-01 03:04:05",
        22.0,
    )
    data = fake.messages[0].message["data"]
    assert [row.get("limiting_brightness") for row in data["photometry"]] == [22.0, None, 23.0]
    assert data["photometry_extra"] == [{"row": 0, "seeing": 0.9}, {"row": 1, "seeing": 1.0}]
    assert [(row["limiting_brightness"], row.get("seeing")) for row in data["earlier_limits"]] == [
        (20.0, 2.1),
        (21.0, None),
    ]
    published = Hermes(TOPIC).preview(given.filled(Hermes(TOPIC), content))[0]
    assert len(json.loads(published)["message"]["data"]["photometry"]) == 5


def test_when_it_was_discovered_is_told_in_utc(fake, user, target):
    """HERMES drops the zone of a date when it tells TNS (its `parse_date(...).strftime`)."""
    there, typed = Tns(TOPIC), {f"targets.{target.pk}.date": "2026-01-02T05:04:05+02:00"}
    sent(there, queued(there, chosen(target), user, target, **typed), user)
    assert fake.tns[0]["at_report"]["0"]["discovery_datetime"] == "2026-01-02 03:04:05"


def test_what_was_typed_stays_with_its_instrument_filter_and_spectrum(fake, target):
    """Another row that comes before, by its time, takes nothing of it."""
    there, earlier = Tns(TOPIC), given.NIGHT - timedelta(days=1)
    typed = {"tns.instrument.fa16": "sb45", "tns.filter.g": "b", "spectroscopy.1.classification": "SN Ia"}
    first = given.limit(pk=9, instrument="floyds01", bandpass="r", time=earlier)
    content = chosen(target, photometry=(first, given.point()))
    rows = json.loads(there.preview(given.filled(there, content, **typed))[0])["message"]["data"]["photometry"]
    assert [(row["instrument"], row["bandpass"]) for row in rows] == [("floyds01", "r"), ("sb45", "b")]
    spectra = (given.spectrum(pk=9, time=earlier), given.spectrum())
    content = chosen(target, photometry=(), spectra=spectra)
    payload, _ = there.preview(given.filled(there, content, **{"spectroscopy.9.classification": "", **typed}))
    assert "spectroscopy.9.classification" in there.faults(payload)
    rows = json.loads(payload)["message"]["data"]["spectroscopy"]
    assert [row.get("classification") for row in rows] == [None, "SN Ia"]
    bare = given.point(pk=9, unit="", time=earlier)
    content = chosen(target, photometry=(bare, given.point(unit="mag")))
    form = given.filled(Hermes(TOPIC), content, **{"units.brightness.mag": "Vega mag", "units.brightness.": "mJy"})
    rows = json.loads(Hermes(TOPIC).preview(form)[0])["message"]["data"]["photometry"]
    assert [row["brightness_unit"] for row in rows] == ["mJy", "Vega mag"]


def test_tns_s_name_of_an_instrument_holds_for_rows_that_name_none(fake, user, target):
    there, bare = Tns(TOPIC), {"telescope": "", "instrument": ""}
    content = chosen(target, photometry=(given.point(**bare), given.limit(**bare)))
    sent(there, queued(there, content, user, target, **{"telescope": "C14", "tns.instrument.": "fa16"}), user)
    rows = fake.messages[0].message["data"]["photometry"]
    assert {(row["instrument"], row["comments"]) for row in rows} == {("fa16", "telescope: C14")}


def test_a_classification_is_one_class_of_each_target(fake, target):
    """HERMES tells TNS the class of a target's first spectrum, and nothing of a target that has none."""
    there, other = Tns(TOPIC), given.body("AT2026xyz", pk=target.pk + 1, aliases=())
    spectra = tuple(given.spectrum(pk=n, time=given.NIGHT + timedelta(days=n)) for n in (1, 2))
    content = given.content(targets=(given.body(pk=target.pk), other), spectra=spectra)
    typed = {"spectroscopy.1.classification": "SN Ia", "spectroscopy.2.classification": "SN II"}
    found = there.faults(there.preview(given.filled(there, content, **typed))[0])
    assert found["spectroscopy.2.classification"] == [
        "TNS is told one class of 2026abc, that of its first spectrum: SN Ia."
    ]
    assert found["targets.1"] == ["No spectrum of 2026xyz is chosen."]


@pytest.mark.parametrize(("name", "nearest"), [("g", "g-Sloan"), ("FA16", "fa16"), ("fa-16", "fa16"), ("zzz", "")])
def test_tns_s_names_are_proposed(name, nearest):
    assert tns.nearest(name, (("fa16", ""), ("g-Johnson", ""), ("g-Sloan", ""), ("Clear-", ""))) == nearest


def test_a_circular_is_drafted_and_sent_as_it_was_edited(fake, user, target):
    there = Gcn(TOPIC)
    content = chosen(target)
    draft = next(need.value for need in there.needs(content) if need.field == "circular")
    assert "(GCN Circ. 12345)" in draft
    assert "2025-12-30 03:04:05" in draft
    assert ">21.00" in draft
    assert "from 2025-12-30 03:04 to 2026-01-02 03:04 UTC, 67.0 h before to 5.0 h after the event." in draft
    assert "RA, Dec (J2000) = 10:00:24.00, +02:12:00.0 (150.10000, +2.20000 deg)" in draft
    assert circular.title(content) == "LIGO/Virgo/KAGRA S260101ab: 1m0a observations of AT2026abc"
    receipt = sent(there, queued(there, content, user, target, circular="Edited by hand.", circular_data=False), user)
    body = fake.gcn[0]["body"]
    assert body.startswith("Ada Lovelace (LCO) reports:\n\nEdited by hand.")
    assert "# Photometry" not in body
    assert receipt.data["circular"] == 40000
    assert SharedMessage.objects.get().circular == 40000


def test_a_corrected_circular_is_cited_by_its_number(fake, user, target):
    there = Gcn(TOPIC)
    delivery = queued(there, chosen(target), user, target)
    receipt = sent(there, delivery, user)
    assert receipt.note == "It is GCN Circular 40000."
    delivery.receipt_id, delivery.receipt = receipt.id, dict(receipt.data)
    url = "https://gcn.nasa.gov/circulars/40000"
    assert there.cites(delivery) == {"source": "GCN", "citation": "GCN Circ. 40000", "url": url}
    delivery.receipt = {}
    assert there.cites(delivery) == {"source": "hop_uuid", "citation": receipt.id}


def test_what_people_read_of_a_circular_is_what_leaves(fake, user, target):
    """HERMES makes its tables of the message with its defaults in it, and closes with a sentence that has the uuid."""
    there = Gcn(TOPIC)
    content = chosen(target)
    _, text = there.preview(given.filled(there, content))
    receipt = sent(there, queued(there, content, user, target), user)
    circular = fake.gcn[0]
    assert text == f"{circular['subject']}\n\n{circular['body']}\n".replace(receipt.id, "...")
    assert "| epoch " in text


def test_a_time_just_before_the_event_is_not_minus_nothing():
    seen = given.point(time=given.event().time - timedelta(seconds=1))
    assert "| 0.00 " in circular.text(given.content(photometry=(seen,)))


def test_a_circular_s_rows_of_several_units_name_each_its_own():
    """https://gcn.nasa.gov/docs/circulars/styleguide: quantities with their units."""
    radio = given.point(pk=2, brightness=0.25, error=0.01, unit="mJy", bandpass="6 GHz", exposure=None)
    text = circular.text(given.content(photometry=(given.point(), radio)))
    assert "| 19.50      | 0.05  | AB mag |" in text
    assert "| 0.25       | 0.01  | mJy    |" in text
    assert "Brightness is in the unit of its row." in text
    assert "Brightness is in AB mag." in circular.text(given.content(photometry=(given.point(),)))


def test_a_title_that_gcn_does_not_take_is_known_before(fake, target):
    there = Gcn(TOPIC)
    payload, _ = there.preview(given.filled(there, chosen(target), title="re: hello"))
    for faults in (there.faults(payload), there.ask(payload, fake.token)):
        assert set(faults) == {"title"}
        assert all("<" not in text for text in faults["title"])
        assert len(faults["title"]) == 2


def product(target, name: str, content: bytes):
    from tom_dataproducts.models import DataProduct

    row = DataProduct(target=target, product_id=name, data_product_type="spectroscopy")
    row.data.save(name, ContentFile(content))
    return row


def test_files_are_read_again_when_they_leave_and_must_be_the_same(fake, user, target, settings, tmp_path):
    import hashlib

    settings.MEDIA_ROOT = str(tmp_path)
    row = product(target, "finder.txt", b"north is up")
    name = row.data.name.rpartition("/")[2]
    file = File(row.pk, name, 11, hashlib.sha256(b"north is up").hexdigest(), target.name)
    there = Hermes(TOPIC)
    delivery = queued(there, chosen(target, files=(file,)), user, target)
    assert there.may_send(delivery, user) == ""
    sent(there, delivery, user)
    assert next(iter(fake.world.archive.files.values())) == b"north is up"
    row.data.open("wb").write(b"south")
    row.data.close()
    with pytest.raises(Rejected, match="changed"):
        there.send(bytes(delivery.payload), delivery.key, fake.token)
    row.data.storage.delete(row.data.name)
    with pytest.raises(Rejected, match="not there"):
        there.send(bytes(delivery.payload), delivery.key, fake.token)
    assert len(fake.messages) == 1
    with pytest.raises(Unsaid):
        there.preview(given.filled(there, chosen(target, files=(File(1, "gone.txt", -1, "", target.name),))))


def test_an_account_s_topics_and_why_there_are_none(fake, user, settings):
    assert Hermes.addresses(user) == ["hermes.query-test", "hermes.test", "tomtoolkit.test"]
    assert Hermes.unready(user) == ""
    fake.world.services = False
    row = accounts.asked(fake.token)
    assert row.problem == accounts.SILENT
    assert Hermes.addresses(user)  # what was known stays
    own = HermesProfile.objects.create(user=user, token=fake.token_of("tom-nocred"))
    accounts.first()
    assert (Hermes.addresses(user), Hermes.unready(user)) == ([], accounts.SILENT)
    fake.world.services = True
    accounts.refresh()
    assert Hermes.unready(user) == accounts.NONE
    own.token = "f" * 40
    own.save()
    accounts.first()
    assert "Invalid token" in Hermes.unready(user)
    assert own.token not in Hermes.unready(user)
    settings.TOM_HERMES = {"BASE_URL": fake.url}
    own.delete()
    assert Hermes.unready(user) == accounts.NO_TOKEN
    with pytest.raises(Rejected):
        Hermes(TOPIC).credential(user)


def test_what_was_never_asked_is_asked_by_the_worker_and_the_page_follows(
    fake, user, target, client, settings, monkeypatch
):
    """A click returns in under 200 ms whatever the service does: no page asks HERMES where somebody may write."""
    client.force_login(user)
    token = fake.token_of("tom-other")
    Job.objects.create(name=accounts.JOB, due=clock.now() + timedelta(hours=1))
    client.post(reverse("tom_hermes:token"), {"token": token})
    assert Job.objects.get().due <= clock.now()  # the worker is woken before any page waits for it
    Job.objects.update(due=clock.now() + timedelta(hours=1))
    settings.TOM_HERMES = {
        **settings.TOM_HERMES,
        "BASE_URL": fake.url.replace("127.0.0.1", "localhost"),
    }  # TNS's lists too
    page = client.get("/share/", {"target": target.pk})["Location"]
    with monkeypatch.context() as context:
        context.setattr("tom_hermes.client.Hermes._line", lambda *args: pytest.fail("a page asked HERMES"))
        body = client.get(page).content.decode()
        assert accounts.ASKED in body
        assert f'hx-get="{page}offers/?attended=False" hx-trigger="every 5s"' in body
        assert "No worker runs that would ask" in body
        assert Job.objects.get().due <= clock.now()
        follows = client.get(f"{page}offers/?attended=False", headers={"HX-Request": "true"})
        assert (follows.status_code, follows.get("HX-Trigger")) == (204, None)
        client.post(f"{page}form/", {"sinks": "1", "sink": "tns:hermes.test"}, headers={"HX-Request": "true"})
    assert not any(token in str(vars(row)) for table in (Job, Known) for row in table.objects.all())
    accounts.first()
    follows = client.get(f"{page}offers/?attended=False", headers={"HX-Request": "true"})
    assert (follows.status_code, follows["HX-Trigger"], follows.content) == (200, "share-changed", b"")
    body = client.get(page).content.decode()
    assert "/offers/" not in body
    assert 'value="tns:hermes.test" checked' in body
    assert ">LCO</option>" in body  # TNS's lists
    asked = Known.objects.values_list("asked", flat=True)
    before = list(asked)
    accounts.first()  # what is known is not asked again
    assert list(asked) == before


def test_who_shares_all_the_time_waits_for_the_worker_to_ask(fake, user, target):
    """A new token of its owner stops nothing: what may be written with it is asked first."""
    row = standing.begin(user, f"hermes:{TOPIC}", {"title": "T", "authors": "A", "submitter": "S"}, target=target.pk,
                         predicate={"kinds": ["photometry"], "limits": "all"}, per_hour=6)  # fmt: skip
    shared_by.photometry(target, 2)
    HermesProfile.objects.create(user=user, token=fake.token_of("tom-other"))
    assert standing.one(row) == []
    row.refresh_from_db()
    assert row.active
    accounts.first()
    assert len(standing.one(row)) == 1


def test_who_cannot_send_circulars_is_told_what_to_do(fake, user):
    HermesProfile.objects.create(user=user, token=fake.token_of("tom-nogcn"))
    accounts.first()
    assert "log in at GCN" in Gcn.unready(user)
    assert Hermes.unready(user) == ""
    assert Hermes(TOPIC).speaker(user) == "your own account at HERMES"


def test_a_token_is_kept_encrypted_set_by_its_owner_alone_and_shown_to_nobody(fake, user, client):
    assert client.get(reverse("tom_hermes:token")).status_code == 302
    client.force_login(user)
    page = client.post(reverse("tom_hermes:token"), {"token": "a b"})
    assert "without spaces" in page.content.decode()
    token = fake.token_of("tom-other")
    client.post(reverse("tom_hermes:token"), {"token": token, "user": make.user("eve").pk})
    assert [(row.user, row.token) for row in HermesProfile.objects.all() if row.token] == [(user, token)]
    stored = HermesProfile.objects.values_list("token", flat=True)
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT token FROM tom_hermes_hermesprofile WHERE user_id = %s", [user.pk])
        assert token.encode() not in bytes(cursor.fetchone()[0])
    assert list(stored)
    accounts.first()  # the worker
    answer = client.get(reverse("tom_hermes:account-card")).content.decode()
    assert "tom-other-0badcafe" in answer
    pages = [
        client.get(reverse("tom_hermes:token")).content.decode(),
        client.get("/users/profile/").content.decode(),
        answer,
    ]
    assert all(token not in page for page in pages)
    client.post(reverse("tom_hermes:token"), {"token": ""})  # left alone, it stays
    assert HermesProfile.objects.get(user=user).token == token


def test_test_it_has_the_worker_ask_and_the_card_follows(fake, user, client, monkeypatch):
    test, card = reverse("tom_hermes:account-test"), reverse("tom_hermes:account-card")
    client.force_login(user)
    accounts.first()
    now = clock.now()
    job, _ = Job.objects.update_or_create(name=accounts.JOB, defaults={"due": now + timedelta(minutes=9)})
    with monkeypatch.context() as patch:
        patch.setattr(accounts, "client", lambda *_, **__: pytest.fail("the click asked HERMES"))
        answer = client.post(test, follow=True).content.decode()
    assert "No worker runs that would ask HERMES" in answer
    assert f'hx-get="{card}?attended=False"' in answer
    assert TOPIC in answer  # what is known stays
    assert Job.objects.get(pk=job.pk).due < now + timedelta(minutes=1)
    assert client.get(card, {"attended": "False"}).status_code == 204
    Worker.objects.create(process="w", started=now, beat=now)
    assert "HERMES is asked what this account may do" in client.get(card, {"attended": "False"}).content.decode()
    assert not accounts.account(user).waits  # the Share page goes by what is known
    accounts.first()
    answer = client.get(card, {"attended": "True"}).content.decode()
    assert "hx-get" not in answer
    assert TOPIC in answer


def test_the_card_of_an_account_that_was_never_asked_about_wakes_the_worker(fake, user, client):
    """docs/hermes.md: at once for an account that was never asked about; the card said so and nobody asked for ten minutes."""
    Known.objects.all().delete()
    client.force_login(user)
    now = clock.now()
    job, _ = Job.objects.update_or_create(name=accounts.JOB, defaults={"due": now + timedelta(minutes=9)})
    assert "HERMES what this account may do" in client.get("/users/profile/").content.decode()
    assert Job.objects.get(pk=job.pk).due < now + timedelta(minutes=1)


def test_a_topic_that_was_chosen_stays_while_hermes_is_asked_where_one_may_send(fake, user, target, client):
    """The page posts its form when it has the answer: the choice of a draft opened anew was gone by then."""
    client.force_login(user)
    page = client.get("/share/", {"target": target.pk})["Location"]
    client.post(f"{page}form/", {"sinks": "1", "sink": f"hermes:{TOPIC}"}, headers={"HX-Request": "true"})
    Known.objects.all().delete()
    hidden = f'<input type="hidden" name="sink" value="hermes:{TOPIC}">'
    assert hidden in client.get(page).content.decode()
    accounts.first()
    accounts.account(user)
    ticked = f'name="sink" value="hermes:{TOPIC}" checked'
    answer = client.get(page).content.decode()
    assert (ticked in answer, hidden in answer) == (True, False)


def test_a_draft_for_hermes_own_form(fake, user, target):
    payload, _ = Hermes(TOPIC).preview(given.filled(Hermes(TOPIC), chosen(target)))
    address = Hermes(TOPIC).preload(payload, fake.token)
    assert address.startswith(f"{fake.url}/submit-message?id=")
    assert fake.world.drafts[address.rpartition("=")[2]]["title"] == "Photometry of AT2026abc (S260101ab)"


def test_the_page_opens_it_for_who_may_send_there(fake, user, target, client):
    client.force_login(user)
    page = client.get("/share/", {"target": target.pk})["Location"]
    said = {"sinks": "1", "sink": f"hermes:{TOPIC}", "f.title": "By hand"}
    there = f"{page}preload/?sink=hermes:{TOPIC}"
    follows = client.post(there, said)["Location"]
    assert not fake.world.drafts  # no click waits for HERMES
    assert "No worker runs" in client.get(follows).content.decode()
    Worker.objects.create(process="w", started=clock.now(), beat=clock.now())
    assert "opens here by itself" in client.get(follows).content.decode()
    assert client.get(f"{follows}&attended=True", headers={"HX-Request": "true"}).status_code == 204
    questions.run()
    address = client.get(follows)["Location"]
    assert client.get(follows, headers={"HX-Request": "true"})["HX-Redirect"] == address
    assert fake.world.drafts[address.rpartition("=")[2]]["title"] == "By hand"
    assert "Open in HERMES" in client.get(page).content.decode()
    stranger = make.user("stranger")
    client.force_login(stranger)
    assert client.post(there, said).status_code == 404
    assert client.get(follows).status_code == 404
    client.force_login(user)
    assert client.post(there, said)["Location"] == follows
    Embargo.objects.create(target=target, reason="not yet", by_name="root")
    questions.run()  # the embargo came between the click and the worker's turn
    assert client.get(follows)["Location"] == page
    assert "not yet" in client.get(page).content.decode()
    assert client.post(there, said)["Location"] == page
    assert "It was not handed on" in client.get(page).content.decode()
    assert len(fake.world.drafts) == 1
    assert not fake.messages


def test_an_embargo_on_a_target_holds_its_data_where_the_target_is_not_ticked(fake, user, target, client):
    (row,) = shared_by.photometry(target, 1)
    client.force_login(user)
    page = client.get("/share/", {"photometry": row.pk})["Location"]
    client.post(f"{page}rows/", {"kind": "target", "shown": target.pk})
    Embargo.objects.create(target=target, reason="not yet", by_name="root")
    said = {"sinks": "1", "sink": f"hermes:{TOPIC}"}
    assert client.post(f"{page}preload/?sink=hermes:{TOPIC}", said)["Location"] == page
    assert not fake.world.drafts
    assert "Under embargo" in client.get(page).content.decode()


def test_the_text_says_what_else_the_message_has(fake, target):
    """HERMES' own text has no spectra, nothing of files, and nothing of what it has no section for."""
    file = File(1, "finder.txt", 11, "0" * 64, target.name)
    seen = (Counterpart("AT2026abc", "interesting"), Counterpart("AT2026abc", "confirmed"))
    content = chosen(target, spectra=(given.spectrum(),), candidates=seen, files=(file,))
    _, text = Hermes(TOPIC).preview(given.filled(Hermes(TOPIC), content))
    assert text.endswith("In the message, not in this text: 1 spectrum, 2 candidates, the file finder.txt.\n")


def test_a_form_that_does_not_answer_is_said_on_the_page(fake, user, target, client):
    client.force_login(user)
    page = client.get("/share/", {"target": target.pk})["Location"]
    said = {"sinks": "1", "sink": f"hermes:{TOPIC}", "f.title": "By hand"}
    fake.faults.append({"path": "submit_message/preload/", "do": "drop"})
    follows = client.post(f"{page}preload/?sink=hermes:{TOPIC}", said)["Location"]
    assert follows != page
    questions.run()
    assert client.get(follows)["Location"] == page
    assert "It was not handed on: HERMES did not answer" in client.get(page).content.decode()


def test_a_retraction_goes_through_the_outbox_by_those_who_may(fake, user, target, client):
    there = Hermes(TOPIC)
    sent(there, queued(there, chosen(target), user, target), user)
    shared = SharedMessage.objects.get()
    address = reverse("tom_hermes:retract", args=[shared.pk, "retract"])
    assert client.post(address).status_code == 302
    client.force_login(make.user("stranger"))
    assert client.post(address).status_code == 404
    colleague = make.user("bob")
    for person in (user, colleague):
        person.groups.add(Group.objects.get_or_create(name="team")[0])
    client.force_login(colleague)
    assert client.get(reverse("tom_hermes:shared")).content.decode().count("Retract</button>") == 0
    assert client.post(address).status_code in (302, 403)
    assert Delivery.objects.filter(service="hermes-retract").count() == 0
    client.force_login(user)
    assert "Retract</button>" in client.get(reverse("tom_hermes:shared")).content.decode()
    mine = f"{reverse('tom_hermes:shared')}?delivery={shared.delivery_id}"
    Delivery.objects.filter(pk=shared.delivery_id).update(state="delivered", receipt_id=str(shared.uuid))
    assert mine in client.get(shared.delivery.get_absolute_url()).content.decode()
    assert "Retract</button>" in client.get(mine).content.decode()
    for another in (shared.delivery_id + 1, "x", "٣", 10**30):
        assert (
            "Retract</button>" not in client.get(reverse("tom_hermes:shared"), {"delivery": another}).content.decode()
        )
    client.post(address)
    client.post(address)  # the same click
    delivery = Delivery.objects.get(service="hermes-retract")
    assert fake.messages[0].retracted is False
    sent(retraction.Retraction(TOPIC), delivery, user)
    assert fake.messages[0].retracted is True
    shared.refresh_from_db()
    assert shared.retracted
    assert retraction.Retraction(TOPIC).show(bytes(delivery.payload)).startswith("Hide")


def test_what_was_said_of_one_target(fake, user, target, client):
    client.force_login(make.user("stranger"))
    assert client.get(reverse("tom_hermes:target-shared", args=[target.pk])).status_code == 404
    client.force_login(user)
    assert client.get(reverse("tom_hermes:target-shared", args=[target.pk])).status_code == 200


def test_a_written_spectrum_says_what_its_columns_are():
    row = {
        "target_name": "A",
        "date_obs": "2026",
        "wavelength_units": "nm",
        "flux_units": "mJy",
        "wavelength": [1.0],
        "flux": [2.0],
    }
    assert attached.as_text(row) == "# A 2026\n# wavelength: nm, flux: mJy\n1.0 2.0\n"
    assert json.dumps(row)


@pytest.mark.parametrize(
    ("setting", "ids"),
    [
        ({}, []),
        ({"BASE_URL": "hermes.lco.global"}, ["tom_hermes.E006"]),
        ({"BASE_URL": "https://hermes.lco.global/api/v0"}, ["tom_hermes.E006"]),
        ({"BASE_URL": ""}, ["tom_hermes.E006"]),
        ({"TOKEN": "Token abc"}, ["tom_hermes.E007"]),
        ({"DEFAULT_TOPIC": "hermes.message", "TEST_SERVER": True}, ["tom_hermes.W002"]),
        ({"BASE_URL": "http://hermes.example.org", "TOKEN": "abc"}, ["tom_hermes.W003"]),
    ],
)
def test_settings_that_cannot_be_meant_are_told(settings, setting, ids):
    from tom_hermes.checks import settings_check

    settings.TOM_HERMES = setting
    found = settings_check(None)
    assert [item.id for item in found] == ids
    assert all(item.hint for item in found)
    assert not any(setting.get("TOKEN") and setting["TOKEN"] in item.msg for item in found)
