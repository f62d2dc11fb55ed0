"""Download: nothing leaves by itself. A person takes the file to the telescope and says what became of it."""

from __future__ import annotations

from tom_treasuremap.transports.transport import Transport


class Download(Transport):
    """Files alone, see formats.py."""

    name = "download"
    label = "Download"
    together = 1000
