"""The app as `up` serves it, `uvicorn app.served:app`: the ASGI entry with our logs set up first.

Nobody else imports this: setting up logs takes over standard output.
"""

import logging

from warehouse import logs

logs.start("app", takes_output=True)

from app.main import app  # noqa: E402 - what loading it says is redacted as well

logs.adopt_loggers()  # Streamlit gives each of its loggers a handler when it is imported
# Addresses hold one-time links and what people search for. Streamlit sets level and handler of this logger again and again.
logging.getLogger("uvicorn.access").disabled = True

__all__ = ["app"]
