"""What an API, a client or an environment may send that is sick or means harm, and what the commands make of it."""
