"""A child process that holds one loaded version, so that TensorFlow and its crashes stay out of the server."""
