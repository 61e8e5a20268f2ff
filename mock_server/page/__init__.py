"""The page at ``/``: a static document that shows the fake, and controls it by the JSON under ``/_fake/``."""
