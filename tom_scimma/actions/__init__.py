"""What a subscription of the trunk's own may do about an alert that it met: one file an action, `run(subscription, alert)`.

They write rows and send nothing. An app adds its own by `subscription_actions()`; see docs/telling.md.
"""

from __future__ import annotations

from typing import Any

from tom_scimma.conf import conf
from tom_scimma.models import Subscription


def offered() -> list[dict[str, Any]]:
    """The actions of the trunk, as the hook `subscription_actions()` has them; republishing only where a topic is open to it."""
    known = [
        _action("tell", "Tell people", "TellForm", test="tom_scimma.trying.try_subscription"),
        _action("targets", "Make targets", "TargetsForm"),
    ]
    if conf.REPUBLISH_TOPICS:
        known.append(_action("republish", "Republish to a Hopskotch topic", "RepublishForm"))
    return known


def _action(name: str, label: str, form: str, **more: str) -> dict[str, Any]:
    where = f"{__name__}.{name}"
    return {"name": name, "label": label, "run": f"{where}.run", "form": f"{where}.{form}", **more}


def options(subscription: Subscription, name: str) -> dict[str, Any]:
    """What the subscription's owner chose in the form of that action; {} where the action is not theirs."""
    action = next((one for one in subscription.actions.all() if one.name == name), None)
    return action.options if action is not None else {}
