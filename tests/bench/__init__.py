"""The benchmarks: a real station with durable settings, and each figure beside its floor.

``python -m tests.bench``. Nothing here is a test: on a machine that others use too, only ratios
within one run and CPU seconds mean something.
"""
