"""What a program assumes about the API: its tests, run once for each legal variation of the fake."""
