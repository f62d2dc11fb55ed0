"""VOEvents. Authority: the IVOA standard, GCN's packet pages and the rules of the normal form. All packets are ours."""

from __future__ import annotations

from xml.sax.saxutils import quoteattr

import pytest

from tom_scimma import parsers
from tom_scimma.decode import decode
from tom_scimma.errors import Unparsable
from tom_scimma.record import Record

GCN = "ivo://nasa.gsfc.gcn/"


def packet(ivorn, params=None, groups=None, place=None, *, role="observation", cites=(), time="2026-03-05T01:02:03.45",
           date="2026-03-05T01:03:00", system="UTC-FK5-GEO", names=(), concept="process.variation.burst;em.gamma",
           observatory=False):  # fmt: skip
    """The XML of one packet, in GCN's shape."""

    def param(name, value):
        value, _, unit = value.partition(" ") if isinstance(value, str) and name in UNITS else (value, "", "")
        return f"<Param name={quoteattr(name)} value={quoteattr(str(value))} unit={quoteattr(unit)}/>"

    what = "".join(param(*item) for item in (params or {}).items())
    for group, inner in (groups or {}).items():
        what += f"<Group name={quoteattr(group)}>{''.join(param(*item) for item in inner.items())}</Group>"
    where = ""
    if place:
        ra, dec, error = place
        where = (
            f"<Position2D unit='deg'><Name1>RA</Name1><Name2>Dec</Name2><Value2><C1>{ra}</C1><C2>{dec}</C2></Value2>"
            f"<Error2Radius>{error}</Error2Radius></Position2D>"
        )
    first = (
        "<ObservatoryLocation><AstroCoordSystem id='UTC-GEOD-TOPO'/><AstroCoords><Position2D><Value2><C1>149.4</C1>"
        "<C2>-35.3</C2></Value2></Position2D></AstroCoords></ObservatoryLocation>"
        if observatory else "<ObservatoryLocation id='GEOLUN'/>"
    )  # fmt: skip
    why = "".join(f"<Name>{name}</Name>" for name in names)
    cited = "".join(f'<EventIVORN cite="{relation}">{ivorn_}</EventIVORN>' for relation, ivorn_ in cites)
    return (
        f'<?xml version="1.0"?><voe:VOEvent xmlns:voe="http://www.ivoa.net/xml/VOEvent/v2.0" ivorn={quoteattr(ivorn)} role="{role}" '
        f'version="2.0"><Who><Author><shortName>Somebody</shortName></Author><Date>{date}</Date></Who><What>{what}</What>'
        f"<WhereWhen><ObsDataLocation>{first}<ObservationLocation><AstroCoordSystem id='{system}'/><AstroCoords><Time><TimeInstant>"
        f"<ISOTime>{time}</ISOTime></TimeInstant></Time>{where}</AstroCoords></ObservationLocation></ObsDataLocation></WhereWhen>"
        f"<Why><Inference>{why}<Concept>{concept}</Concept></Inference></Why><Citations>{cited}</Citations></voe:VOEvent>"
    ).encode()


UNITS = {"FAR"}


def read(payload):
    record = Record(topic="gcn.classic.voevent.ANY", payload=payload, source="test")
    parsed = parsers.parse(record.topic, decode(record))
    assert parsed.parser == "voevent"
    return parsed.notices


def one(*args, **options):
    (notice,) = read(packet(*args, **options))
    return notice


#: what is sent -> event, kind, alert_type, role, source, radius, containment
WHO = [
    (
        dict(
            ivorn=GCN + "Fermi#GBM_Alert_x",
            params={"Packet_Type": 110, "TrigID": 794000111, "Coords_String": "unavailable/inappropriate"},
            place=(0, 0, 0),
        ),
        ("Fermi GBM 794000111", "GRB", "initial", "observation", "Fermi GBM", None, None),
    ),
    (
        dict(
            ivorn=GCN + "Fermi#GBM_Flt_Pos_x",
            params={"Packet_Type": 111, "TrigID": 794000111, "Most_Likely_Index": 4, "Most_Likely_Prob": 92},
            place=(10, -5, 7.5),
        ),
        ("Fermi GBM 794000111", "GRB", "update", "observation", "Fermi GBM", 7.5, 0.68),
    ),
    (
        dict(
            ivorn=GCN + "Fermi#LAT_Offline_Pos_x", params={"Packet_Type": 128, "TrigID": 794000111}, place=(10, -5, 0.1)
        ),
        ("Fermi GBM 794000111", "GRB", "followup", "observation", "Fermi LAT", 0.1, 0.9),
    ),
    (
        dict(ivorn=GCN + "SWIFT#BAT_GRB_Pos_x", params={"Packet_Type": 61, "TrigID": 1300001}, place=(10, -5, 0.05)),
        ("Swift 1300001", "GRB", "initial", "observation", "Swift BAT", 0.05, 0.9),
    ),
    (
        dict(ivorn=GCN + "SWIFT#XRT_Pos_x", params={"Packet_Type": 67, "TrigID": 1300001}, place=(10, -5, 0.001)),
        ("Swift 1300001", "GRB", "followup", "observation", "Swift XRT", 0.001, 0.9),
    ),
    (
        dict(
            ivorn=GCN + "SWIFT#XRT_Nack_x",
            params={"Packet_Type": 71, "TrigID": 1300001, "Coords_String": "pointing_direction"},
            place=(10, -5, 0),
        ),
        ("Swift 1300001", "GRB", "followup", "observation", "Swift XRT", None, None),
    ),
    (
        dict(
            ivorn=GCN + "SWIFT#BAT_SubSub_x", params={"Packet_Type": 140, "TrigID": -1286000000}, place=(10, -5, 0.0666)
        ),
        ("Swift BAT 2026-03-05T01:02:03Z", "GRB", "initial", "observation", "Swift BAT", 0.0666, 0.9),
    ),
    (
        dict(
            ivorn=GCN + "AMON#ICECUBE_GOLD_x",
            params={
                "Packet_Type": 173,
                "AMON_ID": 1,
                "run_id": 141000,
                "event_id": "012345",
                "Rev": 0,
                "FAR": "1.0 yr^-1",
                "signalness": 0.5,
            },
            groups={"Trigger_ID": {"RADec_valid": "false", "Retraction": "false"}},
            place=(10, -5, 0.6),
        ),
        ("IceCube 141000_12345", "NU", "initial", "observation", "IceCube", 0.6, 0.9),
    ),
    (
        dict(
            ivorn=GCN + "AMON#ICECUBE_GOLD_x",
            params={"Packet_Type": 173, "run_id": 141000, "event_id": 12345, "Rev": 1},
            place=(10, -5, 0.4),
        ),
        ("IceCube 141000_12345", "NU", "update", "observation", "IceCube", 0.4, 0.9),
    ),
    (
        dict(
            ivorn=GCN + "AMON#ICECUBE_GOLD_x",
            params={"Packet_Type": 173, "run_id": 141000, "event_id": 12345, "Rev": 2},
            groups={"Trigger_ID": {"Retraction": "true"}},
        ),
        ("IceCube 141000_12345", "NU", "retraction", "observation", "IceCube", None, None),
    ),
    (
        dict(ivorn=GCN + "AMON#TEST_Event_x", params={"Packet_Type": 159, "TrigID": 99999}, place=(0, 35, 1)),
        ("AMON 2026-03-05T01:02:03Z", "NU", "other", "test", "AMON", 1.0, None),
    ),
    (
        dict(
            ivorn=GCN + "INTEGRAL#Offline_Pos_x",
            params={"Packet_Type": 55, "TrigID": 65536 + 10001},
            groups={"Test_mpos": {"Def_NOT_a_GRB": "true"}},
            place=(10, -5, -0.05),
        ),
        ("INTEGRAL 10001", "GRB", "retraction", "observation", "INTEGRAL", None, None),
    ),
    (
        dict(
            ivorn=GCN + "INTEGRAL#Wakeup_Pos_x",
            params={"Packet_Type": 53, "TrigID": 10001},
            groups={"Test_mpos": {"Test_Notice": "true"}},
            place=(10, -5, 0.05),
        ),
        ("INTEGRAL 10001", "GRB", "initial", "test", "INTEGRAL", 0.05, 0.9),
    ),
    (
        dict(ivorn=GCN + "IPN#Raw_x", params={"Packet_Type": 31, "TrigID": -1}, place=(-1, -1, -1)),
        ("IPN 2026-03-05T01:02:03Z", "GRB", "initial", "observation", "IPN", None, None),
    ),
    (
        dict(ivorn=GCN + "SNEWS#Event_x", params={"Packet_Type": 149, "TrigID": 1000300}, place=(0, 0, 360)),
        ("SNEWS 1000300", "SN", "initial", "observation", "SNEWS", None, None),
    ),
    (
        dict(
            ivorn=GCN + "GECAM#FLT_Event_x",
            params={"Packet_Type": 188, "Trigger_Number": 260, "MISSION": "C"},
            place=(10, -5, 3),
        ),
        ("GECAM-C 260", "GRB", "initial", "observation", "GECAM-C", 3.0, 0.68),
    ),
    (
        dict(ivorn=GCN + "CALET#GBM_Flt_x", params={"Packet_Type": 160, "TrigID": 1400000001}, place=(10, -5, 0)),
        ("CALET 1400000001", "GRB", "initial", "observation", "CALET", None, None),
    ),
    (
        dict(
            ivorn="ivo://org.svom/fsc#sb26030501_mxt-update_qpo",
            params={"Packet_Type": 210, "Instrument": "MXT"},
            groups={"Svom_Identifiers": {"Burst_Id": "sb26030501"}},
            place=(10, -5, 0.02),
        ),
        ("sb26030501", "GRB", "followup", "observation", "SVOM MXT", 0.02, 0.9),
    ),
    (
        dict(
            ivorn="ivo://org.svom/fsc#sb26030501_grm-trigger",
            params={"Packet_Type": 201, "Instrument": "GRM"},
            place=(10, -5, -1),
        ),
        ("sb26030501", "GRB", "initial", "observation", "SVOM GRM", None, None),
    ),
    (
        dict(ivorn="ivo://gaia.cam.uk/alerts#Gaia26abc", concept="em.opt", place=(10, -5, 0.00002)),
        ("Gaia26abc", "OT", "initial", "observation", "Gaia", 0.00002, None),
    ),
    (
        dict(
            ivorn="ivo://au.csiro.atnf/parkes#FRB2603050102/61000.1",
            names=("FRB260305",),
            concept="",
            observatory=True,
            place=(19.1, -39.3, 0.125),
        ),
        ("FRB260305", "FRB", "initial", "observation", "Parkes", 0.125, None),
    ),
    (
        dict(ivorn="ivo://nobody.knows/us#thing-1", role="observe", concept="em.opt", place=(10, -5, 0.1)),
        ("Somebody thing-1", "OT", "initial", "test", "Somebody", 0.1, None),
    ),
    (
        dict(
            ivorn="ivo://gwnet/LVC#S260305ab-2-Initial",
            params={
                "Packet_Type": 151,
                "GraceID": "S260305ab",
                "AlertType": "Initial",
                "Instruments": "H1,L1",
                "FAR": "1e-9 Hz",
                "HardwareInj": 0,
            },
        ),
        ("S260305ab", "GW", "initial", "observation", "LVK", None, None),
    ),
    (
        dict(
            ivorn="ivo://gwnet/LVC#MS260305ab-5-Retraction",
            params={"Packet_Type": 164, "GraceID": "MS260305ab", "AlertType": "Retraction"},
        ),
        ("MS260305ab", "GW", "retraction", "test", "LVK", None, None),
    ),
    (
        dict(
            ivorn="ivo://gwnet/LVC#S260305ac-1-Preliminary",
            params={"GraceID": "S260305ac", "AlertType": "Preliminary", "HardwareInj": 1},
        ),
        ("S260305ac", "GW", "preliminary", "test", "LVK", None, None),
    ),
]


@pytest.mark.parametrize(("sent", "said"), WHO, ids=[sent["ivorn"].partition("#")[2] + said[0] for sent, said in WHO])
def test_who_says_what_of_what(sent, said):
    notice = one(**sent)
    radius, containment = (notice.sky.radius_deg, notice.sky.containment) if notice.sky else (None, None)
    assert (notice.event, notice.kind, notice.alert_type, notice.role, notice.source, radius, containment) == said
    assert notice.id == sent["ivorn"]


def test_rates_come_in_two_units():
    sent = dict(WHO[7][0])
    assert one(**sent).far_hz == pytest.approx(1 / (365.25 * 86400))
    assert one(**{**sent, "params": {**sent["params"], "FAR": "1.0 furlong"}}).extra["FAR"] == "1.0 furlong"
    assert one(**WHO[22][0]).far_hz == 1e-9


def test_the_observatory_is_no_source():
    notice = one("ivo://nobody/radio#1", observatory=True, concept="FRB")
    assert (notice.kind, notice.sky) == ("FRB", None)


def test_a_sentinel_is_no_position_and_is_kept():
    notice = one(**WHO[0][0])
    assert notice.sky is None
    assert notice.extra["coordinates"] == {"C1": "0", "C2": "0", "Error2Radius": "0"}
    assert one(GCN + "Fermi#x", {"Packet_Type": 111, "TrigID": 5}, place=(0, 0, 3)).sky.radius_deg == 3


def test_a_time_that_cannot_be_is_recovered_from_the_julian_day():
    """TJD 21104.5 is MJD 61104.5: 2026-03-05T12:00 (the truncated Julian day counts from MJD 40000)."""
    params = {"Packet_Type": 146, "TrigID": 7, "Burst_TJD": 21104, "Burst_SOD": 43200.5}
    notice = one(GCN + "Fermi#GBM_Fin_Pos_Int", params, time="2026-01--12T13:36:22.84")
    assert notice.time.isoformat() == "2026-03-05T12:00:00.500000+00:00"
    assert notice.extra["ISOTime"] == "2026-01--12T13:36:22.84"
    assert "replayed" not in notice.extra
    old = one(GCN + "Fermi#GBM_Flt_Pos", {**params, "Burst_TJD": 14661}, time="2026-01--4918T11:09:20.47")
    assert old.extra["replayed"] is True
    lost = one(GCN + "Fermi#GBM_Flt_Pos", {"Packet_Type": 111, "TrigID": 7}, time="2022-01-00T23:16:14.46")
    assert lost.time is None
    assert lost.extra["ISOTime"] == "2022-01-00T23:16:14.46"


def test_gps_time_is_not_utc_in_whatever_order_a_system_is_written():
    """IVOA VOEvent 2.0, section 3.4.3: GPS is one of the four scales; it was 18 s ahead of UTC in 2026."""
    for system in ("GPS-ICRS-TOPO", "ICRS-GPS-TOPO"):
        notice = one(ivorn="ivo://example.org/x#1", place=(10, -5, 0.1), time="2026-03-05T01:02:18", system=system)
        assert notice.time.isoformat() == "2026-03-05T01:02:00+00:00"
        assert notice.sky.ra_deg == 10


@pytest.mark.parametrize("system", ["UTC-HPC-TOPO", "UTC-GEOD-TOPO", "UTC-HGS-TOPO"])
def test_coordinates_of_the_sun_and_of_the_earth_are_no_place_on_the_sky(system):
    """HEK's solar events and observatories; https://www.lmsal.com/hek/VOEvent_Spec.html names the systems."""
    notice = one(ivorn="ivo://helio-informatics.org/CH#1", place=(210, -5, 0.1), system=system)
    assert notice.sky is None
    assert notice.extra["coordinates"]["C1"] == "210"


def test_coordinates_that_are_not_in_degrees_are_no_place():
    sent = packet(ivorn="ivo://example.org/x#1", place=(210, -5, 0.1)).replace(b"unit='deg'", b"unit='arcsec'")
    (notice,) = read(sent)
    assert notice.sky is None


@pytest.mark.parametrize(
    ("said", "ivorn", "event"),
    [
        ("2983823980", "8298323980-0", "MAXI 8298323980"),  # as until 2019
        ("9216347865", "9216347865-0", "MAXI 9216347865"),
        ("0044849999", "44849999-0", "MAXI 44849999"),
        ("2983823980", "1111111111-0", "MAXI 2983823980"),  # nothing is guessed
    ],
)
def test_maxis_number_is_that_of_its_mails(said, ivorn, event):
    """MAXI's mails and binary packets have the number that the ivorn has; the Param had a digit of it elsewhere."""
    notice = one(
        ivorn=f"{GCN}MAXI#Known_source_Pos_2018-06-29T10:04:34.00_{ivorn}-420",
        params={"Packet_Type": 135, "TrigID": said},
    )
    assert notice.event == event


@pytest.mark.parametrize(
    ("number", "alert_type", "kind"),
    [(201, "initial", "GRB"), (202, "initial", "GRB"), (203, "initial", "XRT"), (204, "update", "GRB"), (205, "update", "GRB"),
     (209, "followup", "GRB"), (210, "followup", "GRB"), (211, "followup", "GRB"), (219, "retraction", "GRB")],
)  # fmt: skip
def test_svoms_packets_by_their_type(number, alert_type, kind):
    """https://fsc.svom.org/readthedocs/svom/notices_and_circulars/notice_levels.html."""
    notice = one(
        ivorn="ivo://org.svom/fsc#sb26030501_any", params={"Packet_Type": number, "Instrument": "ECLAIRs"},
        groups={"Svom_Identifiers": {"Burst_Id": "sb26030501"}, "Target_Info": {"Source_Name": "GX 1-00"}}, place=(10, -5, 0.1),
    )  # fmt: skip
    assert (notice.event, notice.alert_type, notice.kind) == ("sb26030501", alert_type, kind)
    assert notice.properties["Source_Name"] == "GX 1-00"


def test_barycentric_dynamical_time_is_not_utc():
    """TDB is 32.184 s ahead of TAI, and TAI 37 s of UTC since 2017."""
    notice = one("ivo://gaia.cam.uk/alerts#Gaia26abc", time="2026-03-05T12:00:00", system="TDB-ICRS-BARY")
    assert notice.time.isoformat() == "2026-03-05T11:58:50.816000+00:00"


def test_hop_sends_the_same_as_a_dict_in_which_one_child_is_no_list():
    where = {"ObsDataLocation": {"ObservationLocation": {"AstroCoordSystem": {"id": "UTC-FK5-GEO"}, "AstroCoords": {
        "Time": {"TimeInstant": {"ISOTime": "2026-03-05T01:02:03.45"}},
        "Position2D": {"Value2": {"C1": "10", "C2": "-5"}, "Error2Radius": "0.05"}}}}}  # fmt: skip
    said = {
        "ivorn": GCN + "SWIFT#BAT_GRB_Pos_1300001-1", "role": "observation", "version": "2.0",
        "Who": {"Date": "2026-03-05T01:03:00", "Author": {"shortName": "VO-GCN"}},
        "What": {"Param": [{"name": "Packet_Type", "value": "61"}, {"name": "TrigID", "value": "1300001"}],
                 "Group": {"name": "Solution_Status", "Param": {"name": "StarTrack_Lost_Lock", "value": "true"}}},
        "WhereWhen": where, "How": {"Description": "Swift"}, "Why": {},
        "Citations": {"EventIVORN": {"cite": "followup", "#text": "ivo://x#y"}}, "Description": {},
    }  # fmt: skip
    (notice,) = parsers.voevent.parse("", said)
    assert (notice.event, notice.alert_type) == ("Swift 1300001", "initial")
    assert (notice.sky.ra_deg, notice.sky.radius_deg) == (10, 0.05)
    assert notice.properties["StarTrack_Lost_Lock"] is True
    assert (notice.cites[0].id, notice.cites[0].relation) == ("ivo://x#y", "followup")
    (same,) = read(packet(said["ivorn"], {"Packet_Type": 61, "TrigID": 1300001}, place=(10, -5, 0.05)))
    assert (same.event, same.time, same.sky) == (notice.event, notice.time, notice.sky)


def test_namespaces_may_be_missing_or_forgotten():
    bare = (
        packet(GCN + "SWIFT#1", {"Packet_Type": 61, "TrigID": 3})
        .replace(b"voe:", b"")
        .replace(b"xmlns:voe", b"xmlns:other")
    )
    assert read(bare)[0].event == "Swift 3"
    sent = packet(GCN + "SWIFT#1", {"Packet_Type": 61, "TrigID": 3})
    forgotten = sent.replace(b' version="2.0"', b' xsi:schemaLocation="x" version="2.0"')
    assert read(forgotten)[0].event == "Swift 3"


def test_lvk_classes_properties_map_and_coincidence():
    notice = one(
        "ivo://gwnet/LVC#S260305ab-3-Update",
        {"GraceID": "S260305ab", "AlertType": "Update", "Significant": 1, "Group": "Burst", "frequency": 250.5, "Duration": 0.1,
         "EventPage": "https://gracedb.example.org/S260305ab"},
        {"GW_SKYMAP": {"skymap_fits": "https://gracedb.example.org/cwb.multiorder.fits,1"},
         "Classification": {"BNS": 0.9, "Terrestrial": 0.1}, "Properties": {"HasNS": 1.0},
         "External Coincidence": {"External_Ivorn": "ivo://x#grb", "Time_Difference": -1.7}},
        cites=[("supersedes", "ivo://gwnet/LVC#S260305ab-2-Initial")],
    )  # fmt: skip
    assert notice.classification == {"BNS": 0.9, "Terrestrial": 0.1}
    assert notice.properties == {
        "HasNS": 1.0, "significant": True, "group": "Burst", "duration_s": 0.1, "central_frequency_hz": 250.5
    }  # fmt: skip
    assert notice.sky.skymap_url == "https://gracedb.example.org/cwb.multiorder.fits,1"
    assert [(cite.id, cite.relation) for cite in notice.cites][1] == ("ivo://x#grb", "coincidence")
    assert notice.extra["external_coinc"]["Time_Difference"] == "-1.7"
    assert notice.links["gracedb"] == "https://gracedb.example.org/S260305ab"


def test_signs_of_life_are_ignored():
    for ivorn in ("ivo://com.dc3/dc3.broker#BrokerTest-1", "ivo://voevent.4pisky.org/voevent-receive#TestEvent-1"):
        assert read(packet(ivorn, role="test", place=(0, 0, 0))) == ()


def test_snews_says_by_letters_who_took_part():
    """The letters are named by nasa-gcn/gcn-classic-text-to-json."""
    flags = {"Detector_A_Participate": "true", "Detector_C_Participate": "false", "Detector_D_Participate": "true"}
    assert one(GCN + "SNEWS#Event_1", {"Packet_Type": 149, "TrigID": 1000464}, {"Misc_Flags": flags}).instruments == (
        "Super-K",
        "KamLAND",
    )


@pytest.mark.parametrize("number", [3, 4, 48, 142, 143])
def test_gcns_packets_about_the_connection_are_no_notices(number):
    """GCN's server says goodbye with nothing but type 4."""
    xml = f"<VOEvent ivorn='ivo://nasa.gsfc.gcn/gcn' role='observation'><What><Param name='Packet_Type' value='{number}'/></What></VOEvent>"
    assert parsers.parse("", decode(Record(topic="", payload=xml.encode()))).notices == ()


def test_what_names_nothing_is_an_error():
    with pytest.raises(Unparsable, match="ivorn"):
        parsers.voevent.parse("", {"ivorn": "", "Who": {}})
    with pytest.raises(Unparsable, match="GraceID"):
        read(packet("ivo://gwnet/LVC#nothing"))


@pytest.mark.parametrize(
    ("said", "containment"),
    [
        ({"src_err_90": "15.00", "src_err_50": "8.40"}, 0.5),
        ({"src_err_90": "8.40"}, 0.9),
        ({"src_error_90": "0.1400"}, 0.9),
        ({}, 0.9),
    ],
)
def test_a_radius_contains_what_the_param_of_the_same_size_says(said, containment):
    xml = packet(GCN + "AMON#NU_EM_x", {"Packet_Type": 172, "Event_ID": 105322, **said}, place=(10, -5, 0.14))
    for name in ("src_err_90", "src_err_50"):
        xml = xml.replace(f'name="{name}"'.encode(), f'name="{name}" unit="arcmin"'.encode(), 1)
    xml = xml.replace(b' unit=""', b"")
    (notice,) = read(xml)
    assert (notice.sky.radius_deg, notice.sky.containment) == (0.14, containment)


@pytest.mark.parametrize(
    ("telescope", "event", "source"),
    [
        ("Swift-XRT", "Swift 1300001", "Swift XRT"),
        ("NOT", "GCN trigger 1300001", "NOT"),
        ("", "GCN trigger 1300001", "COUNTERPART"),
    ],
)
def test_a_counterpart_is_said_by_the_telescope_that_found_it(telescope, event, source):
    notice = one(
        GCN + "COUNTERPART#x", {"Packet_Type": 45, "TrigID": 1300001, "Telescope": telescope}, place=(10, -5, 0.001)
    )
    assert (notice.event, notice.source, notice.alert_type) == (event, source, "followup")


@pytest.mark.parametrize(
    ("said", "event", "aliases"),
    [
        ({"id_assasn": "ASASSN-26aa"}, "ASASSN-26aa", ()),
        ({"id_assasn": "ASASSN-26aa", "id_other": "AT 2026abc"}, "ASASSN-26aa", ("AT 2026abc",)),
        ({"id_other": "2016fvf (PTSS-16nqb) (PS16ejf)"}, "AT 2016fvf", ("PTSS-16nqb", "PS16ejf")),
        ({}, "ASASSN-26ab", ()),
    ],
)
def test_asassn_gives_its_name_or_those_of_others(said, event, aliases):
    notice = one("ivo://voevent.4pisky.org/ASASSN#2026-03-05.33_ASASSN-26ab", groups={"asassn_params": said})
    assert (notice.event, notice.aliases, notice.kind) == (event, aliases, "OT")


def test_super_k_says_how_far_and_the_errors_apart():
    said = {"Packet_Type": 175, "Trigger_Number": 10058, "Pkt_TJD": 21104, "Pkt_SOD": "3723.45", "Src_Error68": "0.64",
            "Src_Error90": "0.91", "Min_Distance": "2.00", "Max_Distance": "3.00", "Duration": "10.0", "N_Events": 64176}  # fmt: skip
    notice = one(GCN + "SK_SN#Event_x", said, place=(270.8, 31.4, "0.0000"), role="test", time="2026-03-00T01:02:03.45")
    assert (notice.event, notice.kind, notice.role) == ("Super-K 10058", "SN", "test")
    assert (notice.sky.radius_deg, notice.sky.containment) == (0.91, 0.9)
    assert notice.distance_mpc == pytest.approx((0.0025, 0.0005))
    assert (notice.properties["duration_s"], notice.properties["N_Events"]) == (10.0, 64176.0)
    assert notice.time.isoformat() == "2026-03-05T01:02:03.450000+00:00"


@pytest.mark.parametrize(
    ("name", "aliases"), [("GRB 260305", ("GRB 260305",)), ("GRB 2603-8034", ()), ("NGC4387", ()), ("(null)", ())]
)
def test_a_burst_named_beside_a_trigger_is_its_alias(name, aliases):
    notice = one(
        GCN + "SWIFT#BAT_GRB_Pos_x", {"Packet_Type": 61, "TrigID": 1300001}, place=(10, -5, 0.05), names=(name,)
    )
    assert (notice.event, notice.aliases) == ("Swift 1300001", aliases)


@pytest.mark.parametrize(
    ("word", "alert_type"),
    [("DETECTION", "initial"), ("SUBSEQUENT", "followup"), ("UPDATE", "update"), ("RETRACTION", "retraction")],
)
def test_chime_names_its_bursts_by_number_as_its_json_does(word, alert_type):
    groups = {"event parameters": {"event_no": 530000001, "dm": "308.1", "snr": "24.8"}}
    notice = one(
        f"ivo://ca.chimenet.frb/FRB-{word}-#2026-03-05-01:02:03UTC_x", groups=groups, place=(207.1, 39.7, 0.54)
    )
    assert (notice.event, notice.kind, notice.source, notice.alert_type) == (
        "CHIME 530000001",
        "FRB",
        "CHIME",
        alert_type,
    )
    assert (notice.sky.radius_deg, notice.sky.containment, notice.properties["dm"]) == (0.54, 0.95, 308.1)


@pytest.mark.parametrize("number", [46, 83, 51, 129])
def test_where_a_spacecraft_looks_is_no_position_even_unsaid(number):
    notice = one("ivo://nasa.gsfc.gcn/X#Point_Dir", {"Packet_Type": number}, place=("10.5", "20", "0.1"))
    assert (notice.sky, notice.extra["coordinates"]) == (None, {"C1": "10.5", "C2": "20", "Error2Radius": "0.1"})


def test_hawcs_run_and_event_are_named_however_they_are_spelled():
    for run, event in (("run_id", "event_id"), ("Run_ID", "Event_ID")):
        said = {"Packet_Type": 171, run: 11000, event: 77}
        assert one("ivo://nasa.gsfc.gcn/AMON#HAWC_BURST_1", said).event == "HAWC 11000_77"


def test_an_author_passed_on_by_somebody_else_keeps_its_name():
    """SVOM's packets by their group of identifiers; missions by what the author or the stream is called."""
    svom = one(
        ivorn="ivo://example.org/relay#grb-1", params={"Packet_Type": 203, "Instrument": "ECLAIRs"},
        groups={"Svom_Identifiers": {"Burst_Id": "sb26022203"}}, place=(10, -5, 0.1),
    )  # fmt: skip
    assert (svom.event, svom.source, svom.kind, svom.alert_type) == ("sb26022203", "SVOM ECLAIRs", "XRT", "initial")
    agile = one(ivorn="ivo://AGILE.txt#1", params={"TrigID": 585679841}, place=(0, 0, 0), role="test")
    assert (agile.event, agile.source, agile.kind, agile.sky) == ("AGILE 585679841", "AGILE", "GRB", None)
    probe = packet(ivorn="ivo://example.org/x#grb-2", params={"TrigID": "01709015181"}, place=(345.125, 32.5, 0.0625))
    (notice,) = read(probe.replace(b"Somebody", b"EinsteinProbe/WXT"))
    assert (notice.event, notice.source, notice.kind) == ("Einstein Probe WXT 01709015181", "Einstein Probe WXT", "XRT")


def test_an_unknown_author_s_events_are_called_after_its_triggers():
    first, second = (one(ivorn="ivo://example.org/x#1", params={"TrigID": number}) for number in (17, 18))
    assert (first.event, second.event) == ("Somebody 17", "Somebody 18")
    assert one(ivorn="ivo://example.org/x#1", params={"TrigID": 0}).event == "Somebody 1"


def test_the_template_of_the_frb_community():
    """github.com/ebpetroff/FRB_VOEvent: prose before it, comments inside of comments, the minute in the ivorn."""
    said = packet(
        ivorn="ivo://au.csiro.atnf/parkes#FRB2605141714/61174.5",
        cites=[("retraction", "ivo://x/y#1")],
        place=(19, -39, 0.125),
    )
    said = b"A sample\n\n" + said.replace(
        b"<WhereWhen>", b"<!-- <Param/> <!-- of the telescope --><!-- <Param/> --><WhereWhen>"
    )
    (notice,) = read(said)
    assert (notice.event, notice.kind, notice.alert_type, notice.source) == ("FRB260514", "FRB", "retraction", "Parkes")


def test_who_speaks_is_no_person_where_the_packet_has_another_name():
    said = packet(ivorn="ivo://example.org/bursts#rf1", groups={"event parameters": {"dm": 2, "snr": 22.5}})
    (notice,) = read(said.replace(b"shortName", b"contactName"))
    assert (notice.source, notice.kind, notice.extra["author"]) == ("example.org/bursts", "FRB", "Somebody")


def test_amon_s_own_packets_are_icecube_s():
    first, later = (one(ivorn=f"ivo://amon/icecube_hese#1_132379_15947448_{n}", place=(10, -5, 0.5)) for n in (0, 1))
    assert (first.event, first.source, first.kind, first.alert_type) == (
        "IceCube 132379_15947448",
        "IceCube",
        "NU",
        "initial",
    )
    assert (later.event, later.alert_type) == (first.event, "update")
