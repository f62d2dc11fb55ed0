"""A small app of somebody else's that adds a layer to an event's sky."""
