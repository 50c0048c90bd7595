"""The command's frame: exit codes, output, and the subcommands that know nothing of tests."""
