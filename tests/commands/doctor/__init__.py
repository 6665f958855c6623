"""Tests of commands/doctor."""
