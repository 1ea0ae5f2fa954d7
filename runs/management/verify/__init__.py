"""Compare the database with the stored files, and repair what can be repaired."""
