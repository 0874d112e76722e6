"""`python -m reenact` is the command line."""

from reenact.cli import main

if __name__ == "__main__":
    main()
