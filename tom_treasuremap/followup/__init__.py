"""Asking telescopes for observations, and following what becomes of them."""
