"""The commands of ``civis-usage``, one module each; each is imported only when it is called."""
