"""What holds of the source code itself; each rule is also shown to catch what breaks it."""
