"""Pages of the employer book."""
