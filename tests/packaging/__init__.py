"""Tests of what is built and of the tools that build it."""
