"""The contract check."""
