"""Ranking in the server's own process with OpenVINO, without TensorFlow: the extra ``paceline[openvino]``."""
