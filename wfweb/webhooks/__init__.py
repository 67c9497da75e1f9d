"""Webhooks: telling other systems, signed, tried again, never inside one's own network."""
