"""Which packet type a classic notice's text is, by the words of its TITLE and NOTICE_TYPE. Pure.

Types: https://gcn.gsfc.nasa.gov/sock_pkt_def_doc.html; the words are those that the missions' pages show.
"""

from __future__ import annotations

import re

#: pattern in lower case -> packet type; the first that fits counts
TYPES: list[tuple[re.Pattern[str], int]] = [
    (re.compile(pattern), number)
    for pattern, number in (
        (r"coincidence.*(neutrino|nu)|neutrino-?em", 172), (r"icecube.*gold", 173), (r"icecube.*bronze", 174),
        (r"icecube.*cascade", 176), (r"icecube.*ehe", 169), (r"icecube.*hese", 158), (r"hawc", 171), (r"nu.?em", 172),
        (r"gbm.*(test)", 119), (r"gbm.*alert", 110), (r"gbm.*flight", 111), (r"gbm.*ground", 112),
        (r"gbm.*final", 115), (r"gbm.*sub", 131), (r"lat.*offline", 128), (r"lat.*(upd|refined)", 121),
        (r"lat.*ini", 120), (r"lat.*ground", 127), (r"lat.*(monitor|trans)", 125), (r"fermi.*point", 129),
        (r"fermi.*(slew|repoint)", 126), (r"swift.*actual", 103), (r"bat.*(light|lc)", 63), (r"bat.*quick", 97),
        (r"bat.*sub", 140), (r"bat.*known", 141), (r"bat.*scaled", 64), (r"bat.*(trans)", 84), (r"bat.*monitor", 133),
        (r"bat.*alert", 60), (r"bat.*pos", 61), (r"fom", 65), (r"slew", 66), (r"xrt.*(nack|not)", 71),
        (r"xrt.*light", 70), (r"xrt.*spec", 68), (r"xrt.*image", 69), (r"xrt", 67), (r"uvot.*(nack|not)", 89),
        (r"uvot.*(image)", 72), (r"uvot.*(src|source|chart)", 73), (r"uvot", 81), (r"swift.*point", 83),
        (r"spi-?acs", 52), (r"integral.*wakeup", 53), (r"integral.*refined", 54), (r"integral.*offline", 55),
        (r"integral.*weak", 56), (r"konus", 59), (r"maxi.*unknown", 134), (r"maxi.*known", 135), (r"counterpart", 45),
        (r"calet", 160), (r"moa", 139), (r"gecam.*(fl|test)", 188), (r"gecam.*(gnd|ground)", 189), (r"gecam", 188),
        (r"sk.?sn|super-?k", 175), (r"snews|supernova", 149), (r"ipn.*pos", 39), (r"ipn.*seg", 32), (r"ipn", 31),
        (r"agile.*(mcal|trigger)", 105), (r"agile.*ground", 101), (r"agile.*refined", 102), (r"agile", 100),
        (r"suzaku", 147), (r"hete.*alert", 40), (r"hete.*(last|final)", 42), (r"hete.*ground", 43), (r"hete", 41),
        (r"milagro", 58), (r"rxte|asm|pca", 37), (r"sax", 33), (r"ogle", 137), (r"maxi", 134),
        (r"amon|neutrino", 172),
    )
]  # fmt: skip

#: LVC's own lines -> where they belong
LVC_CLASSES = {
    "prob_bns": "BNS",
    "prob_nsbh": "NSBH",
    "prob_bbh": "BBH",
    "prob_terres": "Terrestrial",
    "prob_massgap": "MassGap",
}
LVC_PROPERTIES = {"prob_ns": "HasNS", "prob_remnant": "HasRemnant", "prob_hasmassgap": "HasMassGap"}
LVC_TYPES = {
    "early": "early_warning", "preliminary": "preliminary", "initial": "initial", "update": "update", "retraction": "retraction",
}  # fmt: skip
LVC_WORDS = {"group_type": "group", "search_type": "search", "pipeline_type": "pipeline"}
DETECTORS = {"hanford": "H1", "livingston": "L1", "virgo": "V1", "kagra": "K1", "geo": "G1"}


def number(words: str) -> int | None:
    """The packet type of a title and type; None for words that nobody knows."""
    return next((number for pattern, number in TYPES if pattern.search(words)), None)
