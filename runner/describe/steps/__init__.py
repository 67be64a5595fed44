"""The entries of `do:` and of `shared:`: which there are, and what each may say."""
