"""How the front and the supervisor communicate: the start of its interpreter, messages, descriptors."""
