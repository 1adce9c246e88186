"""The cache: artifacts named by a digest of their inputs, divided into units that are published whole or not at all."""
