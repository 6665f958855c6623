"""`--live`: the overlay of the AWS files, its layout, its writing, what is carried home, and the shell hook."""
