"""What the shop does, without HTTP."""
