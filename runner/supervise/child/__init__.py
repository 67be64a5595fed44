"""What runs in a child: its first code, its target or its steps, and the record of its end."""
