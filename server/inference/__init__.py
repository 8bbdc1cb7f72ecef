"""TensorFlow Serving's calls over ports: lease a model, check the tensors, run a signature."""
