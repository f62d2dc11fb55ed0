"""Annotators as a TOM might add: good ones, and every kind of bad one."""

from __future__ import annotations

import threading

import numpy as np

from tom_scimma.annotators import Finding
from tom_scimma.models import Alias


def numbers(event, map):
    return {"name": event.name, "mapped": map is not None, "far": float("nan"), "one": np.float64(1), "many": (1, 2)}


def raises(event, map):
    Alias.objects.create(event=event, name="written by one that failed")
    raise KeyError("what it looked for")


#: set when what does not end by itself may end
over = threading.Event()


def stubborn(event, map):
    while not over.is_set():
        try:
            sum(range(100))
        except Exception:  # noqa: BLE001  what the limit must get past
            pass


def sleeps(event, map):
    over.wait()


def no_json(event, map):
    return {"event": event}


def endless(event, map):
    return {"text": "x" * 10**6}


def secrets(event, map):
    """For everybody, for those who are logged in, and for the group that the test names."""
    return [
        Finding({"for": "all"}),
        Finding({"for": "users"}, users=True),
        Finding({"for": "members"}, groups=(secrets.group,)),
    ]


def same(event, map):
    return {"n": 1}


same.version = "1"


def annotate(event, map):
    return {}


NUMBER = 7
