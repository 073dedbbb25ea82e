"""Alerts with their tests, and the dashboard."""
