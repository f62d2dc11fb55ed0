"""What others may wait for."""

from django.dispatch import Signal

#: pointings of an event came, changed or vanished; sent after they were written, with `event` (its row)
pointings_changed = Signal()
