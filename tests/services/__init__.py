"""The real services that tests and benchmarks run on: Apache Kafka, PostgreSQL and `manage.py listen` processes."""
