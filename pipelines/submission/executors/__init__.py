"""The ways an offer goes out, one file each; pipelines/submission/executor.py says what a way must do."""
