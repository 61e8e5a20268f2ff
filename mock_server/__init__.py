"""The fake of the API."""
