"""Each adapter against the real thing, or the strictest double of it."""
