"""Tests of the whole project; helpers that several folders share are in ``tests.support``."""
