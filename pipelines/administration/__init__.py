"""People, credentials and running the product."""
