"""The topics of the world and what a TOM does with them when it has not said anything else, as a table."""

from __future__ import annotations

from typing import Any

#: What the world's topics are, before TOM_SCIMMA["TOPICS"] has its word. First the exact name wins, then the longest pattern.
KNOWN_TOPICS: dict[str, dict[str, Any]] = {
    "igwn.gwalert": {"authority": ["LVK"], "targets": None},
    "gcn.notices.boom": {"authority": ["BOOM"]},
    "gcn.notices.burstcube": {"authority": ["BurstCube"]},
    "gcn.notices.burstcube.*": {"authority": ["BurstCube"]},
    "gcn.notices.chime.*": {"authority": ["CHIME"]},
    "gcn.notices.dsa110.*": {"authority": ["DSA-110"]},
    "gcn.notices.einstein_probe.*": {"authority": ["Einstein Probe"]},
    "gcn.notices.fermi.*": {"authority": ["Fermi"]},
    "gcn.notices.icecube.*": {"authority": ["IceCube"]},
    "gcn.notices.km3net.*": {"authority": ["KM3NeT"]},
    "gcn.notices.maxi.*": {"authority": ["MAXI"]},
    "gcn.notices.snews2.*": {"authority": ["SNEWS"]},
    "gcn.notices.superk.*": {"authority": ["Super-K"]},
    "gcn.notices.svom.*": {"authority": ["SVOM"]},
    "gcn.notices.swift.*": {"authority": ["Swift"]},
    # GCN's classic stream: each mission's own packets, passed on by GCN. A counterpart is somebody's report
    "gcn.classic.*": {
        "authority": [
            *("AGILE", "ALEXIS", "AMON", "Antares", "BeppoSAX", "CALET", "Fermi", "GECAM", "GECAM-A", "GECAM-B"),
            *("GECAM-C", "GECAM-D", "GRO", "GWHEN", "HAWC", "HETE", "INTEGRAL", "IPN", "IceCube", "Konus-Wind", "LVK"),
            *("MAXI", "MILAGRO", "MOA", "OGLE", "RXTE"),
            *("SNEWS", "SVOM", "Super-K", "Suzaku", "Swift"),
        ]
    },
    "gcn.circulars": {"targets": None},
    "gcn.circulars.*": {"targets": None},
    "hermes": {"targets": None},
    "hermes.*": {"targets": None},
    "snews": {"authority": ["SNEWS"], "targets": None},
    "snews.*": {"authority": ["SNEWS"], "targets": None},
    # optical surveys send thousands an hour: behind everything else, and no target of each
    "ztf": {"authority": ["ZTF"], "targets": None, "lane": "bulk"},
    "ztf.*": {"authority": ["ZTF"], "targets": None, "lane": "bulk"},
    "lsst": {"authority": ["Rubin"], "targets": None, "lane": "bulk"},
    "lsst.*": {"authority": ["Rubin"], "targets": None, "lane": "bulk"},
    "rubin.*": {"authority": ["Rubin"], "targets": None, "lane": "bulk"},
    # what others know of an event, asked for or passed on: reports, but LVK's own database
    "tns": {"targets": None},
    "tns.*": {"targets": None},
    "blast": {"targets": None},
    "gracedb": {"authority": ["LVK"], "targets": None},
    "gracedb.*": {"authority": ["LVK"], "targets": None},
    "gcn.heartbeat": {"keep": "none", "targets": None},
    "sys.heartbeat": {"keep": "none", "targets": None},
    "*": {},
}
