"""GCN's classic notices as binary packets, as mails and as GCN's JSON archive of them. All messages are ours.

Authority: gcn.gsfc.nasa.gov/sock_pkt_def_doc.html (numbers of words and their scales; those of HETE and CGRO also by GCN's
socket_demo.c), the missions' pages beside it, the keys of mails by nasa-gcn/gcn-classic-text-to-json, and the
examples of nasa-gcn/gcn-schema's folder gcn/notices/classic compared with the same notices as VOEvents.
"""

from __future__ import annotations

import itertools
import struct

import pytest

from tests.notices import opened, read
from tom_scimma import parsers
from tom_scimma.errors import Unparsable
from tom_scimma.known_topics import KNOWN_TOPICS
from tom_scimma.parsers import classic_binary
from tom_scimma.parsers.voevent.packets import PACKETS

DAY, SECOND = 21104, 372345  # 2026-03-05T01:02:03.45
TIME = "2026-03-05T01:02:03.450000Z"


def binary(number, **words):
    values = [number] + [0] * 39
    values[5:7] = DAY, SECOND
    for name, value in words.items():
        values[int(name[1:])] = value
    return struct.pack(">40i", *values)


def characters(text):
    """A text as words, the lowest byte first."""
    raw = text.encode().ljust(-(-len(text) // 4) * 4, b"\0")
    return struct.unpack(f"<{len(raw) // 4}i", raw)


def packet(number, **words):
    (notice,) = classic_binary.parse("", binary(number, **words))
    return notice.to_json()


def places(start, text):
    return {f"_{start + at}": word for at, word in enumerate(characters(text))}


HERE = {"_7": 105000, "_8": -52500}
#: packet -> what must be said of it, dotted
SAID = {
    "Swift counts observations in the upper bits": (
        packet(61, _4=(3 << 24) + 1300001, **HERE, _11=500),
        {"event": "Swift 1300001", "sky.radius_deg": 0.05},
    ),
    "a negative number of Swift is one with many observations": (
        packet(63, _4=-(1 << 24) + 1300001 - (1 << 24)),
        {"event": "Swift 1300001"},
    ),
    "a negative sub-threshold number names nothing": (
        packet(140, _4=-5, **HERE),
        {"event": "Swift BAT 2026-03-05T01:02:03Z"},
    ),
    "XRT says its error in hundredths of an arcsecond": (
        packet(67, _4=1300001, **HERE, _11=13, _16=490),
        {"sky.radius_deg": 490 / 360000, "alert_type": "followup"},
    ),
    "where XRT looks is no place": (packet(71, _4=1300001, **HERE), {"sky": None, "source": "Swift XRT"}),
    "what SIMBAD and NED have there is about somebody else's trigger": (
        packet(130, _4=1300001, **HERE),
        {"event": "GCN trigger 1300001", "kind": "GRB", "alert_type": "followup", "sky": None},
    ),
    "a spare is a test": (packet(38, _4=1300001), {"kind": "UNK", "role": "test", "alert_type": "other"}),
    "neutrinos with gravitational waves": (
        packet(168, _4=1300001, **HERE),
        {"source": "GWHEN", "kind": "NU", "alert_type": "followup", "sky": None},
    ),
    "definitely no burst": (packet(61, _4=1300001, _18=1 << 5), {"alert_type": "retraction"}),
    "a test submission": (packet(111, _4=794000111, _18=1 << 30), {"role": "test"}),
    "GBM's alert ends in its bn number": (
        packet(110, _4=794000111, _31=260305, _32=43),
        {"event": "Fermi GBM 794000111", "aliases": ["bn260305043"], "sky": None},
    ),
    "all ones are no trigger": (packet(112, _4=2147483647), {"event": "Fermi GBM 2026-03-05T01:02:03Z"}),
    "INTEGRAL counts notices in the upper half, errors in arcseconds": (
        packet(55, _4=(3 << 16) + 10311, **HERE, _11=180),
        {"event": "INTEGRAL 10311", "sky.radius_deg": 0.05},
    ),
    "INTEGRAL has flags of its own": (
        packet(55, _4=10311, _12=1 << 30),
        {"alert_type": "retraction", "role": "observation"},
    ),
    "INTEGRAL's test": (packet(53, _4=10311, _12=-(1 << 31)), {"role": "test"}),
    "GECAM counts ten-thousandths and names its satellite": (
        packet(188, _4=368, _6=SECOND * 100, **HERE, _10=14899, _19=2, _20=509),
        {
            "event": "GECAM-B 368",
            "time": TIME,
            "sky.radius_deg": 1.4899,
            "sky.containment": 0.68,
            "properties.rate_snr": 5.09,
        },
    ),
    "Super-K says where, how far, and that it is a test": (
        packet(175, _4=10063, **HERE, _13=200, _14=300, _15=9100, _18=2, _9=640),
        {
            "event": "Super-K 10063",
            "role": "test",
            "sky.radius_deg": 0.91,
            "sky.containment": 0.9,
            "distance_mpc": [0.0025, 0.0005],
        },
    ),
    "SNEWS says who, and nowhere": (
        packet(149, _4=1000464, _11=3600000, _18=0, _19=0x1011),
        {"instruments": ["Super-K", "LVD", "KamLAND"], "sky": None, "role": "observation"},
    ),
    "MAXI's number has a digit more": (
        packet(134, _4=216347865, **HERE, _11=10000, _19=0x40000009),
        {"event": "MAXI 9216347865"},
    ),
    "a cascade": (
        packet(
            176, _4=34468187, **HERE, _11=153764, _12=-4614, _25=881103, _23=139414, _9=16100, **places(26, "260305a")
        ),
        {
            "event": "IceCube 139414_34468187",
            "aliases": ["IceCubeCascade-260305a"],
            "far_hz": 10**-0.4614 / 31557600,
            "properties.signalness": 0.881103,
        },
    ),
    "where CALET looks is no place": (packet(160, _4=1399729386, **HERE), {"event": "CALET 1399729386", "sky": None}),
    "a counterpart's telescope speaks, of the trigger it followed": (
        packet(45, _4=1300001, **HERE, _11=13, **places(20, "Swift-XRT")),
        {"event": "Swift 1300001", "source": "Swift XRT"},
    ),
    "two triggers at once": (
        packet(145, _4=-2145058656, _5=1399358095, _6=DAY, _7=3723450, _10=-2145976209, _11=794000111),
        {
            "event": "CALET 1399358095",
            "time": TIME,
            "cites": [{"id": "Fermi GBM 794000111", "relation": "coincidence"}],
        },
    ),
    "LVC's name is in four words": (
        packet(164, _4=260305, _13=1234, _18=50, _19=(12 << 20) + (ord("i") << 10)),
        {"event": "MS260305i", "role": "test", "alert_type": "retraction", "time": "2026-03-05T01:02:03.451234Z"},
    ),
    "LVC's rate is a logarithm, its classes bytes": (
        packet(
            150,
            _4=260305,
            _11=-80000,
            _12=0x010104,
            _19=(8 << 20) + (ord("a") << 10) + 0b111,
            _21=ord("b"),
            _22=0x5A050500,
        ),
        {
            "event": "S260305ab",
            "far_hz": 1e-8,
            "instruments": ["H1", "L1", "V1"],
            "classification": {"BNS": 0.9, "NSBH": 0.05, "BBH": 0.05, "Terrestrial": 0.0},
            "properties": {"group": "CBC", "pipeline": "gstlal", "search": "AllSky", "HasMassGap": 0.0},
        },
    ),
    "LVC's source in halves and a byte of words, its map's address in ten": (
        packet(
            152,
            _4=260305,
            _12=0x010104,
            _19=(8 << 20) + (ord("a") << 10),
            _20=(98 << 16) + 4,
            _21=(7 << 24) + ord("b"),
            _23=1 << 1,
            **places(29, "S260305ab/files/Bilby.multiorder.fits,0"),
        ),
        {
            "alert_type": "update",
            "properties.HasNS": 0.98,
            "properties.HasMassGap": 0.07,
            "properties": {"HasMassGap": 0.07, "HasNS": 0.98, "group": "CBC", "pipeline": "gstlal", "search": "AllSky"},
            "sky.skymap_url": "https://gracedb.ligo.org/superevents/S260305ab/files/Bilby.multiorder.fits,0",
        },
    ),
    "an address that is cut off is none": (
        packet(
            150, _4=260305, _19=(8 << 20) + (ord("f") << 10), **places(29, "S260305f/files/bayestar.multiorder.fit")
        ),
        {"sky": None},
    ),
    "CGRO's places are hundredths of a degree": (
        packet(11, _4=7560, _7=28783, _8=-3497, _11=500),
        {"event": "GRO 7560", "sky.ra_deg": 287.83, "sky.dec_deg": -34.97, "sky.radius_deg": 5.0},
    ),
    "HETE's place is of the day's equinox, within half of the finer camera's box; its word 18 is a corner, no flags": (
        packet(
            42, _4=(2 << 16) + 2257, _5=12551, _7=800000, _8=475000, _9=0x30020, _18=0x20, _25=3600 << 16, _35=240 << 16
        ),
        {
            "event": "HETE 2257",
            "alert_type": "update",
            "sky.ra_deg": 79.94821,  # by astropy's FK5
            "sky.dec_deg": 47.49733,
            "sky.radius_deg": 1 / 30,
        },
    ),
    "HETE's alert has no place yet": (packet(40, _4=2257, **HERE), {"sky": None, "alert_type": "initial"}),
    "HETE's flags say that it was no burst": (packet(42, _4=2257, _9=1 << 6), {"alert_type": "retraction"}),
    "HETE's ground says that it was no burst": (packet(43, _4=2257, _37=-(1 << 31)), {"alert_type": "retraction"}),
    "HETE's artificial trigger": (packet(41, _4=2257, _9=1 << 3), {"role": "test"}),
    "CGRO's bit 5 is of particles": (packet(22, _4=7560, **HERE, _18=1 << 5), {"alert_type": "update"}),
    "CGRO's bit 15 says that it was no burst": (packet(22, _4=7560, _18=1 << 15), {"alert_type": "retraction"}),
    "Milagro's rate is hundredths of one in a year": (
        packet(58, _4=12, **HERE, _11=4000, _14=250, _18=1 << 15),
        {"event": "MILAGRO 12", "far_hz": 2.5 / 31557600, "sky.radius_deg": 0.4, "alert_type": "retraction"},
    ),
    "GECAM's ground analysis says what it was": (
        packet(189, _4=368, **HERE, _11=2, _19=2),
        {"event": "GECAM-B 368", "classification": {"SFLARE": 1.0}, "alert_type": "update"},
    ),
}


def dig(said, path):
    for key in path.split("."):
        said = said[key]
    return said


@pytest.mark.parametrize("case", SAID)
def test_a_binary_packet(case):
    said, expected = SAID[case]
    for path, value in expected.items():
        assert dig(said, path) == (pytest.approx(value) if isinstance(value, float) else value), path


def test_an_lvc_packet_that_names_nothing_is_an_error():
    with pytest.raises(Unparsable, match="names no superevent"):
        classic_binary.parse("", binary(151, _4=260305))


def test_any_type_with_any_words_is_survived():
    for number, fill in itertools.product(range(1, 200), (-1, 1, 2**31 - 1, -(2**31), 0x61616161)):
        try:
            for notice in classic_binary.parse("", struct.pack(">40i", number, *([fill] * 39))):
                notice.to_json()
        except Unparsable:
            pass


def mail(title, kind, *lines):
    text = "\n".join((f"TITLE: {title}", "NOTICE_DATE: Thu 05 Mar 26 01:03:00 UT", f"NOTICE_TYPE: {kind}", *lines))
    (notice,) = parsers.parse("gcn.classic.text.ANY", opened(text.encode(), "gcntextnotice")).notices
    return notice.to_json()


PLACE = (
    "GRB_RA: 10.5000d {+00h 42m 00s} (J2000), 10.9d {x} (current)",
    "GRB_DEC: -5.2500d {-05d 15' 00\"} (J2000), -5.1d {x} (current)",
)
WHEN = ("GRB_DATE: 21104 TJD; 64 DOY; 26/03/05", "GRB_TIME: 3723.45 SOD {01:02:03.45} UT")
MAILS = {
    "BAT": (
        (
            "GCN/SWIFT NOTICE",
            "Swift-BAT GRB Position",
            "TRIGGER_NUM: 1300001, Seg_Num: 0",
            *PLACE,
            "GRB_ERROR: 3.00 [arcmin radius, statistical only]",
            *WHEN,
        ),
        {
            "event": "Swift 1300001",
            "source": "Swift BAT",
            "alert_type": "initial",
            "sky.radius_deg": 0.05,
            "sky.containment": 0.9,
            "time": TIME,
        },
    ),
    "no burst": (
        (
            "GCN/SWIFT NOTICE",
            "Swift-BAT GRB Position",
            "TRIGGER_NUM: 1300001, Seg_Num: 0",
            *WHEN,
            "COMMENTS: This is definitely not a GRB.",
        ),
        {"alert_type": "retraction"},
    ),
    "perhaps no burst": (
        (
            "GCN/SWIFT NOTICE",
            "Swift-BAT GRB Position",
            "TRIGGER_NUM: 1300001, Seg_Num: 0",
            *WHEN,
            "COMMENTS: It is probably not a GRB or Transient (low image significance).",
        ),
        {"alert_type": "initial"},
    ),
    "GBM": (
        (
            "GCN/FERMI NOTICE",
            "Fermi-GBM Flight Position",
            "TRIGGER_NUM: 794000111",
            *PLACE,
            "GRB_ERROR: 5.50 [deg radius, statistical only]",
            *WHEN,
        ),
        {"event": "Fermi GBM 794000111", "alert_type": "update", "sky.radius_deg": 5.5, "instruments": ["GBM"]},
    ),
    "INTEGRAL": (
        ("GCN/INTEGRAL NOTICE", "INTEGRAL SPI-ACS", "TRIGGER_NUM: 10311, Sub_Num: 0", *WHEN),
        {"event": "INTEGRAL SPI-ACS 10311", "sky": None},
    ),
    "MAXI": (
        (
            "GCN/MAXI NOTICE",
            "MAXI Unknown",
            "EVENT_ID_NUM: 9216347865",
            "EVENT_RA: 10.5d {+00h} (J2000)",
            "EVENT_DEC: -5.25d {x} (J2000)",
            "EVENT_ERROR: 1.00 [deg, includes systematic error]",
            "EVENT_DATE: 21104 TJD; 64 DOY",
            "EVENT_TIME: 3723.45 SOD {01:02:03.45} UT",
        ),
        {"event": "MAXI 9216347865", "kind": "XRT", "sky.radius_deg": 1.0},
    ),
    "GBM's classes": (
        (
            "GCN/FERMI NOTICE",
            "Fermi-GBM Flight Position",
            "TRIGGER_NUM: 794000111",
            *WHEN,
            "MOST_LIKELY: 94% GRB",
            "2nd_MOST_LIKELY: 5% Generic SGR",
        ),
        {"classification": {"GRB": 0.94, "GENERIC SGR": 0.05}},
    ),
    "GBM's map below its threshold": (
        (
            "GCN/FERMI NOTICE",
            "Fermi-GBM SubThreshold",
            "TRANS_NUM: 794000111",
            *(line.replace("GRB", "TRANS") for line in (*PLACE, *WHEN)),
            "TRANS_ERROR: 10.50 [deg radius, statistical plus systematic]",
            "TRANS_DURATION: 0.703 [sec]",
            "HEALPIX_URL: https://example.org/healpix.fits",
        ),
        {
            "sky.radius_deg": 10.5,
            "sky.skymap_url": "https://example.org/healpix.fits",
            "properties": {"duration_s": 0.703},
        },
    ),
    "GBM's alert says how strong": (
        ("GCN/FERMI NOTICE", "Fermi-GBM Alert", "TRIGGER_NUM: 794000111", *WHEN, "TRIGGER_SIGNIF: 7.7 [sigma]"),
        {"properties": {"significance": 7.7}},
    ),
    "XRT says how strong": (
        ("GCN/SWIFT NOTICE", "Swift-XRT Position", "TRIGGER_NUM: 1300001", *WHEN, "GRB_SIGNIF: 7.14 [sigma]"),
        {"properties": {"significance": 7.14}, "alert_type": "followup"},
    ),
    "a place that lost its sign is none": (
        (
            "GCN/AMON NOTICE",
            "ICECUBE Astrotrack Gold",
            "RUN_NUM: 141000",
            "EVENT_NUM: 12345678",
            "SRC_RA: 10.5000d {+00h 42m 00s} (J2000)",
            "SRC_DEC: 5.2500d {-05d 15' 00\"} (J2000)",
            "SRC_ERROR: 30.00 [arcmin radius, stat-only, 90% containment]",
        ),
        {"event": "IceCube 141000_12345678", "sky": None, "extra.src_dec": "5.2500d {-05d 15' 00\"} (J2000)"},
    ),
    "a place said to a tenth of a degree is one": (
        (
            "GCN/BATSE BURST POSITION NOTICE",
            "Original",
            "TRIGGER_NUM: 7560",
            *WHEN,
            "GRB_RA: 360.0d {+23h 59m 50s} (J2000)",
            "GRB_DEC: -0.3d {-00d 15' 00\"} (J2000)",
        ),
        {"sky.ra_deg": 0.0, "sky.dec_deg": -0.3},
    ),
    "LVC's injection": (
        ("GCN/LVC NOTICE", "Injected Preliminary Skymap", "TRIGGER_NUM: S260305ab", *WHEN),
        {"event": "S260305ab", "role": "test", "alert_type": "preliminary"},
    ),
    "GBM's light curve": (
        ("GCN/FERMI NOTICE", "Fermi-GBM Lightcurve", "TRIGGER_NUM: 794000111", *WHEN),
        {"event": "Fermi GBM 794000111", "alert_type": "other"},
    ),
    "LAT's test": (
        ("GCN/FERMI NOTICE", "Fermi-LAT GRB Test Position", "TRIGGER_NUM: 794000111", *WHEN),
        {"source": "Fermi LAT", "role": "test"},
    ),
    "BATSE": (
        ("GCN/BATSE BURST POSITION NOTICE", "Final", "TRIGGER_NUM: 7560", *WHEN),
        {"event": "GRO 7560", "alert_type": "update"},
    ),
    "CALET": (
        ("GCN/CALET NOTICE", "CALET GBM Flight Lightcurve", "TRIGGER_NUM: 1399729386", *WHEN),
        {"event": "CALET 1399729386", "alert_type": "initial"},
    ),
    "what has neither trigger nor time goes by its date": (
        ("GCN/INTEGRAL NOTICE", "INTEGRAL Pointing Direction", "NEXT_POINT_RA: 10.5d (J2000)"),
        {"event": "INTEGRAL 2026-03-05T01:03:00Z", "time": None, "role": "utility", "sky": None},
    ),
    "HETE's finer camera": (
        (
            "GCN/HETE BURST POSITION NOTICE",
            "HETE S/C_Last",
            "TRIGGER_NUM: 2257, Seq_Num: 3",
            *WHEN,
            "WXM_CNTR_RA: 11.1d {x} (J2000)",
            "WXM_CNTR_DEC: -5.1d {x} (J2000)",
            "WXM_MAX_SIZE: 60.00 [arcmin] diameter",
            "SXC_CNTR_RA: 10.5d {x} (J2000)",
            "SXC_CNTR_DEC: -5.25d {x} (J2000)",
            "SXC_MAX_SIZE: 4.00 [arcmin] diameter",
        ),
        {"event": "HETE 2257", "sky.ra_deg": 10.5, "sky.radius_deg": 1 / 30},
    ),
    "HETE's burst that was none": (
        (
            "GCN/HETE BURST POSITION NOTICE",
            "HETE S/C_Last",
            "TRIGGER_NUM: 2257",
            *WHEN,
            "COMMENTS: Burst_Invalidity flag is true.",
        ),
        {"alert_type": "retraction"},
    ),
    "SPI ACS": (
        ("GCN/INTEGRAL NOTICE", "INTEGRAL SPI ACS", "TRIGGER_NUM: 10311, Sub_Num: 0", *WHEN),
        {"event": "INTEGRAL SPI-ACS 10311"},
    ),
    "GECAM's keys": (
        (
            "GCN/GECAM NOTICE",
            "GECAM_GND",
            "MISSION: B",
            "TRIGGER_NUMBER: 368",
            "SRC_RA: 10.5d {x} (J2000)",
            "SRC_DEC: -5.25d {x} (J2000)",
            "SRC_ERROR68: 1.50 [deg]",
            *(line.replace("GRB", "EVENT") for line in WHEN),
        ),
        {"event": "GECAM-B 368", "alert_type": "update", "sky.radius_deg": 1.5, "sky.containment": 0.68, "time": TIME},
    ),
    "MOA's keys": (
        (
            "GCN/MOA NOTICE",
            "MOA Lensing",
            "SRC_ID_NUM: 202600354",
            *(line.replace("GRB", "DISCOVERY") for line in WHEN),
        ),
        {"event": "MOA 202600354", "time": TIME},
    ),
    "a cascade's name": (
        (
            "GCN/AMON NOTICE",
            "ICECUBE Cascade",
            "RUN_NUM: 139414",
            "EVENT_NUM: 34468187",
            "EVENT_NAME: IceCubeCascade-260305a",
            *WHEN,
        ),
        {"event": "IceCube 139414_34468187", "aliases": ["IceCubeCascade-260305a"]},
    ),
    "the GBM's other number": (
        (
            "GCN/FERMI NOTICE",
            "Fermi-GBM Ground Position",
            "TRIGGER_NUM: 794000111",
            *WHEN,
            "LC_URL: https://example.org/bn260305043/quicklook/glg_lc_medres34_bn260305043.gif",
        ),
        {"aliases": ["bn260305043"]},
    ),
    "RXTE's keys": (
        (
            "GCN/RXTE BURST POSITION NOTICE",
            "RXTE-ASM",
            "GRB_RXTE_RA: 10.5d {x} (J2000)",
            "GRB_RXTE_DEC: -5.25d {x} (J2000)",
            "GRB_RXTE_ERROR: 0.10 [deg radius]",
            *WHEN,
        ),
        {"kind": "XRT", "sky.radius_deg": 0.1},
    ),
    "Milagro's rate": (
        (
            "GCN/MILAGRO BURST POSITION NOTICE",
            "Short",
            "TRIGGER_NUM: 12",
            "ANN_RATE: 31.5576",
            "GRB_DUR: 0.5 [sec]",
            *WHEN,
        ),
        {"event": "MILAGRO 12", "far_hz": 1e-6, "properties.duration_s": 0.5},
    ),
    "SNEWS's letters": (
        (
            "GCN/SNEWS EVENT NOTICE",
            "TEST COINCIDENCE",
            "TRIGGER_NUM: 1000464",
            "EXPT: Detector_A Good, Detector_D Possible, ",
            *WHEN,
        ),
        {"event": "SNEWS 1000464", "role": "test", "instruments": ["Super-K", "KamLAND"]},
    ),
    "LVC's mass gap in O3": (
        ("GCN/LVC NOTICE", "LVC Initial", "TRIGGER_NUM: S200105ae", "PROB_MassGap: 0.30", *WHEN),
        {"classification": {"MassGap": 0.3}, "properties": {}},
    ),
    "LVC's mass gap since O4": (
        ("GCN/LVC NOTICE", "LVC Initial", "TRIGGER_NUM: S260305ab", "PROB_MassGap: 0.30", "PROB_NS: -1", *WHEN),
        {"classification": {}, "properties": {"HasMassGap": 0.3}},
    ),
    "GECAM": (("GCN/GECAM NOTICE", "GECAM-B Flight Trigger", "TRIGGER_NUM: 368", *WHEN), {"event": "GECAM-B 368"}),
    "Super-K": (
        (
            "GCN/SK_SN NOTICE",
            "SK_SN Test",
            "TRIGGER_NUMBER: 10063",
            "SRC_RA: 10.5d {x} (J2000)",
            "SRC_DEC: -5.25d {x} (J2000)",
            "SRC_ERROR90: 0.91 [deg radius, stat-only, 90% containment]",
            "DISTANCE: 2.00 - 3.00 [kpc] (low - high)",
            *WHEN,
        ),
        {"event": "Super-K 10063", "role": "test", "sky.radius_deg": 0.91, "distance_mpc": [0.0025, 0.0005]},
    ),
    "LVC": (
        (
            "GCN/LVC NOTICE",
            "LVC Preliminary",
            "TRIGGER_NUM: S260305ab",
            "TRIGGER_DATE: 21104 TJD; 64 DOY",
            "TRIGGER_TIME: 3723.45 SOD {01:02:03.450000} UT",
            "GROUP_TYPE: 1 = CBC",
            "PIPELINE_TYPE: 4 = GSTLAL",
            "FAR: 3.0e-08 [Hz] (one per 1.05 yrs)",
            "PROB_NS: 1.00 [range is 0.0-1.0]",
            "PROB_BNS: 0.90",
            "PROB_MassGap: -1 [range is 0.0-1.0]   VALUE NOT ASSIGNED!",
            "SKYMAP_FITS_URL: https://example.org/bayestar.multiorder.fits,0",
            "COMMENTS: LIGO-Livingston Observatory contributed to this candidate event.",
        ),
        {
            "event": "S260305ab",
            "kind": "GW",
            "alert_type": "preliminary",
            "far_hz": 3e-8,
            "classification": {"BNS": 0.9},
            "instruments": ["L1"],
            "properties.HasNS": 1.0,
            "properties.pipeline": "GSTLAL",
            "sky.skymap_url": "https://example.org/bayestar.multiorder.fits,0",
        },
    ),
    "LVC counterpart": (
        (
            "GCN/LVC COUNTERPART NOTICE",
            "Other",
            "EVENT_TRIG_NUM: S260305ab",
            "TELESCOPE: Swift-XRT",
            "CNTRPART_RA: 10.5d {x} (J2000)",
            "CNTRPART_DEC: -5.25d {x} (J2000)",
            "CNTRPART_ERROR: 5.0 [arcsec, radius]",
            "ENERGY: 0.3-10 [keV]",
            "RANK: 3",
            "EVENT_DATE: 21104 TJD",
            "EVENT_TIME: 3723.45 SOD {01:02:03.45} UT",
        ),
        {
            "event": "S260305ab",
            "kind": "GW",
            "source": "Swift XRT",
            "alert_type": "followup",
            "sky.radius_deg": 5 / 3600,
            "properties": {"rank": 3.0},
        },
    ),
}


MAILS["braces lost on the way"] = (
    (
        "GCN/AMON NOTICE",
        "Injected ICECUBE Cascade",
        "RUN_NUM: 138069",
        "EVENT_NUM: 7",
        "SRC_RA: 10.5000d +00h 42m 00s (J2000),\n  10.9d +00h 43m 36s (current)",
        "SRC_DEC: -5.2500d (-05d 15 00) (J2000),\n  -5.1d (current)",
        "SRC_ERROR: 5.59 [deg radius, stat+systematic, 90% containment]",
        "DISCOVERY_DATE: 26/03/05",
        "DISCOVERY_TIME: 3723 SOD 01:02:03.45 UT",
    ),
    {"event": "IceCube 138069_7", "sky.ra_deg": 10.5, "sky.dec_deg": -5.25, "sky.radius_deg": 5.59, "time": TIME},
)
MAILS["a counterpart refers to its trigger"] = (
    ("GRB COUNTERPART NOTICE", "Optical", "TRIGGER_REF_NUM: 345127", "TELESCOPE: ROTSE-IIIc"),
    {"event": "GCN trigger 345127", "source": "ROTSE-IIIc", "alert_type": "followup"},
)
MAILS["a day that is none"] = (
    (
        "GCN/AMON NOTICE",
        "ICECUBE Cascade",
        "RUN_NUM: 1",
        "EVENT_NUM: 7",
        "DISCOVERY_DATE: 26/13/05",
        "DISCOVERY_TIME: 01:02:03.45 UT",
    ),
    {"event": "IceCube 1_7", "time": None},
)


@pytest.mark.parametrize("case", MAILS)
def test_a_mail(case):
    sent, expected = MAILS[case]
    said = mail(*sent)
    assert said["sent"] == "2026-03-05T01:03:00.000000Z"
    for path, value in expected.items():
        assert dig(said, path) == (pytest.approx(value) if isinstance(value, float) else value), path


def test_a_test_of_the_connection_is_no_notice():
    """DOW_TOD, sent at an hour of one's choice: gcn.gsfc.nasa.gov/dow_tod.html."""
    text = (
        "TITLE: GCN/DOW_TOD NOTICE\nNOTICE_DATE: Thu 05 Mar 26 12:00:00 UT\nNOTICE_TYPE: Day-of-Week Time-of-Day Test"
    )
    assert parsers.parse("gcn.classic.text.DOW_TOD", opened(text.encode(), "gcntextnotice")).notices == ()
    assert classic_binary.parse("", binary(48)) == ()
    assert (
        parsers.parse("gcn.classic.json.DOW_TOD", opened(b'{"alert_datetime": "2026-03-05T12:00:00Z"}')).notices == ()
    )


def test_a_topic_says_the_type_of_its_mails_where_their_words_do_not():
    text = "TITLE: GCN/SWIFT NOTICE\nNOTICE_DATE: Thu 05 Mar 26 01:03:00 UT\nNOTICE_TYPE: News\nTRIGGER_NUM: 1300001"
    (notice,) = parsers.parse("gcn.classic.text.SWIFT_UVOT_POS", opened(text.encode(), "gcntextnotice")).notices
    assert (notice.event, notice.source, notice.alert_type) == ("Swift 1300001", "Swift UVOT", "followup")


def test_a_counterpart_whose_superevent_lost_its_letters_is_no_swift_trigger():
    said = mail("GCN/LVC COUNTERPART NOTICE", "Other", "EVENT_TRIG_NUM: S260305", "TELESCOPE: Swift-XRT")
    assert said["event"] == "S260305"


def test_every_mission_of_the_packets_speaks_for_itself_on_gcns_classic_topics():
    """Else its events keep no place and no time. Who follows others up, or passes them on, only reports."""
    reporters = {"AAVSO", "CBAT", "COUNTERPART", "GCN"}
    spoken = {kind.source for kind in PACKETS.values()} | {f"GECAM-{letter}" for letter in "ABCD"}
    assert spoken - reporters == {
        source for source in spoken if speaks(KNOWN_TOPICS["gcn.classic.*"]["authority"], source)
    }


def speaks(authorities, source):
    return any(source == name or source.startswith(f"{name} ") for name in authorities)


def archived(folder, **said):
    schema = f"https://gcn.nasa.gov/schema/main/gcn/notices/classic/{folder}/alert.schema.json"
    (notice,) = read(
        {"$schema": schema, "trigger_time": "26-03-05T01:02:03.45Z", "ra": 10.5, "dec": -5.25, **said}, "file"
    )
    return notice.to_json()


#: folder and fields -> what must be said
ARCHIVED = {
    "HAWC's bursts have arcminutes": (
        archived("amon", mission="AMON", notice_type="Burst", id=["110081_574"], ra_dec_error=36.0),
        {"event": "HAWC 110081_574", "source": "HAWC", "sky.radius_deg": 0.6},
    ),
    "tracks have arcminutes": (
        archived("amon", mission="AMON", notice_type="Astrotrack Bronze", id=["138938_62272876"], ra_dec_error=30.0),
        {"event": "IceCube 138938_62272876", "kind": "NU", "sky.radius_deg": 0.5},
    ),
    "cascades have degrees": (
        archived("amon", mission="AMON", notice_type="Cascade", id=["135196_31863828"], ra_dec_error=19.85),
        {"event": "IceCube 135196_31863828", "sky.radius_deg": 19.85},
    ),
    "coincidences are of run 0": (
        archived("amon", mission="AMON", notice_type="Neutrino-EM Coincidence", id=["0_127938"], ra_dec_error=24.0),
        {"event": "AMON 127938", "sky.radius_deg": 0.4},
    ),
    "EHE's error contains a half": (
        archived("amon", mission="AMON", notice_type="EHE", id=["128906_80127519"], ra_dec_error=15.0),
        {"sky.containment": 0.5, "sky.radius_deg": 0.25},
    ),
    "INTEGRAL has arcminutes": (
        archived("integral", mission="INTEGRAL", notice_type="Wakeup", id=[1680], ra_dec_error=3.0),
        {"event": "INTEGRAL 1680", "sky.radius_deg": 0.05},
    ),
    "SPI-ACS counts by itself": (
        archived("integral", mission="INTEGRAL", notice_type="SPI-ACS", id=[6187], ra=None, dec=None),
        {"event": "INTEGRAL SPI-ACS 6187", "sky": None},
    ),
    "counterparts have arcseconds": (
        archived(
            "counterpart",
            mission="Swift",
            instrument="XRT",
            notice_type="GRB_Counterpart",
            id=[1300001],
            ra_dec_error=3.6,
        ),
        {"event": "Swift 1300001", "alert_type": "followup", "sky.radius_deg": 0.001},
    ),
    "GECAM by satellite, with a year of two digits": (
        archived("gecam", mission="GECAM", mission_type="B", id=[401], alert_type="initial", alert_tense="archival"),
        {"event": "GECAM-B 401", "time": TIME, "role": "observation"},
    ),
    "HETE's place is WXM's": (
        archived("hete", mission="HETE", id=[3972], wxm_ra=94.2, wxm_dec=9.3, wxm_ra_dec_error=0.4),
        {"sky.ra_deg": 94.2, "sky.radius_deg": 0.4},
    ),
    "SNEWS says who in words": (
        archived(
            "snews",
            id=[1000128],
            ra=None,
            dec=None,
            ra_dec_error=360.0,
            detector_quality={"LVD": "good", "HALO": "did not contribute"},
        ),
        {"event": "SNEWS 1000128", "instruments": ["LVD"], "sky": None},
    ),
    "Milagro's rate is of a year": (
        archived("milagro", mission="MILAGRO", id=[458], annual_rate=31.5576),
        {"event": "MILAGRO 458", "far_hz": 1e-6},
    ),
    "a light curve is neither a first word nor a second": (
        archived("konus", id=[4837], ra=None, dec=None),
        {"event": "Konus-Wind 4837", "alert_type": "other"},
    ),
    "what the ground works out is an update": (
        archived("agile", mission="AGILE", notice_type="Ground", id=[599], ra_dec_error=3.0),
        {"alert_type": "update"},
    ),
    "a counterpart of LVC's is about gravitational waves": (
        archived(
            "counterpart",
            mission="Swift",
            instrument="XRT",
            notice_type="LVC_Counterpart",
            ref_ID="S190412m",
            ra_dec_error=3.6,
        ),
        {"event": "S190412m", "kind": "GW", "alert_type": "followup", "source": "Swift XRT"},
    ),
    "ALEXIS is named by the end of its map": (
        archived("alexis", mission="ALEXIS", trigger_time=None, end_datetime="1999-12-30T11:40:11Z"),
        {"event": "ALEXIS 1999-12-30T11:40:11Z", "time": None},
    ),
    "SVOM's classes are percent": (
        archived("svom", mission="SVOM", id=["sb26030501"], classification={"short_grb": 26.0, "long_grb": 74.0}),
        {"event": "sb26030501", "classification": {"short_grb": 0.26, "long_grb": 0.74}},
    ),
}


@pytest.mark.parametrize("case", ARCHIVED)
def test_a_classic_notice_in_gcns_json_archive(case):
    said, expected = ARCHIVED[case]
    for path, value in expected.items():
        assert dig(said, path) == (pytest.approx(value) if isinstance(value, float) else value), path


def test_what_is_no_notice_on_a_topic_of_notices_is_wrong_and_no_word_to_leave_aside():
    with pytest.raises(Unparsable, match="carries classic_text records"):
        parsers.parse("gcn.classic.text.SWIFT_XRT_POSITION", opened(b"Swift-XRT Position, cut sh", "gcntextnotice"))
