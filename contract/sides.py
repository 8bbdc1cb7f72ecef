"""The two sides of a ranking model."""

from contract.stubs import manifest_pb2 as pb

CLASS_SIDE = (pb.SOURCE_CLASS, pb.SOURCE_CLASS_KEY)
"""The sources of the class side. All others, the request's time and context too, are of the member side."""
