"""What the scenarios are built on: processes, command lines, configuration files, histories and checks."""
