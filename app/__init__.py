"""Where a person sees it and decides: Streamlit only."""
