"""Outside services as tests meet them."""
