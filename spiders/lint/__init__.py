"""What can be told of sheets without asking their portals."""
