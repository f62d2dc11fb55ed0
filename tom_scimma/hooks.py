"""What other apps hang on the trunk: methods of their AppConfig, found with getattr so that a bug inside is loud."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Collection, Iterator
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.utils.module_loading import import_string


def gather(name: str) -> Iterator[Any]:
    """What each installed app's hook of that name returns."""
    for app in apps.get_app_configs():
        hook = getattr(app, name, None)
        if hook is not None:
            yield hook()


def job(name: str, run: str, *, lane: str = "", **every: float) -> dict[str, Any]:
    """A line of an app's `worker_jobs`: a function by its dotted path and how often it is done, `seconds=2`; see worker/chores.py."""
    return {"name": name, "every": timedelta(**every), "run": run, "lane": lane}


def event_reactions() -> list[dict[str, Any]]:
    """The reactions that installed apps declare."""
    return [reaction for reactions in gather("event_reactions") for reaction in reactions]


def subscription_actions() -> dict[str, dict[str, Any]]:
    """What a subscription may do, by name, as installed apps declare it."""
    return {action["name"]: action for actions in gather("subscription_actions") for action in actions}


def event_annotators() -> list[str]:
    """Dotted paths of the annotators that installed apps bring, see annotators/."""
    return [path for paths in gather("event_annotators") for path in paths]


def event_panels() -> list[dict[str, Any]]:
    """The cards and tabs that installed apps add to the event page."""
    return [panel for panels in gather("event_panels") for panel in panels]


def galaxy_links() -> list[dict[str, Any]]:
    """Where installed apps take an event's ranked galaxies: `label` and the name of a page that gets the event and the list's query."""
    return [link for links in gather("galaxy_links") for link in links]


def candidate_buttons() -> list[dict[str, Any]]:
    """What installed apps add to each row of candidates: templates that have `candidate`."""
    return [button for buttons in gather("candidate_buttons") for button in buttons]


def message_receivers(topics: Collection[str]) -> dict[str, list[Callable]]:
    """The functions that installed apps want called for messages of these topics, by topic.

    Each is called with (message, document), or, where it has an attribute `many` that is true, once a batch with a list
    of such pairs.
    """
    wanted = [pair for receivers in gather("message_receivers") for pair in receivers.items()] if topics else []
    return {
        topic: [import_string(path) for pattern, path in wanted if fnmatch.fnmatchcase(topic, pattern)]
        for topic in topics
    }


def audience_followers() -> list[Callable]:
    """The functions that installed apps want called with the keys of messages whose audience became another."""
    return [import_string(path) for paths in gather("audience_followers") for path in paths]
