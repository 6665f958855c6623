"""Tests of the adapters, against real neighbours."""
