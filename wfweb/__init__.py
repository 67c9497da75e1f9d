"""wfweb: approvals and workflow governance for organisations that must show who decided what."""

__version__ = "0.1.0"
