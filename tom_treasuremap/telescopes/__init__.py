"""The team's telescopes, as data: `telescope.py` says what is known of one."""
