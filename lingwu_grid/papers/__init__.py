"""Papers of a plan: ledger, report, atlas, charts; they read a record and decide nothing."""
