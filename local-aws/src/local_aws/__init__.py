"""AWS on a laptop: real engines behind the AWS wire protocol."""
