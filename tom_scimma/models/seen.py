"""Which other names of events a user may know."""

from __future__ import annotations

from tom_scimma.models.alerts import Alert
from tom_scimma.models.events import Alias, Event


def known_aliases(user=None):
    """Other names of events this user may see, without those of public events that protected alerts speak of too.

    Such a name may be known from the protected alert alone; for those events only the event's own name counts. Without a
    user, all names.
    """
    if user is None:
        return Alias.objects.all()
    aliases = Alias.objects.filter(event__in=Event.objects.visible_to(user).values("pk"))
    if user.is_superuser:
        return aliases
    return aliases.exclude(event__public=True, event__in=Alert.objects.filter(public=False).values("event"))
