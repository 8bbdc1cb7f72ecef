"""What is told of an error in a runner. The messages are TensorFlow's own."""

import pytest

from server.models.runner.failures import describe


class Coded(Exception):
    """An error with a code, as TensorFlow's have."""

    error_code = 3


UNTRACED = """Graph execution error:

Detected at node ReadFile defined at (most recent call last):
<stack traces unavailable>
/absent; No such file or directory
\t [[{{node ReadFile}}]] [Op:__inference_signature_wrapper_read_320]"""

TRACED = """Graph execution error:

Detected at node ParseExample/ParseExampleV2 defined at (most recent call last):
  File "<frozen runpy>", line 198, in _run_module_as_main

  File "/app/server/models/runner/model.py", line 41, in __init__

Name: <unknown>, Feature: minutes (data type: float) is required but could not be found.
\t [[{{node ParseExample/ParseExampleV2}}]] [Op:__inference_pruned_179]"""

SEVERAL = """Graph execution error:

Detected at node A defined at (most recent call last):
<stack traces unavailable>
Detected at node A defined at (most recent call last):
<stack traces unavailable>
2 root error(s) found.
  (0) INVALID_ARGUMENT:  assertion failed: [x has to be at least 0. ] [x (x:0) = ] [-1]
\t [[{{node A}}]]
\t [[StatefulPartitionedCall/B/_7]]
  (1) INVALID_ARGUMENT:  assertion failed: [x has to be at least 0. ] [x (x:0) = ] [-1]
\t [[{{node A}}]]
0 successful operations. [Op:__inference_signature_wrapper_12]"""


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (UNTRACED, "/absent; No such file or directory"),
        (TRACED, "Name: <unknown>, Feature: minutes (data type: float) is required but could not be found."),
        (
            SEVERAL,
            "2 root error(s) found."
            " (0) INVALID_ARGUMENT: assertion failed: [x has to be at least 0. ] [x (x:0) = ] [-1]"
            " (1) INVALID_ARGUMENT: assertion failed: [x has to be at least 0. ] [x (x:0) = ] [-1]"
            " 0 successful operations.",
        ),
        (f"file: request 2: {UNTRACED}", "file: request 2: /absent; No such file or directory"),
        ("{{function_node __inference_pruned_784}} Could not parse example", "Could not parse example"),
        (
            "{{function_node __wrapped__Add}} required broadcastable shapes [Op:Add] name: ",
            "required broadcastable shapes",
        ),
        ("input 'x' is missing, expected float32 [?, 3]", "input 'x' is missing, expected float32 [?, 3]"),
    ],
)
def test_the_cause_is_told_without_what_is_around_it(message: str, told: str) -> None:
    assert describe(Coded(message)) == told


def test_an_error_without_a_code_is_told_with_its_type() -> None:
    assert describe(KeyError("rank")) == "KeyError: 'rank'"


def test_a_long_message_is_cut() -> None:
    assert describe(Coded("x" * 10_000)) == "x" * 500
