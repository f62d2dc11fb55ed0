"""The tables, one file a group."""

from tom_hermes.models.received import Received, Unplaced
from tom_hermes.models.sending import HermesProfile, Known, SharedMessage

__all__ = ["HermesProfile", "Known", "Received", "SharedMessage", "Unplaced"]
