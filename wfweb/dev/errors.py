"""The one error of the development tools."""


class ServersError(RuntimeError):
    """An installation cannot run here; the message says why in one sentence for people."""
