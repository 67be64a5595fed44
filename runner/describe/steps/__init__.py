"""The entries of `do:` and `shared:`: the available kinds and their fields."""
