"""From a workspace to a signed package, and to its delivery: plain Python, no Dagster, no Streamlit."""
