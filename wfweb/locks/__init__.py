"""Governance locks."""
