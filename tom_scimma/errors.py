"""Everything that may go wrong, as one tree.

    ScimmaError
    ├── Undecodable       the bytes are not what they claim, or are unsafe     -> quarantined
    ├── Unparsable        decoded, but not what its kind of message must say   -> quarantined
    ├── BadSkyMap         not a usable sky map                                 -> the notice stays, the map is named bad
    ├── QueryError        a query that cannot be understood (query/errors.py) -> shown at the character
    ├── BadCatalog        not a galaxy catalogue, or a column file, that can be used
    ├── Unsaid            what a person wants to share cannot be said there, in whole -> shown at the field
    ├── Refused           an outside address or reply that guard.py refuses
    └── DeliveryError     the answers of the world to something we sent
        ├── Rejected      refused for good; never retried
        ├── Unavailable   surely not received; may be retried
        └── ReplyLost     may have been received; look before resending

Configuration errors are Django's ImproperlyConfigured and stand outside, so that nothing swallows them.
"""


class ScimmaError(Exception):
    """Base of every error this package raises about the outside world. Says what was seen and what to do."""


class Undecodable(ScimmaError, ValueError):
    """The bytes could not be decoded, or were refused as unsafe."""


class Unparsable(ScimmaError, ValueError):
    """The message was decoded but lacks, or garbles, what its kind must say."""


class BadSkyMap(ScimmaError, ValueError):
    """The bytes are not a usable sky map; the message names what is wrong."""


class BadCatalog(ScimmaError, ValueError):
    """A galaxy catalogue or its column file cannot be used; the message says what is wrong and what to do."""


class Unsaid(ScimmaError, ValueError):
    """A destination cannot say this; nothing is dropped in silence. `fields` maps a field to what is wrong with it."""

    def __init__(self, message: str, fields: dict[str, list[str]] | None = None):
        super().__init__(message)
        self.fields = fields or {}


class Refused(ScimmaError):
    """An outside address, or what it answered, is not allowed."""


class DeliveryError(ScimmaError):
    """Base of the answers of the world to something we sent."""


class Rejected(DeliveryError):
    """Refused for good; resending the same will be refused again. `fields` maps a field to its errors."""

    def __init__(self, message: str, fields: dict | None = None):
        super().__init__(message)
        self.fields = fields or {}


class Unavailable(DeliveryError):
    """Surely not received; safe to retry, after `retry_after` seconds where the service said so."""

    def __init__(self, message: str, retry_after: float | None = None):
        super().__init__(message)
        self.retry_after = retry_after


class ReplyLost(DeliveryError):
    """May or may not have been received; look at the service before resending."""
