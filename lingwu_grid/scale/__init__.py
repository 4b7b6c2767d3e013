"""A study in one to many parts: divided, solved on a crew, joined."""
