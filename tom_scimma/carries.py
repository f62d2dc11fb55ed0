"""What the world's topics carry, in a line for people. Pure."""

from __future__ import annotations

import fnmatch

#: topic or pattern -> words; the exact name wins, then the longest pattern
CARRIES: dict[str, str] = {
    "igwn.gwalert": "LIGO-Virgo-KAGRA: alerts of gravitational waves, with sky maps",
    "igwn.*": "LIGO-Virgo-KAGRA",
    "gcn.circulars": "GCN Circulars: reports in an astronomer's words",
    "gcn.circulars.*": "GCN Circulars on one kind of event (the same as on gcn.circulars)",
    "gcn.heartbeat": "GCN: a sign of life every second",
    "sys.heartbeat": "Hopskotch: a sign of life every second",
    "sys.metadata": "Hopskotch: where large messages are kept",
    "gcn.classic.voevent.*": "GCN Classic notices as VOEvent",
    "gcn.classic.text.*": "GCN Classic notices as text",
    "gcn.classic.binary.*": "GCN Classic notices as binary packets",
    "gcn.classic.json.*": "GCN Classic notices as JSON",
    "gcn.classic.*.FERMI_GBM_*": "Fermi GBM: gamma-ray bursts (GCN Classic)",
    "gcn.classic.*.FERMI_LAT_*": "Fermi LAT: gamma-ray bursts (GCN Classic)",
    "gcn.classic.*.SWIFT_*": "Swift: gamma-ray bursts and their afterglows (GCN Classic)",
    "gcn.classic.*.INTEGRAL_*": "INTEGRAL: gamma-ray bursts (GCN Classic)",
    "gcn.classic.*.ICECUBE_*": "IceCube: single neutrinos (GCN Classic)",
    "gcn.classic.*.AMON_*": "AMON: neutrinos and coincidences (GCN Classic)",
    "gcn.classic.*.LVC_*": "LIGO-Virgo-KAGRA: gravitational waves (GCN Classic)",
    "gcn.classic.*.MAXI_*": "MAXI: X-ray transients (GCN Classic)",
    "gcn.classic.*.SNEWS*": "SNEWS: supernova neutrinos (GCN Classic)",
    "gcn.notices.boom": "BOOM: optical transients of ZTF and Rubin",
    "gcn.notices.burstcube*": "BurstCube: gamma-ray bursts",
    "gcn.notices.chime.*": "CHIME: fast radio bursts",
    "gcn.notices.dsa110.*": "DSA-110: fast radio bursts",
    "gcn.notices.einstein_probe.*": "Einstein Probe: X-ray transients",
    "gcn.notices.fermi.*": "Fermi: gamma-ray bursts",
    "gcn.notices.icecube.*": "IceCube: neutrinos",
    "gcn.notices.km3net.*": "KM3NeT: neutrinos",
    "gcn.notices.maxi.*": "MAXI: X-ray transients",
    "gcn.notices.snews2.*": "SNEWS: supernova neutrinos",
    "gcn.notices.superk.*": "Super-Kamiokande: supernova neutrinos",
    "gcn.notices.svom.*": "SVOM: gamma-ray bursts",
    "gcn.notices.swift.*": "Swift: gamma-ray bursts",
    "gcn.notices.*": "GCN notices in JSON",
    "gcn.*": "General Coordinates Network",
    "hermes.*": "HERMES: messages of astronomers, with targets and photometry",
    "snews.*": "SNEWS: supernova neutrinos",
    "tns.*": "Transient Name Server",
    "rubin.*": "Rubin Observatory: alerts of changing sources",
    "lsst.*": "Rubin Observatory: alerts of changing sources",
    "ztf.*": "Zwicky Transient Facility: alerts of changing sources",
    "*heartbeat*": "a sign of life",
    "*test*": "tests",
}


def carries(topic: str) -> str:
    """What a topic carries, in a line for people; "" for a topic we know nothing of."""
    if topic in CARRIES:
        return CARRIES[topic]
    fitting = [pattern for pattern in CARRIES if fnmatch.fnmatchcase(topic, pattern)]
    return CARRIES[max(fitting, key=len)] if fitting else ""
