"""How we come to know or act: the use cases, plain Python."""
