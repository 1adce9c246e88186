"""Explain the results of a head: data of single frames, pictures, and the HTML page that shows them."""
