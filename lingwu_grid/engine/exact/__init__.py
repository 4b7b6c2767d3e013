"""Exact models of a few grids, solved by HiGHS."""
