"""Metrics over arrays: numpy in, numpy out, one run's steps at once."""
