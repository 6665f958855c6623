"""Tests of core/config."""
