"""The laws that every plug-in is held to, as functions; tests and `harness check` call the same."""
