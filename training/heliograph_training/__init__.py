"""Exports, goldens and literal oracles of Heliograph; every verb runs as ``python -m heliograph_training.<verb>``."""
