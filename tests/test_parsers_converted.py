"""GCN's packets as GCN turns them into JSON. Authority: nasa-gcn/gcn-classic-to-json, one folder a type. All packets are ours."""

from __future__ import annotations

import pytest

from tests.notices import one, read, says
from tom_scimma import parsers
from tom_scimma.errors import Unparsable
from tom_scimma.parsers import classic_types
from tom_scimma.parsers.voevent.packets import CONNECTION, PACKETS

TOPIC = "gcn.classic.json."
PLACE = {"ra": 124.25, "dec": -33.5, "ra_dec_error": 0.0625}
TIME = {"trigger_time": "2026-05-14T18:40:37.000Z"}
SAID = "This is a test notice.\nSuper-K contributed to this notice.\nSuper-K quality factor is good.\nLVD contributed to this notice."
LVC = {
    "mission": "LVC", "alert_tense": "current", "messenger": "GW", "id": ["S260514x"], "alert_type": "update", "p_astro": 1.0,
    "classification": [{"TERRESTRIAL": 0.25}, {"BBH": 0.75}], "properties": [{"NS": 0.0}, {"REMNANT": 0.5}],
    "pipeline_type": "pycbc", "search_type": "AllSky", "group_type": "CBC", "duration": None, **TIME,
    "skymap_url": "https://gracedb.ligo.org/superevents/S260514x/files/Bilby.multiorder.fits,0",
    "additional_info": "LIGO-Handford Observatory contributed to this candidate event.\nVirgo Observatory contributed to it.",
}  # fmt: skip

#: type -> what is sent, event, kind, alert_type, role, source
WHO = {
    "INTEGRAL_WEAK": ({"id": [0], **TIME, **PLACE}, "INTEGRAL 2026-05-14T18:40:37Z", "GRB", "initial", "observation", "INTEGRAL"),
    "INTEGRAL_POINTDIR": ({"id": [0], "alert_tense": "test", **TIME}, "INTEGRAL 2026-05-14T18:40:37Z", "UNK", "other", "test", "INTEGRAL"),
    "INTEGRAL_SPIACS": (
        {"id": [0], **TIME}, "INTEGRAL SPI-ACS 2026-05-14T18:40:37Z", "GRB", "initial", "observation", "INTEGRAL SPI-ACS"
    ),
    "SWIFT_BAT_GRB_POS_ACK": ({"id": [1300001], **TIME, **PLACE}, "Swift 1300001", "GRB", "initial", "observation", "Swift BAT"),
    "SWIFT_XRT_POSITION": ({"id": [1300001], **TIME, **PLACE}, "Swift 1300001", "GRB", "followup", "observation", "Swift XRT"),
    "FERMI_GBM_GND_POS": ({"id": [794000111], **TIME, **PLACE}, "Fermi GBM 794000111", "GRB", "update", "observation", "Fermi GBM"),
    "FERMI_LAT_POS_INI": ({"id": [794000111], **TIME, **PLACE}, "Fermi GBM 794000111", "GRB", "followup", "observation", "Fermi LAT"),
    "MAXI_TEST": ({"mission": "MAXI", **TIME, **PLACE}, "MAXI 2026-05-14T18:40:37Z", "XRT", "other", "test", "MAXI"),
    "SNEWS": (
        {"id": [1000464], "alert_tense": "test", "additional_info": SAID, **TIME}, "SNEWS 1000464", "SN", "initial", "test", "SNEWS"
    ),
    "GRB_CNTRPART": (
        {"ref_ID": [1300001], "ref_instrument": "Swift-XRT", **TIME, **PLACE}, "Swift 1300001", "GRB", "followup", "observation",
        "Swift XRT",
    ),
    "LVC_UPDATE": (LVC, "S260514x", "GW", "update", "observation", "LVK"),
}  # fmt: skip


@pytest.mark.parametrize("name", WHO)
def test_the_topic_says_who_speaks_and_what_the_packet_is(name):
    said, *expected = WHO[name]
    notice = one(said, TOPIC + name)
    assert [notice.event, notice.kind, notice.alert_type, notice.role, notice.source] == expected


def test_a_place_has_the_containment_that_its_mission_documents():
    sky = one({"id": [794000111], **TIME, **PLACE}, TOPIC + "FERMI_GBM_GND_POS").sky
    assert (sky.ra_deg, sky.dec_deg, sky.radius_deg, sky.containment) == (124.25, -33.5, 0.0625, 0.68)


@pytest.mark.parametrize("topic", ["file", TOPIC + "LVC_UPDATE"])
def test_lvc_s_words_are_those_of_its_own_alerts(topic):
    said = says(one(LVC, topic))
    assert said["classification"] == {"Terrestrial": 0.25, "BBH": 0.75}
    assert said["instruments"] == ["H1", "V1"]
    assert said["sky"] == {"type": "healpix", "skymap_url": LVC["skymap_url"]}
    words = ("HasNS", "HasRemnant", "group", "pipeline", "search")
    assert [said["properties"][word] for word in words] == [0.0, 0.5, "CBC", "pycbc", "AllSky"]


def test_experiments_durations_and_ranges_are_understood():
    said, *_ = WHO["SNEWS"]
    assert one(said, TOPIC + "SNEWS").instruments == ("Super-K", "LVD")
    maxi = one({"mission": "MAXI", "messenger": "EM", "duration": "10 sec", **TIME, **PLACE})
    assert maxi.properties["duration_s"] == 10.0
    superk = one(
        {"mission": "Super-Kamiokande", "id": [10063], "distance_range": [0.002, 0.003], **TIME}, TOPIC + "SK_SN"
    )
    assert (superk.event, superk.distance_mpc) == ("Super-K 10063", pytest.approx((0.0025, 0.0005)))


def test_the_sender_s_own_word_counts_more_than_the_type():
    assert (
        one({"id": [1300001], "alert_type": "retraction", **TIME}, TOPIC + "SWIFT_BAT_GRB_POS_ACK").alert_type
        == "retraction"
    )


@pytest.mark.parametrize(
    ("comments", "alert_type"),
    [
        ("A point source was found.\nIt is definitely not a GRB.\n", "retraction"),
        ("It is probably not a GRB or Transient(hi bkg level).\n", "initial"),
        (None, "initial"),
    ],
)
def test_a_trigger_is_taken_back_by_what_its_flags_say_in_words(comments, alert_type):
    """gcn-classic-to-json turns bit 5 and bits 6, 7, 9 and 11 of Swift's solution status into these sentences."""
    said = {"mission": "SWIFT", "instrument": "BAT", "id": [1300001], "additional_info": comments, **TIME, **PLACE}
    assert one(said, TOPIC + "SWIFT_BAT_QL_POS").alert_type == alert_type


def test_a_mass_gap_is_one_however_it_is_spelled():
    for name in ("Mass Gap", "MASS_GAP", "MASSGAP"):
        assert one({**LVC, "properties": [{name: 0.25}]}, TOPIC + "LVC_PRELIMINARY").properties["HasMassGap"] == 0.25


def test_what_is_no_packet_is_unparsable_and_an_unknown_type_is_read_by_what_it_says():
    with pytest.raises(Unparsable, match="converted packets"):
        read({"hello": 1}, TOPIC + "SNEWS")
    assert one({"mission": "Fermi", "instrument": "GBM", "id": [5], **TIME}, TOPIC + "NEW_TYPE").event == "Fermi GBM 5"


def test_every_name_of_a_type_has_a_meaning():
    lvc = {name for name in classic_types.NAMES if name.startswith("LVC_")}
    unknown = {name for name, number in classic_types.NAMES.items() if number not in CONNECTION | PACKETS.keys()} - lvc
    assert unknown == set()
    assert parsers.at_home(TOPIC + "SNEWS") == "classic_json"
