"""The PostgreSQL warehouse: its set-up, and the load that makes it equal to what the lake has published."""
