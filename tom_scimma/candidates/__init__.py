"""TOM targets that may be an event's counterpart.

    reaction "candidates"   alert -> all targets placed in its map                   react(alert_id, change)
    worker job              targets made or moved -> placed in every live event      following.follow()
    people                  status, reason, added by hand                            deciding.py

The flow, a file a step: extras.py and distances.py (what is known of targets), appearing.py (which are young enough),
levels.py (where they lie), placing.py (the rows), following.py, deciding.py, moves.py (what moved in or out).
"""

from __future__ import annotations

from tom_scimma import eventmaps, memory
from tom_scimma.models import Alert, Placement


def react(alert_id: int, change: str) -> None:
    """The reaction `candidates`: all targets are placed in the alert's map, and in earlier ones that came too late.

    Harmless to repeat. A retraction changes no row: the event's state says it. When it is taken back, the map that
    stands is placed anew, for the targets that came meanwhile.
    """
    from tom_scimma.candidates.placing import place

    alert = Alert.objects.select_related("event").filter(pk=alert_id).first()
    if alert is None:  # pruned meanwhile
        return
    stands = eventmaps.current(alert.event) if change == "reinstated" else None
    if stands is not None:
        Placement.objects.filter(alert=stands.alert_id).delete()
    with memory.one_map():
        place(alert.event)
