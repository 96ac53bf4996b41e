"""Metrics over arrays: what they are made of, and those that need a model. ``docs/metrics.md`` describes them all."""

from evalwidget.metrics.metric import BoxMetric, TextMetric
from evalwidget.metrics.plugins import JUDGE_PROMPT, bert_score, judge, semantic, sentence_transformer

__all__ = ["JUDGE_PROMPT", "BoxMetric", "TextMetric", "bert_score", "judge", "semantic", "sentence_transformer"]
