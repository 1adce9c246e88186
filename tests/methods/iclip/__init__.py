"""Tests of iCLIP."""
