"""One composer, many sinks: what will be said, to whom, and what each of them still needs."""
