"""``python -m mlsysim`` is the command ``mlsysim``."""

from .cli import main

if __name__ == "__main__":
    main(prog_name="mlsysim")
