"""The documentation as its tests read it: pages cut into blocks, and a shell that runs them as a reader does."""
