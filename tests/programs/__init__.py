"""Small programs on the usage API, each right and with one planted bug. They know the API, and nothing of this kit."""
