"""The page: results, moments and clips as one HTML file that asks nobody for anything.

`content` is what a page says, as data; `write` makes the file; `clips`, `stills` and `results` make the data. The
HTML, CSS and JavaScript are files of their own, in `web/`.
"""
