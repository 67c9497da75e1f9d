"""Tasks: a piece of work that somebody, or one of a role, has to do and report done."""
