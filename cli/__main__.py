"""`python -m cli` is `tidings`, for children that this program starts of itself."""

from cli.main import main

if __name__ == "__main__":
    main()
