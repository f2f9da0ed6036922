"""`make bench`: ratios measured in one run, medians of three; writes docs/performance.md."""
