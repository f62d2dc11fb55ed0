"""`gcn.heartbeat` and `sys.heartbeat`: signs of life once a second.

They say that the consumer hears; they give no notices.
"""

from __future__ import annotations

from typing import Any

from ..notice import Notice


def recognises(said: Any) -> bool:
    """True for GCN's heartbeat: the core Alert schema, a time, and nothing else."""
    if not isinstance(said, dict) or not said.keys() <= {"$schema", "alert_datetime"}:
        return False
    schema = said.get("$schema")
    return isinstance(schema, str) and schema.endswith("/core/Alert.schema.json")


def parse(topic: str, said: Any) -> tuple[Notice, ...]:
    """Nothing, whatever it says."""
    return ()
