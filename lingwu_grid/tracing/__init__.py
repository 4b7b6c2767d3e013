"""Every number of the finished papers, read back from the files and worked out anew."""
