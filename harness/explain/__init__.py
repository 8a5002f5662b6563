"""From a number or a name to where it comes from: table, row, runs, files, sources, and how to make it again."""
