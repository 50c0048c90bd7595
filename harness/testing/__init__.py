"""What a test class sees."""
