"""Consortia of schools: what members see of each other's employers, what the house is answered about it, and the demo's."""
