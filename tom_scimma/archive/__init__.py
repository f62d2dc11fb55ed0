"""The Hopskotch archive: what Kafka no longer holds. Asked for the past, never acted on (promise 8).

client.py      the only HTTP, all answers in our words
records.py     the archive's records -> Meta, Record; pure
access.py      which archive belongs to a source, and who we are there
search.py      words, topic and time -> archived messages anybody may see
look.py        what is marked retracted there, and what we do not have, day by day; a job
asked.py       stretches that a person asked for on a page; a job that fetches them
attachments.py large messages that are kept by reference, fetched when asked for; a job
citing.py      a message's address there and its DOI, for pages and citations

backfill/archive.py fetches a stretch of a topic.
"""
