"""Collecting evidence: what to request, within the budget and the deadline, and what came of it."""
