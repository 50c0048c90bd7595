"""The Port mock, evaluated in-process except where a test says that it runs the real program."""
