"""Parse YAML into plain data with source positions, and interpret its scalars."""
