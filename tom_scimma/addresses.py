"""The addresses of this TOM's pages without the pages: all that a worker needs of the URLconf is to write links.

To import the URLconf is to import every page of every app and what those stand on: TOM Toolkit's data services alone bring
pandas and matplotlib. That is 90 MB which nothing in a worker uses. So a process of its own imports it, and says the routes.

    routes = addresses.read(check)     # forks before threads begin; `check` is done there as well
    addresses.use(routes)              # from now on `reverse` answers from these
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import ModuleType
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError, SystemCheckError
from django.db import connections
from django.urls import URLPattern, URLResolver, get_resolver, register_converter
from django.urls.converters import get_converters
from django.urls.resolvers import RegexPattern, RoutePattern
from django.utils.module_loading import import_string

NAME = "tom_scimma_addresses"  #: the module that stands for the URLconf


def loaded() -> bool:
    """Whether this process has imported the URLconf, so that nothing is gained by not doing so."""
    return settings.ROOT_URLCONF in sys.modules


def read(check: Callable[[], object]) -> dict[str, Any] | None:
    """Calls `check` and reads the URLconf in a child process; the routes, or None where they cannot be said in full.

    To be called while this process has one thread. Raises SystemCheckError as `check` does, CommandError for all else.
    """
    connections.close_all()  # a connection belongs to one process
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ours)
        _end(theirs, check)
    os.close(theirs)
    with open(ours, "rb") as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    answer: dict[str, Any] = (
        json.loads(said) if said else {"failed": "The process that reads the addresses of pages was ended."}
    )
    if "wrong" in answer:
        raise SystemCheckError(answer["wrong"])
    if "failed" in answer:
        raise CommandError(answer["failed"])
    return answer["routes"]


def _end(pipe: int, check: Callable[[], object]) -> None:
    """What the child does; it never returns, and cleans up nothing that is its parent's."""
    try:
        answer = _answer(check)
        with open(pipe, "wb") as out:
            out.write(json.dumps(answer).encode())
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
    finally:
        os._exit(0)


def _answer(check: Callable[[], object]) -> dict[str, Any]:
    try:
        check()
        return {"routes": routes(get_resolver().url_patterns)}
    except SystemCheckError as error:
        return {"wrong": str(error)}
    except Exception:  # noqa: BLE001  raised again by who waits for it
        return {"failed": traceback.format_exc()}


class _Unsaid(Exception):
    """A pattern of a kind that is not known here."""


def routes(patterns: Iterable[URLPattern | URLResolver]) -> dict[str, Any] | None:
    """Routes and their path converters as JSON keeps them; None where a pattern is of a kind that is not known here."""
    try:
        said = list(_said(patterns))
    except _Unsaid:
        return None
    kinds = {name: type(one) for name, one in get_converters().items()}
    return {
        "routes": said,
        "converters": {name: f"{kind.__module__}.{kind.__qualname__}" for name, kind in kinds.items()},
    }


def _said(patterns: Iterable[URLPattern | URLResolver]) -> Iterator[dict[str, Any]]:
    for one in patterns:
        if isinstance(one, URLResolver):
            names = {"app": one.app_name, "namespace": one.namespace, "defaults": _plain(one.default_kwargs)}
            yield {"at": _at(one.pattern), **names, "inside": list(_said(one.url_patterns))}
        elif one.name:  # the others have no address that anybody could ask for
            yield {"at": _at(one.pattern), "name": one.name, "defaults": _plain(one.default_args)}


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if isinstance(value, (str, int))}


def _at(pattern: Any) -> list[str]:
    if type(pattern) is RoutePattern:
        return ["route", str(pattern)]
    if type(pattern) is RegexPattern:
        return ["regex", str(pattern)]
    raise _Unsaid


def use(said: Mapping[str, Any]) -> None:
    """Has `reverse` answer from these routes, in this process and in all its threads."""
    known = get_converters()
    for name, path in said["converters"].items():
        if name not in known and "<locals>" not in path:
            register_converter(import_string(path), name)
    module = ModuleType(NAME)
    module.urlpatterns = list(_made(said["routes"]))  # type: ignore[attr-defined]
    sys.modules[NAME] = module
    settings.ROOT_URLCONF = NAME


def _made(said: Iterable[Mapping[str, Any]]) -> Iterator[URLPattern | URLResolver]:
    for one in said:
        kind, text = one["at"]
        make = RoutePattern if kind == "route" else RegexPattern
        try:
            if "inside" in one:
                inside = list(_made(one["inside"]))
                yield URLResolver(make(text), inside, one["defaults"], one["app"], one["namespace"])
            else:
                yield URLPattern(make(text, one["name"], is_endpoint=True), _no_page, one["defaults"], one["name"])
        except ImproperlyConfigured:  # a converter that only the pages' own code could make
            continue


def _no_page(request, *args, **kwargs):
    raise RuntimeError("This process writes links and shows no pages.")
