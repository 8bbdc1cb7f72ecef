"""The model for runtimes without hash tables, such as OpenVINO: it takes indices, see `contract.indexed`.

One graph in a folder of its own, with one signature that has the inputs and outputs of every function: such
runtimes read no signature but the default one, and can cut a graph by its inputs and outputs.

================= =============================================== =================================================
function          from                                            to
================= =============================================== =================================================
score rows        inputs of both sides ``[rows, n]``              row_scores ``[rows]``
encode members    member inputs ``[members, n]``                  encoded_member_… ``[members, …]``
encode classes    class inputs ``[classes, n]``                   encoded_class_… ``[classes, …]``
rank              member_… ``[members, …]``, class_…              logits, scores ``[members, classes]``
                  ``[1 or members, classes, …]``
look through      member_… ``[members, …]``, catalogue_…,         rough_logits ``[members, classes]``
                  combination_crosses
================= =============================================== =================================================

The inputs of a side are ``…_categories`` and ``…_numbers``; a model of flat tables has only those of the member,
and no classes to encode and rank. What is encoded is ``…_state``, ``…_wide`` and ``…_crosses``; see `RankedMember`
and `RankedClass` in `training.model.side`. The classes that are ranked are the same for all members, or each has
its own.

A model with a probe (`training.model.probe`) has ``…_probe`` and rough logits, too, up to a number for each
member. What is looked through are the ``catalogue_…`` of `Catalogue`, and ``combination_crosses``
``[combinations, cells of a row]``: the different rows of ``class_crosses``, as each is looked up once.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import tensorflow as tf

from contract.indexed import FOLDER, VOCABULARIES
from contract.stubs.indexed_model_pb2 import IndexedModel
from training.model.encoded import Encoded, Indexed
from training.model.inputs import SideEncoder, tensor_specs
from training.model.probe import Catalogue, Probe
from training.model.probe_fit import FittedProbe
from training.model.side import RankedClass, RankedMember
from training.model.signatures import Signatures


def can_index(signatures: Signatures) -> bool:
    """Whether indices can be told without hashing: not where unknown values have several."""
    return all(vocabulary.oov_buckets == 1 for vocabulary in signatures.encoder.vocabularies.values())


def export_indexed(signatures: Signatures, probe: FittedProbe | None, directory: Path) -> None:
    """Writes the graph and the vocabularies below the folder of a version."""
    root = tf.Module()
    root.network = signatures.network
    graph = _concrete(signatures, probe.probe if probe else None)
    tf.saved_model.save(root, str(directory / FOLDER), signatures=graph)
    encoder = signatures.encoder
    values = [vocabulary.values_message() for vocabulary in encoder.vocabularies.values()]
    preselected = probe.preselected if probe else 0
    model = IndexedModel(vocabularies=values, utc_offset_hours=encoder.utc_offset_hours, preselected=preselected)
    (directory / FOLDER / VOCABULARIES).write_bytes(model.SerializeToString(deterministic=True))


def _concrete(signatures: Signatures, probe: Probe | None) -> Any:
    specs = _side_specs("member", signatures.encoder.member)
    if signatures.is_ranking:
        specs |= _side_specs("class", signatures.encoder.classes) | _code_specs(signatures, probe)
    return tf.function(lambda **tensors: _call(signatures, probe, tensors)).get_concrete_function(**specs)


def _call(signatures: Signatures, probe: Probe | None, tensors: dict[str, Any]) -> dict[str, Any]:
    network, encoder = signatures.network, signatures.encoder
    member = encoder.member.encode_indexed(_indexed("member", tensors))
    if not signatures.is_ranking:
        nothing = encoder.classes.encode_indexed(Indexed((), ()))
        return {"row_scores": signatures.head.scores(network.score_rows(member, nothing))}
    classes = encoder.classes.encode_indexed(_indexed("class", tensors))
    ranked = (
        RankedMember(*(tensors[f"member_{name}"] for name in RankedMember._fields)),
        RankedClass(*(tensors[f"class_{name}"] for name in RankedClass._fields)),
    )
    logits = network.score_all(*ranked)
    encoded = _code(network.ranked_member(member), probe), _code(network.ranked_class(classes), probe)
    found = {
        "row_scores": signatures.head.scores(network.score_rows(member, classes)),
        "logits": logits,
        "scores": signatures.head.scores(logits),
        **_prefixed("encoded_member", encoded[0]),
        **_prefixed("encoded_class", encoded[1]),
    }
    if probe:
        found["rough_logits"] = _look_through(signatures, probe, tensors)
    return found


def _look_through(signatures: Signatures, probe: Probe, tensors: dict[str, Any]) -> Any:
    catalogue = Catalogue(*(tensors[f"catalogue_{name}"] for name in Catalogue._fields))
    crosses = signatures.network.score_crosses(tensors["member_crosses"], tensors["combination_crosses"][None])
    wide = catalogue.wide + tf.gather(crosses, catalogue.combination, axis=1)
    return wide + probe.score_all(tensors["member_probe"], catalogue.probe)


def _code(side: RankedMember | RankedClass, probe: Probe | None) -> dict[str, Any]:
    """Returns what one side is encoded as."""
    return side._asdict() | ({"probe": probe.read(side.state)} if probe else {})


def _indexed(side: str, tensors: dict[str, Any]) -> Indexed:
    return Indexed(tensors[f"{side}_categories"], tensors[f"{side}_numbers"])


def _side_specs(side: str, encoder: SideEncoder) -> dict[str, Any]:
    categories, numbers = f"{side}_categories", f"{side}_numbers"
    return {
        categories: tf.TensorSpec([None, encoder.widths.categories], tf.int32, name=categories),
        numbers: tf.TensorSpec([None, encoder.widths.numbers], tf.float32, name=numbers),
    }


def _code_specs(signatures: Signatures, probe: Probe | None) -> dict[str, Any]:
    """Returns how members and classes are encoded; classes have an axis more, for the members."""
    network, encoder = signatures.network, signatures.encoder
    member = _outputs(encoder.member, lambda side: _code(network.ranked_member(side), probe))
    classes = _outputs(encoder.classes, lambda side: _code(network.ranked_class(side), probe))
    found = {name: (out.shape, out.dtype) for name, out in _prefixed("member", member).items()}
    found |= {name: ([None, *out.shape], out.dtype) for name, out in _prefixed("class", classes).items()}
    if probe:
        found |= _catalogue(classes)
    return {name: tf.TensorSpec(shape, dtype, name=name) for name, (shape, dtype) in found.items()}


def _catalogue(classes: dict[str, Any]) -> dict[str, Any]:
    """Returns the shape and dtype of what is looked through."""
    units, cells = classes["probe"].shape[1], classes["crosses"].shape[1]
    catalogue = Catalogue(([units, None], tf.float32), ([None], tf.float32), ([None], tf.int32))
    combinations = {"combination_crosses": ([None, cells], tf.int32)}
    return _prefixed("catalogue", catalogue._asdict()) | combinations


def _outputs(encoder: SideEncoder, encode: Callable[[Encoded], dict[str, Any]]) -> dict[str, Any]:
    """Returns what a side is encoded as, as far as its shapes are known."""
    traced = tf.function(lambda columns: encode(encoder(columns)))
    outputs: dict[str, Any] = traced.get_concrete_function(tensor_specs(encoder.specs)).structured_outputs
    return outputs


def _prefixed(prefix: str, code: dict[str, Any]) -> dict[str, Any]:
    return {f"{prefix}_{name}": value for name, value in code.items()}
