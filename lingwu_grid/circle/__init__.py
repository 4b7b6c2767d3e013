"""The service circle: streets, walks, gaps and sites; geometry and numbers, no files, no pages."""
