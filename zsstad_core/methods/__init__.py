"""The methods: one folder each, a contract, and a registry."""
