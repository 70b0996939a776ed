"""Many seeds: studies and comparisons."""
