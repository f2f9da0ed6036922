"""Grants.gov system-to-system: the profile's table, the application, the talk over SOAP, and what its answers mean."""
