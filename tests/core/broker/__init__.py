"""Tests of core/broker."""
