"""What measurements amount to: statistics, claims, provenance; pure functions of nouns."""
