"""The table: what a config means, from the files to the calls that AWS gets, beside what botocore makes of it."""
