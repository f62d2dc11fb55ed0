"""The TOM_SCIMMA setting of the example: what it listens to."""

from __future__ import annotations

from typing import Any

#: names and patterns; the rest of what a broker offers is one click away on the Streams page
TOPICS = ["igwn.gwalert", "gcn.notices.*", "gcn.circulars", "gcn.heartbeat", "sys.heartbeat"]


def scimma(kafka: str) -> dict[str, Any]:
    """TOM_SCIMMA for `kafka`: "" hears nothing, "live" the real Hopskotch, "host:port" a broker without passwords."""
    if not kafka:
        return {"SOURCES": {}}
    if kafka == "live":
        return {
            # Credentials are those of hop's own auth file or the environment. Nothing leaves this TOM.
            "SOURCES": {"hopskotch": {"brokers": "kafka.scimma.org:9092", "topics": TOPICS, "start": "latest"}},
            "DRY_RUN": True,
        }
    return {
        "SHARE_TOPICS": ["tom.demo.test"],
        "SOURCES": {
            "hopskotch": {
                "kind": "kafka",
                "brokers": kafka,
                "auth": False,
                "group": "demo",
                "topics": TOPICS,
                "start": "earliest",
                "config": {"fetch.wait.max.ms": 10},  # the embedded broker answers an empty fetch only after this
            },
        },
    }
