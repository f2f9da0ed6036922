"""Opportunity to hard rules to ranker to fit score."""
