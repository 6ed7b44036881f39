"""Relight: a procedural town with ground truth, and SR-TensoRF trained on it (see docs/relight-format.md)."""
