"""What people send to the employer book."""
