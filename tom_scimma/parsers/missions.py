"""Who speaks in `gcn.notices.*`, as a table: what we call them, what they see, and how their events are named."""

from __future__ import annotations

from typing import NamedTuple


class Mission(NamedTuple):
    """One sender. A new one needs a line in MISSIONS only where its own words would not do."""

    name: str
    kind: str = "UNK"
    #: the source is named with its instrument: `Fermi GBM`, `Einstein Probe WXT`
    by_instrument: bool = False
    #: what stands before the trigger id in an event's name; None: the source
    prefix: str | None = None
    #: its notices are about observing (archives), not about the sky
    about_observing: bool = False
    #: its `ra` and `dec` are where the instrument points
    points: bool = False


#: by the first folder of the `$schema` after `/gcn/notices/`, which is also the third word of the topic
MISSIONS: dict[str, Mission] = {
    "agile": Mission("AGILE", "GRB"),
    "alexis": Mission("ALEXIS", "XRT"),
    "amon": Mission("AMON", "NU"),
    "astrosat": Mission("AstroSat", "GRB"),
    "bepposax": Mission("BeppoSAX", "GRB"),
    "blackcat": Mission("BlackCAT", "XRT"),
    "boom": Mission("BOOM", "OT"),
    "burstcube": Mission("BurstCube", "GRB"),
    "calet": Mission("CALET", "GRB", points=True),
    "chime": Mission("CHIME", "FRB"),
    "dsa110": Mission("DSA-110", "FRB"),
    "einstein_probe": Mission("Einstein Probe", "XRT", by_instrument=True),
    "fermi": Mission("Fermi", "GRB", by_instrument=True),
    "gecam": Mission("GECAM", "GRB"),
    "glowbug": Mission("Glowbug", "GRB"),
    "hawc": Mission("HAWC", "GRB"),
    "heasarc": Mission("HEASARC", about_observing=True),
    "hete": Mission("HETE", "GRB"),
    "icecube": Mission("IceCube", "NU"),
    "integral": Mission("INTEGRAL", "GRB"),
    "km3net": Mission("KM3NeT", "NU"),
    "konus": Mission("Konus-Wind", "GRB"),
    "leia": Mission("LEIA", "XRT"),
    "lvk": Mission("LVK", "GW"),
    "maxi": Mission("MAXI", "XRT"),
    "milagro": Mission("MILAGRO", "GRB"),
    "moa": Mission("MOA", "OT"),
    "near": Mission("NEAR", "GRB"),
    "rxte": Mission("RXTE", "XRT"),
    "snews2": Mission("SNEWS", "SN"),
    "superk": Mission("Super-K", "SN"),
    "suzaku": Mission("Suzaku WAM", "GRB"),
    # a Swift trigger is one event whichever of its three telescopes speaks
    "swift": Mission("Swift", "GRB", by_instrument=True, prefix="Swift"),
    # SVOM's ids (sb24091402) are names by themselves
    "svom": Mission("SVOM", "GRB", by_instrument=True, prefix=""),
}
#: other spellings, in lower case without blanks, hyphens and underscores
_ALSO = {
    "calet_gbm": "calet",
    "caletgbm": "calet",
    "chime/frb": "chime",
    "einsteinprobe": "einstein_probe",
    "ep": "einstein_probe",
    "konuswind": "konus",
    "lvc": "lvk",
    "sksn": "superk",
    "snews": "snews2",
    "superkamiokande": "superk",
}
#: how instruments spell themselves, by folder or topic word
INSTRUMENTS = {
    "bat": "BAT",
    "eclairs": "ECLAIRs",
    "fxt": "FXT",
    "gbm": "GBM",
    "grm": "GRM",
    "lat": "LAT",
    "mxt": "MXT",
    "uvot": "UVOT",
    "vt": "VT",
    "wxt": "WXT",
    "xrt": "XRT",
}
#: telescopes that look at what a wide-field instrument of the same mission found, under its trigger's number
NARROW = frozenset({"XRT", "UVOT", "MXT", "VT"})
#: last words of schemas of what belongs to a trigger and says nothing new of where and when it was
PRODUCTS = frozenset({"lightcurve", "scaled_map"})
_MESSENGER_KIND = {"neutrino": "NU", "gw": "GW", "gravitational wave": "GW"}


def known(word: str) -> Mission | None:
    """The mission of that name, however it is spelled; None for any other."""
    key = word.lower().replace(" ", "").replace("-", "").replace("_", "")
    return MISSIONS.get(_ALSO.get(key, key)) or MISSIONS.get(word.lower())


def mission(words: list[str], said: str, messenger: str) -> Mission:
    """The sender, from the words of the schema or topic, else from what it calls itself, else made from that."""
    for word in (*words[:1], said):
        found = known(word)
        if found:
            return found
    name = said or (words[0] if words and words[0] != "core" else "")
    return Mission(name, _MESSENGER_KIND.get(messenger.lower(), "UNK"))


def instrument(words: list[str], said: str) -> str:
    """The instrument as the message, else the schema or the topic names it; "" when none does."""
    if said:  # some say it with the mission before it, `Fermi-LAT`
        return INSTRUMENTS.get(said.lower().rpartition("-")[2], said)
    return next((INSTRUMENTS[word.lower()] for word in words[1:] if word.lower() in INSTRUMENTS), "")


def source(who: Mission, which: str) -> str:
    """What the sender is called: the mission, with its instrument where that tells events apart."""
    return f"{who.name} {which}" if who.by_instrument and which else who.name
