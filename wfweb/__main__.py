"""``python -m wfweb`` is the command line."""

from wfweb.cli import main

if __name__ == "__main__":
    main()
