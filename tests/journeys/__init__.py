"""Ways through the product: a package, so that one installation and one browser serve all its modules."""
