"""Where every TOM target is on the sky."""


def connect():
    """Keeps TargetPlace up to date with targets."""
