"""Tests by the SDKs of compiled languages, beside the programs that they run."""
