"""An app of the tests: a destination, reactions and a job, and (standin.py) the service they speak to over real HTTP."""
