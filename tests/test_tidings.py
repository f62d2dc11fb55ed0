"""The words people are told: right, short, in an astronomer's terms, and unbroken by what strangers write.

Authorities: GSM 03.38 for what a telephone shows; the numbers of the notices themselves.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tom_scimma.changes import Said, changes
from tom_scimma.notice import Notice, Sky
from tom_scimma.tidings import SMS, SUBJECT, ascii_of, clean, cut, digest, plain, tiding

SENT = datetime(2026, 11, 21, 3, 20, 11, tzinfo=timezone.utc)
YEAR = 31557600.0


def gw(**values) -> Notice:
    return Notice(
        **{
            "event": "S261121a", "kind": "GW", "alert_type": "preliminary", "source": "LVK", "sent": SENT,
            "time": SENT - timedelta(minutes=5), "instruments": ("H1", "L1"), "far_hz": 1 / (12.3 * YEAR),
            "classification": {"BNS": 0.4, "NSBH": 0.3, "Terrestrial": 0.3}, **values,
        }
    )  # fmt: skip


FIRST = Said(gw(), 1200.0, (156.0, 41.0))
SECOND = Said(gw(alert_type="update", classification={"BNS": 0.92, "NSBH": 0.08}), 240.0, (156.0, 41.0))
BURST = Said(
    Notice(
        "Fermi GBM 713543507", "GRB", "initial", "Fermi GBM", sent=SENT, time=SENT,
        sky=Sky("circle", 123.4567, -32.1, 3.4, 0.9),
    )
)  # fmt: skip
REPORT = Said(
    Notice(
        "S261121a", "GW", "report", "GCN Circulars", text="We observed the field with a 1-m telescope.\nNothing new."
    )
)

#: (name, change, said, changed, note) -> brief
TABLE = [
    (("S261121a", "new", FIRST), "NEW S261121a: Binary neutron star merger (40 %); 90 % in 1,200 deg²; 156 ± 41 Mpc; "
     "false alarms 1 per 12.3 years"),
    (("S261121a", "updated", SECOND, changes(FIRST, SECOND)), "UPDATE S261121a: 90 % area 1,200 to 240 deg²; "
     "BNS 0.4 to 0.92; Terrestrial 0.3 to 0; NSBH 0.3 to 0.08"),
    (("S261121a", "updated", SECOND), "UPDATE S261121a: nothing that is shown here changed"),
    (("S261121a", "retracted", Said(gw(alert_type="retraction"))), "RETRACTED S261121a: LVK took it back"),
    (("S261121a", "reinstated", SECOND, ["reinstated after a retraction"]), "REINSTATED S261121a: Binary neutron star "
     "merger (92 %); 90 % in 240 deg²; 156 ± 41 Mpc; false alarms 1 per 12.3 years"),
    (("Fermi GBM 713543507", "new", BURST), "NEW Fermi GBM 713543507: Gamma-ray burst; 90 % in 36.3 deg²"),
    (("S261121a", "reported", REPORT), "REPORT by GCN Circulars on S261121a: Gravitational-wave candidate; “We observed "
     "the field with a 1-m telescope. Nothing new.”"),
    (("S261121a", "new", Said(gw(role="test", classification={}, far_hz=None))), "TEST, not real: NEW S261121a: "
     "Gravitational-wave candidate"),
    (("IceCube 1_2", "new", Said(Notice("IceCube 1_2", "NU", "initial", "IceCube"))), "NEW IceCube 1_2: Neutrino"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "brief"), TABLE, ids=[row[1][:24] for row in TABLE])
def test_words(given, brief):
    found = tiding(*given)
    assert found.brief == brief
    assert found.subject == cut(plain(brief), SUBJECT, "...")
    assert found.subject.isascii()  # no mail server has to encode it


def test_what_no_longer_meets_a_query_says_so_first():
    found = tiding("S261121a", "updated", SECOND, ["BNS 0.92 to 0.1"], note="no longer meets “nearby BNS”")
    assert found.brief == "UPDATE S261121a: no longer meets “nearby BNS”; BNS 0.92 to 0.1"


def test_a_mail():
    text = tiding("S261121a", "updated", SECOND, changes(FIRST, SECOND)).text
    assert text.startswith("LVK has new word on S261121a (update, sent 2026-11-21 03:20:11 UTC).")
    assert "What changed:\n- 90 % area 1,200 to 240 deg²\n- BNS 0.4 to 0.92" in text
    for line in (
        "- event time: 2026-11-21 03:15:11.000 UTC", "- 90 % area: 240 deg²", "- distance: 156 ± 41 Mpc",
        "- false alarms: 1 per 12.3 years", "- classes: BNS 92 %, NSBH 8 %", "- instruments: H1 and L1",
    ):  # fmt: skip
        assert line in text.splitlines()
    position = tiding("Fermi GBM 713543507", "new", BURST).text
    assert "- position: RA 123.4567°, Dec -32.1000° ± 3.4° (ICRS)" in position.splitlines()


def test_a_position_without_an_error_does_not_read_as_a_good_one():
    """SVOM's GRM writes an error of -1, which is none."""
    at = {"ra_deg": 123.4567, "dec_deg": -32.1}
    for sky, words in (
        (Sky("point", **at), "(ICRS), no error given"),
        (Sky("circle", **at, radius_deg=3.4), "± 3.4° (ICRS)"),
        (Sky("healpix", **at), "(ICRS)"),
    ):
        text = tiding("sb26030501", "new", Said(Notice("sb26030501", "GRB", "initial", "SVOM GRM", sky=sky))).text
        assert next(line for line in text.splitlines() if line.startswith("- position")).endswith(f"-32.1000° {words}")


def test_a_retraction_does_not_read_as_news():
    text = tiding("S261121a", "retracted", FIRST, ["retracted"]).text
    assert text.startswith("LVK took S261121a back")
    assert "what it last said" in text
    assert "What changed" not in text


def test_protected_and_test_are_said():
    assert "Protected" in tiding("S1", "new", FIRST, protected=True).text
    assert "did not happen" in tiding("S1", "new", Said(gw(role="test"))).text


def test_a_telephone():
    found = tiding("S261121a", "new", FIRST)
    link = "https://tom.of-our-collaboration.example.org/events/S261121a/"
    assert found.sms(link) == (
        "NEW S261121a: Binary neutron star merger (40 %); 90 % in 1,200 deg2; 156 +/- 41 Mpc... " + link
    )
    assert found.sms() == (
        "NEW S261121a: Binary neutron star merger (40 %); 90 % in 1,200 deg2; 156 +/- 41 Mpc; false alarms 1 per 12.3 years"
    )
    assert "http" not in found.sms("https://tom.example.org/" + "x" * 200)  # left out, never cut


def test_ascii():
    assert ascii_of("2.4 × 10⁻⁵ deg², 12′ 3″ ± 4° – é “x”…") == '2.4 x 10^-5 deg2, 12\' 3" +/- 4 deg - e "x"...'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("two\r\nlines\tand\x00more", "two lines and more"),
        ("Bcc: x\n\nbody", "Bcc: x body"),
        ("@channel look", "(at)channel look"),
        ("<!channel> <@U123> <b>", "‹!channel> ‹(at)U123> ‹b>"),
        ("a\u202eb\u200b", "a b"),
        ("5 @ 3 < 4", "5 @ 3 < 4"),
    ],
)
def test_strangers_can_break_nothing(text, expected):
    assert clean(text) == expected


@given(st.text(max_size=300), st.text(max_size=500), st.text(max_size=100))
def test_whatever_is_written_it_is_one_line_and_short(name, text, source):
    said = Said(Notice(name or "x", "UNK", "report", source or "y", text=text, sent=SENT))
    for change in ("new", "updated", "retracted", "reinstated", "reported"):
        found = tiding(name, change, said, [text])
        link = "https://tom.example.org/events/x/"
        assert len(found.subject) <= SUBJECT
        assert len(found.subject.splitlines()) == 1
        sms = found.sms(link)
        assert len(sms) <= SMS
        assert sms.isascii()
        assert sms.endswith(link)
        assert len(sms.splitlines()) == 1


def test_a_digest():
    several = [(name, tiding(name, "new", FIRST), f"https://tom/{name}/") for name in ("S1", "S2", "S1")]
    found = digest(several, held="quiet hours")
    assert found.brief == "3 alerts on 2 events: S1, S2"
    assert found.text.splitlines()[0] == "3 alerts on 2 events, held back by quiet hours."
    assert found.text.count("https://tom/S1/") == 2
    many = digest([(f"S{i}", tiding(f"S{i}", "new", FIRST), "") for i in range(980)])
    assert many.brief == "980 alerts on 980 events: S0, S1, S2, S3, S4 and 975 more"
    assert "and 930 more" in many.text
    with pytest.raises(ValueError, match="nothing"):
        digest([])
