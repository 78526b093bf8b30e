"""What people see of the lake: the business questions at a prompt, and the dashboard's data and figures."""
