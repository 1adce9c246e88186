"""Tests of ActionCLIP."""
