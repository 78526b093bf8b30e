"""What every request passes, as plain ASGI; main.py has the order."""
