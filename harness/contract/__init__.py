"""The laws that every plug-in is held to, as functions that return verdicts; tests and `harness check` call the same."""
