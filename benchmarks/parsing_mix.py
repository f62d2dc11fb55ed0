"""Messages of every form that streams have, without sky maps: mostly GCN's packets as VOEvents, as archives have them.

    for message in take(1000): message.form, message.topic, message.payload

The values are invented; the shapes are those of tests/test_parsers_*.py. The same again for the same count.
"""

from __future__ import annotations

import io
import json
import random
import struct
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone

import fastavro

from benchmarks import mix
from benchmarks.readings import Message

START = datetime(2026, 11, 21, 3, 0, tzinfo=timezone.utc)
#: form -> how many of a hundred
SHARES = {"voevent": 66, "json": 14, "circular": 12, "binary": 3, "text": 2, "avro": 3}
_TRUTHS = (
    "Cosmic_Ray",
    "Def_NOT_a_GRB",
    "Target_in_Gnd_Catalog",
    "Spatial_Prox_Match",
    "Temporal_Prox_Match",
    "Test_Submission",
)
_SUPPORT = ("Sun_RA", "Sun_Dec", "Sun_Distance", "Sun_Hr_Angle", "Moon_RA", "Moon_Dec", "MOON_Distance", "Moon_Illum", "Galactic_Long",
            "Galactic_Lat", "Ecliptic_Long", "Ecliptic_Lat")  # fmt: skip
#: packet type, stream, name in the ivorn, Params of its own
_PACKETS = (
    (61, "SWIFT", "BAT_GRB_Pos", ("Segment_Num", "Burst_Inten", "Integ_Time", "Rate_Signif", "Image_Signif", "Phi", "Theta", "Trig_Index")),
    (67, "SWIFT", "XRT_Pos", ("Segment_Num", "Burst_Inten", "Det_Signif", "X_TAM_i1", "Y_TAM_i1", "X_TAM_i2", "Y_TAM_i2", "Amplifier")),
    (110, "Fermi", "GBM_Alert", ("Sequence_Num", "Data_Integ", "Burst_Signif", "Phi", "Theta", "Algorithm", "Lo_Energy", "Hi_Energy")),
    (111, "Fermi", "GBM_Flt_Pos", ("Sequence_Num", "Burst_Signif", "Most_Likely_Index", "Most_Likely_Prob", "Phi", "Theta")),
    (115, "Fermi", "GBM_Fin_Pos", ("Sequence_Num", "Burst_Signif", "Phi", "Theta", "Loc_Algorithm", "Data_Integ")),
    (53, "INTEGRAL", "Wakeup_Pos", ("Inten_Sigma", "Time_Error", "Time_Scale", "SC_Pnt_Ra", "SC_Pnt_Dec")),
    (134, "MAXI", "Unknown_source_Pos", ("Event_Flux", "Src_LoBand_Flux", "Src_HiBand_Flux", "SC_Long", "SC_Lat")),
)  # fmt: skip
_WORDS = mix._WORDS


def take(count: int) -> list[Message]:
    """So many messages, forms mixed."""
    chance = random.Random(count)
    notices = mix.Mix(seed=count)
    forms = chance.choices(list(SHARES), SHARES.values(), k=count)
    return [_MAKERS[form](number, chance, notices) for number, form in enumerate(forms)]


def _voevent(number: int, chance: random.Random, _: mix.Mix) -> Message:
    kind, stream, name, own = chance.choice(_PACKETS)
    time = START + timedelta(seconds=number)
    trigger = 1_300_000 + number if stream == "SWIFT" else 794_000_000 + number
    params = [
        ("Packet_Type", kind),
        ("Pkt_Ser_Num", 1),
        ("TrigID", trigger),
        ("Burst_TJD", 21365),
        ("Burst_SOD", f"{10800 + number:.2f}"),
    ]
    params += [(key, f"{chance.uniform(0, 40):.2f}") for key in own]
    params += [("Coords_Type", 1), ("Coords_String", "source_object")]
    what = "".join(f'<Param name="{key}" value="{value}" ucd="meta.number" unit=""/>\n' for key, value in params)
    what += (
        '<Group name="Solution_Status">'
        + "".join(f'<Param name="{key}" value="false"/>\n' for key in _TRUTHS)
        + "</Group>"
    )
    what += '<Group name="Obs_Support_Info"><Description>Valid at the time the VOEvent was created.</Description>'
    what += (
        "".join(
            f'<Param name="{key}" value="{chance.uniform(0, 360):.2f}" unit="deg" ucd="pos.eq"/>\n' for key in _SUPPORT
        )
        + "</Group>"
    )
    ivorn = f"ivo://nasa.gsfc.gcn/{stream}#{name}_{time:%Y-%m-%dT%H:%M:%S}.00_{trigger}-{number % 1000:03d}"
    return Message("voevent", f"gcn.classic.voevent.{name.upper()}", _XML.format(
        ivorn=ivorn, date=f"{time + timedelta(seconds=20):%Y-%m-%dT%H:%M:%S}", time=f"{time:%Y-%m-%dT%H:%M:%S}.45", what=what,
        ra=f"{chance.uniform(0, 360):.4f}", dec=f"{chance.uniform(-90, 90):.4f}", words=" ".join(chance.choices(_WORDS, k=60)),
    ).encode())  # fmt: skip


_XML = """<?xml version="1.0" encoding="UTF-8"?>
<voe:VOEvent ivorn="{ivorn}" role="observation" version="2.0" xmlns:voe="http://www.ivoa.net/xml/VOEvent/v2.0"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://www.ivoa.net/xml/VOEvent/v2.0 VOEvent-v2.0.xsd">
<Who><AuthorIVORN>ivo://nasa.gsfc.tan/gcn</AuthorIVORN><Author><shortName>VO-GCN</shortName><contactName>Somebody</contactName></Author>
<Date>{date}</Date><Description>This VOEvent message was invented.</Description></Who>
<What>{what}<Description>{words}</Description></What>
<WhereWhen><ObsDataLocation><ObservatoryLocation id="GEOLUN"/><ObservationLocation><AstroCoordSystem id="UTC-FK5-GEO"/>
<AstroCoords coord_system_id="UTC-FK5-GEO"><Time unit="s"><TimeInstant><ISOTime>{time}</ISOTime></TimeInstant></Time>
<Position2D unit="deg"><Name1>RA</Name1><Name2>Dec</Name2><Value2><C1>{ra}</C1><C2>{dec}</C2></Value2>
<Error2Radius>0.05</Error2Radius></Position2D>
</AstroCoords></ObservationLocation></ObsDataLocation></WhereWhen>
<How><Description>A satellite</Description><Reference uri="http://gcn.gsfc.nasa.gov/swift.html" type="url"/></How>
<Why importance="0.9"><Inference probability="0.9"><Concept>process.variation.burst;em.gamma</Concept></Inference></Why>
</voe:VOEvent>"""


def _json(number: int, chance: random.Random, notices: mix.Mix) -> Message:
    (said,) = notices.take(1)
    return Message("json", said.topic, said.payload)


def _circular(number: int, chance: random.Random, _: mix.Mix) -> Message:
    said = {
        "subject": f"GRB 2611{number % 28 + 1:02d}{chance.choice('ABC')}: observations", "circularId": 40_000 + number, "submitter": "A",
        "createdOn": 1_795_000_000_000 + number, "body": " ".join(chance.choices(_WORDS, k=300)), "format": "text/plain",
    }  # fmt: skip
    return Message("circular", "gcn.circulars", json.dumps(said).encode())


def _binary(number: int, chance: random.Random, _: mix.Mix) -> Message:
    words = [
        111,
        1,
        0,
        0,
        794_000_000 + number,
        21365,
        1_080_000 + number,
        chance.randrange(3_600_000),
        chance.randrange(900_000),
        0,
        0,
        50_000,
    ]
    return Message("binary", "gcn.classic.binary.FERMI_GBM_FLT_POS", struct.pack(">40i", *words, *([0] * 28)))


def _text(number: int, chance: random.Random, _: mix.Mix) -> Message:
    said = f"""TITLE:            GCN/AMON NOTICE
NOTICE_DATE:      Sat 21 Nov 26 03:01:00 UT
NOTICE_TYPE:      ICECUBE Astrotrack Gold
RUN_NUM:          141000
EVENT_NUM:        {number}
SRC_RA:           {chance.uniform(0, 360):.4f}d {{+06h 55m 09s}} (J2000)
SRC_DEC:          {chance.uniform(-90, 90):.4f}d {{-05d 52' 18"}} (J2000)
SRC_ERROR:        30.00 [arcmin radius, stat-only, 90% containment]
DISCOVERY_DATE:   21365 TJD;   325 DOY;   26/11/21 (yy/mm/dd)
DISCOVERY_TIME:   {10800 + number} SOD {{03:00:03.45}} UT
REVISION:         0
FAR:              2.0 [yr^-1]
COMMENTS:         {" ".join(chance.choices(_WORDS, k=30))}
"""
    return Message("text", "gcn.classic.text.ICECUBE_ASTROTRACK_GOLD", said.encode())


_FIELDS = [{"name": f"value{number}", "type": ["null", "float"], "default": None} for number in range(90)]
_ZTF = fastavro.parse_schema({"type": "record", "name": "alert", "fields": [
    {"name": "objectId", "type": "string"}, {"name": "candid", "type": "long"},
    {"name": "candidate", "type": {"type": "record", "name": "candidate", "fields": [
        {"name": "jd", "type": "double"}, {"name": "fid", "type": "int"}, {"name": "ra", "type": "double"},
        {"name": "dec", "type": "double"}, {"name": "magpsf", "type": "float"}, *_FIELDS]}},
    {"name": "prv_candidates", "type": {"type": "array", "items": "candidate"}}, {"name": "cutoutScience", "type": "bytes"},
]})  # fmt: skip


def _avro(number: int, chance: random.Random, _: mix.Mix) -> Message:
    seen = {"jd": 2461365.6, "fid": 2, "ra": chance.uniform(0, 360), "dec": chance.uniform(-90, 90), "magpsf": 18.5}
    seen.update({field["name"]: chance.random() for field in _FIELDS})
    said = {
        "objectId": f"ZTF26{number:07d}",
        "candid": 3 * 10**18 + number,
        "candidate": seen,
        "prv_candidates": [seen] * 10,
        "cutoutScience": b"x" * 8000,
    }
    buffer = io.BytesIO()
    fastavro.writer(buffer, _ZTF, [said])
    return Message("avro", "ztf.alerts", buffer.getvalue())


_MAKERS: dict[str, Callable[[int, random.Random, mix.Mix], Message]] = {
    "voevent": _voevent, "json": _json, "circular": _circular, "binary": _binary, "text": _text, "avro": _avro,
}  # fmt: skip


def of_form(messages: list[Message], *forms: str) -> Iterator[Message]:
    """Those of these forms."""
    return (message for message in messages if message.form in forms)
