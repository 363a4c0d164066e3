//! Comparisons of opmill with its peers. Everything is in `benches/`, one comparison a file; run `make bench`.
