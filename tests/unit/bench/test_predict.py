import numpy as np
import pytest

from bench.errors import BenchError
from bench.rounds import Target

pytestmark = pytest.mark.slow


def test_servers_that_give_other_scores_are_named() -> None:
    from bench.predict import check_agreement  # noqa: PLC0415, tests without TensorFlow are collected with this file
    from bench.predict_sides import Asked  # noqa: PLC0415

    def asked(*scores: float) -> Asked:
        return Asked(Target(1, b""), np.array(scores, np.float32))

    check_agreement({"ours": asked(0.5, 0.25), "theirs": asked(0.500005, 0.25)})
    with pytest.raises(BenchError, match=r"theirs gives scores that differ by 0\.25 from those of ours"):
        check_agreement({"ours": asked(0.5, 0.25), "theirs": asked(0.5, 0.5)})
    with pytest.raises(BenchError, match="theirs gives scores that differ by nan"):
        check_agreement({"ours": asked(0.5), "theirs": asked(np.nan)})
    with pytest.raises(BenchError, match=r"theirs gives \(1,\) scores, ours \(2,\)"):
        check_agreement({"ours": asked(0.5, 0.25), "theirs": asked(0.5)})


def test_environments_are_pinned_and_named() -> None:
    from bench.predict_sides import PEERS, environment  # noqa: PLC0415

    found = {name: environment(name) for name in PEERS}

    assert all({"tensorflow", "numpy"} <= versions.keys() for versions in found.values())
    assert "mlserver" in found["mlserver"]
    assert "nvidia-pytriton" in found["pytriton"]


def test_all_peers_are_measured_unless_some_are_chosen() -> None:
    from bench.predict_sides import PEERS  # noqa: PLC0415
    from cli.bench import PredictPeer  # noqa: PLC0415

    assert [peer.value for peer in PredictPeer] == list(PEERS)


def test_a_peer_that_is_not_installed_is_named_with_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from bench import predict_sides  # noqa: PLC0415

    monkeypatch.setitem(predict_sides.PEERS, "absent", predict_sides.Peer("absent"))

    with pytest.raises(BenchError, match=r"absent is not installed: run .*/absent/setup\.sh"):
        predict_sides.check_installed("absent")
