"""Zero-shot spatio-temporal action detection from a cache of frozen features."""

from zsstad_core import light_imports

light_imports.install()
