"""The cache: artifacts named by what decides their content, made of units that are published whole or not at all."""
