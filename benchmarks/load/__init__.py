"""What several benchmarks ask the shop with."""
