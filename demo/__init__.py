"""The bundled demo: its frozen models, how they were trained, and the pictures that it draws."""
