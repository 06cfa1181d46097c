"""A book that quotes numbers of mlsysim by role and links to them."""

import os

project = "A book with numbers"
extensions = ["myst_parser", "sphinx.ext.intersphinx", "mlsysim.sphinxext"]
nitpicky = True

# Links go to the latest release. To pin one, put its version behind the address and into your requirements.
# A second place of the inventory serves where the site cannot be reached, for example a copy beside the book.
intersphinx_mapping = {"mlsysim": ("https://mlsysbook.ai/mlsysim/", (None, os.environ.get("MLSYSIM_INVENTORY")))}

mls_values = "values.py"
