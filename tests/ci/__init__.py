"""CI services as the tests have them: enough of a runner to run the action and the snippets of the guide for real."""
