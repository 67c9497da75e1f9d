"""Examples of what messages are about, for the previews of their words."""

REQUEST = {
    "key": "APR-2291",
    "title": "Order of 40 pallets of cream",
    "amount": "€184,600.00",
    "requester": "Rui Requests",
    "reason": "Orders over €100,000.00 need the director",
    "due": "today 12:52 CET",
    "level": "level 2 of 3",
    "record": "ORD-1042",
    "company": "Example Ltd",
}

WORKFLOW = {
    "subject": "ORD-1042 is waiting",
    "text": "It has waited for three days.",
    "company": "Example Ltd",
}

DEADLINE = {
    "subject": "ORD-1042 Cascade Hotels, export",
    "promise": "Decide an order within two days",
    "level": "Red",
    "state": "is about to be late",
    "due": "24 November 2026, 12:52 CET",
    "company": "Example Ltd",
}

ALERT = {
    "key": "ALT-1042",
    "title": "Coverage too low: PRP-1007 Harbour House",
    "message": "DSCR of PRP-1007 Harbour House is 1.18, below 1.25.",
    "severity": "Critical",
    "record": "PRP-1007",
    "company": "Example Ltd",
}
