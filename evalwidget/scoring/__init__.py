"""Predictions held against ground truth: arrays by step, each made once and kept."""
