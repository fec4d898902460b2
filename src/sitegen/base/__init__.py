"""What every layer may use: problems with positions, digests, typed TOML, reduced Python."""
