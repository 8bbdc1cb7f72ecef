"""Wide, deep, and both, on the census data that TensorFlow's tutorial of the model used."""
