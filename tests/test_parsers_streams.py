"""Circulars, HERMES, SNEWS, surveys, and GCN's classic text and binary. All messages are ours.

Authority: GCN's circular schema, hermes.lco.global/about, SNEWS's data formats, ZTF's and Rubin's packet schemas,
gcn.gsfc.nasa.gov/sock_pkt_def_doc.html, and the rules of the normal form.
"""

from __future__ import annotations

import base64
import json
import quopri
import struct
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

import pytest

from tests.notices import opened, read
from tom_scimma import parsers
from tom_scimma.errors import Unparsable
from tom_scimma.parsers import angles, public_names

CIRCULAR = {
    "subject": "LIGO/Virgo/KAGRA S260305ab: Upper limits from Somewhere",
    "body": "We saw nothing.",
    "createdOn": 1772700000123,
    "circularId": 41234,
    "eventId": "LIGO/Virgo/KAGRA S260305ab",
    "submitter": "A. Person at Somewhere",
    "format": "text/plain",
}


def one(said, topic="file"):
    (notice,) = read(said, topic)
    return notice


def test_a_circular_is_a_report_about_its_event():
    notice = one(CIRCULAR, "gcn.circulars")
    assert (notice.event, notice.kind, notice.alert_type, notice.id) == ("S260305ab", "GW", "report", "41234")
    assert notice.sent.isoformat() == "2026-03-05T08:40:00.123000+00:00"
    assert notice.text.startswith("LIGO/Virgo/KAGRA S260305ab: Upper limits")
    assert notice.links["GCN Circular 41234"] == "https://gcn.nasa.gov/circulars/41234"
    assert notice.extra["submitter"] == "A. Person at Somewhere"
    assert notice.time is None


def test_an_edit_of_a_circular_is_another_version():
    notice = one({**CIRCULAR, "version": 2, "editedOn": 1772700100123, "eventType": ["Retraction"]})
    assert (notice.id, notice.properties["version"], notice.properties["retraction"]) == ("41234-2", 2, True)
    assert notice.alert_type == "report"
    assert notice.key != one(CIRCULAR).key


@pytest.mark.parametrize(
    ("given", "subject", "event", "kind"),
    [
        ("", "GRB 260305B: optical counterpart", "GRB 260305B", "GRB"),
        ("", "GRB260305.40 observations", "GRB 260305.40", "GRB"),
        ("IceCube-260305A", "whatever", "IceCube-260305A", "NU"),
        (None, "IceCube GCN alert 134701_049508272.amon retraction", "IceCube 134701_49508272", "NU"),
        ("", "Swift trigger 1300001 is not a GRB", "Swift 1300001", "GRB"),
        ("", "Fermi trigger No 794000111: observations", "Fermi GBM 794000111", "GRB"),
        ("", "AT2026abc: a spectrum", "AT 2026abc", "OT"),
        ("EP260305a", "", "EP260305a", "XRT"),
        ("", "nothing that has a name", "GCN Circular 41234", "UNK"),
    ],
)
def test_what_a_circular_is_about(given, subject, event, kind):
    notice = one({**CIRCULAR, "eventId": given, "subject": subject})
    assert (notice.event, notice.kind) == (event, kind)


def test_a_circular_as_mailed():
    text = (
        b"TITLE:   GCN CIRCULAR\nNUMBER:  40\nSUBJECT: GRB980329 VLA observations\nDATE:    98/04/03 07:10:15 GMT\n"
        b"FROM:    Somebody at NRAO\n\nWe observed.\nGRB 980329 again.\n"
    )
    (notice,) = parsers.parse("gcn.circulars", opened(text)).notices
    assert (notice.event, notice.id, notice.sent.isoformat()) == ("GRB 980329", "40", "1998-04-03T07:10:15+00:00")
    assert "We observed." in notice.text


def test_a_circular_as_a_mail():
    text = (
        b"From: Somebody <somebody@example.org>\r\nTo: GCN Circulars\r\nSubject: GRB 260305A: optical observations\r\n"
        b"Date: Thu, 05 Mar 2026 01:02:03 +0100\r\n\r\nWe observed.\r\n"
    )
    (notice,) = parsers.parse("gcn.circulars", opened(text)).notices
    assert (notice.event, notice.alert_type, notice.id) == ("GRB 260305A", "report", None)
    assert notice.sent.isoformat() == "2026-03-05T01:02:03+01:00"
    assert notice.text == "GRB 260305A: optical observations\n\nWe observed."
    assert opened(b"From: here\n\nDate: unknown, Subject: none").format == "blob"


@pytest.mark.parametrize(
    ("subject", "meant"),
    [
        ("=?utf-8?q?GRB_260305A=3A_d=C3=A9tection?=", "GRB 260305A: d\u00e9tection"),
        ("=?utf-8?b?R1JCIDI2MDMwNUE6IA==?=\r\n =?iso-8859-1?q?d=E9tection?=", "GRB 260305A: d\u00e9tection"),
        ("GRB 260305A: =?no-such?q?word?=", "GRB 260305A: =?no-such?q?word?="),
        ("GRB 260305A: what is =?", "GRB 260305A: what is =?"),
    ],
)
def test_a_mail_s_subject_may_come_in_encoded_words(subject, meant):
    """RFC 2047: neighbours lose the blank between them; what cannot be read stays as sent."""
    text = f"From: here\r\nTo: GCN Circulars\r\nSubject: {subject}\r\nDate: Thu, 05 Mar 2026 01:02:03 +0000\r\n\r\nWe observed.\r\n"
    (notice,) = parsers.parse("gcn.circulars", opened(text.encode())).notices
    assert (notice.event, notice.properties["subject"]) == ("GRB 260305A", meant)


INNER = (
    "TITLE:   GCN CIRCULAR\nNUMBER:  41234\nSUBJECT: GRB 260305A: d\u00e9tection\nDATE:    26/03/05 07:10:15 GMT\n"
    "FROM:    Somebody at NRAO\n\nWe observed, at R = 18.5 \u00b1 0.1.\n"
)


def posted(text: str, encoding: str, charset: str = "utf-8", received: int = 0) -> bytes:
    """A mail of GCN as Python's own library writes it, with so many lines that servers on its way added."""
    body = MIMEText(text, "plain", charset)
    body.replace_header("Content-Transfer-Encoding", encoding)
    data = text.encode(charset)
    body.set_payload({"base64": base64.encodebytes, "quoted-printable": quopri.encodestring}[encoding](data).decode())
    letter = MIMEMultipart("alternative")
    letter["From"], letter["To"] = "GCN Circulars <no-reply@gcn.example.org>", "somebody@example.org"
    letter["Subject"], letter["Date"] = "GRB 260305A: seen", "Thu, 05 Mar 2026 08:00:00 +0000"
    letter.attach(MIMEText("<p>in colours</p>", "html"))
    letter.attach(body)
    return b"Received: from here by there\r\n" * received + letter.as_bytes()


@pytest.mark.parametrize("label", ["", "circular"])
@pytest.mark.parametrize(
    ("encoding", "charset"), [("base64", "utf-8"), ("quoted-printable", "utf-8"), ("quoted-printable", "iso-8859-1")]
)
def test_a_mail_is_read_as_it_was_written(encoding, charset, label):
    """Authority: Python's email library, which wrote it. Its circular is the one that Kafka brings: the same number, no other id."""
    document = opened(posted(INNER, encoding, charset, received=300), label)
    (notice,) = parsers.parse("gcn.circulars", document).notices
    assert (notice.event, notice.id, notice.sent.isoformat()) == ("GRB 260305A", "41234", "2026-03-05T07:10:15+00:00")
    assert notice.text == "GRB 260305A: d\u00e9tection\n\nWe observed, at R = 18.5 \u00b1 0.1."
    assert document.notes == ("a mail around it was taken off",)


def test_a_mail_s_own_words_and_its_notice_are_read_too():
    (notice,) = parsers.parse("", opened(posted("We observed, at R = 18.5 \u00b1 0.1.", "base64"))).notices
    assert (notice.event, notice.text) == ("GRB 260305A", "GRB 260305A: seen\n\nWe observed, at R = 18.5 \u00b1 0.1.")
    burst = (
        "TITLE: GCN/SWIFT NOTICE\nNOTICE_DATE: Thu 05 Mar 26 01:03:00 UT\nNOTICE_TYPE: Swift-BAT GRB Position\n"
        "TRIGGER_NUM: 1300001, Seg_Num: 0\n"
    )
    (notice,) = parsers.parse("", opened(posted(burst, "quoted-printable"))).notices
    assert (notice.event, notice.source) == ("Swift 1300001", "Swift BAT")


@pytest.mark.parametrize(
    "wrong",
    [
        b"Content-Type: text/plain; charset=no-such\r\nContent-Transfer-Encoding: base64\r\n\r\nWe observed\xff.",
        b"Content-Type: multipart/mixed; boundary=a\r\n\r\n"
        + b"--a\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n" * 3000,
        b"MIME-Version: 1.0\r\nContent-Type: message/rfc822\r\n\r\n" * 3000,
        b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=",
    ],
)
def test_a_mail_that_is_none_inside_is_kept_as_it_came(wrong):
    start = (
        b"From: here\r\nTo: GCN Circulars\r\nSubject: GRB 260305A: seen\r\nDate: Thu, 05 Mar 2026 01:02:03 +0000\r\n"
    )
    (notice,) = parsers.parse("gcn.circulars", opened(start + wrong)).notices
    assert (notice.event, notice.alert_type) == ("GRB 260305A", "report")


def test_a_circular_between_two_others_is_neither():
    """GCN gave a few a half: 18448.5 and 18453.5."""
    notice = one({**CIRCULAR, "circularId": 41234.5, "eventId": "", "subject": "nothing that has a name"})
    assert (notice.id, notice.event, notice.properties["circular"]) == ("41234.5", "GCN Circular 41234.5", 41234.5)
    assert list(notice.links.values()) == ["https://gcn.nasa.gov/circulars/41234.5"]


def test_a_circular_that_quotes_a_notice_is_none():
    text = (
        b"TITLE:   GCN CIRCULAR\nNUMBER:  41234\nSUBJECT: GRB 260305A: the notice again\nDATE:    26/03/05 07:10:15 GMT\nFROM:    here\n\n"
        b"We sent this:\n\nTITLE: GCN/SWIFT NOTICE\nNOTICE_DATE: Thu 05 Mar 26 01:03:00 UT\nNOTICE_TYPE: Swift-BAT GRB Position\n"
    )
    (notice,) = parsers.parse("", opened(text)).notices
    assert (notice.source, notice.event, notice.id) == ("GCN Circulars", "GRB 260305A", "41234")


@pytest.mark.parametrize(
    ("subject", "event", "kind"),
    [
        ("AMON Coincidence Alert from the search NuEm-260305A", "NuEm-260305A", "NU"),
        ("Correction to Fermi GBM Statement for Trigger 794000111/260305043", "Fermi GBM 794000111", "GRB"),
        ("ZTF discovery of the likely afterglow of Fermi GRB 260305043", "bn260305043", "GRB"),
        # 2026-03-05 01:02:03 is 794365328 seconds after 2001 began, leap seconds apart
        ("Fermi GBM trigger 260305043/794365328 is not a GRB", "Fermi GBM 794365328", "GRB"),
        ("Fermi Gamma-ray Burst Monitor trigger 794365328 / 260305043 is not a GRB", "Fermi GBM 794365328", "GRB"),
        ("Fermi Gamma-ray Burst Monitor trigger 794365328 reclassification", "Fermi GBM 794365328", "GRB"),
        ("Fermi GBM trigger 160305043 is not a GRB", "bn160305043", "GRB"),  # as seconds, it would be before the launch
        ("Fermi/GBM GRB Trigger 794365328: limits", "Fermi GBM 794365328", "GRB"),
        ("Fermi794365328: a possible afterglow", "Fermi GBM 794365328", "GRB"),
        ("Swift-BAT trigger #1300001 is not a GRB", "Swift 1300001", "GRB"),
        ("Swift Triggers 1300001 and 1300002 are not astrophysical", "Swift 1300001", "GRB"),
        ("Trigger 1300001: Swift detection of IGR J17091-3624", "Swift 1300001", "GRB"),
        ("Trigger 1300001: somebody else's", "GCN Circular 41234", "UNK"),
        ("INTEGRAL Weak#8189: optical observation", "INTEGRAL 8189", "GRB"),
        ("IBAS Alert 7534: not a real GRB", "INTEGRAL 7534", "GRB"),
        ("Observations of the INTEGRAL 2026 calibration", "GCN Circular 41234", "UNK"),
        ("HETE Trigger 4043: optical limits", "HETE 4043", "GRB"),
        ("EP trigger ID 01709059262: a flare", "Einstein Probe WXT 01709059262", "XRT"),
        ("IceCube-20260305A: no counterpart", "IceCube-260305A", "NU"),
        ("Retraction of the IceCube notice 36142391_132143", "IceCube 132143_36142391", "NU"),
        ("IceCube Alert 260305.04: observations report", "IceCube Alert 260305.04", "NU"),
        ("LIGO/Virgo: G284239 search", "G284239", "GW"),
        ("SGR 1E 1841-045 / Kes 73: bursts", "1E 1841-045", "UNK"),
        ("SWIFT J174540.2-290037: refined analysis", "Swift J174540.2-290037", "XRT"),
    ],
)
def test_rarer_names_in_subjects(subject, event, kind):
    notice = one({**CIRCULAR, "eventId": "", "subject": subject})
    assert (notice.event, notice.kind) == (event, kind)


@pytest.mark.parametrize(
    ("subject", "event", "kind"),
    [
        ("GRB_260305a: a possibly short burst", "GRB 260305A", "GRB"),
        ("a burst GRB.260305 without a letter", "GRB 260305", "GRB"),
        ("sGRB 260305A", "GRB 260305A", "GRB"),
        ("XRF_050509c: an afterglow", "XRF 050509C", "GRB"),
        ("SGR_1935+2154: bursts", "SGR 1935+2154", "UNK"),
        ("IceCube 260305a - a track", "IceCube-260305A", "NU"),
        ("IceCube_Cascade_260305A seen", "IceCubeCascade-260305a", "NU"),
        ("a high-energy icecube-cascade-260305a candidate", "IceCubeCascade-260305a", "NU"),
        ("Fermi-LAT-ANTARES 260305a Coincidence", "ANTARES 260305A", "NU"),
        ("Baksan Neutrino Observatory Alert_260305.36: nothing", "Baksan Neutrino Observatory Alert 260305.36", "NU"),
        ("Alert from the HAWC Burst Monitor HAWC_260305A", "HAWC-260305A", "GRB"),
        ("ep 260305A: nothing", "EP260305a", "XRT"),
        ("Global Net EP_260305a observations", "EP260305a", "XRT"),
        ("frb-20260305a: a host", "FRB 20260305A", "FRB"),
        ("SVOM/sb 26030501: a long transient", "sb26030501", "GRB"),
        ("ZTF 26aabmzlp/AT2026azs: a fast transient", "ZTF26aabmzlp", "OT"),
        ("sn2002AP (SN/GRB?) spectra", "SN 2002ap", "OT"),
        ("SN_2002a: a spectrum", "SN 2002A", "OT"),
        ("AT-2026LCR: radio", "AT 2026lcr", "OT"),
        ("seen at 2026UT", "GCN Circular 41234", "UNK"),
        ("upper limits from LIGO/VirgoS260305ca observations", "S260305ca", "GW"),
        ("LiGo/ViRGo/kAgRa s260305cG: a merger", "S260305cg", "GW"),
        ("LIGO/Virgo G211117: Further sources", "G211117", "GW"),
        ("Swift UVOT GW_170817: follow-up", "GW170817", "GW"),
        ("IBAS Alert No. 8500: an afterglow", "INTEGRAL 8500", "GRB"),
        ("The EP-WXT trigger 01709247525 is not a real source", "Einstein Probe WXT 01709247525", "XRT"),
        ("4U 1608-52: an outburst", "4U 1608-52", "XRT"),
        ("IGR J17091-3624: an outburst", "IGR J17091-3624", "XRT"),
    ],
)
def test_names_however_people_spell_them(subject, event, kind):
    """nasa-gcn/gcn.nasa.gov, __tests__/circulars.lib.ts: what GCN itself reads out of such subjects."""
    notice = one({**CIRCULAR, "eventId": None, "subject": subject})
    assert (notice.event, notice.kind) == (event, kind)


@pytest.mark.parametrize(
    ("subject", "taken_back"),
    [
        ("GRB 260305A: MASTER OT retraction", True),
        ("trigger 757464861/250101954 is not a GRB", True),
        ("The EP-WXT triggers 01709047257 and 01709047278 are not real sources", True),
        ("Swift Trigger 287421: False trigger due to star tracker loss", True),
        ("BAT GRB 260305C is probably not a GRB", False),
        ("GRB 260305A: the afterglow is not seen", False),
    ],
)
def test_subjects_that_take_something_back(subject, taken_back):
    notice = one({**CIRCULAR, "eventId": None, "subject": subject})
    assert ("retraction" in notice.properties) is taken_back


@pytest.mark.parametrize(
    "said",
    [
        {"subject": "hello", "body": "lunch?"},
        {"header": {"a": 1}, "body": "x"},
        {"title": "x", "message_text": "y"},
        {"name": "x", "prefix": "y", "objid": 1},
        {"detector_name": "x", "tier": "y"},
    ],
)
def test_what_only_looks_like_one_of_theirs_is_nobodys(said):
    """A topic of anybody's: keys that any sender may use are no schema of GCN's, HERMES's, the TNS's or SNEWS's."""
    assert parsers.parse("a.topic.of.ours", opened(json.dumps(said).encode())).parser is None


def test_a_draft_of_a_circular_names_an_event():
    assert one({"subject": "EP260305a: a counterpart", "body": "We saw it."}).event == "EP260305a"


def test_a_detectors_first_message():
    """SNEWS2/SNEWS_Publishing_Tools, scenarios.json: a detector, when, how likely, and no tier."""
    notice = one({"detector_name": "KamLAND", "neutrino_time": "2030-01-01T12:34:45.5", "p_val": 0.5, "is_test": True})
    assert (notice.event, notice.role) == ("SNEWS KamLAND 2030-01-01T12:34:45Z", "test")


def test_names_in_prose():
    text = "Follow-up of S260305ab and GRB 260305A (Swift trigger 1300001), see also AT2026abc."
    assert public_names.all_in(text) == ("S260305ab", "GRB 260305A", "AT 2026abc", "Swift 1300001")
    assert public_names.find("no name here, S2603 neither") is None


def test_a_hermes_message_is_a_report_with_the_place_of_its_only_target():
    said = {
        "title": "A candidate", "topic": "hermes.ourgroup", "message_text": "Look.", "authors": "A. Person", "uuid": "a-b-c",
        "data": {"event_id": "S260305ab", "targets": [{"name": "AT 2026abc", "ra": "23:20:00", "dec": "-11:30:00", "ra_error": 2,
                 "ra_error_units": "arcsec"}], "references": [{"citation": "us", "url": "https://example.org/1"}]},
    }  # fmt: skip
    notice = one(said, "hermes.ourgroup")
    assert (notice.event, notice.alert_type, notice.role, notice.id) == ("S260305ab", "report", "observation", "a-b-c")
    assert notice.aliases == ("AT 2026abc",)
    assert (notice.sky.ra_deg, notice.sky.dec_deg) == (350.0, -11.5)
    assert notice.sky.radius_deg == pytest.approx(2 / 3600)
    assert notice.links == {"us": "https://example.org/1"}
    assert one(said, "hermes.test").role == "test"
    assert one({**said, "data": {"event_id": ["S260314ab"]}}).event == "S260314ab"
    two = {**said, "data": {**said["data"], "targets": said["data"]["targets"] * 2}}
    assert one(two).sky is None


@pytest.mark.parametrize(
    ("raw", "ra", "dec"),
    [
        (12.5, 12.5, 12.5), ("12.5", 12.5, 12.5), ("01:30:00", 22.5, 1.5), ("07h 30m 00s", 112.5, None), ("-00:30:00", 352.5, -0.5),
        ("+11d30'00\"", None, 11.5), ("nonsense", None, None), ("1:99:00", None, None), (None, None, None), (True, None, None),
        (1e9, None, None),
    ],
)  # fmt: skip
def test_angles_as_people_write_them(raw, ra, dec):
    if ra is not None or raw in ("nonsense", None, 1e9):
        assert angles.ra(raw) == (None if ra is None else pytest.approx(ra))
    if dec is not None or raw in ("nonsense", None, 1e9):
        assert angles.dec(raw) == (None if dec is None else pytest.approx(dec))


def test_snews_says_which_detectors_and_how_likely_by_chance():
    said = {
        "_id": "SNEWS_Coincidence_ALERT 2026-03-05T01:02:09.5", "alert_type": "TEST COINC_MSG", "detector_names": ["IceCube", "Super-K"],
        "neutrino_times": ["2026-03-05T01:02:03.500000123", "2026-03-05T01:02:03.25"], "p_values": [0.1, 0.05],
        "p_values average": 0.075, "sent_time": "2026-03-05T01:02:09.5", "False Alarm Prob": "13.5%", "sub list number": 0,
    }  # fmt: skip
    notice = one(said, "snews.alert")
    assert (notice.event, notice.alert_type, notice.role) == ("SNEWS 2026-03-05T01:02:03Z", "initial", "test")
    assert notice.time.microsecond == 250000
    assert notice.instruments == ("IceCube", "Super-K")
    assert notice.properties == {"false_alarm_probability": 0.135, "p_value_average": 0.075, "sub_list_number": 0}
    more = one({**said, "_id": "SNEWS_Coincidence_ALERT-UPDATE x", "alert_type": "UPDATE", "False Alarm Prob": "N/A"})
    assert (more.event, more.alert_type, more.role) == (notice.event, "update", "observation")
    assert more.extra["False Alarm Prob"] == "N/A"


def test_snews_tiers_and_heartbeats():
    beat = {"detector_name": "DUNE", "machine_time": "2026-03-05T01:00:00", "detector_status": "ON", "is_test": "True"}
    assert read(beat, "snews.heartbeat") == ()
    assert read({"detector_name": "DUNE", "tier": "Heartbeat", "detector_status": "ON"}) == ()
    tier = one({**beat, "neutrino_time": "2026-03-05T01:02:03.123456", "p_val": 0.07})
    assert (tier.event, tier.role) == ("SNEWS DUNE 2026-03-05T01:02:03Z", "test")
    back = one({"detector_name": "DUNE", "tier": "Retraction", "retract_message_uuid": "u-1", "retraction_reason": "noise",
                "sent_time_utc": "2026-03-05T01:10:00Z", "is_test": False})  # fmt: skip
    assert (back.alert_type, back.cites[0].id, back.text) == ("retraction", "u-1", "noise")


@pytest.mark.parametrize(
    ("word", "rate", "kept"),
    [
        ("Would happen every 1.00e+02 year", 1 / (100 * 31557600), True),
        ("Would happen every 0 years", None, True),
        ("Would happen every ... years", None, True),
        (0.14, None, True),
        ("14%", None, False),
    ],
)
@pytest.mark.parametrize("key", ["False Alarm Prob", "false_alarm_probability"])
def test_snews_says_a_rate_in_the_place_of_a_probability(word, rate, kept, key):
    """Since 2023, snews_cs's cs_alert_schema.py; and the key that it had for a while."""
    said = {
        "_id": "SNEWS_Coincidence_ALERT x",
        "detector_names": ["DUNE", "LVD"],
        "neutrino_times": ["2026-03-05T01:02:03"],
    }
    notice = one({**said, key: word}, "snews.alert")
    assert notice.far_hz == (rate and pytest.approx(rate))
    assert notice.extra.get(key) == (word if kept else None)
    assert notice.properties.get("false_alarm_probability") == (None if kept else 0.14)


def test_snews_of_2023_says_its_tier_in_its_id_alone():
    """SNEWS_Publishing_Tools 1.3: a retraction has a time of its machine and no neutrinos; it is no new supernova."""
    said = {"_id": "19_Retraction_2026-03-05T01:12:01.001552", "detector_name": "XENONnT", "machine_time": "2026-03-05T01:12:01.001552",
            "retract_latest": 2, "retraction_reason": None, "is_test": False, "sent_time": "2026-03-05T01:12:01.049846"}  # fmt: skip
    notice = one(
        {**said, "neutrino_time": "2026-03-05T01:02:03"}, "snews.experiments-firedrill"
    )  # one that says of which neutrinos
    assert (notice.event, notice.alert_type) == ("SNEWS XENONnT 2026-03-05T01:02:03Z", "retraction")
    assert notice.properties == {"tier": "retraction"}
    for unnamed in (said, {key: value for key, value in said.items() if key != "_id"}):
        with pytest.raises(Unparsable, match=r"^XENONnT takes back the latest it sent \(2\) and names no message"):
            read(unnamed, "snews.experiments-firedrill")
    assert read({**said, "_id": "19_Heartbeat_2026-03-05T01:12:01"}) == ()


def test_snews_of_2021_writes_its_times_otherwise():
    """Year, month and day, and the fraction of the second behind another colon."""
    said = {
        "detector_name": "DUNE",
        "machine_time": "21/11/05 01:02:09:000000",
        "neutrino_time": "21/11/05 01:02:03:25",
        "p_value": 0.07,
    }
    notice = one(said, "snews.experiments-test")
    assert (notice.event, notice.time.microsecond) == ("SNEWS DUNE 2021-11-05T01:02:03Z", 250000)
    assert notice.sent.isoformat() == "2021-11-05T01:02:09+00:00"
    assert notice.properties == {"p_value": 0.07}
    together = {
        "_id": "a",
        "detector_names": ["DUNE", "LVD"],
        "neutrino_times": ["21/11/05-01:02:04:5", "21/11/05-01:02:03:5"],
    }
    assert one(together, "snews.alert").event == "SNEWS 2021-11-05T01:02:03Z"
    back = one(
        {"detector_name": "DUNE", "false_id": "1_CoincidenceTier", "sent_time": "21/11/05 02:00:00"}, "snews.alert"
    )
    assert (back.alert_type, back.cites[0].id, back.time) == ("retraction", "1_CoincidenceTier", None)
    assert one({**said, "neutrino_time": "05/21/11 01:02:03"}, "snews.alert").time is None


def test_ztf_keeps_the_number_of_its_alert_and_counts_days_in_utc():
    said = {
        "objectId": "ZTF26aaaaaaa", "candid": 3000000000015015012, "schemavsn": "3.3", "prv_candidates": [{"jd": 1}], "cutoutScience": "x",
        "candidate": {"jd": 2461104.5, "fid": 2, "ra": 10.5, "dec": -5.25, "magpsf": 18.5, "isdiffpos": "t", "ssdistnr": -999.0},
    }  # fmt: skip
    notice = one(said)
    assert (notice.event, notice.id, notice.kind) == ("ZTF26aaaaaaa", "3000000000015015012", "OT")
    assert notice.time.isoformat() == "2026-03-05T00:00:00+00:00"
    assert notice.properties == {"magpsf": 18.5, "band": "r", "isdiffpos": True}
    assert "prv_candidates" not in notice.extra
    assert "cutoutScience" not in notice.extra


def test_rubin_counts_in_tai():
    seen = {"diaSourceId": 313637921267122191, "diaObjectId": 313637921267100000, "midpointMjdTai": 61104.0, "ra": 10.5, "dec": -5.25,
            "raErr": 0.0001, "decErr": 0.0002, "band": "i", "psfFlux": 1241.0}  # fmt: skip
    notice = one({"diaSourceId": 313637921267122191, "diaSource": seen, "diaObject": None})
    assert (notice.event, notice.id) == ("Rubin 313637921267100000", "313637921267122191")
    assert notice.time.isoformat() == "2026-03-04T23:59:23+00:00"
    assert (notice.sky.radius_deg, notice.properties["band"]) == (0.0002, "i")
    old = {
        "alertId": 7,
        "diaSource": {"diaSourceId": 8, "midPointTai": 1480360995.0, "ra": 1.0, "decl": 2.0, "filterName": "r"},
    }
    assert (one(old).event, one(old).time, one(old).sky.dec_deg) == ("Rubin 8", None, 2.0) or one(
        old
    ).event == "Rubin 7"


TEXT = b"""TITLE:            GCN/AMON NOTICE
NOTICE_DATE:      Thu 05 Mar 26 01:03:00 UT
NOTICE_TYPE:      ICECUBE Astrotrack Gold
RUN_NUM:          141000
EVENT_NUM:        12345
SRC_RA:           103.7861d {+06h 55m 09s} (J2000),
                  104.1106d {+06h 56m 27s} (current)
SRC_DEC:           -5.8716d {-05d 52' 18"} (J2000),
                   -5.8390d {-05d 50' 20"} (current)
SRC_ERROR:        30.00 [arcmin radius, stat-only, 90% containment]
DISCOVERY_DATE:   21104 TJD;    64 DOY;   26/03/05 (yy/mm/dd)
DISCOVERY_TIME:   3723 SOD {01:02:03.45} UT
REVISION:         1
SIGNALNESS:       5.0e-01 [dn]
FAR:              2.0 [yr^-1]
COMMENTS:         IceCube Gold event.
"""


@pytest.mark.parametrize(
    ("survey", "name", "event", "time"),
    [
        ("LSST", "169298436534304771", "Rubin 169298436534304771", "2026-03-04T23:59:23+00:00"),  # TAI
        ("ZTF", "ZTF26aaaaaaa", "ZTF26aaaaaaa", "2026-03-05T00:00:00+00:00"),
    ],
)
def test_what_boom_passes_on_is_the_survey_s(survey, name, event, time):
    """github.com/boom-astro/boom: `jd` is the survey's own day, TAI for Rubin."""
    said = {
        "objectId": name,
        "candid": 169298436534304771,
        "jd": 2461104.5,
        "ra": 10.5,
        "dec": -43.5,
        "survey": survey,
        "filters": [],
    }
    notice = one(said)
    assert (notice.event, notice.id, notice.kind, notice.time.isoformat()) == (event, "169298436534304771", "OT", time)
    assert (notice.sky.ra_deg, notice.sky.dec_deg) == (10.5, -43.5)
    assert notice.source == {"LSST": "Rubin", "ZTF": "ZTF"}[survey]


def test_a_classic_text_is_what_its_packet_is():
    (notice,) = parsers.parse("gcn.classic.text.ANY", opened(TEXT, "gcntextnotice")).notices
    assert (notice.event, notice.source, notice.alert_type) == ("IceCube 141000_12345", "IceCube", "update")
    assert (notice.sky.ra_deg, notice.sky.dec_deg, notice.sky.radius_deg, notice.sky.containment) == (
        103.7861,
        -5.8716,
        0.5,
        0.9,
    )
    assert notice.time.isoformat() == "2026-03-05T01:02:03.450000+00:00"
    assert notice.sent.isoformat() == "2026-03-05T01:03:00+00:00"
    assert notice.far_hz == pytest.approx(2 / (365.25 * 86400))
    assert notice.properties["signalness"] == 0.5


def binary(**words) -> bytes:
    values = [0] * 40
    for name, value in words.items():
        values[int(name[1:])] = value
    return struct.pack(">40i", *values)


def test_a_classic_binary():
    sent = binary(_0=61, _1=1, _4=1300001, _5=21104, _6=372345, _7=105000, _8=-52500, _11=500)
    (notice,) = parsers.parse("gcn.classic.binary.SWIFT_BAT_GRB_POS", opened(sent)).notices
    assert (notice.event, notice.kind, notice.alert_type) == ("Swift 1300001", "GRB", "initial")
    assert (notice.sky.ra_deg, notice.sky.dec_deg, notice.sky.radius_deg) == (10.5, -5.25, 0.05)
    assert notice.time.isoformat() == "2026-03-05T01:02:03.450000+00:00"
    flagged = binary(_0=61, _4=1300001, _5=21104, _18=1 << 5)
    assert parsers.classic_binary.parse("", flagged)[0].alert_type == "retraction"
    track = parsers.classic_binary.parse("", binary(_0=173, _4=12345, _23=141000, _5=21104))[0]
    assert track.event == "IceCube 141000_12345"
    assert parsers.classic_binary.parse("", binary(_0=3)) == ()
    with pytest.raises(Unparsable, match="type 145"):
        parsers.classic_binary.parse("", binary(_0=145))
    assert not parsers.classic_binary.recognises(b"\0" * 160)


def test_what_nobody_knows_on_a_known_topic_is_kept_as_such():
    assert parsers.parse("hermes.test", opened(b'{"any": "thing"}')).parser is None
    assert parsers.parse("gcn.circulars", opened(b"free text")).parser is None
