"""Records a resync against the real API, and lets no secret get into what it writes."""
