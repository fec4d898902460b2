"""What a page shows of a benchmark: charts, tables, where the numbers come from."""
