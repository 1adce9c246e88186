"""Every setting, typed, with its explanation under it: `pipeline.Settings` is all of them."""
