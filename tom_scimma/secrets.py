"""A person's own secrets: kept encrypted in a row of theirs, read here alone, shown nowhere."""

from __future__ import annotations

from typing import Any


def own(model: Any, user: Any, name: str = "token") -> str:
    """The secret in this user's row of a model (which has `user`); "" for none, and for nobody."""
    if user is None or not user.is_authenticated:
        return ""
    row = model.objects.filter(user=user).first()
    return (getattr(row, name) or "") if row is not None else ""
