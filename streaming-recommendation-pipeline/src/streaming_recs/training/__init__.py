"""Interactions → model version: training, evaluation beside baselines, promotion."""
