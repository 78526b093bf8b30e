"""Files that stores send: any retail table in CSV, JSON or XLSX, read by a declared contract."""
