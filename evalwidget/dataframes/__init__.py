"""What is known of a run as DataFrames."""
