"""Which packet type a classic notice's text is, by the words of its TITLE and NOTICE_TYPE. Pure.

Types: https://gcn.gsfc.nasa.gov/sock_pkt_def_doc.html; the words are those that the missions' pages show.
"""

from __future__ import annotations

import re

#: pattern in lower case -> packet type; the first that fits counts
TYPES: list[tuple[re.Pattern[str], int]] = [
    (re.compile(pattern), number)
    for pattern, number in (
        (r"simbad", 130), (r"dow_?tod", 48), (r"gwhen", 168),
        (r"cbat", 138), (r"batse.*final", 22), (r"locburst|hunts", 24), (r"maxbc", 11), (r"batse|bacodine", 1), (r"comptel", 30),
        (r"alexis", 25), (r"aavso", 57), (r"calet.*(gnd|ground)", 161), (r"calet", 160),
        (r"coincidence.*(neutrino|nu)|neutrino-?em", 172), (r"icecube.*gold", 173), (r"icecube.*bronze", 174),
        (r"icecube.*cascade", 176), (r"icecube.*ehe", 169), (r"icecube.*hese", 158), (r"hawc", 171), (r"nu.?em", 172),
        (r"gbm.*(test)", 119), (r"gbm.*alert", 110), (r"gbm.*\b(light|lc)", 113), (r"gbm.*flight", 111), (r"gbm.*ground", 112),
        (r"gbm.*final", 115), (r"gbm.*sub", 131), (r"gbm.*trans", 118), (r"lat.*test", 124), (r"lat.*offline", 128),
        (r"lat.*(upd|refined)", 121), (r"lat.*ini", 120), (r"lat.*diag", 122), (r"lat.*ground", 127), (r"lat.*trans", 123),
        (r"lat.*monitor", 125), (r"fermi.*point", 129), (r"fermi.*(slew|repoint)", 126), (r"swift.*actual", 103),
        (r"too.*fom", 46), (r"too.*slew", 47), (r"bat.*test", 82), (r"bat.*nack", 62), (r"bat.*(light|lc)", 63),
        (r"bat.*quick", 97), (r"bat.*slew", 99), (r"bat.*sub", 140), (r"bat.*known", 141), (r"bat.*scaled", 64),
        (r"bat.*(trans)", 84), (r"bat.*monitor", 133), (r"bat.*alert", 60), (r"bat.*pos", 61), (r"fom", 65), (r"slew", 66),
        (r"xrt.*(nack|not)", 71),
        (r"xrt.*light", 70), (r"xrt.*spec", 68), (r"xrt.*image", 69), (r"xrt", 67), (r"uvot.*(nack|not)", 89),
        (r"uvot.*(image)", 72), (r"uvot.*(src|source|chart)", 73), (r"uvot", 81), (r"swift.*point", 83),
        (r"spi[- ]?acs", 52), (r"integral.*wakeup", 53), (r"integral.*refined", 54), (r"integral.*offline", 55),
        (r"integral.*weak", 56), (r"integral.*point", 51), (r"konus", 59), (r"maxi.*test", 136), (r"maxi.*unknown", 134),
        (r"maxi.*known", 135), (r"counterpart", 45),
        (r"moa", 139), (r"gecam.*(fl|test)", 188), (r"gecam.*(gnd|ground)", 189), (r"gecam", 188),
        (r"sk.?sn|super-?k", 175), (r"snews|supernova", 149), (r"ipn.*pos", 39), (r"ipn.*seg", 32), (r"ipn", 31),
        (r"agile.*(mcal|trigger)", 105), (r"agile.*ground", 101), (r"agile.*refined", 102), (r"agile.*point", 107),
        (r"agile.*trans", 108), (r"agile.*test", 109), (r"agile", 100),
        (r"suzaku", 147), (r"hete.*test", 44), (r"hete.*alert", 40), (r"hete.*(last|final)", 42), (r"hete.*ground", 43),
        (r"hete", 41), (r"milagro", 58), (r"rxte|asm|pca", 37), (r"sax", 33), (r"ogle", 137), (r"maxi", 134),
        (r"amon|neutrino", 172), (r"coincidence", 145),
    )
]  # fmt: skip

#: GCN's names of the types, which end its topics
NAMES: dict[str, int] = {
    "GRB_COORDS": 1, "TEST_COORDS": 2, "MAXBC": 11, "BRAD_COORDS": 21, "GRB_FINAL": 22, "HUNTS_SRC": 24, "ALEXIS_SRC": 25,
    "XTE_PCA_ALERT": 26, "XTE_PCA_SRC": 27, "XTE_ASM_ALERT": 28, "XTE_ASM_SRC": 29, "COMPTEL_SRC": 30, "IPN_RAW": 31,
    "IPN_SEG": 32, "SAX_WFC_ALERT": 33, "SAX_WFC_SRC": 34, "SAX_NFI_ALERT": 35, "SAX_NFI_SRC": 36, "XTE_ASM_TRANS": 37,
    "DOW_TOD": 48, "IPN_POS": 39, "HETE_ALERT_SRC": 40, "HETE_UPDATE_SRC": 41, "HETE_FINAL_SRC": 42, "HETE_GNDANA_SRC": 43, "HETE_TEST": 44,
    "GRB_CNTRPART": 45, "SWIFT_TOO_FOM": 46, "SWIFT_TOO_SC_SLEW": 47, "INTEGRAL_POINTDIR": 51, "INTEGRAL_SPIACS": 52,
    "INTEGRAL_WAKEUP": 53, "INTEGRAL_REFINED": 54, "INTEGRAL_OFFLINE": 55, "INTEGRAL_WEAK": 56, "AAVSO": 57, "MILAGRO_POS": 58,
    "KONUS_LC": 59, "SWIFT_BAT_GRB_ALERT": 60, "SWIFT_BAT_GRB_POS_ACK": 61, "SWIFT_BAT_GRB_POS_NACK": 62, "SWIFT_BAT_GRB_LC": 63,
    "SWIFT_BAT_SCALEDMAP": 64, "SWIFT_FOM_OBS": 65, "SWIFT_SC_SLEW": 66, "SWIFT_XRT_POSITION": 67, "SWIFT_XRT_SPECTRUM": 68,
    "SWIFT_XRT_IMAGE": 69, "SWIFT_XRT_LC": 70, "SWIFT_XRT_CENTROID": 71, "SWIFT_UVOT_DBURST": 72, "SWIFT_UVOT_FCHART": 73,
    "SWIFT_BAT_GRB_LC_PROC": 76, "SWIFT_XRT_SPECTRUM_PROC": 77, "SWIFT_XRT_IMAGE_PROC": 78, "SWIFT_UVOT_DBURST_PROC": 79,
    "SWIFT_UVOT_FCHART_PROC": 80, "SWIFT_UVOT_POS": 81, "SWIFT_BAT_GRB_POS_TEST": 82, "SWIFT_POINTDIR": 83, "SWIFT_BAT_TRANS": 84,
    "SWIFT_XRT_THRESHPIX": 85, "SWIFT_XRT_THRESHPIX_PROC": 86, "SWIFT_XRT_SPER": 87, "SWIFT_XRT_SPER_PROC": 88,
    "SWIFT_UVOT_POS_NACK": 89, "SWIFT_BAT_ALARM_SHORT": 90, "SWIFT_BAT_ALARM_LONG": 91, "SWIFT_UVOT_EMERGENCY": 92,
    "SWIFT_XRT_EMERGENCY": 93, "SWIFT_FOM_PPT_ARG_ERR": 94, "SWIFT_FOM_SAFE_POINT": 95, "SWIFT_FOM_SLEW_ABORT": 96,
    "SWIFT_BAT_QL_POS": 97, "SWIFT_BAT_SUB_THRESHOLD": 98, "SWIFT_BAT_SLEW_POS": 99, "AGILE_GRB_WAKEUP": 100,
    "AGILE_GRB_GROUND": 101, "AGILE_GRB_REFINED": 102, "SWIFT_ACTUAL_POINTDIR": 103, "AGILE_MCAL_ALERT": 105,
    "AGILE_POINTDIR": 107, "AGILE_TRANS": 108, "AGILE_GRB_POS_TEST": 109, "FERMI_GBM_ALERT": 110, "FERMI_GBM_FLT_POS": 111,
    "FERMI_GBM_GND_POS": 112, "FERMI_GBM_LC": 113, "FERMI_GBM_GND_INTERNAL": 114, "FERMI_GBM_FIN_POS": 115,
    "FERMI_GBM_ALERT_INTERNAL": 116, "FERMI_GBM_FLT_INTERNAL": 117, "FERMI_GBM_TRANS": 118, "FERMI_GBM_POS_TEST": 119,
    "FERMI_LAT_POS_INI": 120, "FERMI_LAT_POS_UPD": 121, "FERMI_LAT_POS_DIAG": 122, "FERMI_LAT_TRANS": 123,
    "FERMI_LAT_POS_TEST": 124, "FERMI_LAT_MONITOR": 125, "FERMI_SC_SLEW": 126, "FERMI_LAT_GND": 127, "FERMI_LAT_OFFLINE": 128,
    "FERMI_POINTDIR": 129, "SIMBADNED": 130, "FERMI_GBM_SUBTHRESH": 131, "SWIFT_BAT_MONITOR": 133, "MAXI_UNKNOWN": 134, "MAXI_KNOWN": 135,
    "MAXI_TEST": 136, "OGLE": 137, "CBAT": 138, "MOA": 139, "SWIFT_BAT_SUBSUB": 140, "SWIFT_BAT_KNOWN_SRC": 141,
    "FERMI_SC_SLEW_INTERNAL": 144, "COINCIDENCE": 145, "FERMI_GBM_FIN_INTERNAL": 146, "SUZAKU_LC": 148, "SNEWS": 149,
    "LVC_PRELIMINARY": 150, "LVC_INITIAL": 151, "LVC_UPDATE": 152, "LVC_TEST": 153, "LVC_COUNTERPART": 155,
    "AMON_ICECUBE_COINC": 157, "AMON_ICECUBE_HESE": 158, "CALET_GBM_FLT_LC": 160, "CALET_GBM_GND_LC": 161,
    "LVC_EARLY_WARNING": 163, "LVC_RETRACTION": 164, "GWHEN_COINC": 168, "AMON_ICECUBE_EHE": 169, "HAWC_BURST_MONITOR": 171,
    "AMON_NU_EM_COINC": 172, "ICECUBE_ASTROTRACK_GOLD": 173, "ICECUBE_ASTROTRACK_BRONZE": 174, "SK_SN": 175,
    "ICECUBE_CASCADE": 176, "GECAM_FLT": 188, "GECAM_GND": 189,
}  # fmt: skip

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
DETECTORS = {"hanford": "H1", "handford": "H1", "livingston": "L1", "virgo": "V1", "kagra": "K1", "geo": "G1"}


def number(topic: str, words: str) -> int | None:
    """The packet type that ends GCN's topic, else that of a title and type; None for words that nobody knows."""
    named = NAMES.get(topic.rpartition(".")[2]) if topic.startswith("gcn.classic.") else None
    return named or next((number for pattern, number in TYPES if pattern.search(words)), None)


#: how GCN's comments take a trigger back, HETE's in words of its own; `probably not a GRB` does not
_TAKEN_BACK = re.compile(
    r"\bretract(?:ed|ion)\b|(?<!probably )\b(?:definitely|definately|is) not a grb\b"
    r"|\bburst_invalidity flag is true\b|\bdetermined this to be a non-grb\b",
    re.IGNORECASE,
)


def takes_back(comments: str) -> bool:
    """Whether these comments say that a trigger was no burst after all, or that the notice is a retraction."""
    return _TAKEN_BACK.search(comments) is not None


def contributors(lines: list[str]) -> list[str]:
    """Who contributed, by the lines that say so: LVC's detectors in short, others as they are called."""
    found: list[str] = []
    for line in lines[:100]:
        name, contributed, _ = line.partition(" contributed to ")
        if not contributed:
            continue
        short = next((short for word, short in DETECTORS.items() if word in name.lower()), None)
        found.append(short or name.strip()[:60])
    return list(dict.fromkeys(name for name in found if name))
