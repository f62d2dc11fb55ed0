"""Which telescopes there are: the shipped files, those of the settings, those that people added by a page."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

from tom_treasuremap.telescopes.checks import WrongTelescope
from tom_treasuremap.telescopes.reading import parse, read
from tom_treasuremap.telescopes.telescope import Telescope


@lru_cache(maxsize=1)
def shipped_files() -> Mapping[str, Mapping[str, Any]]:
    """What the shipped files say, by name."""
    files = sorted(one.name for one in resources.files(__package__).iterdir() if one.name.endswith(".json"))
    said = [parse((resources.files(__package__) / name).read_text()) for name in files]
    return {one["name"]: one for one in said}


@lru_cache(maxsize=1)
def shipped() -> Mapping[str, Telescope]:
    """The telescopes that come with this package, by name."""
    return {name: read(said) for name, said in shipped_files().items()}


def of_settings() -> dict[str, Telescope]:
    """Those of TOM_TREASUREMAP["TELESCOPES"]; raises WrongTelescope where one cannot be read (a system check says so, too)."""
    from tom_treasuremap.conf import conf

    found = [read(said_of(one)) for one in conf.TELESCOPES]
    return {one.name: one for one in found}


def said_of(one: Any) -> Mapping[str, Any]:
    """The dict of an entry of the setting: itself, or of the file at its path; raises WrongTelescope where that cannot be read."""
    if isinstance(one, Mapping):
        return one
    try:
        return parse(Path(one).read_text())
    except (OSError, TypeError) as why:
        raise WrongTelescope({"file": f"{one!r} cannot be read: {why}"}) from why


def telescopes() -> dict[str, Telescope]:
    """All telescopes by name, in order of their labels; a page's goes before the settings', that before a shipped one."""
    from tom_treasuremap.telescopes.rows import of_pages

    found = {**shipped(), **of_settings(), **of_pages()}
    return dict(sorted(found.items(), key=lambda item: item[1].label.lower()))


def names() -> list[str]:
    """The names of all telescopes."""
    return list(telescopes())


def telescope(name: str, known: Mapping[str, Telescope] | None = None) -> Telescope:
    """One telescope, of `known` where they were read already; KeyError says which are known."""
    found = telescopes() if known is None else known
    try:
        return found[name]
    except KeyError:
        raise KeyError(f"no telescope is called {name!r}; known are {', '.join(found)}") from None
