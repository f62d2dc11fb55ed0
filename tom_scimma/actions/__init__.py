"""What a subscription of the trunk's own may do about an alert that it met: one file an action, `run(subscription, alert)`.

They write rows and send nothing. An app adds its own by `subscription_actions()`; see docs/telling.md.
"""

from __future__ import annotations

from typing import Any

from tom_scimma.models import Subscription


def options(subscription: Subscription, name: str) -> dict[str, Any]:
    """What the subscription's owner chose in the form of that action; {} where the action is not theirs."""
    action = next((one for one in subscription.actions.all() if one.name == name), None)
    return action.options if action is not None else {}
