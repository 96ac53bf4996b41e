"""What became of specimens, boxes and answers across steps, as arrays."""
