"""What the AWS config files mean, as botocore reads them. Pure."""
