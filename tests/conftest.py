"""Property tests look for new cases every time; the check of a change must not fail by chance, and takes the same."""

import os

from hypothesis import settings

settings.register_profile("same", derandomize=True, deadline=None)
if os.environ.get("TENARAI_CHECK"):
    settings.load_profile("same")
