"""Tests of commands/fanout."""
