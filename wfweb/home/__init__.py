"""The first page, navigation and the health of this process."""
