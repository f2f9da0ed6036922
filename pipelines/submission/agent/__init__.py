"""An outside agent over A2A: asked, never believed; executors/a2a.py puts it together."""
