"""The page: results, moments and clips as one HTML file that loads nothing from elsewhere.

`content` defines the page's content as data; `write` makes the file; `clips`, `stills` and `results` make the data.
HTML, CSS and JavaScript are separate files, in `web/`.
"""
