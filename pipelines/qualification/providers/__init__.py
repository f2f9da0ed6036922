"""Vendors of models, one file each; each imports its SDK only when it is used."""
