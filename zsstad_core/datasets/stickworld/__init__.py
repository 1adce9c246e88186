"""stickworld: a small world of jointed figures, rendered from a seed, as a benchmark that needs no download.

Clips with boxes and labels for the pipeline (`clips`, `write`, `dataset`), stills with captions to pretrain on
(`stills`). Which evidence each action needs is in `labels`.
"""
