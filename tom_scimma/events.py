"""The event that goes by a name.

named("S230518h")               any event of that name, for work that shows nothing to anybody
named("grb230812b", user)       the one that this user may see, by a name that they may know
"""

from __future__ import annotations

from tom_scimma.models import Event
from tom_scimma.models.seen import known_aliases
from tom_scimma.parsers import public_names


def named(name: str, user=None) -> Event | None:
    """The event with this name or alias, or None. `user` None: whoever may see it, which the caller must mind.

    A name is taken as it is written, then in its usual spelling (`s230518H` is S230518h, `GRB230812B` is GRB 230812B).
    """
    events = Event.objects.all() if user is None else Event.objects.visible_to(user)
    for spelling in dict.fromkeys((name, public_names.spelled(name))):
        found = events.filter(name=spelling).first()
        if found is None:
            alias = known_aliases(user).filter(name=spelling).select_related("event").first()
            found = alias and alias.event
        if found is not None:
            return found
    return None
