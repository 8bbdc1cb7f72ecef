"""TensorFlow Serving's gRPC API: its PredictionService and ModelService, with its status codes.

What differs from TensorFlow Serving, on purpose:

- Without version and label, the version labelled "stable" answers, not the highest that is loaded.
- GetModelStatus understands labels, and tells also of the versions that the policy does not want, as START.
- Values that lie outside their dtype, or are more than the shape holds, are INVALID_ARGUMENT; there they are cut.
- A tensor is filled up from a few values to 16 MiB at most, and has at most 64 dimensions.
- A message has at most 64 MiB, and a request at most 131,072 texts or examples.
- The context of examples may take 16 MiB when it is put in front of each.
- An input of whole numbers may be sent as the quantised type that is stored so, and the other way round.
- MultiInference runs signatures with different inputs and refuses tasks that ask for different versions.
- Classify and Regress take signatures whose method is predict, whatever their input is called.
- An empty model name is INVALID_ARGUMENT in GetModelStatus, too.
- GetModelMetadata leaves out the signature that initialises a SavedModel.
- HandleReloadConfigRequest is answered on the admin address only. A platform may be left out, a folder may be
  relative; `model_type` and `logging_config` are refused.
"""
