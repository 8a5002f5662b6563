"""Small lawful plug-ins to begin one's own from: `harness new` copies them under another name."""
