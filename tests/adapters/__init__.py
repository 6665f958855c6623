"""Tests of adapters that need no desktop."""
