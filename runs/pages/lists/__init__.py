"""What every list of runs is made of: its state, links, table, rows and cells."""
