"""Tests mirror the tree; flows/ and browser/ drive the whole product, bench/ measures it."""
