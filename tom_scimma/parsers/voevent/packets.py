"""GCN's classic packets as a table: who speaks in each type, of what, and what the packet is to its event.

Types: https://gcn.gsfc.nasa.gov/sock_pkt_def_doc.html and the missions' pages beside it. Containment is that of the
error circle as each mission documents it: GBM statistical 68 %, GECAM 68 %; BAT, XRT, UVOT, IceCube 90 %.
"""

from __future__ import annotations

from typing import NamedTuple


class Kind(NamedTuple):
    """One type of packet."""

    source: str
    kind: str
    alert_type: str
    containment: float | None = None
    #: what stands before the trigger id in the event's name; None: the source
    prefix: str | None = None
    test: bool = False


def _swift(source: str, alert_type: str, kind: str = "GRB") -> Kind:
    return Kind(f"Swift {source}" if source else "Swift", kind, alert_type, 0.9, "Swift")


def _gbm(alert_type: str) -> Kind:
    return Kind("Fermi GBM", "GRB", alert_type, 0.68)


def _lat(alert_type: str) -> Kind:
    """The LAT's look at a trigger of the GBM, whose number it gives."""
    return Kind("Fermi LAT", "GRB", alert_type, 0.9, "Fermi GBM")


_ICECUBE = Kind("IceCube", "NU", "initial", 0.9)
#: trigger ids that stand for none: all ones, and those of test packets
NO_TRIGGER = frozenset({16777215, 2147483647, 4294967295, 99999, 599999})

#: types that speak of the connection: imalive, kill, the test at an hour of one's choice (DOW_TOD), and imalive as VOEvents
CONNECTION = frozenset({3, 4, 48, 142, 143})
PACKETS: dict[int, Kind] = {
    1: Kind("GRO", "GRB", "initial"),
    2: Kind("GRO", "GRB", "other", test=True),
    11: Kind("GRO", "GRB", "initial"),
    21: Kind("GRO", "GRB", "initial"),
    22: Kind("GRO", "GRB", "update"),
    24: Kind("GRO", "GRB", "update"),
    25: Kind("ALEXIS", "XRT", "initial"),
    26: Kind("RXTE", "XRT", "initial"),
    27: Kind("RXTE", "XRT", "update"),
    28: Kind("RXTE", "XRT", "initial"),
    29: Kind("RXTE", "XRT", "update"),
    30: Kind("GRO", "GRB", "update"),
    31: Kind("IPN", "GRB", "initial"),
    32: Kind("IPN", "GRB", "update"),
    33: Kind("BeppoSAX", "GRB", "initial"),
    34: Kind("BeppoSAX", "GRB", "update"),
    35: Kind("BeppoSAX", "GRB", "followup"),
    36: Kind("BeppoSAX", "GRB", "followup"),
    37: Kind("RXTE", "XRT", "initial"),
    38: Kind("GCN", "UNK", "other", test=True),
    39: Kind("IPN", "GRB", "update"),
    40: Kind("HETE", "GRB", "initial"),
    41: Kind("HETE", "GRB", "update"),
    42: Kind("HETE", "GRB", "update"),
    43: Kind("HETE", "GRB", "update"),
    44: Kind("HETE", "GRB", "other", test=True),
    45: Kind("COUNTERPART", "GRB", "followup", 0.9),
    46: _swift("", "other", "UNK"),
    47: _swift("", "other", "UNK"),
    51: Kind("INTEGRAL", "UNK", "other"),
    52: Kind("INTEGRAL SPI-ACS", "GRB", "initial"),
    53: Kind("INTEGRAL", "GRB", "initial", 0.9),
    54: Kind("INTEGRAL", "GRB", "update", 0.9),
    55: Kind("INTEGRAL", "GRB", "update", 0.9),
    56: Kind("INTEGRAL", "GRB", "initial", 0.9),
    57: Kind("AAVSO", "GRB", "followup"),
    58: Kind("MILAGRO", "GRB", "initial"),
    59: Kind("Konus-Wind", "GRB", "other"),
    60: _swift("BAT", "initial"),
    61: _swift("BAT", "initial"),
    62: _swift("BAT", "other"),
    63: _swift("BAT", "other"),
    64: _swift("BAT", "other"),
    65: _swift("", "other"),
    66: _swift("", "other"),
    **{number: _swift("XRT", "followup") for number in (67, 68, 69, 70, 71, 77, 78, 85, 86, 87, 88)},
    **{number: _swift("UVOT", "followup") for number in (72, 73, 79, 80, 81, 89)},
    76: _swift("BAT", "other"),
    82: _swift("BAT", "other")._replace(test=True),
    83: _swift("", "other", "UNK"),
    84: _swift("BAT", "initial", "XRT"),
    **{number: _swift(who, "other", "UNK") for number, who in ((90, "BAT"), (91, "BAT"), (92, "UVOT"), (93, "XRT"))},
    **{number: _swift("", "other", "UNK") for number in (94, 95, 96)},
    97: _swift("BAT", "initial"),
    98: _swift("BAT", "initial"),
    99: _swift("BAT", "initial"),
    100: Kind("AGILE", "GRB", "initial"),
    101: Kind("AGILE", "GRB", "update"),
    102: Kind("AGILE", "GRB", "update"),
    103: _swift("", "other", "UNK"),
    105: Kind("AGILE", "GRB", "initial"),
    107: Kind("AGILE", "UNK", "other"),
    108: Kind("AGILE", "UNK", "initial"),
    109: Kind("AGILE", "GRB", "other", test=True),
    110: _gbm("initial"),
    111: _gbm("update"),
    112: _gbm("update"),
    113: _gbm("other"),
    114: _gbm("update"),
    115: _gbm("update"),
    116: _gbm("initial"),
    117: _gbm("update"),
    118: _gbm("initial")._replace(kind="UNK"),
    119: _gbm("other")._replace(test=True),
    120: _lat("followup"),
    121: _lat("update"),
    122: _lat("update"),
    123: Kind("Fermi LAT", "UNK", "initial"),
    124: _lat("other")._replace(test=True),
    125: Kind("Fermi LAT", "UNK", "other"),
    126: Kind("Fermi", "GRB", "other", prefix="Fermi GBM"),
    127: _lat("update"),
    128: _lat("followup"),
    129: Kind("Fermi", "UNK", "other"),
    130: Kind("GCN", "GRB", "followup", prefix="GCN trigger"),  # what SIMBAD and NED have where a mission saw something
    131: _gbm("initial"),
    133: _swift("BAT", "other", "XRT"),
    134: Kind("MAXI", "XRT", "initial", 0.9),
    135: Kind("MAXI", "XRT", "initial", 0.9),
    136: Kind("MAXI", "XRT", "other", test=True),
    137: Kind("OGLE", "OT", "initial"),
    138: Kind("CBAT", "OT", "initial"),
    139: Kind("MOA", "OT", "initial"),
    140: _swift("BAT", "initial"),
    141: _swift("BAT", "initial", "XRT"),
    144: Kind("Fermi", "GRB", "other", prefix="Fermi GBM"),
    145: Kind("GCN", "GRB", "followup"),
    146: _gbm("update"),
    147: Kind("Suzaku WAM", "GRB", "other"),
    148: Kind("Suzaku WAM", "GRB", "other"),
    149: Kind("SNEWS", "SN", "initial"),
    155: Kind("COUNTERPART", "GW", "followup", 0.9),
    157: _ICECUBE._replace(source="AMON", containment=0.5),
    158: _ICECUBE,
    159: Kind("AMON", "NU", "other", test=True),
    160: Kind("CALET", "GRB", "initial"),
    161: Kind("CALET", "GRB", "update"),
    166: _ICECUBE,
    167: _ICECUBE,
    168: Kind("GWHEN", "NU", "followup"),  # neutrinos with gravitational waves
    169: _ICECUBE._replace(containment=0.5),
    170: Kind("HAWC", "GRB", "initial"),
    171: Kind("HAWC", "GRB", "initial"),
    172: Kind("AMON", "NU", "initial", 0.9),
    173: _ICECUBE,
    174: _ICECUBE,
    175: Kind("Super-K", "SN", "initial"),
    176: _ICECUBE,
    188: Kind("GECAM", "GRB", "initial", 0.68),
    189: Kind("GECAM", "GRB", "update", 0.68),
}
#: by what the ivorn begins with behind `nasa.gsfc.gcn/`, for types that are not in the table
STREAMS: dict[str, Kind] = {
    "agile": Kind("AGILE", "GRB", "initial"),
    "amon": Kind("AMON", "NU", "initial"),
    "alexis": PACKETS[25],
    "antares_alert": Kind("Antares", "NU", "initial"),
    "calet": Kind("CALET", "GRB", "initial"),
    "counterpart": PACKETS[45],
    "fermi": Kind("Fermi", "GRB", "other"),
    "gecam": PACKETS[188],
    "hawc": PACKETS[171],
    "hete": PACKETS[44],
    "integral": Kind("INTEGRAL", "GRB", "other"),
    "ipn": PACKETS[31],
    "konus": PACKETS[59],
    "maxi": PACKETS[134],
    "moa": PACKETS[139],
    "snews": PACKETS[149],
    "milagro": PACKETS[58],
    "rxte": PACKETS[26],
    "sk_sn": PACKETS[175],
    "superk": PACKETS[175],
    "suzaku": PACKETS[147],
    "swift": _swift("", "other", "GRB"),
}
#: SNEWS's experiments by the letter that its packets give each (Detector_A), in the order of the binary ones' bits
EXPERIMENTS = dict(
    zip("ABCDEFG", ("Super-K", "LVD", "IceCube", "KamLAND", "Borexino", "Daya Bay", "HALO"), strict=True)
)
#: GBM's classes by `Most_Likely_Index`
GBM_CLASSES = (
    "ERROR", "UNRELIABLE LOCATION", "LOCAL PARTICLES", "BELOW HORIZON", "GRB", "GENERIC SGR", "GENERIC TRANSIENT",
    "DISTANT PARTICLES", "SOLAR FLARE", "CYG X-1", "SGR 1806-20", "GROJ 0422-32", "", "", "", "", "", "", "", "TGF",
)  # fmt: skip
