"""What other apps may hear of."""

from django.dispatch import Signal

#: sent once a batch after its commit: `targets` (keys of targets that are new or have new data) and `data`, the new typed
#: datums' keys by model. The host's post_save does not fire for data that came in, see datums.py.
data_received = Signal()
