"""stickworld: a small world of jointed figures, rendered from a seed, as a benchmark that needs no download.

`write` renders clips with boxes and labels (`clips` lists which ones), `stills` renders pictures with captions to
pretrain on, and `labels` says which evidence each action needs. The package knows nothing of the pipeline, which reads
the clips through `zsstad_core.datasets.stickworld`.
"""
