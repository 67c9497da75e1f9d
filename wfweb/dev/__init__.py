"""Everything a developer's machine needs and production never imports.

Embedded servers, the supervisor behind ``wfweb up``, the mail catcher and the linters' runner.
"""
