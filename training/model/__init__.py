"""The Wide & Deep model (Cheng et al. 2016, arXiv 1606.07792): its preprocessing, training and export.

Raw columns become categories and numbers (`inputs`), each side of the model becomes a code (`network`), and two
codes become a logit. As the sides only meet there, the classes' codes can be kept and ranked with every member's.
"""
