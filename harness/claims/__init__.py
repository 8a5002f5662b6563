"""Claims: what the lecture says, declared before the data, and what the data say of it. See docs/claims.md."""
