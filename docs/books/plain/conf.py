"""A book that links to mlsysim by plain labels, and does not install it."""

import os

project = "A book with links"
extensions = ["sphinx.ext.intersphinx"]
nitpicky = True
intersphinx_mapping = {"mlsysim": ("https://mlsysbook.ai/mlsysim/", (None, os.environ.get("MLSYSIM_INVENTORY")))}
