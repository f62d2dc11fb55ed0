"""What is chosen becomes content, with the rights of who shares. Authority: the shapes in compose/content.py, the host's rules of
who sees a target, and for a file to the Minor Planet Center its ADES standard of 2022."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.core.files.base import ContentFile
from tom_dataproducts.models import AstrometryReducedDatum, DataProduct, PhotometryReducedDatum
from tom_observations.models import ObservationRecord
from tom_targets.models import TargetExtra, TargetName

from tests import factories as make
from tests import sharing as shared
from tom_scimma.compose import ades, designations, document
from tom_scimma.compose.ades_sink import Ades, initials
from tom_scimma.compose.fields import merged
from tom_scimma.compose.gather import Unseen, gather
from tom_scimma.compose.items import Cargo, items
from tom_scimma.compose.newest import newest
from tom_scimma.compose.parcels import build, sealed, unsealed
from tom_scimma.compose.rights import all_seen, owners
from tom_scimma.compose.selection import Selection
from tom_scimma.destinations import Need
from tom_scimma.destinations.hopskotch import Hopskotch, unpacked
from tom_scimma.errors import Unsaid
from tom_scimma.models import Candidate

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    group = Group.objects.create(name="lvk")
    return {
        "member": make.user("member", group, first_name="Ada", last_name="Lovelace"),
        "stranger": make.user("stranger", Group.objects.create(name="others")),
        "root": make.user("root", is_superuser=True),
        "group": group,
    }


def everything(group: Group) -> tuple[Selection, dict]:
    """A private target with one of each kind, and its keys."""
    star = shared.target("a star", group)
    TargetName.objects.create(target=star, name="ZTF26aaa")
    TargetExtra.objects.create(target=star, key="redshift", value="0.03")
    event = make.event("S261120ab", groups=(group,))
    product = DataProduct(target=star, data_product_type="fits_file")
    product.data.save("image.fits", ContentFile(b"bytes of an image"))
    observation = ObservationRecord.objects.create(
        target=star, facility="LCO", parameters={"filter": "r"}, observation_id="17", status="COMPLETED"
    )
    keys = {
        "target": [star.pk],
        "photometry": [row.pk for row in shared.photometry(star)],
        "spectrum": [shared.spectrum(star).pk],
        "astrometry": [shared.position(star).pk],
        "product": [product.pk],
        "observation": [observation.pk],
        "candidate": [Candidate.objects.create(event=event, target=star, because="person", status="interesting").pk],
    }
    return Selection.of({**keys, "event": ["S261120ab"]}), keys


def test_everything_is_gathered(people, settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    selection, keys = everything(people["group"])
    found = gather(selection, people["member"])
    assert (found.by.username, found.by.name) == ("member", "Ada Lovelace")
    assert found.event.name == "S261120ab"
    body = found.targets[0]
    assert (body.name, body.aliases, body.extras, body.ra, body.sidereal) == (
        "a star",
        ("ZTF26aaa",),
        {"redshift": 0.03},
        150.1,
        True,
    )
    assert [row.brightness for row in found.photometry] == [18.0, 18.02, None]
    assert [row.limit for row in found.photometry] == [None, None, 21.5]
    assert {row.target for row in found.photometry} == {"a star"}
    first = found.photometry[0]
    assert (first.unit, first.bandpass, first.telescope, first.instrument) == ("AB mag", "r", "1m0a", "sinistro")
    assert first.time == make.NIGHT
    assert found.spectra[0].wavelength == (400.0, 500.0, 600.0)
    assert (found.spectra[0].wavelength_unit, found.spectra[0].flux_unit) == ("nm", "mJy")
    assert (found.astrometry[0].ra_error, found.astrometry[0].error_unit) == (0.1, "arcsec")
    assert (found.observations[0].facility, found.observations[0].parameters) == ("LCO", {"filter": "r"})
    assert (found.candidates[0].target, found.candidates[0].status) == ("a star", "interesting")
    assert (found.files[0].size, found.files[0].target) == (17, "a star")
    carried = items(found)
    assert {kind: [i.number for i in carried if i.kind == kind] for kind in keys} == keys
    assert {item.target for item in carried} == {body.pk}


@pytest.mark.parametrize(
    "kind", ["target", "photometry", "spectrum", "astrometry", "product", "observation", "candidate", "event"]
)
def test_what_one_may_not_see_is_not_shared_and_not_named(people, kind, settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    _, keys = everything(people["group"])
    one = Selection.of({kind: ["S261120ab"] if kind == "event" else keys[kind][:1]})
    for who in ("member", "root"):
        gather(one, people[who])
    with pytest.raises(Unseen) as hidden:
        gather(one, people["stranger"])
    gone = Selection.of({kind: ["S999999zz"] if kind == "event" else ["987654"]})
    with pytest.raises(Unseen) as missing:
        gather(gone, people["stranger"])
    assert str(hidden.value) == str(missing.value)
    assert "a star" not in str(hidden.value)


def test_rights_on_single_objects(people, settings, tmp_path):
    from guardian.shortcuts import assign_perm

    settings.MEDIA_ROOT = str(tmp_path)
    settings.TARGET_PERMISSIONS_ONLY = False
    _, keys = everything(people["group"])
    for kind, permission in (
        ("product", "tom_dataproducts.view_dataproduct"),
        ("observation", "tom_observations.view_observationrecord"),
    ):
        one = Selection.of({kind: keys[kind]})
        with pytest.raises(Unseen):
            gather(one, people["member"])
        model = DataProduct if kind == "product" else ObservationRecord
        assign_perm(permission, people["member"], model.objects.get(pk=keys[kind][0]))
        gather(one, people["member"])
    PhotometryReducedDatum.objects.filter(pk__in=keys["photometry"]).update(data_product=keys["product"][0])
    gather(Selection.of({"photometry": keys["photometry"]}), people["member"])
    other = make.user("other", people["group"])
    with pytest.raises(Unseen):
        gather(Selection.of({"photometry": keys["photometry"]}), other)


def test_a_datum_with_rights_of_its_own_is_shared_by_whoever_has_them(people, settings):
    """As the host shows data: with TARGET_PERMISSIONS_ONLY off, by the permission to view each."""
    from guardian.shortcuts import assign_perm, remove_perm

    settings.TARGET_PERMISSIONS_ONLY = False
    star = shared.target()
    one, two = (row.pk for row in shared.photometry(star, 2))
    both = {"photometry": [one, two]}
    team, everybody = people["group"], Group.objects.get_or_create(name="Public")[0]
    permission, datum = "tom_dataproducts.view_photometryreduceddatum", PhotometryReducedDatum.objects.get(pk=one)
    assert all_seen(both, people["stranger"])  # nobody has rights on single ones
    assert all_seen(both, None)
    assign_perm(permission, everybody, datum)
    assert all_seen(both, None)
    remove_perm(permission, everybody, datum)
    assign_perm(permission, team, datum)
    seen = {name: all_seen(both, people[name]) for name in ("member", "stranger", "root")}
    assert seen == {"member": True, "stranger": False, "root": True}
    assert not all_seen(both, None)
    assert all_seen({"photometry": [two]}, people["stranger"])
    assert owners("photometry", [one, two], people["stranger"]) == {two: star.pk}


def test_questions_do_not_grow_with_what_is_chosen(people, django_assert_max_num_queries):
    star = shared.target()
    keys = [row.pk for row in shared.photometry(star, 300)]
    with django_assert_max_num_queries(12):
        assert len(gather(Selection.of({"photometry": keys}), people["member"]).photometry) == 300


@pytest.mark.parametrize(
    "said", [{"target": ["x"]}, {"photometry": ["-1"]}, {"event": ["a", "b"]}, {"target": ["1" * 30]}], ids=str
)
def test_what_is_no_choice_is_refused_with_what_was_seen(said):
    with pytest.raises(ValueError):
        Selection.of(said)


def test_a_change_of_a_value_changes_its_hash_and_a_new_name_only_that_of_the_target(people):
    star = shared.target()
    row = shared.photometry(star, 1)[0]
    chosen = Selection.of({"photometry": [row.pk]})
    before = {item.kind: item.digest for item in items(gather(chosen, people["member"]))}
    star.name = "AT2026xyz"
    star.save()
    renamed = {item.kind: item.digest for item in items(gather(chosen, people["member"]))}
    assert renamed["photometry"] == before["photometry"]
    assert renamed["target"] != before["target"]
    PhotometryReducedDatum.objects.filter(pk=row.pk).update(limit=21.6)
    after = {item.kind: item.digest for item in items(gather(chosen, people["member"]))}
    assert after["photometry"] != before["photometry"]


def test_to_begin_with_the_newest_night(people):
    star = shared.target()
    old = shared.photometry(star, 2, bandpass="g")
    PhotometryReducedDatum.objects.filter(pk__in=[row.pk for row in old]).update(timestamp="2026-10-01T00:00:00Z")
    new = shared.photometry(star, 3)
    found = newest(Selection.of({"target": [star.pk]}), people["member"])
    assert set(found.keys("photometry")) == {row.pk for row in new}
    assert found.keys("spectrum") == ()


# the form


def test_a_field_that_two_sinks_want_is_asked_once():
    first = [Need("title", "Title", "known", required=True), Need("text", "Text")]
    second = [
        Need("title", "Headline", required=True, error="too short"),
        Need("kind", "Kind", kind="choice", choices=(("a", "A"),)),
    ]
    found = merged([("One", first), ("Two", second)], {"text": "typed"})
    assert list(found) == ["title", "text", "kind"]
    title = found["title"]
    assert (title.value, title.wanted, title.required, title.errors) == (
        "known",
        ("One", "Two"),
        ("One", "Two"),
        ("too short",),
    )
    assert found["text"].value == "typed"
    assert merged([("Two", second)], {"title": "longer"})["title"].errors == ()


def test_what_is_needed_and_empty_is_said_at_its_field(people):
    content = gather(Selection.of({"target": [shared.target().pk]}), people["member"])
    proof = build([Hopskotch("tom.news")], content, {"title": "A title"})
    assert not proof.is_good
    assert proof.fields["text"].errors == ("Hopskotch topic needs this.",)
    assert build([Hopskotch("tom.news")], content, {"title": "A title", "text": "words"}).is_good


def test_a_topic_gets_all_of_it_and_nothing_that_is_ours_alone(people):
    star = shared.target()
    shared.photometry(star)
    content = gather(newest(Selection.of({"target": [star.pk]}), people["member"]), people["member"])
    payload, text = Hopskotch("tom.news").preview({"title": "T", "text": "words", "content": content})
    said, headers = unpacked(payload)
    assert headers == {"title": "T"}
    assert (said["title"], said["text"], said["targets"][0]["name"]) == ("T", "words", "AT2026abc")
    assert [row.get("limit") for row in said["photometry"]] == [None, None, 21.5]
    assert "pk" not in payload.decode()
    assert "> 21.5" in text


def test_what_is_no_number_is_refused(people):
    star = shared.target()
    row = shared.photometry(star, 1)[0]
    content = gather(Selection.of({"photometry": [row.pk]}), people["member"])
    bad = content.__class__(
        by=content.by, photometry=(content.photometry[0].__class__(1, "a", make.NIGHT, float("nan")),)
    )
    with pytest.raises(Unsaid):
        document.document(bad)
    proof = build([Hopskotch("tom.news")], bad, {"title": "T", "text": "w"})
    assert "nan" in proof.letters[0].problems[0]


def test_more_than_a_message_takes_becomes_numbered_messages(people):
    star = shared.target()
    shared.photometry(star, 9000)
    keys = PhotometryReducedDatum.objects.values_list("pk", flat=True)
    content = gather(Selection.of({"photometry": list(keys)}), people["member"])
    proof = build([Hopskotch("tom.news")], content, {"title": "T", "text": "w"})
    parcels = proof.letters[0].parcels
    assert len(parcels) > 1
    assert max(parcel.size for parcel in parcels) <= 950_000
    said = [unpacked(parcel.payload)[0] for parcel in parcels]
    assert [one["title"] for one in said] == [f"T ({n} of {len(said)})" for n in range(1, len(said) + 1)]
    assert sum(len(one["photometry"]) for one in said) == 9000
    assert [(parcel.number, parcel.of) for parcel in parcels] == [(n, len(said)) for n in range(1, len(said) + 1)]
    cargo = Cargo.of(items(content))
    _, kept = sealed(proof, cargo)
    left, carried = unsealed(kept)
    assert [(one.payload, one.number) for one in left] == [(one.payload, one.number) for one in parcels]
    assert carried.rows(1) == [(1, *item, None) for item in items(content)]


# the Minor Planet Center

SAID = {
    "stn": "F65",
    "submitter": "A. Lovelace",
    "observers": "A. Lovelace, C. H. Babbage",
    "measurers": "A. Lovelace",
    "design": "Reflector",
    "aperture": "2.0",
    "detector": "CCD",
    "astcat": "Gaia3",
}


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("433", ("permID", "433")),
        ("(433) Eros", ("permID", "433")),
        ("433 Eros", ("permID", "433")),
        ("1P/Halley", ("permID", "1P")),
        ("2015 BP1", ("provID", "2015 BP1")),
        ("C/2014 Q2 (Lovejoy)", ("provID", "C/2014 Q2")),
        ("2040 P-L", ("provID", "2040 P-L")),
        ("P10abcd", ("trkSub", "P10abcd")),
        ("a name that is none", None),
    ],
)
def test_designations(name, known):
    assert designations.designation(name) == known


def test_a_file_for_the_mpc(people):
    rock = shared.target("2015 BP1", type="NON_SIDEREAL", ra=None, dec=None, scheme="MPC_MINOR_PLANET")
    row = shared.position(rock)
    point = shared.photometry(rock, 2, unit="mag")[0]
    content = gather(Selection.of({"astrometry": [row.pk], "photometry": [point.pk]}), people["member"])
    lines = ades.write(content, SAID).splitlines()
    assert lines[:5] == ["# version=2022", "# observatory", "! mpcCode F65", "# submitter", "! name A. Lovelace"]
    heads, values = ([cell.strip() for cell in line.split("|")] for line in lines[-2:])
    said = dict(zip(heads, values, strict=True))
    assert said == {
        "provID": "2015 BP1",
        "mode": "CCD",
        "stn": "F65",
        "obsTime": "2026-11-20T03:00:00.000Z",
        "ra": "150.1234568",
        "dec": "-2.2000000",
        "rmsRA": "0.1",
        "rmsDec": "0.2",
        "astCat": "Gaia3",
        "mag": "18.00",
        "rmsMag": "0.05",
        "band": "r",
    }


def test_the_mpc_gets_nothing_that_its_format_cannot_say(people):
    star = shared.target()
    content = gather(Selection.of({"astrometry": [shared.position(star).pk]}), people["member"])
    with pytest.raises(Unsaid) as error:
        ades.write(content, {**SAID, "stn": "", "observers": "lovelace", "aperture": "big"})
    assert set(error.value.fields) == {"ades.stn", "ades.observers", "ades.aperture", ""}
    assert "does not move" in error.value.fields[""][0]
    proof = build([Ades()], content, {})
    assert any("does not move" in text for text in proof.letters[0].problems)
    assert proof.leaving == []
    assert proof.fields["ades.stn"].errors


def moving(people, *, points: tuple = (), **position):
    """A rock with a position and these magnitudes, as they are gathered: seconds after the position and columns."""
    rock = shared.target("2015 BP1", type="NON_SIDEREAL", ra=None, dec=None, scheme="MPC_MINOR_PLANET")
    row = shared.position(rock)
    AstrometryReducedDatum.objects.filter(pk=row.pk).update(**position)
    keys = []
    for seconds, columns in points:
        (point,) = shared.photometry(rock, 1, limit=None, brightness=18.0, brightness_error=0.05, **columns)
        PhotometryReducedDatum.objects.filter(pk=point.pk).update(timestamp=row.timestamp + timedelta(seconds=seconds))
        keys.append(point.pk)
    return gather(Selection.of({"astrometry": [row.pk], "photometry": keys}), people["member"])


def cells(text: str) -> dict[str, str]:
    heads, values = ([cell.strip() for cell in line.split("|")] for line in text.splitlines()[-2:])
    return dict(zip(heads, values, strict=True))


def test_numbers_for_the_mpc_are_decimals_in_range(people):
    content = moving(people, ra=359.99999999, ra_error=2.0, dec_error=1e-8, ra_error_units="degrees")
    said = cells(ades.write(content, SAID))
    assert (said["ra"], said["rmsRA"]) == ("0.0000000", "7200")  # 7.2e+03 is no number to ADES
    assert said["rmsDec"] == "0.00004"  # it is seven characters at most (submit.xsd, PosDecimalTypeW7)


def test_what_does_not_fit_into_the_file_is_said_in_it(people):
    points = ((0.5, {"unit": "AB mag"}), (90.0, {"unit": "AB mag"}), (0.0, {"unit": "mJy"}))
    text = ades.write(moving(people, points=points), SAID)
    assert "! line 2 measurements of brightness belong to no position and are not in this file" in text
    assert cells(text)["mag"] == "18.00"


def test_a_file_for_the_mpc_is_of_one_observatory(people):
    with pytest.raises(Unsaid, match="some positions are from W85: one file is of one observatory"):
        ades.write(moving(people, value={"mpc_sitecode": "W85"}), SAID)


def test_a_magnitude_for_the_mpc_has_a_band(people):
    with pytest.raises(Unsaid, match="has no band"):
        ades.write(moving(people, points=((0.0, {"unit": "AB mag", "bandpass": ""}),)), SAID)


def test_initials():
    assert initials("Ada Maria Lovelace") == "A. M. Lovelace"
    assert initials("ada") == ""


def test_json_is_json(people):
    content = gather(Selection.of({"target": [shared.target().pk]}), people["member"])
    json.dumps(document.document(content), allow_nan=False)
