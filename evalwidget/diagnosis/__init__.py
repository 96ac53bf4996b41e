"""Failure modes, with evidence, as arrays and findings."""
