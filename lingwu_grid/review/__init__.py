"""Street offices' answers: patches read, merged, checked, applied; what is left is solved again."""
