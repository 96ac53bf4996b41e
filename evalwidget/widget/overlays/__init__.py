"""What users draw on the panels with ipycanvas: recorded here, replayed by the front end."""
