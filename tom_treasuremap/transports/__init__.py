"""How a request reaches a telescope, and what became of it there. One way is one small file, and one line in `TABLE`.

    transports()                            -> {"download": Transport, "hopskotch": ..., "ocs": ..., "simulated": ...}
    transport(telescope)                    -> the one of a telescope
    files(requests, telescope, "acp")       -> a File to be downloaded: any telescope's requests in any format

See docs/transports.md for how to add one.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module

from tom_treasuremap.telescopes.telescope import Telescope
from tom_treasuremap.transports.formats import FORMATS, File, files
from tom_treasuremap.transports.transport import Transport

#: name, as `Telescope.transport` has it -> its class
TABLE = {
    "download": "tom_treasuremap.transports.download.Download",
    "hopskotch": "tom_treasuremap.transports.hopskotch.Topic",
    "ocs": "tom_treasuremap.transports.ocs.OcsTransport",
    "simulated": "tom_treasuremap.transports.simulated.Simulated",
}


@cache
def transports() -> dict[str, Transport]:
    """All of them by name."""
    paths = {name: path.rpartition(".") for name, path in TABLE.items()}
    return {name: getattr(import_module(module), found)() for name, (module, _, found) in paths.items()}


def transport(telescope: Telescope) -> Transport:
    """The one by which a telescope is asked. Raises KeyError for a name that nobody knows, with those that there are."""
    known = transports()
    if telescope.transport not in known:
        raise KeyError(f"no transport is called {telescope.transport!r}; there are: {', '.join(known)}")
    return known[telescope.transport]


__all__ = ["FORMATS", "TABLE", "File", "Transport", "files", "transport", "transports"]
