"""What the scenarios stand on: processes, command lines, configuration files, histories and checks."""
