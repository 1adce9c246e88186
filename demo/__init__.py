"""The bundled demo: its frozen models, how they were trained, and the pictures it draws."""
