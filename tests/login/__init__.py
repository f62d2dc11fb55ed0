"""Log in with SCiMMA, in a TOM that has it; run by tests/test_login.py with settings of its own."""
