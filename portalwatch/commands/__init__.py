"""The commands, a module a noun; each module's `add_to` hangs its own into the application."""
