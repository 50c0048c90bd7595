"""Records a resync against the real API, and keeps every secret out of what it writes."""
