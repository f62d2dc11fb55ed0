"""Pages; each checks log-in and what its user may see itself."""
