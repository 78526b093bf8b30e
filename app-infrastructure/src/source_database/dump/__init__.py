"""Dumps: split into statements, judged by name, executed as the mysql client would."""
