"""TOM targets that may be an event's counterpart.

    reaction "candidates"   alert -> all targets placed in its map                   react(alert_id, change)
    worker job              targets made or moved -> placed in every live event      following.follow()
    people                  status, reason, added by hand                            deciding.py

The flow, a file a step: extras.py and distances.py (what is known of targets), appearing.py (which are young enough),
levels.py (where they lie), placing.py (the rows), following.py, deciding.py, moves.py (what moved in or out).
"""

from __future__ import annotations

from tom_scimma.models import Alert


def react(alert_id: int, change: str) -> None:
    """The reaction `candidates`: all targets are placed in the alert's map, and in earlier ones that came too late.

    Harmless to repeat. A retraction changes no row: the event's state says it.
    """
    from tom_scimma.candidates.placing import place

    alert = Alert.objects.select_related("event").filter(pk=alert_id).first()
    if alert is not None:
        place(alert.event)
